"""Faults of the sequence of events: lost, doubled, broken, oversized."""

import re
from dataclasses import dataclass, replace

from mockprovider.timeline import Send, Timeline

# Where the text of an event begins, on any surface.
TEXT = re.compile(rb'"(?:content|text|delta)": ?"')
EVENTS = ("event", "done")


@dataclass(frozen=True, slots=True)
class Garbage:
    """An event that is not JSON comes before the event at `at`."""

    at: int = 1
    text: str = '{"id":"chatcmpl-'

    def apply(self, timeline: Timeline) -> Timeline:
        event = Send(f"data: {self.text}\n\n".encode())
        where = position(timeline, self.at)
        return timeline if where is None else (*timeline[:where], event, *timeline[where:])


@dataclass(frozen=True, slots=True)
class Pad:
    """The first event from `at` on that has a text is grown to `bytes` bytes."""

    bytes: int = 70_000
    at: int = 0

    def apply(self, timeline: Timeline) -> Timeline:
        start = position(timeline, self.at)
        for where in range(len(timeline) if start is None else start, len(timeline)):
            step = timeline[where]
            if isinstance(step, Send) and (found := TEXT.search(step.data)):
                fill = b"x" * max(0, self.bytes - len(step.data))
                data = step.data[: found.end()] + fill + step.data[found.end() :]
                return (*timeline[:where], replace(step, data=data), *timeline[where + 1 :])
        return timeline


@dataclass(frozen=True, slots=True)
class DoneTwice:
    """The terminator comes twice."""

    def apply(self, timeline: Timeline) -> Timeline:
        return tuple(step for step in timeline for _ in range(2 if terminator(step) else 1))


@dataclass(frozen=True, slots=True)
class NoDone:
    """The terminator never comes."""

    def apply(self, timeline: Timeline) -> Timeline:
        return tuple(step for step in timeline if not terminator(step))


@dataclass(frozen=True, slots=True)
class DuplicateEvent:
    """The event at `at` comes twice."""

    at: int = 1

    def apply(self, timeline: Timeline) -> Timeline:
        where = position(timeline, self.at)
        return timeline if where is None else (*timeline[: where + 1], *timeline[where:])


@dataclass(frozen=True, slots=True)
class DropEvent:
    """The event at `at` never comes."""

    at: int = 1

    def apply(self, timeline: Timeline) -> Timeline:
        where = position(timeline, self.at)
        return timeline if where is None else (*timeline[:where], *timeline[where + 1 :])


def terminator(step: object) -> bool:
    """Tell whether this is what ends a stream."""
    return isinstance(step, Send) and step.kind == "done"


def position(timeline: Timeline, number: int) -> int | None:
    """Return where in the timeline an event is; from the end if its number is negative."""
    places = [
        at for at, step in enumerate(timeline) if isinstance(step, Send) and step.kind in EVENTS
    ]
    inside = -len(places) <= number < len(places)
    return places[number] if inside else None
