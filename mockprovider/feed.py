"""The journal as a feed: its entries as they change, as server-sent events for one reader.

A message is an entry as it is now, not what happened to it, so that whatever a slow reader has
missed is merged into what it reads next.
"""

import asyncio
import json
import re
import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import suppress

from mockprovider.entry import Entry, without_key
from mockprovider.inbox import Request
from mockprovider.journal import Journal
from mockprovider.shapes import Json

# What a reader is told of first, and what may change before it is told of everything anew.
SHOWN, UNREAD = 200, 1_000
# So many entries at once, so often; and how often streams that are being written are looked at.
BATCH, PAUSE, LOOK = 50, 0.05, 0.25
KEEP_ALIVE = 15.0
# An entry is told with so many of its writes, and with its model if the body is not larger.
MARKS, LARGE = 100, 1 << 20
ID = re.compile(r"(\d{1,20})-(\d{1,15})", re.ASCII)
MODEL_IN_PATH = re.compile(r"/(?:models|tunedModels)/([^/:?]+)")


class Watch:
    """What one reader of a journal has not been told yet."""

    def __init__(self, journal: Journal, last: str = "", *, keep_alive: float = KEEP_ALIVE) -> None:
        """`last` is the id of the last message that was read of an earlier feed."""
        self._journal = journal
        self._keep_alive = keep_alive
        self._woken = asyncio.Event()
        self._news = dict[Entry, None]()
        self._forgotten = dict[str, None]()
        # What was told of the streams that are not over.
        self._open = dict[Entry, tuple[object, ...]]()
        self._models = dict[Entry, str | None]()
        self._mark = 0
        self._lost = not self._resumed(last)

    def changed(self, entry: Entry) -> None:
        """Note that there is news of an entry."""
        self._news[entry] = None
        self._bound()

    def forgot(self, run: str) -> None:
        """Note that the entries of a run are gone."""
        for known in (self._news, self._open, self._models):
            for entry in [each for each in known if each.run == run]:
                known.pop(entry)
        self._forgotten[run] = None
        self._bound()

    def wake(self) -> None:
        self._woken.set()

    async def messages(self) -> AsyncGenerator[str, None]:
        """Yield what there is to tell until the journal stops; a comment if there is nothing."""
        self._journal.watchers.add(self)
        try:
            while (text := self._batch()) or not self._journal.stopped:
                if text:
                    yield text
                    await asyncio.sleep(PAUSE)
                elif not await self._news_in_time():
                    yield ": nothing new\n\n"
        finally:
            self._journal.watchers.discard(self)

    async def _news_in_time(self) -> bool:
        """Wait until there is something to tell, but not until the reader wonders."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._keep_alive
        while not self._woken.is_set() and not any(self._moved()):
            left = deadline - loop.time()
            if left <= 0:
                return False
            with suppress(TimeoutError):
                async with asyncio.timeout(min(LOOK, left) if self._open else left):
                    await self._woken.wait()
        return True

    def _bound(self) -> None:
        """Tell everything anew rather than remember more of it than that takes."""
        if len(self._news) + len(self._forgotten) > UNREAD:
            self._lost = True
        if self._lost:
            for known in (self._news, self._forgotten, self._open, self._models):
                known.clear()
        self._woken.set()

    def _batch(self) -> str:
        """Return the next messages; the last has an id if it leaves nothing to tell."""
        self._woken.clear()
        told = [*self._snapshot(), *self._forgets(), *self._entries()]
        if self._news:
            self._woken.set()
        blocks = [f"event: {name}\ndata: {compact(data)}\n\n" for name, data in told]
        if blocks and not self._news:
            blocks[-1] = f"id: {self._id()}\n{blocks[-1]}"
        return "".join(blocks)

    def _snapshot(self) -> Iterator[tuple[str, Json]]:
        if not self._lost:
            return
        self._lost = False
        entries = self._journal.entries()
        older = [entry for entry in entries[:-SHOWN] if entry.end is None][-SHOWN:]
        self._news = dict.fromkeys((*older, *entries[-SHOWN:]))
        untold = len(entries) - len(self._news)
        yield "snapshot", {"worker": self._journal.worker, "untold": untold}

    def _forgets(self) -> Iterator[tuple[str, Json]]:
        gone, self._forgotten = self._forgotten, {}
        for run in gone:
            yield "forgotten", {"run": run}

    def _entries(self) -> Iterator[tuple[str, Json]]:
        for entry in self._moved():
            self._news.setdefault(entry)
        for entry in list(self._news)[:BATCH]:
            del self._news[entry]
            yield "entry", self._told(entry)

    def _told(self, entry: Entry) -> dict[str, Json]:
        """Return what is told of an entry, and remember what has been."""
        self._mark = max(self._mark, entry.id)
        self._open.pop(entry, None)
        known = entry in self._models
        model = self._models.pop(entry) if known else asked_model(entry.request)
        if entry.end is None:
            # At the end, behind those who are to be told of sooner.
            self._open[entry], self._models[entry] = progress(entry), model
        return {
            **entry.summary(),
            "request": {**brief(entry.request), "model": model},
            "writes": thinned(entry),
            "now": time.monotonic_ns(),
        }

    def _moved(self) -> Iterator[Entry]:
        """Yield the streams that went on since they were told of, so many as are told at once."""
        room = BATCH
        for entry, before in list(self._open.items()):
            if room and progress(entry) != before:
                room -= 1
                yield entry

    def _id(self) -> str:
        """Return the id up to which all is told and over, in this edition of the journal."""
        over = min((entry.id for entry in self._open), default=self._mark + 1) - 1
        return f"{self._journal.edition}-{over}"

    def _resumed(self, last: str) -> bool:
        found = ID.fullmatch(last)
        if found is None or int(found[1]) != self._journal.edition:
            return False
        self._mark = int(found[2])
        entries = self._journal.entries()
        self._news = dict.fromkeys(entry for entry in entries if entry.id > self._mark)
        return len(self._news) <= UNREAD


def progress(entry: Entry) -> tuple[object, ...]:
    """Return what changes as a stream goes on."""
    released = sum(held.released is not None for held in entry.holds)
    blocked = entry.blocked and (entry.blocked.times, entry.blocked.since)
    return entry.written, entry.status, len(entry.holds), released, blocked, entry.end


def brief(request: Request) -> dict[str, Json]:
    """Return what is told of a request unasked: neither its headers nor its body."""
    return {
        "method": request.method,
        "target": without_key(request.target),
        "version": request.version,
        "bytes": len(request.body),
        "at": request.at,
    }


def asked_model(request: Request) -> str | None:
    """Return the model a request names, in its body or its path."""
    try:
        document = json.loads(request.body) if len(request.body) <= LARGE else None
    except (ValueError, RecursionError):
        document = None
    if isinstance(document, dict) and isinstance(document.get("model"), str):
        return str(document["model"])
    found = MODEL_IN_PATH.search(request.path)
    return found[1] if found else None


def thinned(entry: Entry) -> list[list[int]]:
    """Return the writes of an entry, or evenly chosen ones if there are many."""
    count = len(entry.times)
    if count > MARKS:
        chosen = [at * (count - 1) // (MARKS - 1) for at in range(MARKS)]
    else:
        chosen = list(range(count))
    return [entry.row(at) for at in chosen]


def compact(data: Json) -> str:
    return json.dumps(data, separators=(",", ":"))
