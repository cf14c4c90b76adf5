"""Faults that end a stream before its end."""

from dataclasses import dataclass, replace

from mockprovider.timeline import ENDS, Close, Moment, Reset, Send, Stall, Timeline


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
class StallAfter:
    """Silence after `events` events, or after `bytes` bytes."""

    events: int | None = None
    bytes: int | None = None

    def apply(self, timeline: Timeline) -> Timeline:
        return ended(timeline, Stall(), events=self.events, count=self.bytes)


def ended(timeline: Timeline, end: Moment, *, events: int | None, count: int | None) -> Timeline:
    """Return the timeline up to so many events or bytes, and the end; without either, 1 event."""
    if count is None:
        return _after_events(timeline, end, 1 if events is None else events)
    return _after_bytes(timeline, end, count)


def _after_events(timeline: Timeline, end: Moment, left: int) -> Timeline:
    kept = list[Moment]()
    for step in timeline:
        counts = isinstance(step, Send) and step.kind != "comment"
        if left == 0 and (counts or isinstance(step, ENDS)):
            return (*kept, end)
        if isinstance(step, Send) and counts:
            left = max(left - step.events, 0)
        kept.append(step)
    return timeline


def _after_bytes(timeline: Timeline, end: Moment, left: int) -> Timeline:
    kept = list[Moment]()
    for step in timeline:
        if isinstance(step, Send):
            if left < len(step.data):
                part = (replace(step, data=step.data[:left], kind="piece", events=0, tokens=0),)
                return (*kept, *(part if left else ()), end)
            left -= len(step.data)
        if isinstance(step, ENDS) and left == 0:
            return (*kept, end)
        kept.append(step)
    return timeline
