"""Asking the upstream: kept connections, and bodies that are read as they come."""

import asyncio
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

from conformance.selfcheck.router.health import Health
from conformance.selfcheck.router.line import Line, Lost
from conformance.selfcheck.router.values import Headers

CONNECT = 5.0  # seconds
DRAINED = 1 << 16  # bytes behind an answer that are read for the sake of its connection


class Body:
    """The body of an answer, piece by piece; waiting for one can be given up without loss."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._ahead = b""
        packed = line.headers.get("content-encoding", "identity") in ("gzip", "deflate")
        self._unpack = zlib.decompressobj(wbits=47) if packed else None  # either of the two

    async def piece(self, seconds: float | None = None) -> bytes | None:
        """Return the next piece, b"" at the end, None if nothing came in time."""
        if self._ahead:
            ahead, self._ahead = self._ahead, b""
            return ahead
        while True:
            piece = await self._line.piece(seconds)
            if self._unpack is None or piece is None:
                return piece
            if not piece and not self._unpack.eof:
                raise Lost("the content coding ends early")
            if not piece:
                return piece
            if unpacked := self._unpacked(piece):
                return unpacked

    async def peek(self, seconds: float) -> bytes:
        """Return the next piece and keep it for whoever asks next."""
        self._ahead = await self.piece(seconds) or b""
        return self._ahead

    async def rest(self, seconds: float | None = None) -> bytes:
        """Return all that is still to come, or what has when nothing more comes in time."""
        pieces = []
        while piece := await self.piece(seconds):
            pieces.append(piece)
        return b"".join(pieces)

    async def drain(self, seconds: float) -> None:
        """Give it a moment to end, so that its connection can be used again."""
        size = 0
        with suppress(TimeoutError, Lost):
            async with asyncio.timeout(seconds):
                while size < DRAINED and (piece := await self.piece()):
                    size += len(piece)

    def _unpacked(self, piece: bytes) -> bytes:
        try:
            return self._unpack.decompress(piece) if self._unpack else piece
        except zlib.error as error:
            raise Lost(f"the content coding is broken: {error}") from error


class Upstream:
    """Where the provider is, and the connections to it that are free."""

    def __init__(self, url: str, idle: float, kind: type[Line] = Line) -> None:
        self._url = url
        self._idle = idle
        self._kind = kind
        self.health = Health()
        self._free: list[Line] = []

    @asynccontextmanager
    async def ask(
        self, method: str, path: str, headers: Headers, content: bytes = b""
    ) -> AsyncIterator[tuple[int, Line]]:
        """Give out status and connection as long as the block lasts; the body is still to come."""
        status, line = await self._begun(method, path, headers, content)
        try:
            yield status, line
        finally:
            self.keep(line)

    def close(self) -> None:
        for line in self._free:
            line.close()

    def keep(self, line: Line) -> None:
        if line.reusable:
            self._free.append(line)
        else:
            line.close()

    async def _begun(
        self, method: str, path: str, headers: Headers, content: bytes
    ) -> tuple[int, Line]:
        """Ask, and ask once more where a kept connection turns out to be dead."""
        while True:
            line, kept = await self.line()
            line.ask(method, self._url + path, headers, content)
            try:
                return await self._status(line), line
            except Lost:
                if not kept:
                    raise

    async def _status(self, line: Line) -> int:
        status = None
        try:
            status = await line.head(self._idle)
        finally:
            if status is None:
                line.close()
        if status is None:
            raise TimeoutError
        return status

    async def line(self) -> tuple[Line, bool]:
        """Return a connection, and whether it is one that was kept."""
        while self._free:
            if (line := self._free.pop()).reusable:
                return line, True
        parts = urlsplit(self._url)
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(CONNECT):
            secure = parts.scheme == "https"
            port = parts.port or (443 if secure else 80)
            host = parts.hostname or ""
            _, line = await loop.create_connection(self._kind, host, port, ssl=secure or None)
        return line, False
