"""The way to the upstream, and its body, read so that waiting can be given up without loss."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import httpx

CONNECT = 5.0  # seconds


class Clients:
    """HTTP clients of one connection each: a pool of many spends its time on choosing one."""

    def __init__(self, idle: float) -> None:
        self._timeout = httpx.Timeout(idle, connect=CONNECT)
        self._trust = httpx.create_ssl_context()
        self._free: list[httpx.AsyncClient] = []

    @asynccontextmanager
    async def one(self) -> AsyncIterator[httpx.AsyncClient]:
        client = self._free.pop() if self._free else self._new()
        try:
            yield client
        finally:
            self._free.append(client)

    async def close(self) -> None:
        for client in self._free:
            await client.aclose()

    def _new(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(timeout=self._timeout, verify=self._trust, trust_env=False)


class Body:
    """The body of an answer, piece by piece."""

    def __init__(self, response: httpx.Response) -> None:
        self._pieces = response.aiter_bytes()
        self._next: asyncio.Task[bytes] | None = None
        self._ahead = b""

    async def piece(self, seconds: float | None = None) -> bytes | None:
        """Return the next piece, b"" at the end, None if nothing came in time."""
        if self._ahead:
            ahead, self._ahead = self._ahead, b""
            return ahead
        if self._next is None:
            self._next = asyncio.create_task(self._read())
        done, _ = await asyncio.wait({self._next}, timeout=seconds)
        if not done:
            return None
        task, self._next = self._next, None
        return task.result()

    async def peek(self) -> bytes:
        """Return the next piece and keep it for whoever asks next."""
        self._ahead = await self.piece() or b""
        return self._ahead

    async def rest(self) -> bytes:
        """Return all that is still to come."""
        pieces = []
        while piece := await self.piece():
            pieces.append(piece)
        return b"".join(pieces)

    async def drain(self, seconds: float) -> None:
        """Give it a moment to end, so that its connection can be used again."""
        with suppress(TimeoutError, httpx.RequestError):
            async with asyncio.timeout(seconds):
                while await self.piece():
                    pass

    async def close(self) -> None:
        if self._next is not None:
            self._next.cancel()
            with suppress(asyncio.CancelledError, httpx.RequestError):
                await self._next

    async def _read(self) -> bytes:
        async for piece in self._pieces:
            if piece:
                return piece
        return b""
