"""Faults that end a stream before its end, or make it pause."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from mockprovider.faults.parameters import End, Milliseconds
from mockprovider.timeline import (
    ENDS,
    Close,
    Head,
    Hold,
    Moment,
    Reset,
    Send,
    Stall,
    Timeline,
    Wait,
)

END: dict[str, Moment] = {
    "fin": Close("cut"), "rst": Reset(), "half": Close("half"), "silence": Stall(),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class AcceptThenClose:
    """The request is read, and the connection ends without a byte of an answer."""

    end: End = "fin"

    def apply(self, timeline: Timeline) -> Timeline:
        return (*before_head(timeline), END[self.end])


@dataclass(frozen=True, slots=True)
class AcceptThenSilence:
    """The request is read, and nothing ever comes."""

    def apply(self, timeline: Timeline) -> Timeline:
        return (*before_head(timeline), Stall())


@dataclass(frozen=True, slots=True)
class CutAfter:
    """FIN without the last HTTP chunk after `events` events, or after `bytes` bytes."""

    events: int | None = None
    bytes: int | None = None

    def apply(self, timeline: Timeline) -> Timeline:
        return ended(timeline, Close("cut"), events=self.events, count=self.bytes)


@dataclass(frozen=True, slots=True)
class ResetAfter:
    """RST after `events` events, or after `bytes` bytes."""

    events: int | None = None
    bytes: int | None = None

    def apply(self, timeline: Timeline) -> Timeline:
        return ended(timeline, Reset(), events=self.events, count=self.bytes)


@dataclass(frozen=True, slots=True)
class HalfAfter:
    """FIN after `events` events, or after `bytes` bytes, but what the router sends is read on."""

    events: int | None = None
    bytes: int | None = None

    def apply(self, timeline: Timeline) -> Timeline:
        return ended(timeline, Close("half"), events=self.events, count=self.bytes)


@dataclass(frozen=True, slots=True)
class StallAfter:
    """Silence for good after `events` events, or after `bytes` bytes."""

    events: int | None = None
    bytes: int | None = None

    def apply(self, timeline: Timeline) -> Timeline:
        return ended(timeline, Stall(), events=self.events, count=self.bytes)


@dataclass(frozen=True, slots=True)
class PauseAfter:
    """Silence for `ms`, or until `hold` is released, after so many events or bytes."""

    events: int | None = None
    bytes: int | None = None
    ms: Milliseconds = 100
    hold: str = ""

    def apply(self, timeline: Timeline) -> Timeline:
        pause = Hold(self.hold) if self.hold else Wait(self.ms)
        kept, rest = parted(timeline, events=self.events, count=self.bytes)
        return (*kept, pause, *rest) if rest else timeline


def before_head(timeline: Timeline) -> Iterable[Moment]:
    """Return what is waited for before the head."""
    at = next((at for at, step in enumerate(timeline) if isinstance(step, (Head, *ENDS))), 0)
    return timeline[:at]


def ended(timeline: Timeline, end: Moment, *, events: int | None, count: int | None) -> Timeline:
    """Return the timeline up to so many events or bytes, and the end."""
    kept, rest = parted(timeline, events=events, count=count)
    return (*kept, end) if rest else timeline


def parted(
    timeline: Timeline, *, events: int | None, count: int | None
) -> tuple[Timeline, Timeline]:
    """Part a timeline behind so many events or bytes, from its end if negative.

    Without either that is behind the first event, or in the middle of a body that is no stream.
    There is no rest if it is not as long as that.
    """
    sends = [step for step in timeline if isinstance(step, Send)]
    whole = sum(len(send.data) for send in sends)
    if events is None and count is None:
        events, count = (None, whole // 2) if is_plain(sends) else (1, None)
    if count is not None:
        return _at_byte(timeline, count if count >= 0 else max(whole + count, 0))
    many = sum(send.events for send in sends)
    events = events or 0
    return _at_event(timeline, events if events >= 0 else max(many + events, 0))


def is_plain(sends: list[Send]) -> bool:
    """Tell whether a body is no stream of events."""
    return not any(send.events for send in sends)


def _at_event(timeline: Timeline, left: int) -> tuple[Timeline, Timeline]:
    for at, step in enumerate(timeline):
        counts = isinstance(step, Send) and step.kind != "comment"
        if left == 0 and (counts or isinstance(step, ENDS)):
            return timeline[:at], timeline[at:]
        if isinstance(step, Send) and counts:
            left = max(left - step.events, 0)
    return timeline, ()


def _at_byte(timeline: Timeline, left: int) -> tuple[Timeline, Timeline]:
    for at, step in enumerate(timeline):
        if isinstance(step, ENDS) and left == 0:
            return timeline[:at], timeline[at:]
        if isinstance(step, Send):
            if left < len(step.data):
                first, second = _cut(step, left)
                return (*timeline[:at], *first), (second, *timeline[at + 1 :])
            left -= len(step.data)
    return timeline, ()


def _cut(send: Send, at: int) -> tuple[tuple[Send, ...], Send]:
    first = replace(send, data=send.data[:at], kind="piece", events=0, tokens=0)
    second = replace(send, data=send.data[at:], kind="piece" if at else send.kind)
    return ((first,) if at else ()), second
