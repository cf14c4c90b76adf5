"""The tap: a client on one side, a live provider on the other; every byte goes on at once.

What comes back is kept beside that, one recording for each answer.
"""

import asyncio
import json
import socket
import ssl
import struct
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import cast

from mockprovider.inbox import BadRequest, Inbox, Request
from mockprovider.recordings.making import Exchange
from mockprovider.recordings.transcript import LIMIT, Transcript
from mockprovider.upstream import Upstream

# A zero linger time makes close() send RST where it would send FIN.
NO_LINGER = struct.pack("ii", 1, 0)


@dataclass(slots=True)
class Ongoing:
    """A request that was passed on, and as much of its answer as has come."""

    request: Request
    transcript: Transcript
    at: int = 0
    date: datetime = field(default_factory=lambda: datetime.now(UTC))

    def passed_us(self) -> int:
        """Return the microseconds since the request was sent."""
        return (time.monotonic_ns() - self.at) // 1000


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer that is over, or as much of it as there will be."""

    request: Request
    transcript: Transcript
    end: str
    end_at_us: int
    date: datetime

    def exchange(self, upstream: Upstream) -> Exchange:
        """Return what is to be kept."""
        request, transcript = self.request, self.transcript
        body = transcript.body()
        note = f"Cut at {transcript.limit} bytes." if transcript.capped else ""
        return Exchange(
            url=upstream.url(request.target), method=request.method,
            asked_headers=tuple(request.headers), asked=request.body,
            status=transcript.status, headers=transcript.headers,
            wire=body.wire, reads=body.reads, framing=transcript.framing,
            end="capped" if transcript.capped else self.end,
            recorded_at=self.date.strftime("%Y-%m-%dT%H:%M:%SZ"),
            head_at_us=transcript.head_at_us, end_at_us=self.end_at_us, note=note,
        )  # fmt: skip


@dataclass(slots=True)
class Tap:
    """What all connections share; `keep` gets each answer, and must not take long."""

    upstream: Upstream
    keep: Callable[[Answered], None]
    limit: int = LIMIT
    tls: ssl.SSLContext | None = None
    open: set["Client"] = field(default_factory=set)


class Client(asyncio.Protocol):
    """One client; it has a connection of its own to the upstream, and shares its fate."""

    def __init__(self, tap: Tap) -> None:
        self._tap = tap
        self._inbox = Inbox()
        self._queue = deque[Request]()
        self._ongoing: Ongoing | None = None
        self._far: asyncio.Transport | None = None
        self._dialling: asyncio.Task[None] | None = None
        self._gone = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._near = cast("asyncio.Transport", transport)
        self._tap.open.add(self)

    def data_received(self, data: bytes) -> None:
        try:
            self._queue += self._inbox.feed(data)
        except BadRequest as error:
            # In the middle of an answer there is no place for another.
            self._near.abort() if self._ongoing else self._refuse(error.status, str(error))
            return
        if self._inbox.asks_to_go_on() and not self._queue:
            self._near.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        self._gone = True
        self._tap.open.discard(self)
        self._over("left")
        if self._dialling is not None:
            self._dialling.cancel()
        if self._far is not None:
            reset(self._far) if isinstance(exc, ConnectionResetError) else self._far.abort()

    def pause_writing(self) -> None:
        if self._far is not None:
            self._far.pause_reading()

    def resume_writing(self) -> None:
        if self._far is not None:
            self._far.resume_reading()

    def stop(self) -> None:
        """Close because the tap stops."""
        self._near.abort()
        self.connection_lost(None)

    def reached(self, far: asyncio.Transport) -> None:
        """Go on with the upstream's connection."""
        self._far = far
        if self._gone:
            far.abort()
        elif self._ongoing is not None:
            self._send(self._ongoing)

    def passed(self, data: bytes) -> None:
        """Pass on what the upstream sent."""
        self._near.write(data)
        ongoing = self._ongoing
        if ongoing is not None and ongoing.transcript.feed(data, ongoing.passed_us()):
            self._over("fin")
            self._next()

    def lost(self, exc: Exception | None) -> None:
        """End as the upstream has ended."""
        self._far = None
        if self._gone:
            return
        broken = isinstance(exc, ConnectionResetError)
        if self._ongoing is not None:
            self._over("rst" if broken else self._ongoing.transcript.closed())
        reset(self._near) if broken else self._near.close()

    def _next(self) -> None:
        if self._ongoing is not None or not self._queue:
            return
        request = self._queue.popleft()
        transcript = Transcript(bodiless=request.method == "HEAD", limit=self._tap.limit)
        self._ongoing = Ongoing(request, transcript)
        if self._far is not None:
            self._send(self._ongoing)
        elif self._dialling is None:
            self._dialling = asyncio.get_running_loop().create_task(self._dial())

    def _send(self, ongoing: Ongoing) -> None:
        if self._far is not None:
            ongoing.at = time.monotonic_ns()
            self._far.write(self._tap.upstream.forwarded(ongoing.request))

    async def _dial(self) -> None:
        upstream, loop = self._tap.upstream, asyncio.get_running_loop()
        name = upstream.host if self._tap.tls else None
        try:
            await loop.create_connection(
                lambda: Far(self), upstream.host, upstream.port, ssl=self._tap.tls,
                server_hostname=name,
            )  # fmt: skip
        except OSError as error:
            self._ongoing = None
            why = error.strerror or str(error)
            self._refuse(502, f"cannot reach {upstream.origin}: {why}")

    def _over(self, end: str) -> None:
        ongoing, self._ongoing = self._ongoing, None
        if ongoing is not None and ongoing.at:
            self._tap.keep(Answered(
                ongoing.request, ongoing.transcript, end, ongoing.passed_us(), ongoing.date
            ))  # fmt: skip

    def _refuse(self, status: int, message: str) -> None:
        told = json.dumps({"error": {"message": f"mockprovider record: {message}"}}).encode()
        phrase = "Bad Gateway" if status == 502 else "Bad Request"  # noqa: PLR2004
        self._near.write(
            b"HTTP/1.1 %d %b\r\ncontent-type: application/json\r\ncontent-length: %d\r\n"
            b"connection: close\r\n\r\n%b" % (status, phrase.encode(), len(told), told)
        )
        self._near.close()


class Far(asyncio.Protocol):
    """The upstream's side of a client's connection."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._client.reached(cast("asyncio.Transport", transport))

    def data_received(self, data: bytes) -> None:
        self._client.passed(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._client.lost(exc)


def reset(transport: asyncio.Transport) -> None:
    """Drop a connection with RST."""
    peer = transport.get_extra_info("socket")
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
    transport.abort()
