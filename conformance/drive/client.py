"""An HTTP/1.1 client that shows an answer as it comes: each read, and how the connection ended.

Many thousand exchanges make a self-check, and a general HTTP client would take longer over each of
them than all that judges it.
"""

import asyncio
import os
import ssl
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from functools import cache, lru_cache
from typing import Self
from urllib.parse import SplitResult, urlsplit

import h11

from conformance.drive.connection import Broken, Head, Wire
from conformance.exchange import End, Headers

#: Seconds a connection may lie idle. Many servers close theirs after five: whoever takes one up
#: again at that moment is cut off, and nobody is to blame.
IDLE = 1.0
AGENT = "streamproof"
PORTS = {"http": 80, "https": 443}

Origin = tuple[str, str, int]
Answer = tuple[Head, AsyncIterator[bytes]]


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
        self, method: str, url: str, headers: Headers, content: bytes, *, reads: bool = True
    ) -> AsyncIterator[Answer]:
        """Give out the head of the answer and its body, to be read within the block.

        Without `reads` nothing is taken from the connection, not even a head: it is there until
        whoever asked gives up.
        """
        parts = urlsplit(url)
        origin = parts.scheme, parts.hostname or "", parts.port or PORTS[parts.scheme]
        try:
            asked = _request(method, parts, headers, content)
        except h11.LocalProtocolError as error:
            raise Broken(End.REFUSED, f"not sent: {error}") from error
        wire, head = await self._begun(origin, asked, reads=reads)
        try:
            async with aclosing(wire.body()) as body:
                yield head, body
        finally:
            if wire.reusable:
                self._free.setdefault(origin, []).append(wire)
            else:
                wire.close()

    async def _begun(self, origin: Origin, asked: bytes, *, reads: bool) -> tuple[Wire, Head]:
        """Ask, and ask once more where a kept connection was closed meanwhile.

        A server may do that at any time; it says nothing about how it answers.
        """
        while True:
            wire, kept = await self._wire(origin)
            try:
                return wire, await wire.asked(asked, reads=reads)
            except Broken as broken:
                if not kept or broken.end != End.REFUSED:
                    raise

    async def _wire(self, origin: Origin) -> tuple[Wire, bool]:
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


def _request(method: str, parts: SplitResult, headers: Headers, content: bytes) -> bytes:
    ours, told = _head(method, parts, headers)
    return b"%bcontent-length: %d\r\n%b\r\n%b" % (ours, len(content), told, content)


@lru_cache(maxsize=1024)
def _head(method: str, parts: SplitResult, headers: Headers) -> tuple[bytes, bytes]:
    """Return the head of a request up to its length, and what follows.

    It is h11 that sees to it that this is a head.
    """
    target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    ours = (("host", parts.netloc.rpartition("@")[2]), ("user-agent", AGENT))
    named = [(name.encode(), value.encode()) for name, value in (*ours, *headers)]
    asked = h11.Request(method=method, target=target, headers=named)
    first, second, *told = (b"%b: %b\r\n" % pair for pair in asked.headers.raw_items())
    return b"%b %b HTTP/1.1\r\n%b%b" % (asked.method, asked.target, first, second), b"".join(told)
