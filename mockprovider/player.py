"""A timeline in, writes out: waits, holds, back-pressure, and how it ended."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from mockprovider.clock import Wheel
from mockprovider.holds import Holds
from mockprovider.journal import Entry, Held, Journal
from mockprovider.outlet import Outlet
from mockprovider.slots import Compiled, Filling, encoded
from mockprovider.timeline import (
    AwaitClose,
    Close,
    Head,
    Hold,
    Moment,
    Reset,
    Send,
    Stall,
    Timeline,
    Until,
    Wait,
)

# So many writes, then everyone else has a turn.
TURN = 200
ACK_POLL = 0.002


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


@dataclass(frozen=True, slots=True)
class Stage:
    """What players share."""

    wheel: Wheel
    holds: Holds
    journal: Journal


class Player:
    """Plays one response. `over` is called once, when nothing of it is left to do."""

    def __init__(
        self, performance: Performance, entry: Entry, outlet: Outlet, stage: Stage
    ) -> None:
        self.entry = entry
        self.outlet = outlet
        self.over: Callable[[], None] = lambda: None
        self.ended = False
        self.stalled = False
        self._performance = performance
        self._timeline = performance.timeline
        self._last = len(self._timeline) - 2 if self._timeline[-1] == Close() else -1
        self._stage = stage
        self._at = 0
        self._repeats = 0
        self._base = stage.wheel.now()
        self._blocked = False
        self._in_segments = performance.write == "segments"
        self._held: Callable[[], None] | None = None

    def run(self) -> None:
        """Play on until something has to be waited for."""
        for _ in range(TURN):
            if self.ended:
                return
            step = self._timeline[self._at]
            self._at += 1
            if not (self._send(step) if type(step) is Send else self._do(step)):
                return
        self._stage.wheel.soon(self.run)

    def resume(self) -> None:
        """Go on after the kernel has taken what was too much."""
        self.outlet.full = False
        if self._blocked:
            self._blocked = False
            self.run()

    def leave(self, kind: str, at: int | None = None, acked: int | None = None) -> None:
        """End the response because the peer, or the harness, will have no more of it."""
        if not self.ended:
            self._end(kind, at, acked)
            self.over()

    def acked(self) -> int:
        """Count the bytes of the body the peer has acknowledged, in whole writes."""
        left, writes = self.outlet.unacked(), self.entry.writes
        sent, at = self.entry.bytes, len(writes)
        while left > 0 and at > 0:
            at -= 4
            sent = writes[at + 1]
            left -= self.outlet.framed(writes[at + 2])
        return sent

    def _send(self, step: Send) -> bool:
        at = self._at - 1
        last = at == self._last
        if step.times > 1:
            last = self._again(step) and last
        data = self._performance.data(at, step)
        now = time.monotonic_ns()
        if not self.outlet.body(data, last=last):
            self._broken()
            return False
        self.entry.wrote(now, len(data), step.events, step.tokens)
        if self.outlet.full:
            self._blocked = True
            return False
        return not self._in_segments or self._reached()

    def _again(self, step: Send) -> bool:
        """Stay at a send that comes several times; tell whether this is its last time."""
        self._repeats += 1
        if self._repeats < step.times:
            self._at -= 1
            return False
        self._repeats = 0
        return True

    def _reached(self) -> bool:
        """Wait until the peer's kernel has all that was written."""
        if not self.outlet.unacked():
            return True
        self._stage.wheel.at(self._stage.wheel.now() + ACK_POLL, self._when_reached)
        return False

    def _when_reached(self) -> None:
        if not self.ended and self._reached():
            self.run()

    def _do(self, step: Moment) -> bool:
        wheel = self._stage.wheel
        match step:
            case Head():
                return self._head(step)
            case Wait() | AwaitClose():
                return self._pause(wheel.now() + step.ms / 1000)
            case Until():
                return self._pause(self._base + step.ms / 1000)
            case Hold():
                return self._hold(step.name)
            case Stall():
                self.outlet.flush()
                self.stalled = True
            case Close() | Reset():
                self._close(step.how if isinstance(step, Close) else "reset")
        return False

    def _head(self, step: Head) -> bool:
        self.entry.status = step.status
        together = self._performance.write == "burst" or step.length is not None
        self.outlet.head(self._performance.head(step), step.length, cork=together)
        return True

    def _pause(self, deadline: float) -> bool:
        if deadline <= self._stage.wheel.now():
            return True
        self.outlet.flush()
        self._stage.wheel.at(deadline, self.run)
        return False

    def _hold(self, name: str) -> bool:
        reached, nonce = time.monotonic_ns(), self.entry.nonce or ""
        held = Held(name, reached)
        self.entry.holds.append(held)

        def go_on() -> None:
            held.released = time.monotonic_ns()
            self._held = None
            self._base += (held.released - reached) / 1e9
            self.run()

        self.outlet.flush()
        if self._stage.holds.open(nonce, name):
            held.released = reached
        else:
            self._held = go_on
            self._stage.holds.wait(nonce, name, go_on)
        self._stage.journal.tell(self.entry)
        return held.released is not None

    def _close(self, how: str) -> None:
        if how == "clean":
            self.outlet.end()
        else:
            self.outlet.flush()
        if self.outlet.full and how != "reset":
            # What the kernel has not taken yet would be lost.
            self._at, self._blocked = self._at - 1, True
            return
        self._end("complete" if how == "clean" else how, None, None)
        ending = {"cut": self.outlet.finish, "reset": self.outlet.reset}
        ending.get(how, lambda: None)()
        self.over()

    def _broken(self) -> None:
        # EPIPE means that RST came after FIN, ECONNRESET that it came alone.
        reset = isinstance(self.outlet.failure, ConnectionResetError)
        self.leave("peer-rst" if reset else "peer-fin")

    def _end(self, kind: str, at: int | None, acked: int | None) -> None:
        self.ended = True
        if self._held is not None:
            self._stage.holds.give_up(self.entry.nonce or "", self._held)
        acked = self.acked() if acked is None else acked
        self._stage.journal.close(self.entry, kind, at or time.monotonic_ns(), acked)
