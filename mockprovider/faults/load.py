"""Faults of load: how fast bytes come, and how the gaps between events grow and shrink."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated

from mockprovider.faults.parameters import Limit, Milliseconds, Natural, Positive
from mockprovider.faults.segments import recut
from mockprovider.timeline import Buffer, Frame, Moment, Timeline, Until, Wait

# What passes a narrow line at once: so many milliseconds' worth.
SLICE_MS = 10


@dataclass(frozen=True, slots=True)
class Bandwidth:
    """No more than `bytes_per_s` pass the wire in a second, head and framing included."""

    bytes_per_s: Positive = 10_000

    def apply(self, timeline: Timeline) -> Timeline:
        slice_ = max(self.bytes_per_s * SLICE_MS // 1000, 1)
        cut = recut(timeline, lambda frame: set(range(slice_, frame.size, slice_)))
        return tuple(self._timed(cut))

    def _timed(self, timeline: Timeline) -> Iterator[Moment]:
        passed = 0
        for step in timeline:
            if isinstance(step, Frame):
                yield Until(1000 * passed / self.bytes_per_s)
                passed += step.size
            yield step


@dataclass(frozen=True, slots=True)
class Spike:
    """The event at `at` is `ms` late."""

    at: Natural = 1
    ms: Milliseconds = 200

    def apply(self, timeline: Timeline) -> Timeline:
        return gapped(timeline, lambda number: self.ms if number == self.at else 0)


@dataclass(frozen=True, slots=True)
class Ramp:
    """The gap before an event grows, or shrinks, from `first_ms` to `last_ms` over `events`."""

    first_ms: Milliseconds = 0
    last_ms: Milliseconds = 50
    events: Positive = 10

    def apply(self, timeline: Timeline) -> Timeline:
        def gap(number: int) -> float:
            done = min(number / self.events, 1)
            return self.first_ms + (self.last_ms - self.first_ms) * done

        return gapped(timeline, gap)


@dataclass(frozen=True, slots=True)
class Steps:
    """The gap before an event is each of `ms` in turn, for `events` events."""

    ms: Annotated[tuple[Milliseconds, ...], Limit("minItems", 1)] = (0, 50)
    events: Positive = 5

    def apply(self, timeline: Timeline) -> Timeline:
        return gapped(timeline, lambda number: self.ms[number // self.events % len(self.ms)])


@dataclass(frozen=True, slots=True)
class Jitter:
    """The gap before an event is log-normal around `median_ms`; the same `seed`, the same gaps."""

    median_ms: Milliseconds = 10
    spread: Annotated[float, Limit("minimum", 0)] = 0.5
    seed: int = 0

    def apply(self, timeline: Timeline) -> Timeline:
        drawn = random.Random(self.seed)  # noqa: S311  (no secret)
        return gapped(timeline, lambda _: self.median_ms * drawn.lognormvariate(0, self.spread))


@dataclass(frozen=True, slots=True)
class SendBuffer:
    """The kernel keeps `bytes` unsent bytes at most, so that a slow reader is felt at once."""

    bytes: Annotated[int, Limit("minimum", 4608)] = 16_384

    def apply(self, timeline: Timeline) -> Timeline:
        return (Buffer(self.bytes), *timeline)


def gapped(timeline: Timeline, gap: Callable[[int], float]) -> Timeline:
    """Return the timeline with a wait before each event, by its number."""
    return tuple(_gapped(timeline, gap))


def _gapped(timeline: Timeline, gap: Callable[[int], float]) -> Iterator[Moment]:
    number, between = 0, True
    for step in timeline:
        if isinstance(step, Frame) and step.kind in ("chunk", "body"):
            if between:
                ms = gap(number)
                if ms:
                    yield Wait(ms)
            number += step.events
            between = bool(step.events)
        yield step
