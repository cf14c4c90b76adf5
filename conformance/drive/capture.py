"""Sends one request and keeps every byte that comes back, its time, and how it ended."""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import httpx

from conformance.exchange import End, Headers, Read, Request
from conformance.wire.http import IDENTITY, undoing, words

#: Seconds a connection may lie idle. Many servers close theirs after five: whoever takes one up
#: again at that moment is cut off, and nobody is to blame.
IDLE = 1.0


@dataclass(frozen=True, slots=True)
class Limits:
    deadline: float = 20.0  # seconds for a whole exchange
    patience: float = 3.0  # seconds to wait for an event that was sent and is held back
    body: int = 48 << 20  # bytes kept of one response
    crowd: int = 50  # clients of a crowd


class Captured(NamedTuple):
    status: int | None
    headers: Headers
    reads: tuple[Read, ...]
    end: End
    error: str


@dataclass
class Arrival:
    """What has arrived so far, for whoever waits for a part of it."""

    body: bytearray = field(default_factory=bytearray)
    more: asyncio.Event = field(default_factory=asyncio.Event)
    reads: list[Read] = field(default_factory=list)
    ended: bool = False
    left: bool = False  # we are about to go away
    decode: Callable[[bytes], bytes] = bytes  # the body is kept decoded, the reads as they came

    def add(self, data: bytes) -> None:
        self.body += self.decode(data)
        self.reads.append(Read(time.monotonic_ns(), data))
        self.more.set()

    def close(self) -> None:
        self.ended = True
        self.more.set()

    async def until(self, wanted: bytes | None) -> bool:
        """Wait for a word in the body, or for its end; False if it ends without the word."""
        while wanted is None or wanted not in self.body:
            if self.ended:
                return False
            self.more.clear()
            await self.more.wait()
        return True


def client(limits: Limits) -> httpx.AsyncClient:
    """Return a client that adds nothing of its own but what HTTP demands."""
    pool = httpx.Limits(max_keepalive_connections=64, keepalive_expiry=IDLE)
    timeout = httpx.Timeout(limits.deadline)
    return httpx.AsyncClient(limits=pool, timeout=timeout, trust_env=False)


async def capture(
    http: httpx.AsyncClient, request: Request, arrival: Arrival, limits: Limits
) -> Captured:
    status: int | None = None
    headers: Headers = ()
    end, error = End.COMPLETE, ""
    content = json.dumps(request.body, ensure_ascii=False).encode()
    asked = http.build_request(
        request.method, request.url, headers=list(request.headers), content=content
    )
    # The HTTP library would ask for compression of its own accord.
    asked.headers["accept-encoding"] = _wanted(request.headers)
    try:
        async with asyncio.timeout(limits.deadline):
            response = await http.send(asked, stream=True)
            try:
                status, headers = response.status_code, _headers(response)
                arrival.decode = undoing(words(response.headers.get("content-encoding")))
                async for data in response.aiter_raw():
                    arrival.add(data)
                    if len(arrival.body) > limits.body:
                        end, error = End.OVERFLOW, f"more than {limits.body} bytes"
                        break
            finally:
                await response.aclose()
    except (TimeoutError, httpx.TimeoutException):
        end, error = End.TIMEOUT, f"no end within {limits.deadline:g} s"
    except asyncio.CancelledError:
        if not arrival.left:
            raise
        end = End.LEFT
    except httpx.TransportError as trouble:
        end, error = _ending(trouble, status), str(trouble)
    finally:
        arrival.close()
    return Captured(status, headers, tuple(arrival.reads), end, error)


def _wanted(headers: Headers) -> str:
    told = (value for name, value in headers if name.lower() == "accept-encoding")
    return next(told, IDENTITY)


def _headers(response: httpx.Response) -> Headers:
    return tuple((key.decode("latin-1"), value.decode("latin-1"))
                 for key, value in response.headers.raw)  # fmt: skip


def _ending(trouble: httpx.TransportError, status: int | None) -> End:
    """Tell the ways a connection dies apart; httpcore says FIN and bad framing with one type."""
    if status is None:
        bad = isinstance(trouble, httpx.RemoteProtocolError) and "disconnected" not in str(trouble)
        return End.GARBLED if bad else End.REFUSED
    if isinstance(trouble, httpx.RemoteProtocolError):
        return End.CUT if "peer closed" in str(trouble) else End.GARBLED
    return End.RESET
