"""What expected failures make of verdicts, and which of them have nothing left to excuse."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

from conformance.expected.entry import Entry
from conformance.plan import glob
from conformance.verdicts import Kind, Verdict

#: Verdicts an entry excuses.
FAILED = frozenset({Kind.FAIL, Kind.WARN})
#: Verdicts after which a case may still fail the next time.
OPEN = frozenset({Kind.UNTESTABLE, Kind.INCONCLUSIVE, Kind.HARNESS_ERROR})


class Stale(NamedTuple):
    """A pattern that was judged whole and excused nothing."""

    pattern: str
    version: str
    why: str


def expected(case: str, verdict: Verdict, entries: Iterable[Entry]) -> Verdict:
    """Return the verdict on a case in the light of what its router's owner has declared."""
    naming = [entry for entry in entries if entry.names(case)]
    # Of two trials one failed.
    once = [entry for entry in naming if entry.sometimes and verdict.kind == Kind.INCONCLUSIVE]
    if (naming and verdict.kind in FAILED) or (once and verdict.findings):
        return Verdict(Kind.EXPECTED_FAIL, naming[0].why, verdict.findings)
    exact = [entry for entry in naming if case in entry.patterns and not entry.sometimes]
    if exact and verdict.kind == Kind.PASS:
        return Verdict(Kind.UNEXPECTED_PASS, f"expected to fail: {exact[0].why}")
    return verdict


def stale(
    entries: Iterable[Entry], suite: Collection[str], verdicts: Mapping[str, Kind]
) -> Iterator[Stale]:
    """Yield each pattern none of whose cases failed, once all of them have been judged.

    `suite` is what a whole run would judge: where only a part of it was selected, a pattern that
    names more than that part is not decided. An exact id that passed has its verdict already.
    """
    for entry in (entry for entry in entries if not entry.sometimes):
        for pattern in entry.patterns:
            named = list(filter(glob(pattern).fullmatch, suite))
            kinds = Counter(verdicts.get(case) for case in named)
            decided = named and not kinds.keys() & {None, *OPEN}
            if decided and not kinds.keys() & {Kind.EXPECTED_FAIL, *_told(pattern, named)}:
                yield Stale(pattern, entry.version, _why(kinds))


def _told(pattern: str, named: Collection[str]) -> set[Kind]:
    return {Kind.UNEXPECTED_PASS} if pattern in named else set()


def _why(kinds: Counter[Kind | None]) -> str:
    count = kinds.total()
    counts = ", ".join(f"{kinds[kind]} {kind}" for kind in Kind if kinds[kind])
    return f"none of its {count} case{'s' * (count != 1)} failed: {counts}"
