"""What one request gets: a timeline, and what fills its slots as it is played."""

from collections.abc import Iterator
from dataclasses import dataclass

from mockprovider.outline import Outline
from mockprovider.score import Score, Stretch, fixed, scored
from mockprovider.slots import Compiled, Filling, Template, encoded
from mockprovider.timeline import Head, Send, Timeline

NOTHING = Filling("", "", 0)


@dataclass(slots=True, eq=False)
class Slotted:
    """A compiled timeline with what one request puts into its slots."""

    compiled: Compiled
    score: Score
    head: bytes
    run: bytes
    loose: Filling


@dataclass(slots=True, eq=False)
class Performance:
    """A timeline as one request gets it; slots are filled as it is played, or were before."""

    timeline: Timeline
    write: str
    outline: Outline
    slotted: Slotted | None = None

    def data(self, at: int, send: Send) -> bytes:
        """Return the bytes of a send."""
        slotted = self.slotted
        if slotted is None:
            return send.data
        parts = slotted.compiled.parts[at]
        if isinstance(parts, Template):
            return parts.fill(slotted.loose)
        return slotted.run.join(parts)

    def head(self, head: Head) -> bytes:
        """Return the bytes of the head, once."""
        if self.slotted is None:
            return encoded(head)
        # A stream may be long, and its head is some ten times as long as an event's text.
        written, self.slotted.head = self.slotted.head, b""
        return written

    def stretch(self, at: int) -> Stretch | None:
        """Return the chunks that begin with a step, if they are ready."""
        return self.slotted.score.stretches.get(at) if self.slotted else None

    def filled(self, stretch: Stretch, before: bytes) -> Iterator[bytes]:
        """Yield chunks with all their bytes, the first behind what comes before them."""
        slotted = self.slotted
        return stretch.filled(slotted.run, slotted.loose, before) if slotted else iter(())


def performance(compiled: Compiled, filling: Filling, write: str) -> Performance:
    """Return what a request gets of a compiled timeline."""
    if compiled.plain:
        return unslotted(compiled.filled(filling), write)
    run, head, loose = compiled.run.fill(filling), compiled.head.fill(filling), filling
    score = scored(compiled, (len(run), *(len(filling[slot]) for slot in compiled.loose)))
    if not compiled.loose:
        # All is filled now, and a stream may be long.
        loose = NOTHING
    slotted = Slotted(compiled, score, head, run, loose)
    return Performance(compiled.timeline, write, score.outline, slotted)


def unslotted(timeline: Timeline, write: str) -> Performance:
    """Return what a request gets of a timeline without slots."""
    return Performance(timeline, write, fixed(timeline))
