"""Faults that cut the bytes on the wire, framing included, into other writes."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from typing import Annotated, Literal

from mockprovider.faults.frames import place, reframed
from mockprovider.faults.parameters import Limit, Positive
from mockprovider.timeline import Frame, Moment, Timeline

Places = Mapping[str, set[int]]
Cut = Literal["head", "size", "size-crlf", "data", "data-crlf", "chunk-crlf", "last"]


@dataclass(frozen=True, slots=True)
class SplitFrames:
    """Cuts inside the framing: each of `cuts` names a place in it.

    `head` is behind every header line and between the last CR and LF, `size` behind the first digit
    of every chunk's size, `size-crlf` between the CR and LF of its line, `data` before its data,
    `data-crlf` behind them, `chunk-crlf` between the CR and LF there, `last` inside the last chunk.
    """

    cuts: Annotated[tuple[Cut, ...], Limit("minItems", 1)] = ("size", "size-crlf", "chunk-crlf")

    def apply(self, timeline: Timeline) -> Timeline:
        return recut(timeline, self._places)

    def _places(self, frame: Frame) -> set[int]:
        places = WITHIN[frame.kind](frame) if frame.kind in WITHIN else {}
        return {at for cut in self.cuts for at in places.get(cut, ())}


@dataclass(frozen=True, slots=True)
class Drip:
    """Every `bytes` bytes on the wire are a write of their own; those of the `head` too."""

    bytes: Positive = 1
    head: bool = True

    def apply(self, timeline: Timeline) -> Timeline:
        kinds = ("interim", "chunk", "body", "last", "extra", *(["head"] if self.head else []))
        return reframed(timeline, kinds, lambda frame: replace(frame, every=self.bytes))


@dataclass(frozen=True, slots=True)
class GlueHead:
    """The head and the first piece of the body are one write."""

    def apply(self, timeline: Timeline) -> Timeline:
        return reframed(timeline, ("head",), lambda head: replace(head, corked=True))


@dataclass(frozen=True, slots=True)
class OneWrite:
    """Head, chunks and end are one write, as far as nothing is waited for between them."""

    def apply(self, timeline: Timeline) -> Timeline:
        return tuple(
            replace(step, corked=isinstance(following, Frame), every=0)
            if isinstance(step, Frame)
            else step
            for step, following in zip(timeline, (*timeline[1:], None), strict=True)
        )


@dataclass(frozen=True, slots=True)
class LastChunkApart:
    """The last chunk is a write of its own."""

    def apply(self, timeline: Timeline) -> Timeline:
        where = place(timeline, "last")
        if not where:
            return timeline
        before = timeline[where - 1]
        apart = replace(before, corked=False) if isinstance(before, Frame) else before
        return (*timeline[: where - 1], apart, *timeline[where:])


def recut(timeline: Timeline, places: Callable[[Frame], set[int]]) -> Timeline:
    """Return the timeline with each frame cut at some offsets into its bytes on the wire."""
    return tuple(
        piece
        for step in timeline
        for piece in (pieces(step, places(step)) if isinstance(step, Frame) else (step,))
    )


def pieces(frame: Frame, places: set[int]) -> Iterator[Moment]:
    """Cut a frame."""
    inside = sorted(at for at in places if 0 < at < frame.size)
    return (frame.part(low, high) for low, high in pairwise([0, *inside, frame.size]))


def _in_head(head: Frame) -> Places:
    lines = head.before.split(b"\r\n")[:-2]
    ends = accumulate(len(line) + 2 for line in lines)
    return {"head": {*ends, len(head.before) - 1}}


def _in_chunk(chunk: Frame) -> Places:
    data = len(chunk.before)
    after = data + len(chunk.data)
    return {
        "size": {1}, "size-crlf": {data - 1}, "data": {data}, "data-crlf": {after},
        "chunk-crlf": {after + 1},
    }  # fmt: skip


def _in_last(last: Frame) -> Places:
    return {"last": set(range(1, len(last.wire)))}


WITHIN = {"head": _in_head, "chunk": _in_chunk, "last": _in_last}
