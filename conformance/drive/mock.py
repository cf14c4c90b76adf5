"""The control client: releases holds and reads the journal of the mock provider."""

import asyncio
import re
from asyncio import StreamReader, StreamWriter
from collections.abc import Mapping
from contextlib import suppress
from json import dumps, loads
from typing import Any
from urllib.parse import urlencode, urlsplit

from conformance.exchange import Json

PATIENCE = 30.0  # seconds
SETTLE_MS = 2000  # in which what is open still may end
HEAD = re.DOTALL | re.IGNORECASE


class MockTrouble(RuntimeError):
    """The mock does not do its part; the message says what was asked and what came back."""


class Mock:
    """A running mock provider, seen from its control port."""

    def __init__(self, control_url: str, patience: float = PATIENCE) -> None:
        self.control_url = control_url.rstrip("/")
        self._patience = patience
        self._wires = Wires(self.control_url)

    async def close(self) -> None:
        await self._wires.close()

    async def health(self) -> dict[str, Any]:
        return await self._call("GET", "/_mock/health")

    async def release(self, nonce: str, hold: str) -> None:
        await self._call("POST", f"/_mock/release/{nonce}", json={"hold": hold})

    async def come(self, nonce: str, far: str, seconds: float) -> None:
        """Return once the provider is so far (`started`, `hold:NAME`), or is not for so long."""
        asked = {"nonce": nonce, "wait": far, "timeout_ms": f"{seconds * 1000:.0f}"}
        await self._call("GET", "/_mock/journal", params=asked, longer=seconds)

    async def journal(self, nonce: str, settle_ms: int = SETTLE_MS) -> tuple[Json, ...]:
        """Return the entries of a nonce; those still open get a moment to end."""
        asked: dict[str, str] = {"nonce": nonce}
        entries = (await self._call("GET", "/_mock/journal", params=asked))["entries"]
        if any(entry["end"] is None for entry in entries):
            asked |= {"wait": "ended", "timeout_ms": str(settle_ms)}
            entries = (await self._call("GET", "/_mock/journal", params=asked))["entries"]
        return tuple(entries)

    async def forget(self, run: str) -> None:
        await self._call("DELETE", f"/_mock/runs/{run}")

    async def _call(
        self,
        method: str,
        path: str,
        *,
        json: Json = None,
        params: Mapping[str, str] | None = None,
        longer: float = 0.0,
    ) -> dict[str, Any]:
        what = f"{method} {self.control_url}{path}"
        target = f"{path}?{urlencode(params)}" if params else path
        try:
            async with asyncio.timeout(self._patience + longer):
                status, body = await self._wires.ask(method, target, dumps(json).encode())
            told = loads(body)
        except (OSError, EOFError, ValueError) as error:
            why = str(error) or type(error).__name__
            raise MockTrouble(f"{what}: no answer of a mock provider ({why})") from error
        if status >= 400 or not isinstance(told, dict):  # noqa: PLR2004
            raise MockTrouble(f"{what}: {status} {body[:200].decode(errors='replace')}")
        return told


class Wires:
    """Kept connections to the control port.

    There is one call for every exchange, so it has to be cheap; the mock states the length of all
    that it answers here, which is as much of HTTP as this has to know.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._tls = parts.scheme == "https"
        self._host, self._port = parts.hostname, parts.port or (443 if self._tls else 80)
        self._head = f"HTTP/1.1\r\nhost: {parts.netloc}\r\ncontent-type: application/json\r\n"
        self._prefix = parts.path
        self._free: list[tuple[StreamReader, StreamWriter]] = []

    async def ask(self, method: str, target: str, content: bytes) -> tuple[int, bytes]:
        """Return status and body. What we ask may be asked twice: a kept connection can be dead."""
        head = f"{method} {self._prefix}{target} {self._head}content-length: {len(content)}\r\n\r\n"
        while self._free:
            try:
                return await self._asked(self._free.pop(), head.encode() + content)
            except (OSError, EOFError):
                continue
        opened = await asyncio.open_connection(self._host, self._port, ssl=self._tls or None)
        return await self._asked(opened, head.encode() + content)

    async def close(self) -> None:
        while self._free:
            _, writer = self._free.pop()
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def _asked(
        self, wire: tuple[StreamReader, StreamWriter], request: bytes
    ) -> tuple[int, bytes]:
        reader, writer = wire
        whole = False
        try:
            writer.write(request)
            status, length = _read(await reader.readuntil(b"\r\n\r\n"))
            body = await reader.readexactly(length)
            whole = True
        except asyncio.LimitOverrunError as error:
            raise BadAnswer(str(error)) from error
        finally:
            if whole:
                self._free.append(wire)
            else:
                writer.close()
        return status, body


class BadAnswer(ValueError):
    """What came back is not what our mock would send."""


def _read(head: bytes) -> tuple[int, int]:
    found = re.match(rb"HTTP/1.1 (\d{3}).*?\r\ncontent-length: *(\d+)\r\n", head, HEAD)
    if found is None:
        raise BadAnswer(f"{head[:60]!r} ...")
    return int(found[1]), int(found[2])
