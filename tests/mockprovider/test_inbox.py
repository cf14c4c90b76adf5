"""A request that comes at once is read as one that comes in pieces."""

from dataclasses import replace

import pytest

from mockprovider.inbox import BadRequest, Inbox, Request

GET = b"GET /v1/models HTTP/1.1\r\nhost: m\r\n\r\n"
POST = b"POST /v1/x?a=b HTTP/1.1\r\nHost: m\r\nX-A: 1\r\nx-a:  2 \r\ncontent-length: 4\r\n\r\nAloe"
CHUNKED = (
    b"POST / HTTP/1.1\r\nhost: m\r\ntransfer-encoding: chunked\r\n\r\n"
    b"4\r\nAloe\r\n0\r\nz: 1\r\n\r\n"
)
LONG = b"GET / HTTP/1.1\r\nhost: m\r\nx: " + b"y" * 5_000 + b"\r\n\r\n"


def told(inbox: Inbox, *pieces: bytes) -> list[Request] | str:
    """Return the requests some pieces are, or why they are none, whenever that was."""
    found = list[Request]()
    try:
        for piece in pieces:
            found += inbox.feed(piece)
    except BadRequest as error:
        return str(error)
    return [replace(request, at=0) for request in found]


@pytest.mark.parametrize(
    "data",
    [
        GET,
        POST,
        GET + POST + GET,
        GET.replace(b"host: m", b"connection: close"),
        GET.replace(b"HTTP/1.1", b"HTTP/1.0"),
        POST + POST[:30],
        b"\r\n" + POST,
        LONG,
        POST.replace(b"HTTP/1.1", b"HTTP/1.0"),
        POST.replace(b"Host: m", b"Connection: close"),
        POST.replace(b"Host: m", b"Expect: 100-continue"),
        POST.replace(b"Host: m", b"Connection: upgrade\r\nUpgrade: h2c"),
        POST.replace(b"content-length: 4", b"content-length: 0"),
        POST.replace(b"content-length: 4", b"content-length: 3"),
        POST.replace(b"content-length: 4", b"content-length: 4\r\ncontent-length: 4"),
        POST.replace(b"content-length: 4", b"content-length: 99999999"),
        POST.replace(b"content-length: 4", b"bad header"),
        CHUNKED,
        b"nonsense\r\n\r\n",
        b"\r\n\r\n\r\n\r\n" + GET,
    ],
)  # fmt: skip
def test_whatever_comes_at_once_is_what_it_is_byte_by_byte(data: bytes) -> None:
    pieces = [data[at : at + 1] for at in range(len(data))]

    assert told(Inbox(), data) == told(Inbox(), *pieces)
    assert told(Inbox(), GET, data) == told(Inbox(), GET, *pieces)


def test_a_head_that_comes_again_is_kept_once() -> None:
    inbox = Inbox()

    (first,), (second,) = inbox.feed(POST), inbox.feed(POST.replace(b"Aloe", b"bays"))

    assert first.headers is second.headers
    assert (first.body, second.body) == (b"Aloe", b"bays")


def test_pieces_and_whole_requests_may_take_turns() -> None:
    inbox = Inbox()

    found = [inbox.feed(piece) for piece in (POST, POST[:9], POST[9:], GET, POST + POST[:3])]
    last = inbox.feed(POST[3:])

    assert [len(some) for some in (*found, last)] == [1, 0, 1, 1, 1, 1]
