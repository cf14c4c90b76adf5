"""What the upstream sends, read so that waiting for it can be given up without loss."""

import asyncio
from contextlib import suppress

import httpx


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
