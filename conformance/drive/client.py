"""An HTTP/1.1 client that shows an answer as it comes: each read, and how the connection ended.

Many thousand exchanges make a self-check, and a general HTTP client would take longer over each of
them than all that judges it.
"""

import asyncio
import os
import ssl
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from functools import cache
from typing import NamedTuple, Self, TypeAlias
from urllib.parse import SplitResult, urlsplit

import h11

from conformance.exchange import End, Headers

#: Seconds a connection may lie idle. Many servers close theirs after five: whoever takes one up
#: again at that moment is cut off, and nobody is to blame.
IDLE = 1.0
HEAD_LIMIT = 100 << 10  # bytes of a head, or of a line that says how long a chunk is
AGENT = "streamproof"
PORTS = {"http": 80, "https": 443}

Origin = tuple[str, str, int]
Answer: TypeAlias = "tuple[Head, AsyncIterator[bytes]]"


class Head(NamedTuple):
    status: int
    headers: Headers


class Broken(ConnectionError):
    """An answer that did not come, or did not come to its end."""

    def __init__(self, end: End, message: str) -> None:
        super().__init__(message)
        self.end = end


class Client:
    """Connections that are kept for a moment; closing it closes them."""

    def __init__(self, idle: float = IDLE) -> None:
        self._idle = idle
        self._free: dict[Origin, list[Wire]] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *trouble: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        for wires in self._free.values():
            for wire in wires:
                wire.close()
        self._free.clear()

    @asynccontextmanager
    async def send(
        self, method: str, url: str, headers: Headers, content: bytes
    ) -> AsyncIterator[Answer]:
        """Give out the head of the answer and its body, to be read within the block."""
        parts = urlsplit(url)
        origin = parts.scheme, parts.hostname or "", parts.port or PORTS[parts.scheme]
        try:
            asked = _asked(method, parts, headers, content)
        except h11.LocalProtocolError as error:
            raise Broken(End.REFUSED, f"not sent: {error}") from error
        wire, head = await self._begun(origin, asked, content)
        try:
            async with aclosing(wire.body()) as body:
                yield head, body
        finally:
            if wire.reusable:
                self._free.setdefault(origin, []).append(wire)
            else:
                wire.close()

    async def _begun(
        self, origin: Origin, asked: h11.Request, content: bytes
    ) -> tuple["Wire", Head]:
        """Ask, and ask once more where a kept connection was closed meanwhile.

        A server may do that at any time; it says nothing about how it answers.
        """
        while True:
            wire, kept = await self._wire(origin)
            try:
                return wire, await wire.asked(asked, content)
            except Broken as broken:
                if not kept or broken.end != End.REFUSED:
                    raise

    async def _wire(self, origin: Origin) -> tuple["Wire", bool]:
        """Return a connection, and whether it is one that was kept."""
        free = self._free.pop(origin, [])
        fresh = [wire for wire in free if wire.reusable and wire.idle < self._idle]
        for wire in free:
            if wire not in fresh:
                wire.close()
        if fresh:
            self._free[origin] = fresh
            return fresh.pop(), True
        scheme, host, port = origin
        loop = asyncio.get_running_loop()
        secure = _trusted() if scheme == "https" else None
        try:
            _, wire = await loop.create_connection(Wire, host, port, ssl=secure)
        except OSError as error:
            raise Broken(End.REFUSED, _why(error)) from error
        return wire, False


def _why(error: OSError) -> str:
    """Return the system's word for it; asyncio has a longer one of its own."""
    number = error.errno or 0
    return os.strerror(number) if number > 0 else error.strerror or str(error)


@cache
def _trusted() -> ssl.SSLContext:
    return ssl.create_default_context()


def _asked(method: str, parts: SplitResult, headers: Headers, content: bytes) -> h11.Request:
    target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    host = parts.netloc.rpartition("@")[2]
    ours = (("host", host), ("user-agent", AGENT), ("content-length", f"{len(content)}"))
    told = [(name.encode(), value.encode()) for name, value in (*ours, *headers)]
    return h11.Request(method=method, target=target, headers=told)


class Wire(asyncio.Protocol):
    """One connection: a request out, then what comes back, as it comes."""

    _transport: asyncio.Transport

    def __init__(self) -> None:
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEAD_LIMIT)
        self._over = False  # nothing more will come
        self._trouble: Exception | None = None  # why, where it was not closed in good order
        self._quiet = True  # nothing has come since the last answer
        self._idle_since = 0.0
        self._news: asyncio.Future[None] | None = None

    @property
    def reusable(self) -> bool:
        whole = self._http.our_state is self._http.their_state is h11.IDLE
        return whole and self._quiet and not self._over

    @property
    def idle(self) -> float:
        """Seconds since its last answer ended."""
        return time.monotonic() - self._idle_since

    async def asked(self, asked: h11.Request, content: bytes) -> Head:
        """Send a request and return the head of its answer; without one the connection is over."""
        events = (asked, h11.Data(data=content), h11.EndOfMessage())
        self._transport.write(b"".join(self._http.send(event) or b"" for event in events))
        head = None
        try:
            head = await self._head()
        finally:
            if head is None:
                self.close()
        return head

    async def _head(self) -> Head:
        while not isinstance(event := await self._event(End.REFUSED, End.GARBLED), h11.Response):
            pass
        told = ((name.decode("latin-1"), value.decode("latin-1"))
                for name, value in event.headers.raw_items())  # fmt: skip
        return Head(event.status_code, tuple(told))

    async def body(self) -> AsyncGenerator[bytes, None]:
        while isinstance(event := await self._event(End.CUT, End.GARBLED), h11.Data):
            yield bytes(event.data)
        if self._http.our_state is self._http.their_state is h11.DONE:
            self._http.start_next_cycle()
            self._quiet = not self._http.trailing_data[0]
            self._idle_since = time.monotonic()

    def close(self) -> None:
        self._transport.abort()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._quiet = False
        self._http.receive_data(data)
        self._tell()

    def connection_lost(self, exc: Exception | None) -> None:
        self._over, self._trouble = True, exc
        self._tell()

    async def _event(self, closed: End, garbled: End) -> h11.Event:
        """Return what comes next, or raise what the connection's end means here."""
        fed = False
        try:
            while (event := self._http.next_event()) is h11.NEED_DATA:
                if self._trouble is not None:
                    raise Broken(End.RESET if closed == End.CUT else closed, str(self._trouble))
                if self._over:
                    fed = True
                    self._http.receive_data(b"")
                else:
                    await self._wait()
        except h11.RemoteProtocolError as error:
            early = fed and closed == End.REFUSED
            message = "the connection closed ahead of an answer" if early else str(error)
            raise Broken(closed if fed else garbled, message) from error
        if not isinstance(event, h11.Event):
            raise Broken(garbled, "the protocol was changed, which nobody had asked for")
        return event

    async def _wait(self) -> None:
        self._news = asyncio.get_running_loop().create_future()
        await self._news

    def _tell(self) -> None:
        if self._news is not None and not self._news.done():
            self._news.set_result(None)
