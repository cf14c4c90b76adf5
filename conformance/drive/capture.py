"""Sends one request and keeps every byte that comes back, its time, and how it ended."""

import asyncio
import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from conformance.drive.client import Client
from conformance.drive.connection import Broken
from conformance.exchange import End, Headers, Read, Request
from conformance.wire.http import IDENTITY, undoing, words


@dataclass(frozen=True, slots=True)
class Limits:
    deadline: float = 20.0  # seconds for a whole exchange
    patience: float = 3.0  # seconds to wait for an event that was sent and is held back
    body: int = 48 << 20  # bytes kept of one response
    crowd: int = 200  # clients of a crowd
    rest: float = 0.5  # seconds in which a router may notice that a connection has ended


class Captured(NamedTuple):
    status: int | None
    headers: Headers
    reads: tuple[Read, ...]
    end: End
    error: str
    trailers: Headers = ()


@dataclass
class Arrival:
    """What has arrived so far, for whoever waits for a part of it."""

    body: bytearray = field(default_factory=bytearray)
    more: asyncio.Event = field(default_factory=asyncio.Event)
    reads: list[Read] = field(default_factory=list)
    ended: bool = False
    left: bool = False  # we are about to go away
    keeps: bool = True  # what comes is wanted, not only taken
    takes: bool = True  # anything is taken from the connection
    decode: Callable[[bytes], bytes] = bytes  # the body is kept decoded, the reads as they came

    def add(self, data: bytes) -> None:
        if not self.keeps:
            return
        self.body += self.decode(data)
        self.reads.append(Read(time.monotonic_ns(), data))
        self.more.set()

    def close(self) -> None:
        self.ended = True
        self.more.set()

    async def until(self, wanted: bytes | None, beyond: int = 0) -> bool:
        """Wait for a word in the body, or for its end; False if it ends without the word."""
        while wanted is None or self.body.find(wanted, beyond) < 0:
            if self.ended:
                return False
            self.more.clear()
            await self.more.wait()
        return True


async def capture(
    http: Client, request: Request, arrival: Arrival, limits: Limits,
    last: re.Pattern[bytes] | None = None,
) -> Captured:  # fmt: skip
    """Keep all that comes of an answer; go away in the moment its last event is here, if told."""
    status: int | None = None
    headers: Headers = ()
    trailers: list[tuple[str, str]] = []
    end, error = End.COMPLETE, ""
    told = request.body is not None
    content = json.dumps(request.body, ensure_ascii=False).encode() if told else b""
    try:
        async with asyncio.timeout(limits.deadline):
            sent = _headers(request)
            asked = http.send(request.method, request.url, sent, content, reads=arrival.takes)
            async with asked as ((status, headers, trailers), body):
                arrival.decode = undoing(words(_coding(headers)))
                async for data in body:
                    arrival.add(data)
                    if len(arrival.body) > limits.body:
                        end, error = End.OVERFLOW, f"more than {limits.body} bytes"
                        break
                    if last and last.search(arrival.body):
                        end = End.LEFT
                        break
    except TimeoutError:
        end, error = End.TIMEOUT, f"no end within {limits.deadline:g} s"
    except asyncio.CancelledError:
        if not arrival.left:
            raise
        end = End.LEFT
    except Broken as trouble:
        end, error = trouble.end, str(trouble)
    finally:
        arrival.close()
    return Captured(status, headers, tuple(arrival.reads), end, error, tuple(trailers))


def _headers(request: Request) -> Headers:
    """Return what is asked; no coding is wanted but the one that is told."""
    names = {name.lower() for name, _ in request.headers}
    wanted = () if "accept-encoding" in names else (("accept-encoding", IDENTITY),)
    return (*request.headers, *wanted)


def _coding(headers: Headers) -> str | None:
    told = [value for name, value in headers if name.lower() == "content-encoding"]
    return ", ".join(told) or None
