"""What one request gets: a timeline, and what fills its slots as it is played."""

from dataclasses import dataclass

from mockprovider.outline import Outline
from mockprovider.score import Score, Stretch, fixed, scored
from mockprovider.slots import Compiled, Filling, Template, encoded
from mockprovider.timeline import Head, Send, Timeline


@dataclass(slots=True, eq=False)
class Slotted:
    """The slots of a compiled timeline, and what one request puts into them."""

    compiled: Compiled
    score: Score
    filling: Filling
    run: bytes


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
        return (
            parts.fill(slotted.filling) if isinstance(parts, Template) else slotted.run.join(parts)
        )

    def head(self, head: Head) -> bytes:
        """Return the bytes of the head."""
        slotted = self.slotted
        return slotted.compiled.head.fill(slotted.filling) if slotted else encoded(head)

    def stretch(self, at: int) -> Stretch | None:
        """Return the chunks that begin with a step, if they are ready."""
        return self.slotted.score.stretches.get(at) if self.slotted else None

    def filled(self, stretch: Stretch) -> list[bytes]:
        """Return chunks with all their bytes."""
        slotted = self.slotted
        return stretch.filled(slotted.run, slotted.filling) if slotted else []


def performance(compiled: Compiled, filling: Filling, write: str) -> Performance:
    """Return what a request gets of a compiled timeline."""
    if compiled.plain:
        return unslotted(compiled.filled(filling), write)
    run = compiled.run.fill(filling)
    score = scored(compiled, (len(run), *(len(filling[slot]) for slot in compiled.loose)))
    slotted = Slotted(compiled, score, filling, run)
    return Performance(compiled.timeline, write, score.outline, slotted)


def unslotted(timeline: Timeline, write: str) -> Performance:
    """Return what a request gets of a timeline without slots."""
    return Performance(timeline, write, fixed(timeline))
