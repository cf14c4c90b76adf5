"""A timeline in, the same timeline out with head and HTTP framing spelt out, byte by byte."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from mockprovider.slots import encoded
from mockprovider.timeline import Close, Frame, Head, Moment, Send, Timeline, Verbatim

LAST_CHUNK = Frame("last", before=b"0\r\n", after=b"\r\n")


@dataclass(frozen=True, slots=True)
class Asked:
    """What of a request decides how its answer is framed."""

    old: bool = False  # HTTP/1.0
    lasting: bool = True


def framed(timeline: Timeline, asked: Asked, *, burst: bool = False) -> Timeline:
    """Frame an answer as the outlet would."""
    head = next((step for step in timeline if isinstance(step, Head)), None)
    if head is None:
        return timeline
    chunked = head.length is None and not asked.old
    lasting = asked.lasting and (chunked or head.length is not None)
    frames = _frames(timeline, chunked=chunked, lasting=lasting, burst=burst)
    return tuple(_with_the_end(frames))


def _frames(timeline: Timeline, *, chunked: bool, lasting: bool, burst: bool) -> Iterator[Moment]:
    for step in timeline:
        match step:
            case Head():
                yield Verbatim(step.status, "keep" if lasting else "fin")
                lines = encoded(step) + _framing(step, chunked=chunked, lasting=lasting)
                yield Frame("head", lines, corked=burst or step.length is not None)
            case Send():
                yield _chunk(step) if chunked else _piece(step)
            case Close("clean") if chunked:
                yield from (LAST_CHUNK, step)
            case _:
                yield step


def _chunk(send: Send) -> Frame:
    # An empty chunk would be the last one.
    size, end = (b"%x\r\n" % len(send.data), b"\r\n") if send.data else (b"", b"")
    return Frame("chunk", size, send.data, end, send.events, send.tokens)


def _piece(send: Send) -> Frame:
    return Frame("body", b"", send.data, b"", send.events, send.tokens)


def _framing(head: Head, *, chunked: bool, lasting: bool) -> bytes:
    lines = b"transfer-encoding: chunked\r\n" if chunked else b""
    if head.length is not None:
        lines = b"content-length: %d\r\n" % head.length
    return lines + (b"\r\n" if lasting else b"connection: close\r\n\r\n")


def _with_the_end(frames: Iterator[Moment]) -> Iterator[Moment]:
    """Let the last chunk go out with what is right before it."""
    before: Moment | None = None
    for step in frames:
        if isinstance(before, Frame) and step is LAST_CHUNK:
            before = replace(before, corked=True)
        if before is not None:
            yield before
        before = step
    if before is not None:
        yield before
