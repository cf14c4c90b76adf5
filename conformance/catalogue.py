"""The catalogue of streaming bugs and the rules side by side: what has become of each entry."""

import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from pathlib import Path

from conformance.exchange import SURFACES, Json
from conformance.plan import cases
from conformance.probes import PROBES
from conformance.profiles.policy import BILL
from conformance.protocols import read
from conformance.rules.rule import Rule

FILE = Path(__file__).with_name("catalogue.toml")


class State(StrEnum):
    IMPLEMENTED = "implemented"
    PLANNED = "planned"
    EXCLUDED = "excluded"
    UNKNOWN = "unknown"  # neither a rule nor a reason: the list is wrong


@dataclass(frozen=True, slots=True)
class Entry:
    id: str
    level: str
    surfaces: tuple[str, ...]
    needs: tuple[str, ...]
    state: State
    reason: str = ""
    judged: tuple[str, ...] = ()  # the surfaces on which a case asks the rule, and the bill
    narrowed: Mapping[str, str] = field(default_factory=dict)  # where it cannot be asked, and why

    @property
    def family(self) -> str:
        return self.id.partition(".")[0]

    @property
    def open(self) -> list[str]:
        """What it is named for and not judged on yet, though elsewhere it is."""
        named = [name for name in self.surfaces if name in SURFACES]
        named += [BILL] if BILL in self.needs else []
        done = {*self.judged, *self.narrowed}
        return [name for name in named if name not in done] if self.judged else []


@cache
def catalogue() -> Json:
    return tomllib.loads(FILE.read_text("utf-8"))


def entries(rules: Mapping[str, Rule]) -> list[Entry]:
    """Return every rule of the catalogue, in its order, with what has become of it."""
    judged: dict[str, set[str]] = defaultdict(set)
    for case in cases(rules.values(), PROBES.values(), read.SURFACES):
        judged[case.rule.id] |= {case.surface} | ({BILL} if case.probe.billed else set())
    listed = catalogue()["rules"].items()
    return [_entry(name, told, rules, judged[name]) for name, told in listed]


def _entry(id: str, told: Json, rules: Mapping[str, Rule], judged: set[str]) -> Entry:
    state, reason = _state(id, rules)
    return Entry(
        id, told["level"], tuple(told["surfaces"].split()), tuple(told["needs"].split()),
        state, reason, tuple(name for name in (*SURFACES, BILL) if name in judged),
        {on: told[id] for on, told in catalogue()["narrowed"].items() if id in told},
    )  # fmt: skip


def _state(id: str, rules: Mapping[str, Rule]) -> tuple[State, str]:
    if id in rules:
        return State.IMPLEMENTED, ""
    excluded, planned = catalogue()["excluded"], catalogue()["planned"]
    if id in excluded:
        return State.EXCLUDED, excluded[id]
    reason = planned.get(id) or planned.get(id.partition(".")[0])
    return (State.PLANNED, reason) if reason else (State.UNKNOWN, "")


def complaints(rules: Mapping[str, Rule]) -> Iterator[str]:
    """Say where the catalogue and the rules do not fit together."""
    told = catalogue()
    for entry in entries(rules):
        for surface in sorted(entry.narrowed.keys() & {*entry.judged}):
            yield f"{entry.id}: narrowed on {surface}, and yet judged there"
        if entry.state == State.UNKNOWN:
            yield f"{entry.id}: no rule, and neither planned nor excluded"
        elif entry.id in rules and (rules[entry.id].level != entry.level) != (
            entry.id in told["levels"]
        ):
            level = rules[entry.id].level
            yield f"{entry.id}: {level} here, {entry.level} there; levels says why if they differ"
    for name in sorted(rules.keys() - told["rules"].keys() - told["additions"].keys()):
        yield f"{name}: neither in the catalogue nor among the additions"
    for part in ("planned", "excluded"):
        for name in sorted(told[part].keys() & rules.keys()):
            yield f"{name}: {part}, and yet a rule"
    for name in sorted(told["additions"].keys() - rules.keys()):
        yield f"{name}: an addition, and yet no rule"
