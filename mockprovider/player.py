"""A timeline in, writes out: waits, holds, back-pressure, and how it ended."""

import time
from collections.abc import Callable

from mockprovider import timeline as moments
from mockprovider.arrival import Arrival
from mockprovider.entry import Entry, Held
from mockprovider.outlet import Outlet
from mockprovider.performance import Performance
from mockprovider.stage import Stage
from mockprovider.stretches import written
from mockprovider.timeline import Close, Frame, Head, Moment, Send

# So many writes, then everyone else has a turn.
TURN = 200
# How many seconds an end waits for what was written before it.
FOREVER, SOON = float("inf"), 0.5


class Player:
    """Plays one response. `over` is called once, when nothing of it is left to do."""

    # Attributes that are set late would cost each player a dictionary of its own.
    __slots__ = (
        "_arrival", "_at", "_base", "_blocked", "_held", "_how", "_in_segments", "_performance",
        "_repeats", "_stage", "_timeline", "ended", "entry", "outlet", "over", "stalled",
    )  # fmt: skip
    over: Callable[[], None]

    def __init__(
        self, performance: Performance, entry: Entry, outlet: Outlet, stage: Stage
    ) -> None:
        self.entry = entry
        self.outlet = outlet
        self._performance = performance
        self._timeline = performance.timeline
        self._stage = stage
        self._base = stage.wheel.now()
        self._in_segments = performance.write == "segments"
        self._at = self._repeats = 0
        self._blocked = self.ended = self.stalled = False
        self._arrival: Arrival | None = None
        self._how: str | None = None
        self._held: Callable[[], None] | None = None
        entry.outline = performance.outline

    @property
    def arrival(self) -> Arrival:
        if self._arrival is None:
            self._arrival = Arrival(self.entry, self.outlet, self._stage.wheel)
        return self._arrival

    def run(self) -> None:
        """Play on until something has to be waited for."""
        until = self.entry.written + TURN
        while self.entry.written < until:
            if self.ended:
                return
            step = self._timeline[self._at]
            if not (self._sends(step) if type(step) is Send else self._do(step)):
                return
        self._stage.wheel.soon(self.run)

    def resume(self) -> None:
        """Go on after the kernel has taken what was too much."""
        self.outlet.full = False
        if self._blocked:
            self._blocked = False
            self.entry.unblock()
            self.run()

    @property
    def done(self) -> bool:
        """Tell whether all has been written, and only has to arrive."""
        return self._how is not None

    def go_on(self, hold: str) -> bool:
        """Leave a hold, if it is the one that is waited at; no other stream does."""
        if self._held is None or self.entry.holds[-1].name != hold:
            return False
        self._stage.holds.let_go(self.entry.nonce or "", self._held)
        return True

    def settle(self) -> None:
        """End the response if nothing but its arrival was waited for."""
        if self.done and not self.outlet.undelivered():
            self._finish()

    def leave(self, kind: str, at: int | None = None, acked: int | None = None) -> None:
        """End the response because the peer, or the harness, will have no more of it."""
        if not self.ended:
            self._end(kind, at, acked)
            self.over()

    def _sends(self, step: Send) -> bool:
        """Write all that comes before the next wait, if its chunks are ready, or one piece."""
        # In the midst of a step its stretch would begin anew.
        alone = self._in_segments or self._repeats
        reached = None if alone else written(self._performance, self._at, self.entry, self.outlet)
        if reached is None:
            return self._send(step)
        self._at, self._repeats = reached
        if self.outlet.failure is not None:
            self.leave(self.outlet.loss)
            return False
        return self._written()

    def _send(self, step: Send) -> bool:
        again = self._repeats if step.gap_ms else 0
        if again and not self._pause(self._base + step.due(again)):
            return False
        at, self._repeats = self._at, self._repeats + 1
        last = False
        if self._repeats == step.times:
            self._at, self._repeats = at + 1, 0
            last = self._timeline[at + 1] == Close()
        data, now = self._performance.data(at, step), time.monotonic_ns()
        if not self.outlet.body(data, last=last):
            self.leave(self.outlet.loss)
            return False
        if not self.entry.wrote(now):
            self.arrival.wrote(self.outlet.framed(len(data)))
        return self._written()

    def _frame(self, whole: Frame) -> bool:
        step = self._next_part(whole) if whole.every else whole
        now, wire = time.monotonic_ns(), step.wire
        if not self.outlet.frame(wire, cork=step.corked):
            self.leave(self.outlet.loss)
            return False
        if step.data or step.events:
            self.entry.wrote(now)
        self.arrival.wrote(len(wire) if step.corked else self.outlet.sealed(len(wire)))
        return step.corked or self._written()

    def _next_part(self, frame: Frame) -> Frame:
        number, more = self._repeats, (self._repeats + 1) * frame.every < frame.size
        self._at, self._repeats = self._at - more, (number + 1) * more
        return frame.bit(number)

    def _written(self) -> bool:
        """Tell whether to go on at once after a write."""
        if self.outlet.full:
            self._block()
            return False
        if self._in_segments:
            self.arrival.when_read(self.run)
        return not self._in_segments

    def _block(self) -> None:
        self._blocked = True
        self.entry.block(time.monotonic_ns(), self.arrival.acked)
        self._stage.journal.tell(self.entry)

    def _do(self, step: Moment) -> bool:
        self._at += 1
        match step:
            case moments.Until():
                return self._pause(self._base + step.ms / 1000)
            case Head():
                return self._head(step)
            case Close() | moments.Reset():
                self._close(step.how if isinstance(step, Close) else "reset")
            case Frame():
                return self._frame(step)
            case moments.Verbatim():
                self.entry.status = step.status
                self.outlet.verbatim(step.parting)
                return True
            case moments.Buffer():
                self.outlet.narrow(step.bytes)
                return True
            case moments.Wait() | moments.AwaitClose():
                return self._pause(self._stage.wheel.now() + step.ms / 1000)
            case moments.Hold():
                return self._hold(step.name)
            case moments.Stall():
                self.outlet.flush()
                self.stalled = True
        return False

    def _head(self, step: Head) -> bool:
        self.entry.status = step.status
        together = self._performance.write == "burst" or step.length is not None
        self.outlet.head(self._performance.head(step), step.length, cork=together)
        return together or self._written()

    def _pause(self, deadline: float) -> bool:
        if deadline <= self._stage.wheel.now():
            return True
        self.outlet.flush()
        self._stage.wheel.at(deadline, self.run)
        return False

    def _hold(self, name: str) -> bool:
        reached, nonce = time.monotonic_ns(), self.entry.nonce or ""
        held = Held(name, reached)
        self.entry.holds += (held,)

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
            self._at -= 1
            self._block()
            return
        self._how = how
        if self.outlet.failure is not None:
            self.leave(self.outlet.loss)
        elif self.outlet.undelivered():
            # What is still on its way is lost if the peer leaves now, or we do by RST.
            limit = FOREVER if how == "clean" else SOON
            self._stage.wheel.soon(lambda: self.arrival.when_arrived(self._finish, limit))
        else:
            self._finish(self.entry.sent.bytes)

    def _finish(self, acked: int | None = None) -> None:
        """End the response as it was to end, now that nothing of it is on its way."""
        if self.ended or self._how is None:
            return
        self._end("complete" if self._how == "clean" else self._how, None, acked)
        ending = {"cut": self.outlet.cut, "reset": self.outlet.reset}
        ending.get(self._how, lambda: None)()
        self.over()

    def _end(self, kind: str, at: int | None, acked: int | None) -> None:
        self.ended = True
        if self._held is not None:
            self._stage.holds.give_up(self.entry.nonce or "", self._held)
        acked = self.arrival.acked() if acked is None else acked
        self._stage.journal.close(self.entry, kind, at or time.monotonic_ns(), acked)
