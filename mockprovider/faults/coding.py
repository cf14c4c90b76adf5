"""Faults of the content coding: compressed bodies, with and without saying so."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated, Literal

from mockprovider.faults.parameters import Limit, Positive
from mockprovider.timeline import ENDS, Head, Moment, Send, Timeline

Level = Annotated[int, Limit("minimum", 0), Limit("maximum", 9)]
# What zlib calls the wrapping of a compressed stream.
GZIP, ZLIB, BARE = 31, 15, -15


@dataclass(frozen=True, slots=True)
class Gzip:
    """The body is compressed, and flushed at each write."""

    level: Level = 6

    def apply(self, timeline: Timeline) -> Timeline:
        return labelled(compressed(timeline, GZIP, level=self.level), "gzip")


@dataclass(frozen=True, slots=True)
class Deflate:
    """The body is deflated and flushed at each write; `bare` lacks zlib's own head and checksum."""

    form: Literal["zlib", "bare"] = "zlib"
    level: Level = 6

    def apply(self, timeline: Timeline) -> Timeline:
        wrapping = ZLIB if self.form == "zlib" else BARE
        return labelled(compressed(timeline, wrapping, level=self.level), "deflate")


@dataclass(frozen=True, slots=True)
class TruncatedGzip:
    """The compressed body lacks its last `bytes` bytes; the HTTP framing is in order."""

    bytes: Positive = 64

    def apply(self, timeline: Timeline) -> Timeline:
        left, kept = self.bytes, list[Moment]()
        for step in reversed(compressed(timeline, GZIP)):
            if isinstance(step, Send) and left:
                gone = min(left, len(step.data))
                left -= gone
                if gone == len(step.data):
                    continue
                kept.append(replace(step, data=step.data[:-gone]))
            else:
                kept.append(step)
        return labelled(tuple(reversed(kept)), "gzip")


@dataclass(frozen=True, slots=True)
class BareGzip:
    """The body is compressed, and no header says so."""

    def apply(self, timeline: Timeline) -> Timeline:
        return compressed(timeline, GZIP)


@dataclass(frozen=True, slots=True)
class WrongCoding:
    """A header names a content coding, and the body has none."""

    coding: str = "gzip"

    def apply(self, timeline: Timeline) -> Timeline:
        return labelled(timeline, self.coding)


def compressed(timeline: Timeline, wrapping: int, *, level: int = 6) -> Timeline:
    """Return the timeline with its body compressed, each write so that it can be read at once."""
    return tuple(_compressed(timeline, zlib.compressobj(level, wbits=wrapping)))


def labelled(timeline: Timeline, coding: str) -> Timeline:
    """Return the timeline with a header that names a content coding."""
    return tuple(
        step.with_header("content-encoding", coding) if isinstance(step, Head) else step
        for step in timeline
    )


def _compressed(timeline: Timeline, packer: "zlib._Compress") -> Iterator[Moment]:
    for step in timeline:
        if isinstance(step, Send):
            data = packer.compress(step.data) + packer.flush(zlib.Z_SYNC_FLUSH)
            yield replace(step, data=data, kind="piece")
        else:
            if isinstance(step, ENDS):
                yield from (Send(packer.flush(), "piece", 0), step)
                return
            yield step
