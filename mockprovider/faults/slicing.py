"""Faults that cut the same bytes into other writes."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate, groupby, pairwise
from typing import Annotated

from mockprovider.faults.parameters import Limit, Natural, Positive
from mockprovider.timeline import Moment, Send, Timeline

# One character of several bytes in UTF-8.
CHARACTER = re.compile(rb"[\xc0-\xff][\x80-\xbf]+")
CRLF = re.compile(rb"\r\n")


@dataclass(frozen=True, slots=True)
class Split:
    """The body is cut anew every `every` bytes, and besides where the other members say.

    `at` are offsets into the body, `event` offsets into every event (from its end if negative);
    `character` cuts each character of more bytes than that after so many of them, `crlf` every CR
    LF in two.
    """

    every: Positive = 0
    at: tuple[Positive, ...] = ()
    event: tuple[int, ...] = ()
    character: Annotated[int, Limit("minimum", 1), Limit("maximum", 3)] = 0
    crlf: bool = False

    def apply(self, timeline: Timeline) -> Timeline:
        start, kept = 0, list[Moment]()
        for run in runs(timeline):
            if not isinstance(run[0], Send):
                kept += run
                continue
            sends = [step for step in run if isinstance(step, Send)]
            kept += slices(sends, self._cuts(sends, start))
            start += sum(len(send.data) for send in sends)
        return tuple(kept)

    def _cuts(self, sends: list[Send], start: int) -> set[int]:
        """Return where to cut, as offsets into these sends."""
        ends = list(accumulate(len(send.data) for send in sends))
        regular = range(self.every, ends[-1], self.every) if self.every else ends
        spans = list(pairwise([0, *ends]))
        inside = {(a if offset >= 0 else b) + offset for a, b in spans for offset in self.event}
        data = b"".join(send.data for send in sends)
        found = (*self._in_characters(data), *self._in_line_ends(data))
        return {*regular, *(offset - start for offset in self.at), *inside, *found}

    def _in_characters(self, data: bytes) -> Iterator[int]:
        for found in CHARACTER.finditer(data) if self.character else ():
            if found.end() - found.start() > self.character:
                yield found.start() + self.character

    def _in_line_ends(self, data: bytes) -> Iterator[int]:
        return (found.start() + 1 for found in CRLF.finditer(data) if self.crlf)


@dataclass(frozen=True, slots=True)
class Coalesce:
    """What lies between two waits goes out in one write; or only the `last` events do."""

    last: Natural = 0

    def apply(self, timeline: Timeline) -> Timeline:
        kept = list[Moment]()
        for run in runs(timeline):
            sends = [step for step in run if isinstance(step, Send)]
            kept += [*self._apart(sends), merged(self._together(sends))] if sends else run
        return tuple(kept)

    def _apart(self, sends: list[Send]) -> list[Send]:
        return sends[: -self.last] if self.last else []

    def _together(self, sends: list[Send]) -> list[Send]:
        return sends[-self.last :]


def runs(timeline: Timeline) -> Iterator[list[Moment]]:
    """Yield what is sent without a pause, and what lies between."""
    for _, group in groupby(timeline, key=lambda step: isinstance(step, Send)):
        yield list(group)


def merged(sends: Iterable[Send]) -> Send:
    """Join sends into one."""
    sends = list(sends)
    return Send(
        b"".join(send.data * send.times for send in sends),
        sends[0].kind if len(sends) == 1 else "piece",
        sum(send.events * send.times for send in sends),
        sum(send.tokens * send.times for send in sends),
    )


def slices(sends: list[Send], cuts: set[int]) -> Iterator[Send]:
    """Cut the joined bytes of some sends; an event counts with the slice that completes it."""
    whole = merged(sends)
    ends = list(accumulate(len(send.data) for send in sends))
    inside = sorted(cut for cut in cuts if 0 < cut < len(whole.data))
    counted = iter([*zip(ends, sends, strict=True), (len(whole.data) + 1, None)])
    end, send = next(counted)
    for start, stop in pairwise([0, *inside, len(whole.data)]):
        events = tokens = 0
        while send is not None and end <= stop:
            events, tokens = events + send.events, tokens + send.tokens
            end, send = next(counted)
        yield Send(whole.data[start:stop], "piece", events, tokens)
