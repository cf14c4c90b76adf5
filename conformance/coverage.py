"""How much of the catalogue of streaming bugs is judged, as a command."""

import argparse
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import asdict

from conformance.catalogue import Entry, State, catalogue, entries
from conformance.exchange import Json
from conformance.exits import Exit
from conformance.rules import RULES
from conformance.settings import WrongUsage


def coverage(args: argparse.Namespace) -> int:
    """Say which rules of the catalogue of streaming bugs are judged, and why the others are not."""
    listed = entries(RULES)
    if args.family:
        listed = [entry for entry in listed if entry.family == args.family]
    if not listed:
        families = ", ".join(sorted({entry.family for entry in entries(RULES)}))
        raise WrongUsage(f"no family {args.family!r}; there are {families}")
    if args.json:
        print(json.dumps(document(listed), indent=2))
    else:
        print("\n".join([*table(listed), *reasons(listed)]))
    return Exit.CONFORMANT


def counts(listed: Iterable[Entry]) -> Json:
    """Return how many entries there are of each kind."""
    found = list(listed)
    states = Counter(entry.state for entry in found)
    return {
        "rules": len(found),
        **{str(state): states[state] for state in State if state != State.UNKNOWN},
        "in part": sum(bool(entry.open) for entry in found),
    }


def families(listed: Iterable[Entry]) -> dict[str, list[Entry]]:
    found: dict[str, list[Entry]] = defaultdict(list)
    for entry in listed:
        found[entry.family].append(entry)
    return found


def document(listed: list[Entry]) -> Json:
    """Return what there is to say, as JSON has it."""
    return {
        "total": counts(listed),
        "families": {name: counts(found) for name, found in families(listed).items()},
        "rules": [{**asdict(entry), "open": entry.open} for entry in listed],
        "additions": catalogue()["additions"],
        "levels": catalogue()["levels"],
    }


def table(listed: list[Entry]) -> Iterator[str]:
    """Yield the counts of each family and of all, as columns."""
    rows = {**families(listed), "total": listed}
    titles = [*counts(listed)]
    yield "  ".join([f"{'family':9}", *titles])
    for name, found in rows.items():
        numbers = counts(found).items()
        yield "  ".join([f"{name:9}", *(f"{number:{len(title)}}" for title, number in numbers)])


def reasons(listed: list[Entry]) -> Iterator[str]:
    """Yield what is not judged, or not on every surface, and why."""
    for state in (State.PLANNED, State.EXCLUDED, State.UNKNOWN):
        found = [entry for entry in listed if entry.state == state]
        yield from _titled(state, found, [entry.reason for entry in found])
    part = [entry for entry in listed if entry.open]
    yield from _titled("in part", part, [f"not yet on {', '.join(e.open)}" for e in part])
    narrow = [(entry, where) for entry in listed for where in entry.narrowed.items()]
    said = [f"not on {surface}: {why}" for _, (surface, why) in narrow]
    yield from _titled("narrowed", [entry for entry, _ in narrow], said)
    if families(listed).keys() == families(entries(RULES)).keys():
        yield "\nadditions:"
        yield from (f"  {name}: {why}" for name, why in catalogue()["additions"].items())


def _titled(title: str, found: list[Entry], said: list[str]) -> Iterator[str]:
    if found:
        yield f"\n{title}:"
    for entry, what in zip(found, said, strict=True):
        yield f"  {entry.id} ({entry.level}): {what}"
