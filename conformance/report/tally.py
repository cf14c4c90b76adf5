"""Counts of verdicts by level and by basis; never one figure for both."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from conformance.exchange import Json
from conformance.findings import Basis, Level
from conformance.verdicts import Kind


class Row(NamedTuple):
    name: str
    counts: Counter[str]


def verdicts(cases: Iterable[Json]) -> list[str]:
    """Return the verdicts that occur, in their usual order."""
    found = {case["verdict"] for case in cases}
    return [kind for kind in Kind if kind in found]


def by(member: str, cases: Iterable[Json]) -> list[Row]:
    """Count verdicts for each value of a member of the cases, such as level or family."""
    counts: dict[str, Counter[str]] = {}
    for case in cases:
        counts.setdefault(case[member], Counter())[case["verdict"]] += 1
    order = [*Level, *Basis, *sorted(counts)]
    return [Row(name, counts[name]) for name in dict.fromkeys(map(str, order)) if name in counts]


def families(cases: Iterable[Json], columns: Sequence[str]) -> list[list[str]]:
    """Count verdicts for each family, the levels and bases of its rules apart."""
    counts: dict[tuple[str, str, str], Counter[str]] = {}
    for case in cases:
        row = (case["family"], case["level"], case["basis"])
        counts.setdefault(row, Counter())[case["verdict"]] += 1
    return [
        ["family", "level", "basis", *columns],
        *([*row, *(str(counts[row][head] or "") for head in columns)] for row in sorted(counts)),
    ]


def grouped(kind: Kind, member: str, cases: Iterable[Json]) -> list[tuple[str, list[Json]]]:
    """Gather the cases of a verdict that have a member in common, such as the rule."""
    found: dict[str, list[Json]] = {}
    for case in cases:
        if case["verdict"] == kind:
            found.setdefault(case[member], []).append(case)
    return sorted(found.items())


def table(rows: Iterable[Row], columns: Iterable[str], title: str) -> list[list[str]]:
    """Return rows of cells, the heading first; an empty cell is a zero."""
    heads = list(columns)
    return [
        [title, *heads],
        *([row.name, *(str(row.counts[head] or "") for head in heads)] for row in rows),
    ]
