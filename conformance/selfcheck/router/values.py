"""The values the router's parts hand to one another."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from conformance.selfcheck.router.events import Event

Json = Any
Chunk = dict[str, Json]
Headers = tuple[tuple[str, str], ...]


def fewer(headers: Headers, *names: str) -> Headers:
    """Return headers but for those of some names."""
    return tuple(pair for pair in headers if pair[0] not in names)


@dataclass(frozen=True, slots=True)
class Settings:
    upstream: str  # base URL, as the SDKs take it
    upstream_key: str = "sk-upstream-of-the-reference"
    keys: frozenset[str] = frozenset({"sk-conformance"})
    limited: str = "sk-limited-"  # how keys begin that may use so many tokens and then no more
    allowance: int = 100
    keepalive: float = 15.0  # seconds of silence after which a client gets a comment
    idle: float = 60.0  # seconds without an event after which the upstream counts as dead
    second: str = ""  # the same of another provider, where there is one
    rest: float = 30.0  # seconds in which a provider that has failed often is not asked first
    drain: float = 0.1  # seconds the upstream gets to end its body after the terminator
    limit: int = 16 << 20  # bytes of one event


class Answer(NamedTuple):
    """A whole answer, not a stream."""

    status: int
    headers: Headers
    body: bytes


class Said(NamedTuple):
    """The JSON object of an event, with the event it came in."""

    chunk: Chunk
    event: Event


class Ending(NamedTuple):
    """How the upstream's stream ended; `error` says it to the client unless all is well."""

    kind: str  # done, finished, closed, unfinished, cut, stalled, oversized, error
    error: Chunk
    status: int = 502  # for a client that has not got a head yet
    said: Said | None = None  # the event that ended it, where a client is to get that one

    @property
    def good(self) -> bool:
        return self.kind in ("done", "finished")


class Failed(Exception):
    """A request that gets an error in place of an answer; `error` is as the surface has it."""

    def __init__(self, status: int, error: Chunk, headers: Headers = ()) -> None:
        super().__init__(error["message"])
        self.status = status
        self.error = error
        self.headers = headers


class Cut(Exception):
    """Raised by a part: the client's connection closes before the body is complete."""


class Reset(Exception):
    """Raised by a part: the client's connection is reset."""


def objects(value: Json) -> list[Chunk]:
    """Return the objects of what should be a list of objects."""
    return [part for part in value if isinstance(part, dict)] if isinstance(value, list) else []
