"""What goes over one connection, in order, with the very bytes: the values a player plays."""

from collections.abc import Iterator
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Head:
    """Status and headers; the player adds what frames the body."""

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    length: int | None = None

    def header(self, name: str) -> str | None:
        """Return the value of a header, looked up as HTTP does."""
        found = (value for key, value in self.headers if key.lower() == name.lower())
        return next(found, None)

    def with_header(self, name: str, value: str) -> "Head":
        """Return this head with one header more."""
        return replace(self, headers=(*self.headers, (name, value)))


@dataclass(frozen=True, slots=True)
class Send:
    """Bytes of the body; `events` and `tokens` count what is complete with its last byte.

    They are sent `times` times over, so that an endless stream takes no more memory than a short;
    with a pace, the first at `due_ms` of the stream and each `gap_ms` after the one before.
    """

    data: bytes
    kind: str = "event"
    events: int = 1
    tokens: int = 0
    times: int = 1
    due_ms: float = 0
    gap_ms: float = 0

    def due(self, number: int) -> float:
        """Return the second of the stream at which one of its times comes."""
        return (self.due_ms + number * self.gap_ms) / 1000


@dataclass(frozen=True, slots=True)
class Wait:
    ms: float


@dataclass(frozen=True, slots=True)
class Until:
    """Nothing is written before so many milliseconds of the stream have passed."""

    ms: float


@dataclass(frozen=True, slots=True)
class Hold:
    name: str


@dataclass(frozen=True, slots=True)
class AwaitClose:
    ms: float


@dataclass(frozen=True, slots=True)
class Reset:
    pass


@dataclass(frozen=True, slots=True)
class Stall:
    pass


@dataclass(frozen=True, slots=True)
class Close:
    """The end of the body: `clean`, `cut` (no last HTTP chunk) or `half` (sending side only)."""

    how: str = "clean"


@dataclass(frozen=True, slots=True)
class Verbatim:
    """From here on every byte is sent as it is: head and framing are in the frames.

    `parting` is what becomes of the connection after a complete answer: it is kept, or ends with
    FIN or RST, at once or instead of an answer to the next request.
    """

    status: int = 200
    parting: str = "keep"


@dataclass(frozen=True, slots=True)
class Frame:
    """Bytes on the wire: `data` is of the body, what is before and after it frames it.

    `kind` is `head`, `interim` (a head before the head), `chunk`, `body` (not chunked), `last`
    (the last chunk) or `extra`; a corked one goes out together with the next. It is written `every`
    so many bytes, and cut no earlier than that: a long one would become as many values as bytes.
    """

    kind: str
    before: bytes = b""
    data: bytes = b""
    after: bytes = b""
    events: int = 0
    tokens: int = 0
    corked: bool = False
    every: int = 0

    @property
    def wire(self) -> bytes:
        return self.before + self.data + self.after

    @property
    def size(self) -> int:
        """Count the bytes on the wire."""
        return len(self.before) + len(self.data) + len(self.after)

    def bit(self, number: int) -> "Frame":
        """Return what the write of this number has of a frame that is written bit by bit."""
        return self.part(number * self.every, (number + 1) * self.every)

    def part(self, low: int, high: int) -> "Frame":
        """Return some of the bytes on the wire; an event counts with what completes its data."""
        start = len(self.before)
        stop, end = start + len(self.data), self.size
        whole = low < stop <= high or (not self.data and high >= end)
        return replace(
            self,
            before=self.before[low:high],
            data=self.data[max(low - start, 0) : max(high - start, 0)],
            after=self.after[max(low - stop, 0) : max(high - stop, 0)],
            events=self.events if whole else 0,
            tokens=self.tokens if whole else 0,
            corked=self.corked and high >= end,
        )


@dataclass(frozen=True, slots=True)
class Buffer:
    """The kernel keeps no more than so many unsent bytes of this connection."""

    bytes: int


Moment = (
    Head | Send | Wait | Until | Hold | AwaitClose | Reset | Stall | Close
    | Verbatim | Frame | Buffer
)  # fmt: skip
Timeline = tuple[Moment, ...]
ENDS = (Reset, Stall, Close)


def spelt_out(timeline: Timeline) -> Iterator[Moment]:
    """Yield each moment as often as it comes."""
    for step in timeline:
        if isinstance(step, Send) and step.times > 1:
            one = replace(step, times=1, due_ms=0, gap_ms=0)
            for number in range(step.times):
                if number and step.gap_ms:
                    yield Until(1000 * step.due(number))
                yield one
        else:
            yield step
