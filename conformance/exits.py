"""How a run ends: the one function that turns verdicts into an exit code."""

from collections.abc import Iterable
from enum import IntEnum

from conformance.findings import Level
from conformance.verdicts import Kind


class Exit(IntEnum):
    CONFORMANT = 0
    NOT_CONFORMANT = 1
    INTERRUPTED = 2
    HARNESS_ERROR = 3
    USAGE = 4  # wrong usage or configuration, or nothing at the URL that could be judged
    EMPTY = 5  # no case was selected
    INCOMPLETE = 6  # a MUST rule could not be judged


MEANING = {
    Exit.CONFORMANT: "conformant",
    Exit.NOT_CONFORMANT: "not conformant",
    Exit.INTERRUPTED: "interrupted",
    Exit.HARNESS_ERROR: "the harness failed, the router is not judged",
    Exit.USAGE: "wrong usage or configuration",
    Exit.EMPTY: "nothing was selected",
    Exit.INCOMPLETE: "incomplete: not all that must hold could be judged",
}


def exit_code(
    verdicts: Iterable[tuple[Level, Kind]],
    *,
    selected: int,
    black_box: bool = False,
    complete: bool = True,
    strict: bool = False,
) -> Exit:
    """Say how a run with these verdicts ends.

    `black_box`: the user asked for nothing but the client's side, so what needs the upstream may
    stay untestable. `complete` is False where that was not asked for. `strict`: SHOULD is MUST.
    """
    told = list(verdicts)
    kinds = {kind for _, kind in told}
    if not selected:
        return Exit.EMPTY
    if Kind.HARNESS_ERROR in kinds:
        return Exit.HARNESS_ERROR
    if kinds & failing(strict=strict):
        return Exit.NOT_CONFORMANT
    if not kinds - UNJUDGED:
        return Exit.INCOMPLETE
    open_kinds = {Kind.INCONCLUSIVE} if black_box else {Kind.INCONCLUSIVE, Kind.UNTESTABLE}
    unjudged = any(level == Level.MUST and kind in open_kinds for level, kind in told)
    if unjudged or not complete or len(told) < selected:
        return Exit.INCOMPLETE
    return Exit.CONFORMANT


def failing(*, strict: bool) -> frozenset[Kind]:
    return FAILING | {Kind.WARN} if strict else FAILING


def together(ends: Iterable[Exit]) -> Exit:
    """Say how several runs end as one; what selected nothing says nothing beside others."""
    return min(ends, key=WORST_FIRST.index)


WORST_FIRST = (
    Exit.HARNESS_ERROR, Exit.INTERRUPTED, Exit.USAGE, Exit.NOT_CONFORMANT, Exit.INCOMPLETE,
    Exit.CONFORMANT, Exit.EMPTY,
)  # fmt: skip

FAILING = frozenset({Kind.FAIL, Kind.UNEXPECTED_PASS})

#: Verdicts that say nothing of the router: a run of nothing else has proved nothing.
UNJUDGED = frozenset({Kind.UNTESTABLE, Kind.INCONCLUSIVE, Kind.NOT_APPLICABLE})
