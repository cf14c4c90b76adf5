"""Recordings in, scenarios out: the same bytes, in the same reads, at a pace of one's choice."""

import re
from argparse import ArgumentTypeError
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from mockprovider.recordings import recording as recordings
from mockprovider.recordings.content import EVENT_END
from mockprovider.recordings.recording import Recording
from mockprovider.scenario import HeadTable, Scenario, Script, Wire
from mockprovider.steps import BadScenario
from mockprovider.surfaces.surface import Reading, Surface
from mockprovider.timeline import Close, Head, Hold, Moment, Reset, Send, Until

PREFIX = "recording-"
FASTER = re.compile(r"x(\d+(?:\.\d+)?|\.\d+)")
# What would have come after a client had left, or after a limit, nobody knows.
ENDS: Mapping[str, Moment] = {
    "fin": Close(), "cut": Close("cut"), "rst": Reset(), "left": Close("cut"),
    "capped": Close("cut"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Pace:
    """When reads are written: `real`, so many times `faster`, in one `burst`, or in `lockstep`."""

    name: str = "real"
    faster: float = 1

    @property
    def write(self) -> str:
        return {"real": "paced", "burst": "burst", "lockstep": "event"}[self.name]


def pace(text: str) -> Pace:
    """Read a pace."""
    found = FASTER.fullmatch(text)
    if found and float(found[1]) > 0:
        return Pace("real", float(found[1]))
    if text in ("real", "burst", "lockstep"):
        return Pace(text)
    raise ArgumentTypeError(
        f"{text!r} is no pace; it is real, xN (x4 is four times as fast, x0.5 half as fast), "
        "burst or lockstep"
    )


def chosen(folder: Path | None, pace: Pace) -> dict[str, Scenario]:
    """Return the recordings in a directory as scenarios, by the names markers know them by."""
    found = recordings.library(folder) if folder is not None else {}
    return {f"{PREFIX}{name}": scenario(f"{PREFIX}{name}", each, pace)
            for name, each in found.items()}  # fmt: skip


def scenario(name: str, recording: Recording, pace: Pace) -> Scenario:
    """Return the scenario that plays a recording."""
    wire = Wire(recording.surface, recording.mode, tuple(timeline(recording, pace)))
    return Scenario(
        name=name,
        summary=f"Recorded from {recording.provider}: {recording.summary}.",
        scripts=(Script((), HeadTable(), (), wire),),
        write=pace.write,
        # Whoever sent these bytes had taken the key and the request.
        disobeys=frozenset(("auth", "validation")),
    )


def timeline(recording: Recording, pace: Pace) -> Iterator[Moment]:
    """Yield the moments of a recording."""
    whole = recording.framing == "length" and recording.end == "fin"
    yield from _due(recording.head_at_us, pace)
    yield Head(recording.status, recording.headers, len(recording.wire) if whole else None)
    ends = [found.end() for found in EVENT_END.finditer(recording.wire)]
    at = passed = 0
    for number, (at_us, data) in enumerate(recording.pieces()):
        if pace.name == "lockstep":
            yield Hold(f"r{number}")
        yield from _due(at_us, pace)
        at += len(data)
        complete = bisect_right(ends, at)
        yield Send(data, "piece", complete - passed)
        passed = complete
    if recording.end_at_us is not None:
        yield from _due(recording.end_at_us, pace)
    yield ENDS[recording.end]


def _due(at_us: int, pace: Pace) -> Iterator[Moment]:
    if pace.name == "real" and at_us:
        yield Until(at_us / 1000 / pace.faster)


@dataclass(frozen=True, slots=True)
class Unmarked:
    """Answers requests without a marker, where just one recording fits.

    If it is `strict`, nothing but recordings answers.
    """

    known: Mapping[str, Scenario]
    pace: Pace
    strict: bool = False

    def __call__(self, surface: Surface, reading: Reading) -> Scenario | None:
        mode = "stream" if reading.ask.stream else "plain"
        fits = [name for name, each in self.known.items() if _fits(each, surface.name, mode)]
        if len(fits) == 1 and self.pace.name == "lockstep":
            raise BadScenario(f"lockstep needs [[mock:{fits[0]}#NONCE]]: its nonce is released")
        if len(fits) == 1:
            return self.known[fits[0]]
        asked = f"a {mode} request on {surface.name}"
        if fits:
            raise BadScenario(f"{', '.join(fits)} all fit {asked}; say which: [[mock:NAME#NONCE]]")
        if self.strict:
            raise BadScenario(f"no recording fits {asked}; there is {', '.join(self.known)}")
        return None


def unmarked(known: Mapping[str, Scenario], pace: Pace, *, strict: bool) -> Unmarked | None:
    """Return what answers requests without a marker, if there are recordings at all."""
    return Unmarked(known, pace, strict) if known else None


def check(played: Scenario, surface: str, mode: str) -> None:
    """Raise if an answer was recorded, and for another kind of request."""
    wire = played.scripts[0].wire
    if wire is not None and not _fits(played, surface, mode):
        told = f"{played.name} answers a {wire.mode} request on {wire.surface}"
        raise BadScenario(f"{told}; this is a {mode} one on {surface}")


def _fits(known: Scenario, surface: str, mode: str) -> bool:
    wire = known.scripts[0].wire
    return wire is not None and (wire.surface, wire.mode) == (surface, mode)
