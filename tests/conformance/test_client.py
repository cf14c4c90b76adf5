"""The client that routers are asked with: what it sends, and how it says that an answer ended."""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import NamedTuple, TypeVar

import pytest

from conformance.drive.capture import Arrival, Captured, Limits, capture
from conformance.drive.client import Client
from conformance.exchange import End, Headers, Request

T = TypeVar("T")
Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]

PLAIN = b"HTTP/1.1 200 OK\r\nX-One: 1\r\nx-two: 2\r\ncontent-length: 3\r\n\r\nabc"
CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"


class Server(NamedTuple):
    url: str
    heads: list[bytes]  # of the requests that came
    connections: list[int]


def against(answer: Answer, use: Callable[[Server], Awaitable[T]]) -> T:
    """Return what came of asking a server that answers every request in this way."""
    gone: list[asyncio.Event] = []

    async def run() -> T:
        server = await asyncio.start_server(connected, "127.0.0.1", 0)
        there.append(Server(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", [], []))
        async with server:
            try:
                return await asyncio.wait_for(use(there[0]), 10)
            finally:
                server.close()
                await asyncio.gather(*(connection.wait() for connection in gone))

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        gone.append(left := asyncio.Event())
        there[0].connections.append(len(gone))
        with suppress(asyncio.IncompleteReadError, OSError):
            while head := await reader.readuntil(b"\r\n\r\n"):
                there[0].heads.append(head)
                await reader.readexactly(len(b"{}"))
                await answer(writer)
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
        left.set()

    there: list[Server] = []
    return asyncio.run(run())


def says(*pieces: bytes, close: bool = False) -> Answer:
    async def answer(writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        if close:
            writer.close()

    return answer


def resets(*pieces: bytes) -> Answer:
    async def answer(writer: asyncio.StreamWriter) -> None:
        await says(*pieces)(writer)
        sock: socket.socket = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    return answer


async def captured(url: str, http: Client, *headers: tuple[str, str]) -> tuple[Captured, bytes]:
    arrival = Arrival()
    asked = Request("POST", url, headers, {})
    told = await capture(http, asked, arrival, Limits(deadline=0.3, body=100))
    return told, bytes(arrival.body)


async def once(server: Server) -> tuple[Captured, bytes]:
    async with Client() as http:
        return await captured(f"{server.url}/v1/x?alt=sse", http)


ENDS: dict[str, tuple[Answer, End, int | None, bytes]] = {
    "a stated length": (says(PLAIN), End.COMPLETE, 200, b"abc"),
    "chunks": (says(CHUNKED, b"2\r\nab\r\n", b"1\r\nc\r\n0\r\n\r\n"), End.COMPLETE, 200, b"abc"),
    "until the connection closes": (
        says(b"HTTP/1.1 200 OK\r\n\r\nab", b"c", close=True), End.COMPLETE, 200, b"abc",
    ),
    "after an interim answer": (
        says(b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n", PLAIN), End.COMPLETE, 200, b"abc",
    ),
    "a length beside chunks": (
        says(CHUNKED[:-2] + b"content-length: 3\r\n\r\n", b"1\r\na\r\n0\r\n\r\n"),
        End.COMPLETE, 200, b"a",
    ),
    "lines that end in LF": (
        says(PLAIN.replace(b"\r\n", b"\n")), End.COMPLETE, 200, b"abc",
    ),
    "a head without end": (
        says(b"HTTP/1.1 200 OK\r\nx: " + b"y" * 120_000), End.GARBLED, None, b"",
    ),
    "FIN ahead of the last chunk": (says(CHUNKED, b"2\r\nab\r\n", close=True), End.CUT, 200, b"ab"),
    "FIN ahead of the stated length": (says(PLAIN[:-1], close=True), End.CUT, 200, b"ab"),
    "RST in the body": (resets(CHUNKED, b"2\r\nab\r\n"), End.RESET, 200, b"ab"),
    "a chunk without a size": (says(CHUNKED, b"2\r\nab\r\nx\r\n"), End.GARBLED, 200, b"ab"),
    "FIN ahead of the head": (says(close=True), End.REFUSED, None, b""),
    "FIN in the head": (says(PLAIN[:20], close=True), End.REFUSED, None, b""),
    "RST ahead of the head": (resets(), End.REFUSED, None, b""),
    "no HTTP at all": (says(b"SSH-2.0-OpenSSH\r\n\r\n"), End.GARBLED, None, b""),
    "another protocol": (says(b"HTTP/1.1 101 Switching\r\n\r\nx"), End.GARBLED, None, b""),
    "silence": (says(CHUNKED, b"2\r\nab\r\n"), End.TIMEOUT, 200, b"ab"),
    "more than the limit": (
        says(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 200), End.OVERFLOW, 200, b"x" * 200,
    ),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("case", ENDS)
def test_how_an_answer_ends_is_told(case: str) -> None:
    answer, end, status, body = ENDS[case]
    told, came = against(answer, once)

    assert (told.end, told.status, came) == (end, status, body)
    assert bool(told.error) == (end != End.COMPLETE)


def test_headers_behind_the_body_are_told_apart_from_those_ahead() -> None:
    answer = says(CHUNKED, b"1\r\na\r\n0\r\nX-Cost: 1\r\n\r\n")

    told, came = against(answer, once)

    assert (told.trailers, came) == ((("X-Cost", "1"),), b"a")
    assert "x-cost" not in {name.lower() for name, _ in told.headers}


def test_nobody_there_is_a_refusal() -> None:
    async def ask() -> tuple[Captured, bytes]:
        async with Client() as http:
            return await captured("http://127.0.0.1:9/", http)

    told, _ = asyncio.run(ask())

    assert told.end == End.REFUSED
    assert told.error == "Connection refused"


def test_a_header_that_cannot_be_sent_is_told() -> None:
    async def ask(server: Server) -> tuple[Captured, bytes]:
        async with Client() as http:
            return await captured(server.url, http, ("x-a", "b\r\nc: d"))

    told, _ = against(says(PLAIN), ask)

    assert (told.end, told.error) == (End.REFUSED, "not sent: Illegal header value b'b\\r\\nc: d'")


def test_what_is_sent_is_what_was_asked_and_what_http_demands() -> None:
    async def ask(server: Server) -> tuple[Server, Headers]:
        async with Client() as http:
            told, _ = await captured(f"{server.url}/v1/x?alt=sse", http, ("X-Key", "ké"))
        return server, told.headers

    server, headers = against(says(PLAIN), ask)

    host = server.url.removeprefix("http://")
    assert server.heads[0].decode().split("\r\n")[:-2] == [
        "POST /v1/x?alt=sse HTTP/1.1",
        f"host: {host}",
        "user-agent: streamproof",
        "content-length: 2",
        "X-Key: ké",
        "accept-encoding: identity",
    ]
    assert headers == (("X-One", "1"), ("x-two", "2"), ("content-length", "3"))


def test_a_connection_that_lies_idle_is_closed_and_not_used_again() -> None:
    async def ask(server: Server) -> list[int]:
        async with Client(idle=0.0) as http:
            for _ in range(2):
                await captured(server.url, http)
        return server.connections

    assert against(says(PLAIN), ask) == [1, 2]


CLOSES = PLAIN.replace(b"x-two: 2", b"connection: close")


@pytest.mark.parametrize(
    ("answer", "connections"),
    [
        (says(PLAIN), [1]),
        (says(CLOSES, close=True), [1, 2, 3]),
        (says(PLAIN + b"more"), [1, 2, 3]),
        (says(CHUNKED, b"2\r\nab\r\n"), [1, 2, 3]),
    ],
    ids=["whole", "closed", "more than was stated", "not whole"],
)
def test_a_connection_is_used_again_if_all_is_well(answer: Answer, connections: list[int]) -> None:
    async def ask(server: Server) -> list[int]:
        async with Client() as http:
            for _ in range(3):
                await captured(server.url, http)
        return server.connections

    assert against(answer, ask) == connections


@pytest.mark.parametrize("answers", [1, 2])
def test_a_kept_connection_that_dies_of_being_asked_is_replaced_by_a_fresh_one(
    answers: int,
) -> None:
    asked: list[int] = []

    async def so_often(writer: asyncio.StreamWriter) -> None:
        port = writer.get_extra_info("peername")[1]
        asked.append(port)
        if asked.count(port) > answers:
            writer.close()
        else:
            await says(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\na")(writer)

    async def thrice(server: Server) -> list[End]:
        async with Client() as http:
            return [(await captured(server.url, http))[0].end for _ in range(3)]

    assert against(so_often, thrice) == [End.COMPLETE] * 3
    assert len(set(asked)) == 3 - (answers - 1)
