"""The pieces of a body as they go on the wire, each spelt out as a chunk but for its slots."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

from mockprovider.outline import Outline
from mockprovider.slots import Compiled, Filling, Parts, Slot, Template
from mockprovider.timeline import Close, Frame, Moment, Send, Timeline

LAST_CHUNK = b"0\r\n\r\n"
# A stretch is written in one go, so it must not keep everyone else waiting.
LONGEST = 200


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """Chunks with nothing to wait for in between, and the step behind them.

    `last` is their number if they end the body; `loose` says that not all have only the run filled.
    """

    chunks: tuple[Parts | Template, ...]
    end: int
    last: int
    loose: bool

    def filled(self, run: bytes, filling: Filling, before: bytes) -> Iterator[bytes]:
        """Yield the chunks of one request, the first behind what comes before them."""
        chunks = self.chunks
        if before:
            # Put to the small first part: the chunk may be long.
            chunks = (_surrounded(before, chunks[0], b""), *chunks[1:])
        if self.loose:
            return (each.fill(filling) if isinstance(each, Template) else run.join(each)
                    for each in chunks)  # fmt: skip
        return map(run.join, cast("tuple[Parts, ...]", chunks))


@dataclass(frozen=True, slots=True, eq=False)
class Score:
    """What is known of a timeline once the lengths of its slots are; stretches by first step."""

    outline: Outline
    stretches: Mapping[int, Stretch]


@lru_cache(maxsize=256)
def scored(compiled: Compiled, sizes: tuple[int, ...]) -> Score:
    """Spell a timeline out for a run, and loose slots, of these lengths."""
    run, *loose = sizes
    known = dict(zip(compiled.loose, loose, strict=True))
    lengths = [_length(parts, run, known) for parts in compiled.parts]
    outline = Outline(compiled.timeline, lengths)
    return Score(outline, dict(_stretches(compiled, lengths)))


def fixed(timeline: Timeline) -> Outline:
    """Outline a timeline that has no slots."""
    steps = [row for step in timeline for row in _rows(step)]
    lengths = (len(step.data) if isinstance(step, Send | Frame) else 0 for step in steps)
    return Outline(steps, lengths)


def _rows(step: Moment) -> Iterator[Moment]:
    """Yield a step, or in its place what a frame that is written bit by bit is outlined as."""
    if not (isinstance(step, Frame) and step.every and step.data):
        yield step
        return
    start = len(step.before)
    first, last = start // step.every, (start + len(step.data) - 1) // step.every
    if last > first:
        yield step.bit(first)
    if last > first + 1:
        yield Send(step.data[: step.every], events=0, times=last - first - 1)
    yield step.bit(last)


def _stretches(compiled: Compiled, lengths: Sequence[int]) -> Iterator[tuple[int, Stretch]]:
    timeline, at = compiled.timeline, 0
    while at < len(timeline):
        end = _end(timeline, at)
        if end > at:
            yield at, _stretch(compiled, lengths, at, end)
        at = max(end, at + 1)


def _end(timeline: Timeline, at: int) -> int:
    """Return the step at which a stretch that begins here ends."""
    room = LONGEST
    while isinstance(step := timeline[at], Send) and step.times <= room and not step.gap_ms:
        room -= step.times
        at += 1
    return at


def _stretch(compiled: Compiled, lengths: Sequence[int], at: int, end: int) -> Stretch:
    chunks = list[Parts | Template]()
    for number in range(at, end):
        step = compiled.timeline[number]
        times = step.times if isinstance(step, Send) else 0
        chunks += [_chunk(compiled.parts[number], lengths[number])] * times
    last = compiled.timeline[end] == Close() and lengths[end - 1] > 0
    if last:
        chunks[-1] = _surrounded(b"", chunks[-1], LAST_CHUNK)
    loose = any(isinstance(each, Template) for each in chunks)
    return Stretch(tuple(chunks), end, len(chunks) if last else 0, loose)


def _chunk(parts: Parts | Template, length: int) -> Parts | Template:
    """Frame a piece of a body; an empty chunk would be the last one."""
    return _surrounded(b"%x\r\n" % length, parts, b"\r\n") if length else parts


def _surrounded(before: bytes, parts: Parts | Template, after: bytes) -> Parts | Template:
    if isinstance(parts, Template):
        return Template(before.replace(b"%", b"%%") + parts.pattern + after, parts.slots)
    parts = (before + parts[0], *parts[1:])
    return (*parts[:-1], parts[-1] + after) if after else parts


def _length(parts: Parts | Template, run: int, loose: Mapping[Slot, int]) -> int:
    if isinstance(parts, Template):
        literal = len(parts.pattern % ((b"",) * len(parts.slots)))
        return literal + sum(loose[slot] for slot in parts.slots)
    return sum(map(len, parts)) + run * max(len(parts) - 1, 0)
