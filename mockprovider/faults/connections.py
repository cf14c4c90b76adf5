"""Faults of the head's bytes and of the connection: before, around and behind an answer."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Annotated, Literal

from mockprovider.faults.frames import parting, place, reframed, replaced, with_line
from mockprovider.faults.parameters import Header, Limit, Milliseconds, Positive
from mockprovider.timeline import Close, Frame, Hold, Moment, Timeline, Wait

STRANGER = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 7\r\n\r\nunasked"


@dataclass(frozen=True, slots=True)
class SlowHead:
    """The head comes `bytes` bytes at a time, `ms` apart."""

    bytes: Positive = 1
    ms: Milliseconds = 1

    def apply(self, timeline: Timeline) -> Timeline:
        return replaced(timeline, "head", 0, self._pieces)

    def _pieces(self, head: Frame) -> Iterator[Moment]:
        for at in range(0, len(head.before), self.bytes):
            yield replace(head, before=head.before[at : at + self.bytes], corked=False)
            yield Wait(self.ms)


@dataclass(frozen=True, slots=True)
class Interim:
    """Before the head there are `count` others, of a status that is informational."""

    status: Annotated[int, Limit("minimum", 100), Limit("maximum", 199)] = 103
    count: Positive = 1
    headers: tuple[Header, ...] = ()

    def apply(self, timeline: Timeline) -> Timeline:
        lines = "".join(f"{name}: {value}\r\n" for name, value in self.headers)
        interim = Frame("interim", f"{status_line(self.status)}{lines}\r\n".encode())
        return replaced(timeline, "head", 0, lambda head: (*(interim,) * self.count, head))


@dataclass(frozen=True, slots=True)
class HeaderCase:
    """The names of the headers are in upper case, in lower case, or in Title-Case."""

    form: Literal["upper", "lower", "title"] = "upper"

    def apply(self, timeline: Timeline) -> Timeline:
        change: Callable[[bytes], bytes] = getattr(bytes, self.form)

        def written(head: Frame) -> Frame:
            first, *lines = head.before.split(b"\r\n")
            pairs = (line.partition(b":") for line in lines)
            named = (change(name) + colon + value for name, colon, value in pairs)
            return replace(head, before=b"\r\n".join((first, *named)))

        return reframed(timeline, ("head",), written)


@dataclass(frozen=True, slots=True)
class NoReason:
    """The status line has no reason phrase."""

    def apply(self, timeline: Timeline) -> Timeline:
        def bare(head: Frame) -> Frame:
            first, end, rest = head.before.partition(b"\r\n")
            return replace(head, before=b"%b %b " % tuple(first.split()[:2]) + end + rest)

        return reframed(timeline, ("head",), bare)


@dataclass(frozen=True, slots=True)
class ConnectionClose:
    """The head says that the connection ends behind the answer, and it does."""

    def apply(self, timeline: Timeline) -> Timeline:
        return with_line(parting(timeline, "fin"), "connection: close")


@dataclass(frozen=True, slots=True)
class IdleClose:
    """The head promises to keep the connection, and it ends: right behind the answer, or `next`.

    `next` is when the next request comes on it, which then gets no answer.
    """

    end: Literal["fin", "rst"] = "fin"
    when: Literal["behind", "next"] = "behind"

    def apply(self, timeline: Timeline) -> Timeline:
        return parting(timeline, self.end + ("-next" if self.when == "next" else ""))


@dataclass(frozen=True, slots=True)
class ExtraBytes:
    """Behind the end of the answer there are bytes that belong to nothing, in the same write."""

    text: str = "extra"

    def apply(self, timeline: Timeline) -> Timeline:
        return behind(timeline, self.text)


@dataclass(frozen=True, slots=True)
class UnaskedAnswer:
    """Behind the end of the answer there is another, that no one asked for, in the same write."""

    text: str = STRANGER

    def apply(self, timeline: Timeline) -> Timeline:
        return behind(timeline, self.text)


@dataclass(frozen=True, slots=True)
class SlowClose:
    """All of the body is there, and its end comes `ms` later, or once `hold` is released."""

    ms: Milliseconds = 100
    hold: str = ""

    def apply(self, timeline: Timeline) -> Timeline:
        pause = Hold(self.hold) if self.hold else Wait(self.ms)
        if timeline[-1:] != (Close(),):
            return timeline
        where = place(timeline, "last")
        at = len(timeline) - 1 if where is None else where
        return (*uncorked(timeline[:at]), pause, *timeline[at:])


def behind(timeline: Timeline, text: str) -> Timeline:
    """Return the timeline with bytes behind its end, if it comes to one."""
    if timeline[-1:] != (Close(),):
        return timeline
    *rest, last, close = timeline
    corked = replace(last, corked=True) if isinstance(last, Frame) else last
    return (*rest, corked, Frame("extra", text.encode()), close)


def uncorked(timeline: Timeline) -> Timeline:
    """Return the timeline with its last frame written by itself."""
    *rest, last = timeline
    return (*rest, replace(last, corked=False) if isinstance(last, Frame) else last)


def status_line(status: int) -> str:
    """Return the first line of a head."""
    known = {each.value: each.phrase for each in HTTPStatus}
    return f"HTTP/1.1 {status} {known.get(status, 'Status')}\r\n"
