"""Faults of the sequence of events: lost, doubled, out of order, broken, unknown."""

import json
import re
from dataclasses import dataclass, replace
from itertools import count

from mockprovider.faults.lines import block
from mockprovider.timeline import Moment, Send, Timeline

NUMBER = re.compile(rb'("sequence_number": ?)(\d+)')
EVENTS = ("event", "done")


@dataclass(frozen=True, slots=True)
class Garbage:
    """An event that is not JSON comes before the event at `at`."""

    at: int = 1
    text: str = '{"id":"chatcmpl-'

    def apply(self, timeline: Timeline) -> Timeline:
        event = Send(block(timeline, f"data: {self.text}".encode()))
        where = position(timeline, self.at)
        return timeline if where is None else (*timeline[:where], event, *timeline[where:])


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


@dataclass(frozen=True, slots=True)
class SwapEvents:
    """The event at `at` and the one after it come in the wrong order."""

    at: int = 1

    def apply(self, timeline: Timeline) -> Timeline:
        first = position(timeline, self.at)
        second = None if self.at == -1 else position(timeline, self.at + 1)
        if first is None or second is None:
            return timeline
        between = timeline[first + 1 : second]
        swapped = (timeline[second], *between, timeline[first])
        return (*timeline[:first], *swapped, *timeline[second + 1 :])


@dataclass(frozen=True, slots=True)
class AfterDone:
    """The event at `at` comes once more, after the terminator."""

    at: int = 1

    def apply(self, timeline: Timeline) -> Timeline:
        where = position(timeline, self.at)
        again = () if where is None else (timeline[where],)
        return tuple(
            each for step in timeline for each in (step, *(again if terminator(step) else ()))
        )


@dataclass(frozen=True, slots=True)
class UnknownEvent:
    """An event of a type no one knows comes before the event at `at`."""

    name: str = "mock.unknown"
    at: int = 1

    def apply(self, timeline: Timeline) -> Timeline:
        where = position(timeline, self.at)
        if where is None or not is_named(timeline[where]):
            return timeline
        lines = (f"event: {self.name}", f"data: {self._body(timeline[where])}")
        event = Send(block(timeline, *(line.encode() for line in lines)))
        return numbered((*timeline[:where], event, *timeline[where:]))

    def _body(self, following: Moment) -> str:
        number = NUMBER.search(following.data) if isinstance(following, Send) else None
        own = {"sequence_number": int(number[2])} if number else {}
        return json.dumps({"type": self.name, **own})


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


def is_named(step: object) -> bool:
    """Tell whether this is an event that says its type."""
    return isinstance(step, Send) and step.data.startswith(b"event: ")


def numbered(timeline: Timeline) -> Timeline:
    """Return the timeline with its sequence numbers, if it has any, in order again."""
    found = (NUMBER.search(step.data) for step in timeline if isinstance(step, Send))
    numbers = count(next((int(each[2]) for each in found if each), 0))
    return tuple(
        replace(step, data=NUMBER.sub(lambda each: each[1] + b"%d" % next(numbers), step.data))
        if isinstance(step, Send)
        else step
        for step in timeline
    )
