"""One request and everything that came back, as values.

Only `drive` makes these from a network and `lint` from a file; all that judges them is pure.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple, TypeVar

T = TypeVar("T")
Json = Any
Headers = tuple[tuple[str, str], ...]

#: The protocols a client may speak.
SURFACES = ("chat", "responses", "messages", "gemini")


#: The name of the mock that plays the provider a router falls back to; its journal entries have it
#: as `provider`.
SECOND = "second"
#: What rules need that it has been called, or can be.
SECOND_UPSTREAM = "second-upstream"


class End(StrEnum):
    """How a response ended, as the client's side of the connection saw it."""

    COMPLETE = "complete"  # the body ended the way HTTP says it ends
    CUT = "cut"  # the connection closed before the body was complete
    RESET = "reset"  # the connection was reset
    LEFT = "left"  # we went away, as the probe says
    TIMEOUT = "timeout"  # the deadline passed
    OVERFLOW = "overflow"  # more bytes than the limit
    REFUSED = "refused"  # no connection, or none that lasted to a response head
    GARBLED = "garbled"  # what came back is not HTTP


#: After these there is no answer to judge; only rules about `unanswered` requests do.
UNANSWERED = frozenset({End.TIMEOUT, End.OVERFLOW, End.REFUSED, End.GARBLED})


class Read(NamedTuple):
    at: int  # nanoseconds of the monotonic clock
    data: bytes


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    url: str
    headers: Headers
    body: Json


@dataclass(frozen=True, slots=True)
class HoldSeen:
    """What the client had of the stream while the provider held it back.

    `lag` is how many holds had to be released before what was sent ahead of this one came out.
    """

    name: str
    expected: str
    lag: int


@dataclass(frozen=True, slots=True)
class Bill:
    """What the router says a request cost: tokens by class, money, and how it ended."""

    input: int | None = None
    output: int | None = None
    cached: int | None = None
    cache_write: int | None = None
    reasoning: int | None = None
    cost: Decimal | None = None
    status: str = ""
    failed: bool | None = None  # whether that is the word for a failure; None where none is known
    trouble: str = ""  # why there is none
    unnamed: bool = False  # the answer did not say by what name to ask


@dataclass(frozen=True)
class Exchange:
    surface: str
    mode: str  # stream or plain
    request: Request | None = None
    status: int | None = None
    headers: Headers = ()
    body: bytes = b""
    reads: tuple[Read, ...] = ()
    end: End = End.COMPLETE
    error: str = ""  # what the transport said
    holds: tuple[HoldSeen, ...] = ()
    journal: tuple[Json, ...] = ()
    scenario: Json | None = None  # what the provider was told to do: the truth
    policy: Mapping[str, Json] = field(default_factory=dict)
    nonce: str = ""  # ties it to the journal
    bill: Bill | None = None  # None where nobody was asked for it
    trailers: Headers = ()  # headers that came behind the body
    # Not taken over by a copy: what was read of one exchange is not what another says.
    memo: dict[Any, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def form(self) -> str:
        """What came back, by its status: an `error`, or the mode that was asked for.

        `unanswered` is what never ended, or was no answer at all; `left` what we went away from.
        """
        if self.end == End.LEFT:
            return "left"
        if self.end in UNANSWERED:
            return "unanswered"
        failed = self.status is not None and self.status >= 400  # noqa: PLR2004
        return "error" if failed else self.mode

    @property
    def streamed(self) -> bool:
        """Whether it is a stream, of events or of the elements of an array."""
        return self.form in ("stream", "array")

    @property
    def kind(self) -> str:
        """What rules say they judge: `chat.stream`, `chat.plain`, `chat.error` ..."""
        return f"{self.surface}.{self.form}"

    @property
    def of_first(self) -> list[Json]:
        """What the provider was asked that comes first, as its journal has it."""
        return [entry for entry in self.journal if entry.get("provider") != SECOND]

    @property
    def of_second(self) -> list[Json]:
        """What the provider was asked that the router falls back to."""
        return [entry for entry in self.journal if entry.get("provider") == SECOND]

    def header(self, name: str) -> str | None:
        values = [value for key, value in self.headers if key.lower() == name.lower()]
        return ", ".join(values) if values else None

    def asked(self, *path: str) -> Json:
        """Return a member of the request's body, or None."""
        value = self.request.body if self.request else None
        for name in path:
            value = value.get(name) if isinstance(value, dict) else None
        return value


def taken(entry: Json) -> int:
    """Return how many bytes of a body the router has taken from the provider, by its journal."""
    if entry["end"]:
        return int(entry["end"]["acked"])
    blocked = entry["blocked"] and entry["blocked"]["since"] is not None
    return int(entry["blocked"]["absorbed"] if blocked else entry["sent"]["bytes"])


@dataclass(frozen=True)
class Trial:
    """The exchanges of one probe, by name."""

    probe: str
    exchanges: Mapping[str, Exchange]
    trouble: str = ""  # why the harness itself could not do its part
    unready: str = ""  # why the router was in no state to be asked this

    def __getitem__(self, name: str) -> Exchange:
        return self.exchanges[name]


def once(read: Callable[[Exchange], T]) -> Callable[[Exchange], T]:
    """Let dozens of rules ask for the same reading of an exchange and do the work once."""

    def remembered(exchange: Exchange) -> T:
        if read not in exchange.memo:
            exchange.memo[read] = read(exchange)
        result: T = exchange.memo[read]
        return result

    remembered.__doc__ = read.__doc__
    remembered.__name__ = read.__name__
    return remembered
