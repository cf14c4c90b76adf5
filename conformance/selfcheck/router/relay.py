"""One request on its way through the router, and the parts that make the router."""

import asyncio
import os
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from conformance.selfcheck.router.events import Event, Item, Reader
from conformance.selfcheck.router.health import Session
from conformance.selfcheck.router.ledger import Counted, Ledger, Row
from conformance.selfcheck.router.upstream import Body, Upstream
from conformance.selfcheck.router.values import (
    Answer,
    Chunk,
    Ending,
    Failed,
    Headers,
    Json,
    Said,
    Settings,
)
from conformance.selfcheck.router.wire import Wire

Items = AsyncIterator[Item]
Pieces = AsyncIterator[bytes]
Heard = Said | Item | Ending
Repair = Callable[[Chunk, "Relay"], Chunk | None]
Conversion = Callable[["Relay", Body], Awaitable[Items | Answer]]
Page = Callable[["Relay"], Awaitable[Answer]]

#: What of a relay comes from the provider that is asked.
OF_AN_ANSWER = ("upstream", "body", "more_headers", "first", "choices", "started", "positions",
                "usage", "usage_chunk", "delivered", "sequence", "latest", "items")  # fmt: skip


@dataclass(frozen=True)
class Dialect:
    """What a surface has of its own. Its parts can be replaced one by one, as the router's can.

    Those that a good router leaves as they are (`chunk`, `completion`) are there to be replaced.
    """

    name: str
    paths: tuple[str, ...]  # where clients ask, below the router's own prefix
    id_header: str  # says a client the id of its request
    # The request, on its way up.
    key: Callable[["Relay"], str]  # the client's, from wherever it may carry it
    mode: Callable[["Relay"], str]  # stream or plain: what the client gets
    request_path: Callable[["Relay"], str]
    credentials: Callable[["Relay"], Headers]
    request_body: Callable[["Relay"], dict[str, Json]]
    # A stream: what an event means, and what the client gets of it.
    understood: Callable[[Event, "Relay"], list[Heard]]
    identity: Callable[[Chunk, "Relay"], Chunk]  # what all of an answer's events have in common
    repairs: tuple[Repair, ...]
    chunk: Callable[[Chunk, "Relay"], Iterator[Chunk]]
    event: Callable[[Chunk], Event]
    keepalive: Callable[["Relay"], Item | None]
    closing: Callable[[Ending, "Relay"], Iterator[Item]]  # the last events of what is whole
    media_type: Callable[["Relay"], str]
    written: Callable[[Items, "Relay"], Pieces]
    # Whole answers; what was asked for and what came -> what is made of it.
    conversions: Mapping[tuple[str, str], Conversion]
    completion: Callable[[Chunk, "Relay"], Chunk]
    # Errors: ours, the upstream's, and how either is told.
    error: Callable[[int, str, str | None], Chunk]  # of a status, a message and a code
    error_told: Callable[[Json, int], Chunk]  # of what was said, and the status it came with
    status_of: Callable[[Chunk], int]  # what an error in the stream would have had
    envelope: Callable[[Chunk, "Relay"], Json]
    failing: Callable[[Chunk, "Relay"], Iterator[Item]]  # the last events of what has failed
    # The ledger.
    counted: Callable[[Chunk], Counted]  # the tokens in a usage object


