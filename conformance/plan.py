"""Which rule judges which probe: the cases of a run."""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache

from conformance.exchange import SURFACES
from conformance.probes.probe import Probe
from conformance.rules.rule import Rule

EVERY = "every"  # the tag that all probes bear, but for
SILENT = "silent"  # those whose provider says no more, so that a router may have no answer


class UnknownCase(ValueError):
    """A selection of something that is not there; the message names the nearest that is."""


@dataclass(frozen=True, slots=True)
class Case:
    rule: Rule
    probe: Probe
    surface: str

    @property
    def id(self) -> str:
        return f"{self.rule.id}[{self.surface}-{self.probe.id}]"

    @property
    def trial(self) -> tuple[str, str]:
        return self.surface, self.probe.id


def cases(
    rules: Iterable[Rule], probes: Iterable[Probe], surfaces: Collection[str] = SURFACES
) -> Iterator[Case]:
    """Yield every rule with every probe that bears one of its tags and can yield what it judges."""
    listed = list(probes)
    for rule in rules:
        for probe in listed:
            if rule.probes & tags(probe):
                for surface in probe.surfaces.split():
                    if surface in surfaces and rule.on & kinds(probe, surface):
                        yield Case(rule, probe, surface)


def tags(probe: Probe) -> set[str]:
    own = set(probe.tags.split())
    return own if SILENT in own else own | {EVERY}


def kinds(probe: Probe, surface: str) -> set[str]:
    modes = {send.mode for send in probe.sends.values()}
    return {f"{surface}.{mode}" for mode in modes | {"error", "unanswered", "left"}}


def selected(listed: Iterable[Case], patterns: Iterable[str]) -> list[Case]:
    """Return the cases that match one of the patterns, all of them if there is none.

    A pattern is a rule id, a family, a probe or a case id, and may hold wildcards.
    """
    everything, wanted = list(listed), list(patterns)
    for pattern in wanted:
        if not (set(pattern) & set("*?") or any(_matches(case, pattern) for case in everything)):
            raise UnknownCase(_unknown(pattern, everything))
    if not wanted:
        return everything
    return [case for case in everything if any(_matches(case, pattern) for pattern in wanted)]


@cache
def glob(pattern: str) -> re.Pattern[str]:
    """Compile a pattern; * and ? are its wildcards, brackets are not: a case id holds them."""
    return re.compile(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."))


def _matches(case: Case, pattern: str) -> bool:
    return any(map(glob(pattern).fullmatch, _names(case)))


def _names(case: Case) -> tuple[str, ...]:
    return case.id, case.rule.id, case.rule.family, case.probe.id


def _unknown(pattern: str, everything: Iterable[Case]) -> str:
    known = {name for case in everything for name in _names(case)}
    near = get_close_matches(pattern, known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else "`conformance rules` lists the rules"
    return f"no rule, family, probe or case {pattern!r}; {hint}"
