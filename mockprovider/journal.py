"""One entry per request: what was asked, what was written and when, and how it ended."""

import asyncio
import json
import re
from array import array
from base64 import b64encode
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import TextIO

from mockprovider.inbox import Request
from mockprovider.marker import run_of
from mockprovider.shapes import Json
from mockprovider.surfaces.surface import Objection

MAX_ENTRIES = 20_000
MAX_BYTES = 16 << 20
MAX_WRITES = 20_000
ENTRY_BYTES = 1_000
SECRET = frozenset(
    ("authorization", "x-api-key", "api-key", "x-goog-api-key", "cookie", "proxy-authorization")
)
# Where Google takes a key in the query.
KEY = re.compile(r"([?&]key=)[^&]*")
Key = tuple[str, str]


@dataclass(slots=True)
class Held:
    """A hold that was reached; `released` stays empty if it never was."""

    name: str
    reached: int
    released: int | None = None


@dataclass(frozen=True, slots=True)
class End:
    """How a response ended, after how many events, and how much of it was acknowledged."""

    kind: str
    at: int
    events: int
    acked: int


@dataclass(slots=True, eq=False)
class Entry:
    """What is known of one request; times are nanoseconds of the monotonic clock."""

    id: int
    request: Request
    connection: tuple[int, int]
    nonce: str | None = None
    run: str | None = None
    keys: tuple[Key, ...] = ()
    attempt: int = 1
    scenario: str | None = None
    surface: str | None = None
    mode: str = "plain"
    write: str = "event"
    objections: list[Objection] = field(default_factory=list)
    scripted_holds: frozenset[str] = frozenset()
    status: int | None = None
    writes: "list[int] | array[int]" = field(default_factory=list)
    holds: list[Held] = field(default_factory=list)
    bytes: int = 0
    events: int = 0
    tokens: int = 0
    end: End | None = None
    weight: int = 0
    dropped: bool = False

    def wrote(self, at: int, length: int, events: int, tokens: int) -> None:
        """Note one write of the body."""
        self.tokens += tokens
        if len(self.writes) < 4 * MAX_WRITES:
            self.writes.extend((at, self.bytes, length, self.tokens))
        self.bytes += length
        self.events += events

    def document(self, *, redacted: bool = False) -> dict[str, Json]:
        """Return the entry as the journal schema describes it."""
        flat = list(self.writes)
        return {
            "id": self.id,
            "run": self.run,
            "nonce": self.nonce,
            "attempt": self.attempt,
            "scenario": self.scenario,
            "surface": self.surface,
            "mode": self.mode,
            "write": self.write,
            "connection": {"id": self.connection[0], "use": self.connection[1]},
            "request": _request(self.request, redacted=redacted),
            "objections": [each._asdict() for each in self.objections],
            "status": self.status,
            "writes": [flat[at : at + 4] for at in range(0, len(flat), 4)],
            "holds": [asdict(held) for held in self.holds],
            "sent": {"bytes": self.bytes, "events": self.events, "tokens": self.tokens},
            "end": None if self.end is None else asdict(self.end),
        }

    def weigh(self) -> int:
        """Estimate the memory this entry takes."""
        return ENTRY_BYTES + 2 * len(self.request.body) + 8 * len(self.writes)


class Journal:
    """A ring of entries, the newest kept, and those who wait for one."""

    def __init__(
        self,
        file: TextIO | None = None,
        *,
        max_entries: int = MAX_ENTRIES,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self._file = file
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._ring = deque[Entry]()
        self._index = dict[Key, list[Entry]]()
        self._waiting = dict[Key, set[asyncio.Future[None]]]()
        self._count = 0
        self._weight = 0

    def open(self, request: Request, connection: tuple[int, int], nonce: str | None) -> Entry:
        """Begin the entry of a request."""
        self._count += 1
        entry = Entry(self._count, request, connection, nonce)
        if nonce is not None:
            entry.run = run_of(nonce)
            entry.keys = (("nonce", nonce), ("run", entry.run))
            before = self._index.get(entry.keys[0])
            entry.attempt = before[-1].attempt + 1 if before else 1
        for key in entry.keys:
            self._index.setdefault(key, []).append(entry)
        self._ring.append(entry)
        self._trim()
        return entry

    def close(self, entry: Entry, kind: str, at: int, acked: int) -> None:
        """Note how a request ended."""
        entry.end = End(kind, at, entry.events, acked)
        # A list is quicker to grow, an array smaller to keep.
        entry.writes = array("q", entry.writes)
        if self._file is not None:
            self._file.write(json.dumps(entry.document(redacted=True)) + "\n")
        if not entry.dropped:
            entry.weight = entry.weigh()
            self._weight += entry.weight
            self._trim()
        self.tell(entry)

    def tell(self, entry: Entry) -> None:
        """Wake those who wait for news of an entry."""
        for key in entry.keys:
            for waiter in self._waiting.get(key, ()):
                if not waiter.done():
                    waiter.set_result(None)

    def entries(self, key: Key | None = None) -> Sequence[Entry]:
        """Return the entries of a nonce or a run, or all, in order of arrival."""
        return list(self._ring) if key is None else self._index.get(key, [])

    async def wait(
        self, key: Key, ready: Callable[[Sequence[Entry]], bool], timeout_ms: float
    ) -> Sequence[Entry]:
        """Return the entries once they are ready, or what there is after the time limit."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_ms / 1000
        while not ready(self.entries(key)) and loop.time() < deadline:
            news = loop.create_future()
            self._waiting.setdefault(key, set()).add(news)
            await asyncio.wait([news], timeout=deadline - loop.time())
            self._done_waiting(key, news)
        return self.entries(key)

    def forget(self, run: str) -> list[str]:
        """Drop the entries of a run; return its nonces."""
        gone = self._index.get(("run", run), [])
        nonces = list(dict.fromkeys(entry.nonce for entry in gone if entry.nonce is not None))
        self._ring = deque(entry for entry in self._ring if entry.run != run)
        for entry in list(gone):
            self._drop(entry)
        return nonces

    def _done_waiting(self, key: Key, news: asyncio.Future[None]) -> None:
        self._waiting[key].discard(news)
        if not self._waiting[key]:
            del self._waiting[key]

    def _trim(self) -> None:
        while len(self._ring) > self._max_entries or self._weight > self._max_bytes:
            self._drop(self._ring.popleft())

    def _drop(self, entry: Entry) -> None:
        entry.dropped = True
        self._weight -= entry.weight
        for key in entry.keys:
            same = self._index.get(key, [])
            if entry in same:
                same.remove(entry)
            if not same:
                self._index.pop(key, None)


def _request(request: Request, *, redacted: bool) -> dict[str, Json]:
    headers = [[name, _header(name, value, redacted)] for name, value in request.headers]
    shown: dict[str, Json] = {
        "method": request.method,
        "target": KEY.sub(r"\1[redacted]", request.target) if redacted else request.target,
        "version": request.version,
        "headers": headers,
        "at": request.at,
    }
    try:
        shown["body"] = request.body.decode()
    except UnicodeDecodeError:
        shown["body_base64"] = b64encode(request.body).decode()
    return shown


def _header(name: str, value: str, redacted: bool) -> str:
    return "[redacted]" if redacted and name.lower() in SECRET else value
