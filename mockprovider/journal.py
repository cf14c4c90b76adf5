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

MAX_ENTRIES = 2_000
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
        self._nonces = dict[str, list[Entry]]()
        self._runs = dict[str, dict[int, Entry]]()
        self._waiting = dict[Key, set[asyncio.Future[None]]]()
        self._count = 0
        self._weight = 0

    def open(self, request: Request, connection: tuple[int, int], nonce: str | None) -> Entry:
        """Begin the entry of a request."""
        self._count += 1
        entry = Entry(self._count, request, connection, nonce, self.worker)
        if nonce is not None:
            shared = self._attempts
            entry.attempt = shared.count(nonce) if shared else self.attempts(nonce) + 1
            self._enter(nonce, entry)
        self._ring.append(entry)
        self._trim()
        return entry

    def name(self, entry: Entry) -> None:
        """Give an entry without a nonce one of its own: that of its answer's id, if it has one."""
        where = entry.id if entry.worker is None else f"{entry.worker}.{entry.id}"
        self._enter(f"{UNNAMED}-{where}", entry)

    def attempts(self, nonce: str) -> int:
        """Count the requests of a nonce so far."""
        if self._attempts is not None:
            return self._attempts.so_far(nonce)
        before = self._nonces.get(nonce)
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
        for key in entry.keys if self._waiting else ():
            for waiter in self._waiting.get(key, ()):
                if not waiter.done():
                    waiter.set_result(None)

    def entries(self, key: Key | None = None) -> Sequence[Entry]:
        """Return the entries of a nonce or a run, or all, in order of arrival."""
        if key is None:
            return list(self._ring)
        kind, name = key
        if kind == "nonce":
            return self._nonces.get(name, [])
        return list(self._runs.get(name, {}).values())

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
        gone = self.entries(("run", run))
        nonces = list(dict.fromkeys(entry.nonce for entry in gone if entry.nonce is not None))
        self._ring = deque(entry for entry in self._ring if entry.run != run)
        for entry in gone:
            self._drop(entry)
        if self._attempts is not None:
            for nonce in nonces:
                self._attempts.forget(nonce)
        self.edition = time.monotonic_ns()
        for watcher in self.watchers:
            watcher.forgot(run)
        return nonces

    def _enter(self, nonce: str, entry: Entry) -> None:
        """Let an entry be found by its nonce and its run."""
        entry.nonce, entry.run = nonce, run_of(nonce)
        if nonce in self._nonces:
            self._nonces[nonce].append(entry)
        else:
            self._nonces[nonce] = [entry]
        if entry.run in self._runs:
            self._runs[entry.run][entry.id] = entry
        else:
            self._runs[entry.run] = {entry.id: entry}

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
        if entry.nonce is None or entry.run is None:
            return
        same, run = self._nonces[entry.nonce], self._runs[entry.run]
        same.remove(entry)
        if not same:
            del self._nonces[entry.nonce]
        # A run may be long: its first entry leaves a dictionary at no cost.
        del run[entry.id]
        if not run:
            del self._runs[entry.run]
