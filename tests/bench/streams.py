"""Many slow streams at once, and the first event of a single one."""

import asyncio
import socket
import statistics
import time
from dataclasses import dataclass
from typing import cast

import uvloop

from tests.bench.load import connect, request
from tests.bench.process import Server

EVERY = 0.05
# The streams start over so long: routers do not open theirs in one instant either.
SPREAD = 1.0
PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Paced:
    """Lateness in milliseconds, as the client sees it, and the share of a core it took."""

    streams: int
    events: int
    p50: float
    p99: float
    worst: float
    cores: float


class _Stream(asyncio.Protocol):
    """One stream: when it was asked for, and when each event came."""

    def __init__(self) -> None:
        self.asked = 0.0
        self.came: list[float] = []
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def ask(self, nonce: str) -> None:
        self.asked = time.monotonic()
        self.transport.write(request("bench-paced", nonce))

    def data_received(self, data: bytes) -> None:
        self.came += [time.monotonic()] * data.count(b"data: ")
        if data.endswith(b"0\r\n\r\n"):
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self.over.set_result(None)

    def lateness(self) -> list[float]:
        return [at - self.asked - number * EVERY for number, at in enumerate(self.came)]


def paced(server: Server, streams: int) -> Paced:
    """Open so many streams of 20 events a second; an event is late if it comes after its time."""
    return uvloop.run(_paced(server, streams))


async def _paced(server: Server, streams: int) -> Paced:
    loop = asyncio.get_running_loop()
    opened = [_Stream() for _ in range(streams)]
    for stream in opened:
        await connect(stream, server.port)
    began, before = loop.time(), server.cpu()
    for number, stream in enumerate(opened):
        loop.call_at(
            began + SPREAD * number / streams, stream.ask, f"p{time.monotonic_ns()}-{number}"
        )
    await asyncio.wait_for(asyncio.gather(*(stream.over for stream in opened)), PATIENCE)
    cores = (server.cpu() - before) / (loop.time() - began)
    late = sorted(1000 * each for stream in opened for each in stream.lateness())
    counts = {len(stream.came) for stream in opened}
    if len(counts) != 1:
        raise RuntimeError(f"streams of {sorted(counts)} events; all should be as long")
    return Paced(
        streams, len(late), late[len(late) // 2], late[len(late) * 99 // 100], late[-1], cores
    )


def first_event(server: Server, times: int) -> float:
    """Return the median time from a request to its first event, in microseconds."""
    return _first(server, [request("bench-event", f"f{n}-1") for n in range(times)], b"data: ")


def first_echo(server: Server, times: int) -> float:
    """Return the same of a server that sends back what it got."""
    return _first(server, [request("bench-event", f"f{n}-1") for n in range(times)], b"")


def _first(server: Server, requests: list[bytes], sign: bytes) -> float:
    took = []
    with socket.create_connection(("127.0.0.1", server.port)) as peer:
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for each in requests:
            began, data = time.perf_counter(), b""
            peer.sendall(each)
            while not data or sign not in data:
                data += peer.recv(65536)
            took.append(time.perf_counter() - began)
            while len(data) < len(each) if not sign else not data.endswith(b"\r\n0\r\n\r\n"):
                data += peer.recv(65536)
    return statistics.median(took) * 1e6


def answer(server: Server) -> bytes:
    """Return the body a server sends."""
    with socket.create_connection(("127.0.0.1", server.port)) as peer:
        peer.sendall(request("bench-event", "same-1"))
        data = b""
        while not _whole(data):
            data += peer.recv(65536)
    head, _, body = data.partition(b"\r\n\r\n")
    return _joined(body) if b"chunked" in head.lower() else body


def _whole(data: bytes) -> bool:
    head, _, body = data.partition(b"\r\n\r\n")
    _, length, rest = head.lower().partition(b"content-length: ")
    return len(body) >= int(rest.split(b"\r\n")[0]) if length else body.endswith(b"0\r\n\r\n")


def _joined(chunked: bytes) -> bytes:
    body = b""
    while chunked:
        size, _, chunked = chunked.partition(b"\r\n")
        body += chunked[: int(size, 16)]
        chunked = chunked[int(size, 16) + 2 :]
    return body