@dataclass(frozen=True)
class Parts:
    """The router: each part can be replaced without touching another.

    Those that the reference leaves as they are (`bytes_in`, `events`, `bytes_out`, `answer`), or
    has no use for (`recall`), are there to be replaced.
    """

    # The request, on its way up.
    admit: Callable[["Relay"], None]  # raises Failed
    request_headers: Callable[["Relay"], Headers]
    recall: Callable[["Relay"], Answer | None]  # what is answered without asking anybody
    # The providers: in which order they are asked, and whether one more is after a failure.
    providers: Callable[["Relay"], Sequence[Upstream]]
    falls_back: Callable[[Failed, "Relay"], bool]
    # The head of what comes down.
    stream_headers: Callable[["Relay"], Headers]
    answer_headers: Callable[["Relay"], Headers]
    # A stream, from its bytes to its bytes.
    bytes_in: Callable[[bytes, "Relay"], bytes]
    reader: Callable[["Relay"], Reader]
    events: Callable[[Items, "Relay"], Items]
    write: Callable[[Item], bytes]
    bytes_out: Callable[[Pieces, "Relay"], Pieces]
    # Its end.
    ending: Callable[[Ending, "Relay"], Iterator[Item]]
    client_left: Callable[["asyncio.Task[None]", "Relay"], Awaitable[None]]
    settle: Callable[["Relay", str], None]
    # Whole answers.
    failure: Callable[[Failed, "Relay"], Answer]
    answer: Callable[[Answer, "Relay"], Answer]
    # What is answered beside the surfaces, by method and path below the router's own prefix.
    pages: Mapping[str, Page]
    # What depends on the surface, by its name.
    dialects: Mapping[str, Dialect]


@dataclass(slots=True)
class Call:
    """A tool call of a choice, as far as it has been seen."""

    position: int  # what the client knows it by
    index: int | None  # what the upstream calls it, if it does
    id: str
    named: bool = False


@dataclass(slots=True)
class Choice:
    begun: bool = False
    finished: bool = False
    calls: list[Call] = field(default_factory=list)


@dataclass
class Relay:
    parts: Parts
    dialect: Dialect
    settings: Settings
    provider: Upstream
    wire: Wire
    headers: Mapping[str, str]  # the client's, names in lower case
    path: str = ""
    params: Mapping[str, str] = field(default_factory=dict)  # what the path says
    query: Mapping[str, str] = field(default_factory=dict)
    asked: dict[str, Json] = field(default_factory=dict)  # its body
    id: str = field(default_factory=lambda: f"req-{os.urandom(12).hex()}")
    at: int = field(default_factory=lambda: int(time.time()))
    upstream: Mapping[str, str] = field(default_factory=dict)  # the headers that came from there
    body: Body | None = None  # and what comes after them
    committed: bool = False  # the client has the head of a stream
    more_headers: Headers = ()  # what a part that sees the body has to say in the head
    over: bool = False  # all has been sent
    first: Chunk | None = None  # the id, created and model of the stream
    choices: dict[int, Choice] = field(default_factory=lambda: defaultdict(Choice))
    started: int = 0  # content blocks
    positions: dict[int | None, int] = field(default_factory=dict)  # theirs of a block -> ours
    usage: dict[str, Json] | None = None
    usage_chunk: Chunk | None = None  # the one that was there for usage alone
    delivered: int = 0  # chunks that brought the client something
    sequence: int = -1  # of the latest event, where the surface numbers them
    latest: Chunk | None = None  # that event, as it came
    items: dict[int, Chunk] = field(default_factory=dict)  # those of a response that are done
    upstreams: tuple[Upstream, ...] = ()  # all there are
    others: list[Upstream] = field(default_factory=list)  # those that can still be asked
    row: Row = field(init=False)
    ledger: Ledger = field(default_factory=Ledger)  # those of all requests
    memory: dict[str, Any] = field(default_factory=dict)  # for whoever replaces a part

    def __post_init__(self) -> None:
        self.row = Row(self.id)

    def begin_again(self) -> None:
        """Forget what a provider has said: the client knows nothing of it."""
        fresh = Relay(self.parts, self.dialect, self.settings, self.provider, self.wire, {})
        for name in OF_AN_ANSWER:
            setattr(self, name, getattr(fresh, name))

    @property
    def session(self) -> Session:
        """Say what a request is part of, as its client names it; of nothing without a name."""
        named = self.headers.get("x-session-id")
        return (self.params.get("router", ""), self.dialect.name, named) if named else ()

    @property
    def model(self) -> str:
        model = self.asked.get("model", self.params.get("model"))
        return model if isinstance(model, str) else ""
