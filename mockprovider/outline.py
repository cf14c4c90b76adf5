"""How long each write of an answer is and what it completes, known before it is played."""

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import NamedTuple

from mockprovider.timeline import Frame, Moment, Send


class Sums(NamedTuple):
    """What some writes come to."""

    bytes: int = 0
    events: int = 0
    tokens: int = 0


class Outline:
    """The writes of a timeline in order: of each step how many, and the sums before it.

    Numbers only, so that the journal can keep it and not the answer; one serves all answers that
    are alike.
    """

    __slots__ = ("_all", "_bytes", "_events", "_tokens", "_writes")

    def __init__(self, timeline: Sequence[Moment], lengths: Iterable[int]) -> None:
        listed = [_listed(step) for step in timeline]
        writes = [each[0] for each in listed]
        self._writes = array("q", accumulate(writes, initial=0))
        self._bytes = _running(writes, lengths)
        self._events = _running(writes, (each[1] for each in listed))
        self._tokens = _running(writes, (each[2] for each in listed))
        self._all = Sums(self._bytes[-1], self._events[-1], self._tokens[-1])

    def place(self, writes: int) -> tuple[int, int]:
        """Return the step that comes after so many writes, and how often it has come already."""
        at = bisect_right(self._writes, writes) - 1
        return at, writes - self._writes[at]

    def before(self, at: int) -> int:
        """Count the writes before a step."""
        return self._writes[at]

    def sums(self, writes: int) -> Sums:
        """Add up so many writes."""
        if writes == self._writes[-1]:
            return self._all
        at, more = self.place(writes)
        if not more:
            return Sums(self._bytes[at], self._events[at], self._tokens[at])
        columns = (self._bytes, self._events, self._tokens)
        return Sums(*(column[at] + more * self._each(column, at) for column in columns))

    def row(self, number: int) -> tuple[int, int, int]:
        """Return of one write where it begins, how long it is, and the tokens up to its end."""
        at, before = self.place(number)
        length, tokens = self._each(self._bytes, at), self._each(self._tokens, at)
        start = self._bytes[at] + before * length
        return start, length, self._tokens[at] + (before + 1) * tokens

    def _each(self, column: "array[int]", at: int) -> int:
        """Return what one write of a step adds."""
        return (column[at + 1] - column[at]) // (self._writes[at + 1] - self._writes[at])


def _listed(step: Moment) -> tuple[int, int, int]:
    """Count the writes of a step that the journal lists, and what one of them completes."""
    match step:
        case Send():
            return step.times, step.events, step.tokens
        case Frame() if step.data or step.events:
            return 1, step.events, step.tokens
    return 0, 0, 0


def _running(writes: Iterable[int], each: Iterable[int]) -> "array[int]":
    return array("q", accumulate(map(int.__mul__, writes, each), initial=0))


EMPTY = Outline((), ())
