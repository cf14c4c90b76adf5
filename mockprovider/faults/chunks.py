"""Faults of chunked framing: legal ways to write it that few expect, and wrong ones."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from mockprovider.faults.endings import END
from mockprovider.faults.frames import place, reframed, replaced, with_line
from mockprovider.faults.parameters import End, Header, Natural, Positive
from mockprovider.timeline import Frame, Moment, Timeline

CRLF = b"\r\n"


@dataclass(frozen=True, slots=True)
class ChunkUppercase:
    """The sizes of chunks are written in upper case."""

    def apply(self, timeline: Timeline) -> Timeline:
        return sized(timeline, bytes.upper)


@dataclass(frozen=True, slots=True)
class ChunkZeros:
    """The sizes of chunks are filled up with zeros to `width` digits."""

    width: Positive = 8

    def apply(self, timeline: Timeline) -> Timeline:
        return sized(timeline, lambda size: size.rjust(self.width, b"0"))


@dataclass(frozen=True, slots=True)
class ChunkExtension:
    """The sizes of chunks have an extension behind them."""

    text: str = ';mock="1"'

    def apply(self, timeline: Timeline) -> Timeline:
        return sized(timeline, lambda size: size + self.text.encode())


@dataclass(frozen=True, slots=True)
class Trailers:
    """Fields come behind the last chunk; if `announced`, the head names them."""

    fields: tuple[Header, ...] = (("x-mock-trailer", "1"),)
    announced: bool = True

    def apply(self, timeline: Timeline) -> Timeline:
        if place(timeline, "last") is None:
            return timeline
        lines = "".join(f"{name}: {value}\r\n" for name, value in self.fields).encode()
        ended = reframed(
            timeline, ("last",), lambda last: replace(last, before=last.before + lines)
        )
        names = ", ".join(name for name, _ in self.fields)
        return with_line(ended, f"trailer: {names}") if self.announced else ended


@dataclass(frozen=True, slots=True)
class BadChunkSize:
    """In place of the size of the chunk at `at` there is a text that is no size."""

    text: str = "zz"
    at: int = 1

    def apply(self, timeline: Timeline) -> Timeline:
        bad = self.text.encode() + CRLF
        return replaced(timeline, "chunk", self.at, lambda chunk: (replace(chunk, before=bad),))


@dataclass(frozen=True, slots=True)
class WrongChunkSize:
    """The size of the chunk at `at` is off `by` so many bytes."""

    by: int = 1
    at: int = 1

    def apply(self, timeline: Timeline) -> Timeline:
        return replaced(timeline, "chunk", self.at, self._wrong)

    def _wrong(self, chunk: Frame) -> Iterator[Moment]:
        yield replace(chunk, before=b"%x\r\n" % max(len(chunk.data) + self.by, 1))


@dataclass(frozen=True, slots=True)
class NoLastChunk:
    """The body is whole, but its last chunk never comes."""

    end: End = "fin"

    def apply(self, timeline: Timeline) -> Timeline:
        where = place(timeline, "last")
        return timeline if where is None else (*timeline[:where], END[self.end])


@dataclass(frozen=True, slots=True)
class BreakIn:
    """The connection ends inside a part of the framing, `bytes` bytes into it.

    The part is the `head`, or of the chunk at `at` its `size`, its `data` or the `crlf` behind
    them, or the `last` chunk.
    """

    part: Literal["head", "size", "data", "crlf", "last"] = "size"
    bytes: Natural = 1
    at: int = 1
    end: End = "fin"

    def apply(self, timeline: Timeline) -> Timeline:
        whole = self.part in ("head", "last")
        kind = self.part if whole else "chunk"
        where = place(timeline, kind, 0 if whole else self.at)
        step = timeline[where] if where is not None else None
        if not isinstance(step, Frame):
            return timeline
        return (*timeline[:where], self._begun(step), END[self.end])

    def _begun(self, frame: Frame) -> Frame:
        one = replace(frame, events=0, tokens=0, corked=False)
        match self.part:
            case "data":
                return replace(one, data=frame.data[: self.bytes], after=b"")
            case "crlf":
                return replace(one, after=frame.after[: self.bytes])
            case "size":
                return replace(one, before=frame.before[: self.bytes], data=b"", after=b"")
        return replace(one, before=frame.wire[: self.bytes], data=b"", after=b"")


def sized(timeline: Timeline, change: Callable[[bytes], bytes]) -> Timeline:
    """Return the timeline with the sizes of its chunks written otherwise."""

    def written(frame: Frame) -> Frame:
        size, end, rest = frame.before.partition(CRLF)
        return replace(frame, before=change(size) + end + rest) if size else frame

    return reframed(timeline, ("chunk", "last"), written)
