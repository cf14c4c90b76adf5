"""The reference router's connection to its upstream, against a server that says what it likes."""

import asyncio
import gzip
import socket
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

import pytest

from conformance.selfcheck.router.line import HIGH_WATER, Lost
from conformance.selfcheck.router.upstream import Body, Upstream

T = TypeVar("T")
Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"


def against(answer: Answer, use: Callable[[Upstream], Awaitable[T]], idle: float = 5.0) -> T:
    """Return what came of using an upstream that answers every request in this way."""
    gone: list[asyncio.Event] = []

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        gone.append(left := asyncio.Event())
        with suppress(asyncio.IncompleteReadError, OSError):
            while await reader.readuntil(b"\r\n\r\n"):
                await answer(reader, writer)
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
        left.set()

    async def run() -> T:
        server = await asyncio.start_server(connected, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        upstream = Upstream(f"http://127.0.0.1:{port}/v1", idle)
        try:
            return await asyncio.wait_for(use(upstream), 10)
        finally:
            upstream.close()
            server.close()
            await asyncio.gather(*(connection.wait() for connection in gone))

    return asyncio.run(run())


def says(*pieces: bytes, close: bool = False) -> Answer:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        if close:
            writer.close()

    return answer


async def got(upstream: Upstream) -> tuple[int, dict[str, str], bytes]:
    async with upstream.ask("GET", "/models", (("x-a", "b"),)) as (status, line):
        return status, line.headers, await Body(line).rest()


WHOLE: dict[str, tuple[Answer, bytes]] = {
    "chunked": (says(CHUNKED, b"2\r\nab\r\n", b"1\r\nc\r\n0\r\n\r\n"), b"abc"),
    "stated length": (says(b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc"), b"abc"),
    "until the connection closes": (says(b"HTTP/1.1 200 OK\r\n\r\nab", b"c", close=True), b"abc"),
    "after an interim answer": (
        says(b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n", CHUNKED, b"3\r\nabc\r\n0\r\n\r\n"),
        b"abc",
    ),
    "compressed": (
        says(
            b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 23\r\n\r\n"
            + gzip.compress(b"abc", mtime=0)
        ),
        b"abc",
    ),
}


@pytest.mark.parametrize("case", WHOLE)
def test_a_whole_answer_is_read_to_its_end(case: str) -> None:
    answer, expected = WHOLE[case]
    status, headers, body = against(answer, got)

    assert (status, body) == (200, expected)
    assert "link" not in headers


def test_headers_that_come_twice_are_joined() -> None:
    head = b"HTTP/1.1 204 None\r\nX-A: 1\r\nx-a: 2\r\n\r\n"

    assert against(says(head), got) == (204, {"x-a": "1, 2"}, b"")


def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Awaitable[None]:
    async def answer() -> None:
        writer.write(CHUNKED + b"2\r\nab\r\n")
        await writer.drain()
        sock: socket.socket = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    return answer()


BROKEN: dict[str, Answer] = {
    "closed ahead of the head": says(close=True),
    "closed ahead of the last chunk": says(CHUNKED, b"2\r\nab\r\n", close=True),
    "reset": reset,
    "no HTTP at all": says(b"SSH-2.0-OpenSSH\r\n"),
    "no gzip where it says so": says(
        b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 3\r\n\r\nabc"
    ),
    "gzip that stops early": says(
        b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 15\r\n\r\n"
        + gzip.compress(b"abc", mtime=0)[:15]
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_answer_is_no_answer(case: str) -> None:
    with pytest.raises(Lost):
        against(BROKEN[case], got)


def test_waiting_is_given_up_without_losing_what_comes_later() -> None:
    later = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(CHUNKED)
        await later.wait()
        writer.write(b"1\r\na\r\n0\r\n\r\n")

    async def use(upstream: Upstream) -> list[bytes | None]:
        async with upstream.ask("GET", "/", ()) as (_, line):
            body = Body(line)
            early = await body.piece(0.01)
            later.set()
            return [early, await body.peek(5), await body.piece(), await body.piece()]

    assert against(answer, use) == [None, b"a", b"a", b""]


def test_a_silent_upstream_runs_into_the_idle_limit() -> None:
    with pytest.raises(TimeoutError):
        against(says(), got, idle=0.05)


def test_connections_are_kept_unless_an_answer_was_left_or_was_the_last() -> None:
    ports: list[int] = []

    def noting(*pieces: bytes) -> Answer:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            ports.append(writer.get_extra_info("peername")[1])
            await says(*pieces)(reader, writer)

        return answer

    async def twice(upstream: Upstream) -> None:
        await got(upstream)
        await got(upstream)

    async def leaving(upstream: Upstream) -> None:
        for _ in range(2):
            async with upstream.ask("GET", "/", ()):
                pass

    whole = CHUNKED + b"1\r\na\r\n0\r\n\r\n"
    against(noting(whole), twice)
    against(noting(whole.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n", 1)), twice)
    against(noting(CHUNKED, b"1\r\na\r\n"), leaving)

    kept, closed, left = (ports[at] == ports[at + 1] for at in (0, 2, 4))
    assert (kept, closed, left) == (True, False, False)


def test_a_kept_connection_that_dies_of_being_asked_is_replaced_by_a_fresh_one() -> None:
    asked: list[int] = []

    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        port = writer.get_extra_info("peername")[1]
        if port in asked:
            raise ConnectionAbortedError  # the next request on it gets no answer
        asked.append(port)
        await says(CHUNKED + b"1\r\na\r\n0\r\n\r\n")(reader, writer)

    async def twice(upstream: Upstream) -> list[bytes]:
        return [(await got(upstream))[2] for _ in range(2)]

    assert against(once, twice) == [b"a", b"a"]
    assert len(asked) == 2


def test_a_fresh_connection_that_dies_is_not_replaced() -> None:
    async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        raise ConnectionAbortedError

    with pytest.raises(Lost):
        against(never, got)


@pytest.mark.slow
def test_an_upstream_that_is_faster_than_the_client_has_to_wait() -> None:
    size, told = 64 * HIGH_WATER, asyncio.Queue[str]()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % size)
        for _ in range(64):
            writer.write(b"x" * HIGH_WATER)
            draining = asyncio.ensure_future(writer.drain())
            if not (await asyncio.wait({draining}, timeout=0.3))[0]:
                told.put_nowait("has to wait")
            await draining
        told.put_nowait("has sent all")

    async def use(upstream: Upstream) -> tuple[str, int]:
        async with upstream.ask("GET", "/", ()) as (_, line):
            body = Body(line)
            first = await body.piece() or b""
            return await told.get(), len(first) + len(await body.rest())

    assert against(answer, use) == ("has to wait", size)


def test_nobody_at_the_address_is_an_error_of_the_system() -> None:
    with pytest.raises(OSError, match="Connect"):
        asyncio.run(got(Upstream("http://127.0.0.1:9/v1", 1.0)))
