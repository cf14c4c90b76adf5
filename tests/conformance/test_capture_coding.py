"""What is asked for and what is kept where an answer is compressed."""

import asyncio
import gzip

import pytest

from conformance.drive.capture import Arrival, Captured, Limits, capture
from conformance.drive.client import Client
from conformance.exchange import End, Headers, Request

TEXT = b"data: mint\n\n"


def captured(answer: bytes, headers: Headers = ()) -> tuple[bytes, Captured, Arrival]:
    """Send a request to a server that gives this answer; return the request's head too."""

    async def run() -> tuple[bytes, Captured, Arrival]:
        heads: list[bytes] = []

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            heads.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(answer)
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        request = Request("POST", f"http://127.0.0.1:{port}/", headers, {})
        arrival, limits = Arrival(), Limits(deadline=5.0)
        async with server, Client() as http:
            told = await capture(http, request, arrival, limits)
        return heads[0].lower(), told, arrival

    return asyncio.run(run())


def answer(body: bytes, coding: str = "") -> bytes:
    label = f"content-encoding: {coding}\r\n" if coding else ""
    return f"HTTP/1.1 200 OK\r\n{label}content-length: {len(body)}\r\n\r\n".encode() + body


@pytest.mark.parametrize(
    ("headers", "line"),
    [
        ((), b"accept-encoding: identity\r\n"),
        ((("Accept-Encoding", "gzip"),), b"accept-encoding: gzip\r\n"),
    ],
    ids=["of its own accord", "as told"],
)
def test_a_client_asks_for_no_coding_but_the_one_it_is_told(headers: Headers, line: bytes) -> None:
    head, _, _ = captured(answer(TEXT), headers)

    assert head.count(b"accept-encoding") == 1
    assert line in head


@pytest.mark.parametrize(
    ("body", "coding"),
    [(gzip.compress(TEXT), "gzip"), (TEXT, "gzip"), (TEXT, "br"), (TEXT, "")],
    ids=["gzip", "gzip that is none", "one we cannot read", "none"],
)
def test_the_body_is_kept_decoded_and_the_reads_as_they_came(body: bytes, coding: str) -> None:
    _, told, arrival = captured(answer(body, coding))

    raw = b"".join(read.data for read in told.reads)
    assert (bytes(arrival.body), raw, told.end) == (TEXT, body, End.COMPLETE)
