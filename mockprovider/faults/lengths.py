"""Faults of how the length of a body is told: by length, by the connection's end, or both."""

from dataclasses import dataclass, replace

from mockprovider.faults.frames import parting, reframed, with_line, without_lines
from mockprovider.timeline import Frame, Moment, Timeline

LENGTH = "content-length"


@dataclass(frozen=True, slots=True)
class WithLength:
    """The body has a Content-Length, streamed as it is, and no chunks."""

    def apply(self, timeline: Timeline) -> Timeline:
        return measured(timeline, by=0)


@dataclass(frozen=True, slots=True)
class WrongLength:
    """Content-Length is off `by` so many bytes; if there are fewer, FIN comes after them."""

    by: int = 10

    def apply(self, timeline: Timeline) -> Timeline:
        wrong = measured(timeline, by=self.by)
        return parting(wrong, "fin") if self.by > 0 else wrong


@dataclass(frozen=True, slots=True)
class LengthTwice:
    """There are two Content-Length, the second off `by` so many bytes."""

    by: int = 10

    def apply(self, timeline: Timeline) -> Timeline:
        return with_line(measured(timeline, by=0), f"{LENGTH}: {size(timeline) + self.by}")


@dataclass(frozen=True, slots=True)
class LengthAndChunked:
    """A chunked body has a Content-Length as well, off `by` so many bytes."""

    by: int = 0

    def apply(self, timeline: Timeline) -> Timeline:
        if not any(isinstance(step, Frame) and step.kind == "last" for step in timeline):
            return timeline
        return with_line(timeline, f"{LENGTH}: {size(timeline) + self.by}")


@dataclass(frozen=True, slots=True)
class CloseDelimited:
    """Nothing tells the length of the body: it ends with the connection."""

    def apply(self, timeline: Timeline) -> Timeline:
        return delimited(timeline)


@dataclass(frozen=True, slots=True)
class Http10:
    """The answer is of HTTP/1.0: no chunks, and its end is the connection's."""

    def apply(self, timeline: Timeline) -> Timeline:
        def older(head: Frame) -> Frame:
            return replace(head, before=head.before.replace(b"HTTP/1.1", b"HTTP/1.0", 1))

        return reframed(delimited(timeline), ("head",), older)


def delimited(timeline: Timeline) -> Timeline:
    """Return the timeline with a body that ends with the connection."""
    return parting(without_lines(unchunked(timeline), LENGTH), "fin")


def measured(timeline: Timeline, *, by: int) -> Timeline:
    """Return the timeline with a length off by so many bytes, and no chunks."""
    bare = without_lines(unchunked(timeline), LENGTH)
    return with_line(bare, f"{LENGTH}: {max(size(timeline) + by, 0)}")


def size(timeline: Timeline) -> int:
    """Count the bytes of the body."""
    return sum(len(step.data) for step in timeline if isinstance(step, Frame))


def unchunked(timeline: Timeline) -> Timeline:
    """Return the timeline with its body as it is, not in chunks."""

    def bare(chunk: Frame) -> Frame:
        return replace(chunk, kind="body", before=b"", after=b"")

    kept = tuple(step for step in timeline if not _is_last(step))
    return without_lines(reframed(kept, ("chunk",), bare), "transfer-encoding")


def _is_last(step: Moment) -> bool:
    return isinstance(step, Frame) and step.kind == "last"
