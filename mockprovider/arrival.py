"""How much of a response has arrived: what of the body the peer has, and when it has read it."""

from array import array
from bisect import bisect_right
from collections.abc import Callable

from mockprovider.clock import Wheel
from mockprovider.entry import Entry
from mockprovider.outlet import Outlet

# A reader on this host is there within a few turns of the loop; each question costs more than a
# turn, so they grow rarer. Who reads on another host cannot be known: its acknowledgement may come
# late, and is not waited for.
TURNS = 16
PATIENCE = 0.005
# A reader that leaves bytes lying for so long may be waiting for more of them.
ABSENT = 0.02
POLL = 0.001
SPARE = 4096


class Marks:
    """How much of the body is complete with so many bytes on the wire, for the latest writes."""

    def __init__(self) -> None:
        self.wire = 0
        self._ends = array("q")
        self._bodies = array("q")
        self._limit = SPARE

    def add(self, wire: int, body: int) -> None:
        """Note that `wire` bytes more bring the body to `body`."""
        self.wire += wire
        self._ends.append(self.wire)
        self._bodies.append(body)

    @property
    def many(self) -> bool:
        return len(self._ends) > self._limit

    def body(self, undelivered: int) -> int:
        """Return how much of the body has arrived, in whole writes."""
        at = bisect_right(self._ends, self.wire - undelivered)
        return self._bodies[at - 1] if at else 0

    def forget(self, undelivered: int) -> None:
        """Drop what arrived long ago."""
        at = max(bisect_right(self._ends, self.wire - undelivered) - 1, 0)
        del self._ends[:at], self._bodies[:at]
        self._limit = len(self._ends) + SPARE


class Arrival:
    """What of one response has arrived at its peer."""

    def __init__(self, entry: Entry, outlet: Outlet, wheel: Wheel) -> None:
        self._entry = entry
        self._outlet = outlet
        self._wheel = wheel
        # The journal's list of writes says the same, as long as it is complete.
        self._marks: Marks | None = None

    def wrote(self, wire: int) -> None:
        """Note a write the journal does not list, framing included."""
        marks = self._marks
        if marks is None:
            marks = self._marks = self._from_journal()
        marks.add(wire, self._entry.sent.bytes)
        if marks.many:
            marks.forget(self._outlet.undelivered())

    def _from_journal(self) -> Marks:
        marks = Marks()
        for number in range(len(self._entry.times)):
            start, length, _ = self._entry.outline.row(number)
            marks.add(self._outlet.framed(length), start + length)
        return marks

    def acked(self) -> int:
        """Count the bytes of the body that have arrived, in whole writes."""
        left = self._outlet.undelivered()
        if self._marks is not None:
            return self._marks.body(left)
        outline, number = self._entry.outline, self._entry.written
        sent = outline.sums(number).bytes
        while left > 0 and number > 0:
            number -= 1
            sent, length, _ = outline.row(number)
            left -= self._outlet.framed(length)
        return sent

    def when_arrived(self, go_on: Callable[[], None], limit: float) -> None:
        """Call back once all that was written has arrived, or after so many seconds."""
        self._later(go_on, self._wheel.now() + limit)

    def _later(self, go_on: Callable[[], None], deadline: float) -> None:
        if self._outlet.closed:
            return  # who left is told of where the connection is lost
        if self._wheel.now() >= deadline or not self._outlet.undelivered():
            go_on()
        else:
            self._wheel.at(self._wheel.now() + POLL, lambda: self._later(go_on, deadline))

    def when_read(self, go_on: Callable[[], None]) -> None:
        """Call back once the peer has read all that was written, or may have."""
        since = self._wheel.now()
        # Not at once: who goes on from here may be back here before it returns.
        self._wheel.soon(lambda: self._poll(go_on, 1, since))

    def _poll(self, go_on: Callable[[], None], turn: int, since: float) -> None:
        if self._outlet.closed:
            return
        now = self._wheel.now()
        if not turn & (turn - 1) and self._read(now - since):
            go_on()
        elif turn < TURNS:
            self._wheel.soon(lambda: self._poll(go_on, turn + 1, since))
        else:
            self._wheel.at(now + POLL, lambda: self._poll(go_on, TURNS, since))

    def _read(self, waited: float) -> bool:
        if waited >= ABSENT:
            return True
        if self._outlet.undelivered():
            return False
        unread = self._outlet.peer.unread()
        if unread is None:
            return waited >= PATIENCE or not self._outlet.unacked()
        return not unread
