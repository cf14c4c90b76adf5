"""The journal: one entry per request, the newest kept, and those who wait for one."""

import asyncio
import json
import time
from collections import deque
from collections.abc import Callable, Sequence
from itertools import chain
from typing import Protocol, TextIO

from mockprovider.attempts import Attempts
from mockprovider.entry import End, Entry, Key
from mockprovider.inbox import Request
from mockprovider.marker import run_of

MAX_ENTRIES = 20_000
MAX_BYTES = 16 << 20
# The run of requests that name a scenario and have no nonce.
UNNAMED = "plain"


class Watcher(Protocol):
    """Who wants to know of every change."""

    def changed(self, entry: Entry) -> None: ...
    def forgot(self, run: str) -> None: ...
    def wake(self) -> None: ...


class Journal:
    """A ring of entries, the newest kept, and those who wait for one."""

    def __init__(
        self,
        file: TextIO | None = None,
        *,
        max_entries: int = MAX_ENTRIES,
        max_bytes: int = MAX_BYTES,
        worker: int | None = None,
        attempts: Attempts | None = None,
    ) -> None:
        """`worker` and `attempts` are those of one process among several."""
        self.worker = worker
        self.watchers = set[Watcher]()
        self.stopped = False
        # Another one once entries have been taken back, so that nobody reads on as if they had not.
        self.edition = time.monotonic_ns()
        self._file = file
        self._attempts = attempts
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
        entry = Entry(self._count, request, connection, nonce, worker=self.worker)
        if nonce is not None:
            entry.run = run_of(nonce)
            entry.keys = (("nonce", nonce), ("run", entry.run))
            shared = self._attempts
            entry.attempt = shared.count(nonce) if shared else self.attempts(nonce) + 1
        for key in entry.keys:
            self._index.setdefault(key, []).append(entry)
        self._ring.append(entry)
        self._trim()
        return entry

    def name(self, entry: Entry) -> None:
        """Give an entry without a nonce one of its own: that of its answer's id, if it has one."""
        where = entry.id if entry.worker is None else f"{entry.worker}.{entry.id}"
        entry.nonce, entry.run = f"{UNNAMED}-{where}", UNNAMED
        entry.keys = (("nonce", entry.nonce), ("run", UNNAMED))
        for key in entry.keys:
            self._index.setdefault(key, []).append(entry)

    def attempts(self, nonce: str) -> int:
        """Count the requests of a nonce so far."""
        if self._attempts is not None:
            return self._attempts.so_far(nonce)
        before = self._index.get(("nonce", nonce))
        return before[-1].attempt if before else 0

    def close(self, entry: Entry, kind: str, at: int, acked: int) -> None:
        """Note how a request ended."""
        entry.end = End(kind, at, entry.sent.events, acked)
        if entry.probe is not None and entry.blocked is not None:
            entry.blocked.absorbed, entry.probe = acked, None
        if self._file is not None:
            self._file.write(json.dumps(entry.document(redacted=True)) + "\n")
        if not entry.dropped:
            entry.weight = entry.weigh()
            self._weight += entry.weight
            self._trim()
        self.tell(entry)

    def tell(self, entry: Entry) -> None:
        """Wake those who wait for news of an entry."""
        for watcher in self.watchers:
            watcher.changed(entry)
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
        while not (ready(self.entries(key)) or self.stopped) and loop.time() < deadline:
            news = loop.create_future()
            self._waiting.setdefault(key, set()).add(news)
            await asyncio.wait([news], timeout=deadline - loop.time())
            self._done_waiting(key, news)
        return self.entries(key)

    def stop(self) -> None:
        """Let nobody wait any longer."""
        self.stopped = True
        for waiter in chain.from_iterable(self._waiting.values()):
            if not waiter.done():
                waiter.set_result(None)
        for watcher in self.watchers:
            watcher.wake()

    def forget(self, run: str) -> list[str]:
        """Drop the entries of a run; return its nonces."""
        gone = self._index.get(("run", run), [])
        nonces = list(dict.fromkeys(entry.nonce for entry in gone if entry.nonce is not None))
        self._ring = deque(entry for entry in self._ring if entry.run != run)
        for entry in list(gone):
            self._drop(entry)
        if self._attempts is not None:
            for nonce in nonces:
                self._attempts.forget(nonce)
        self.edition = time.monotonic_ns()
        for watcher in self.watchers:
            watcher.forgot(run)
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
