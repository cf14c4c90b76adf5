"""What one request gets: a timeline, and what fills its slots as it is played."""

from dataclasses import dataclass

from mockprovider.slots import Compiled, Filling, encoded
from mockprovider.timeline import Head, Send, Timeline


@dataclass(frozen=True, slots=True)
class Performance:
    """A timeline as one request gets it; slots are filled as it is played, or were before."""

    timeline: Timeline
    write: str
    compiled: Compiled | None = None
    filling: Filling | None = None
    run: bytes = b""

    def data(self, at: int, send: Send) -> bytes:
        """Return the bytes of a send."""
        if self.compiled is None:
            return send.data
        parts = self.compiled.parts[at]
        if isinstance(parts, tuple):
            return self.run.join(parts)
        return send.data if parts is None or self.filling is None else parts.fill(self.filling)

    def head(self, head: Head) -> bytes:
        """Return the bytes of the head."""
        if self.compiled is None or self.filling is None:
            return encoded(head)
        return self.compiled.head.fill(self.filling)


def performance(compiled: Compiled, filling: Filling, write: str) -> Performance:
    """Return what a request gets of a compiled timeline."""
    if compiled.plain:
        return Performance(compiled.filled(filling), write)
    run = compiled.run.fill(filling)
    return Performance(compiled.timeline, write, compiled, filling, run)
