"""One request on its way through the router, and the parts that make the router."""

import asyncio
import os
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from conformance.selfcheck.router.events import Item, Reader
from conformance.selfcheck.router.ledger import Row
from conformance.selfcheck.router.upstream import Body, Upstream
from conformance.selfcheck.router.values import (
    Answer,
    Chunk,
    Ending,
    Failed,
    Headers,
    Json,
    Settings,
)
from conformance.selfcheck.router.wire import Wire

Items = AsyncIterator[Item]
Pieces = AsyncIterator[bytes]
Repair = Callable[[Chunk, "Relay"], Chunk | None]
Conversion = Callable[["Relay", Body], Awaitable[Items | Answer]]


@dataclass(frozen=True)
class Parts:
    """The router: each part can be replaced without touching another.

    Those that the reference leaves as they are (`bytes_in`, `chunk`, `events`, `bytes_out`,
    `completion`, `answer`) are there to be replaced.
    """

    # The request, on its way up.
    admit: Callable[["Relay"], None]  # raises Failed
    mode: Callable[["Relay"], str]  # stream or plain: what the client gets
    request_headers: Callable[["Relay"], Headers]
    request_body: Callable[["Relay"], dict[str, Json]]
    # The head of what comes down.
    stream_headers: Callable[["Relay"], Headers]
    answer_headers: Callable[["Relay"], Headers]
    # A stream, from its bytes to its bytes.
    bytes_in: Callable[[bytes, "Relay"], bytes]
    reader: Callable[["Relay"], Reader]
    identity: Callable[[Chunk, "Relay"], Chunk]  # id, created and model of a whole answer
    repairs: tuple[Repair, ...]
    chunk: Callable[[Chunk, "Relay"], Iterator[Chunk]]
    keepalive: Callable[["Relay"], Item | None]
    events: Callable[[Items, "Relay"], Items]
    write: Callable[[Item], bytes]
    bytes_out: Callable[[Pieces, "Relay"], Pieces]
    # Its end.
    ending: Callable[[Ending, "Relay"], Iterator[Item]]
    client_left: Callable[["asyncio.Task[None]", "Relay"], Awaitable[None]]
    settle: Callable[["Relay", str], None]
    # Whole answers; what was asked for and what came -> what is made of it.
    conversions: Mapping[tuple[str, str], Conversion]
    completion: Callable[[Chunk, "Relay"], Chunk]
    failure: Callable[[Failed, "Relay"], Answer]
    answer: Callable[[Answer, "Relay"], Answer]


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
    settings: Settings
    provider: Upstream
    wire: Wire
    headers: Mapping[str, str]  # the client's, names in lower case
    asked: dict[str, Json] = field(default_factory=dict)  # the client's body
    id: str = field(default_factory=lambda: f"req-{os.urandom(12).hex()}")
    at: int = field(default_factory=lambda: int(time.time()))
    upstream: Mapping[str, str] = field(default_factory=dict)  # the headers that came from there
    body: Body | None = None  # and what comes after them
    committed: bool = False  # the client has the head of a stream
    more_headers: Headers = ()  # what a part that sees the body has to say in the head
    over: bool = False  # all has been sent
    first: Chunk | None = None  # the id, created and model of the stream
    choices: dict[int, Choice] = field(default_factory=lambda: defaultdict(Choice))
    usage: dict[str, Json] | None = None
    usage_chunk: Chunk | None = None  # the one that was there for usage alone
    delivered: int = 0  # chunks that brought the client something
    row: Row = field(init=False)
    memory: dict[str, Any] = field(default_factory=dict)  # for whoever replaces a part

    def __post_init__(self) -> None:
        self.row = Row(self.id)

    @property
    def model(self) -> str:
        model = self.asked.get("model")
        return model if isinstance(model, str) else ""

    @property
    def wants_usage(self) -> bool:
        options = self.asked.get("stream_options")
        return isinstance(options, dict) and options.get("include_usage") is True
