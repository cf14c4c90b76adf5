"""Whatever comes in on either port: an answer in the right envelope or a close, and no harm done.

What the mock says on stderr is read when it ends: it has to be nothing.
"""

import errno
import json
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockprovider.shapes import Json

if TYPE_CHECKING:
    from tests.mockprovider.conftest import Client, Mock, StartMock

ROUTES = (
    "/v1/chat/completions", "/v1/completions", "/v1/embeddings", "/v1/responses", "/v1/messages",
    "/v1/messages/count_tokens", "/v1beta/models/m:generateContent",
    "/v1beta/models/m:streamGenerateContent", "/v1beta/models/m:streamGenerateContent?alt=sse",
    "/v1beta/models/m:countTokens",
)  # fmt: skip
CALLS = (
    ("PUT", "/_mock/armed/h-1"), ("POST", "/_mock/release/h-1"), ("POST", "/_mock/abort/h-1"),
    ("DELETE", "/_mock/runs/h"), ("POST", "/_mock/health"), ("GET", "/_mock/journal"),
)  # fmt: skip
STATUS = re.compile(rb"^HTTP/1\.[01] (\d\d\d) ", re.MULTILINE)
# A TLS hello as far as it matters: the type of the record, its version and length, the message.
HELLO = bytes.fromhex("16030100ce010000ca0303") + bytes(32)
PIECES = (
    b"GET", b"POST", b"HEAD", b"PUT", b"OPTIONS", b"CONNECT", b"PRI", b" ", b"/", b"*",
    b"/v1/chat/completions", b"/v1/models", b"/as/text/v1/models", b"/_mock/journal", b"http://x/",
    b"?alt=sse", b" HTTP/1.1\r\n", b" HTTP/1.0\r\n", b" HTTP/2.0\r\n", b"\r\n", b"\n", b"\r\n\r\n",
    b"host: m\r\n", b"content-length: 5\r\n", b"content-length: -1\r\n", b"content-length: 0\r\n",
    b"content-length: 99999999999999999999\r\n", b"transfer-encoding: chunked\r\n",
    b"transfer-encoding: gzip\r\n", b"connection: close\r\n", b"expect: 100-continue\r\n",
    b"connection: upgrade\r\nupgrade: websocket\r\n", b"upgrade: h2c\r\n",
    b"content-type: application/json\r\n", b"authorization: Bearer k\r\n", b"\x00: \xff\r\n",
    b"5\r\nhello\r\n", b"0\r\n\r\n", b"zz\r\n", b"ffffffffffffffff\r\n", b"-1\r\n", b"{}",
    b"[" * 99,
    b'{"model":"m","messages":[{"role":"user","content":"x"}]}', b"[[mock:", b"[[mock:text#h-2]]",
    b"SM\r\n\r\n", HELLO, b"\x00" * 20, b"\xf0\x9f", b"x" * 5000,
)  # fmt: skip
pieces = st.lists(st.sampled_from(PIECES) | st.binary(max_size=20), max_size=12)
heads = st.tuples(
    st.sampled_from([b"GET", b"POST", b"HEAD", b"DELETE", b"BREW"]),
    st.sampled_from([*(route.encode() for route in ROUTES), b"/v1/models", b"/_mock/health", b"*"]),
    st.sampled_from([b"1.1", b"1.0", b"1.2", b"0.9", b"2.0"]),
).map(lambda line: b"%b %b HTTP/%b\r\n" % line)
words = st.sampled_from([
    "model", "messages", "role", "content", "user", "type", "text", "input", "prompt", "contents",
    "parts", "tools", "function", "tool_calls", "stream", "n", "stop", "hold", "how", "toml",
    "summary", "step", "say", "fault", "head", "attempt", "generateContentRequest", "metadata",
])  # fmt: skip
texts = words | st.sampled_from(["", "*", "\ud83d", "\0", "[[mock:text#h-3]]", "[[mock:#", "{"])
numbers = st.sampled_from([0, 1, -1, 2**70, 1e308, float("inf"), float("nan"), 0.5])
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=5),
    max_leaves=15,
)
FRAMES = ('{"messages":%s}', '{"a":[%s]}', '{"summary":"","step":[{"say":"x","extra":{"b":%s}}]}')


@pytest.fixture(scope="module")
def hostile(start_mock: "StartMock") -> "Iterator[Mock]":
    with start_mock() as running:
        yield running


@pytest.fixture(scope="module")
def client(hostile: "Mock") -> Iterator[httpx.Client]:
    headers = {
        "content-type": "application/json", "authorization": "Bearer k",
        "anthropic-version": "2023-06-01",
    }  # fmt: skip
    with httpx.Client(base_url=hostile.told["data_url"], headers=headers, trust_env=False) as made:
        yield made


def ports(mock: "Mock") -> list[tuple[str, int]]:
    control = httpx.URL(mock.told["control_url"])
    return [mock.address, (control.host, control.port or 0)]


def said(address: tuple[str, int], parts: list[bytes]) -> bytes:
    """Send bytes, part by part, and no more; return all that comes back until the close."""
    with socket.create_connection(address, timeout=5) as client:
        told = b""
        # It may be closed before we could say all, or that nothing follows.
        with suppress(ConnectionError), gone():
            for part in parts:
                client.sendall(part)
            client.shutdown(socket.SHUT_WR)
            while data := client.recv(65536):
                told += data
        return told


@contextmanager
def gone() -> Iterator[None]:
    """Take a socket that is no longer connected for a connection that is gone."""
    try:
        yield
    except OSError as error:
        if error.errno == errno.ENOTCONN:
            raise ConnectionResetError from error
        raise


def is_well(mock: "Mock") -> bool:
    """Tell whether the mock still answers on both ports."""
    return bool(mock.ask("text").whole and mock.call("GET", "/health")["ok"])


def wrong(told: bytes) -> list[int]:
    """Return the statuses that no answer may have; what is no answer counts as one."""
    statuses = [int(status) for status in STATUS.findall(told)]
    if told and not told.startswith(b"HTTP/1."):
        statuses.append(999)
    return [status for status in statuses if status >= 500]


@pytest.mark.slow
@settings(max_examples=150)
@given(st.booleans(), heads | st.just(b""), pieces)
def test_any_bytes_are_answered_or_closed_upon(
    hostile: "Mock", control: bool, head: bytes, parts: list[bytes]
) -> None:
    told = said(ports(hostile)[control], [head, *parts])

    assert not wrong(told), told[:300]
    assert b"Traceback" not in told


@pytest.mark.slow
@settings(max_examples=100)
@given(st.sampled_from(ROUTES), values, st.sampled_from(["{}", '{"model":"m","x":%s}', "%s"]))
def test_any_json_is_answered_in_the_envelope_of_its_surface(
    client: httpx.Client, route: str, value: Json, frame: str
) -> None:
    body = frame.replace("%s", json.dumps(value))

    answer = client.post(route, content=body)

    assert answer.status_code in (200, 400, 404), answer.text
    assert answer.status_code == 200 or enveloped(answer.json()), answer.text


@pytest.mark.slow
@settings(max_examples=60)
@given(st.sampled_from(CALLS), values)
def test_any_json_in_a_control_call_is_answered(
    hostile: "Mock", call: tuple[str, str], value: Json
) -> None:
    answer = hostile.control.request(*call, content=json.dumps(value))

    assert answer.status_code in (200, 400, 404, 405), answer.text
    assert answer.status_code == 200 or isinstance(answer.json()["error"], str)


@pytest.mark.parametrize("depth", [90, 990, 50_000])
@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("around", [("[", "]"), ('{"properties":', "}")])
def test_json_of_any_depth_is_answered(
    hostile: "Mock", client: httpx.Client, depth: int, frame: str, around: tuple[str, str]
) -> None:
    opening, closing = around
    body = frame % (opening * depth + "1" + closing * depth)

    answers = [client.post(route, content=body) for route in ROUTES]
    calls = [hostile.control.request(*call, content=body) for call in CALLS]

    assert all(400 <= answer.status_code < 500 for answer in answers)
    assert all(enveloped(answer.json()) for answer in answers)
    assert max(call.status_code for call in calls) < 500
    assert is_well(hostile)


def enveloped(body: Json) -> bool:
    """Tell whether a body is an error as one of the APIs says it."""
    told = body[0] if isinstance(body, list) else body
    return isinstance(told["error"]["message"], str)


LONG = b"POST /v1/chat/completions HTTP/1.1\r\nhost: m\r\ntransfer-encoding: chunked\r\n\r\n"
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00"


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (HELLO, 400),
        (PREFACE, 400),
        (LONG + b"zz\r\nhello\r\n0\r\n\r\n", 400),
        (LONG + b"ffffffffffffffffff\r\n", 400),
        (LONG + b"5\r\nhelloo\r\n", 400),
        (LONG + (b"%x\r\n" % (1 << 20) + b"x" * (1 << 20) + b"\r\n") * 33, 413),
        (b"GET /" + b"x" * 200_000 + b" HTTP/1.1\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 70_000 + b"\r\n", 431),
        (b"GET / HTTP/1.1\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello!", 400),
        (b"GET / HTTP/1.1\r\n content-length: 5\r\n\r\n", 400),
        (LONG.replace(b"host: m", b"content-length: 3"), 400),
    ],
    ids=lambda each: str(each[:12]) if isinstance(each, bytes) else None,
)
def test_what_breaks_http_is_refused_and_the_connection_closed(
    hostile: "Mock", data: bytes, status: int
) -> None:
    client = hostile.connect()
    # It does not have to hear all of it.
    with suppress(ConnectionError):
        client.send(data)

    answer = client.rest()

    assert (answer.status, enveloped(answer.json)) == (status, True)
    assert is_well(hostile)


@pytest.mark.parametrize("call", [call for call in CALLS if call[0] in ("PUT", "POST")])
def test_a_control_call_that_breaks_off_is_forgotten(
    hostile: "Mock", call: tuple[str, str]
) -> None:
    line = " ".join((*call, "HTTP/1.1\r\n")).encode()

    said(ports(hostile)[1], [line, b"host: 127.0.0.1\r\ncontent-length: 50\r\n\r\n{"])

    assert is_well(hostile)


def test_a_head_that_comes_byte_by_byte_keeps_nobody_waiting(hostile: "Mock") -> None:
    slow = [hostile.connect() for _ in range(50)]
    request = hostile.request("text", "h-4")
    for byte in range(len(request) - 1):
        slow[byte % len(slow)].send(request[byte : byte + 1])
        if byte % 100 == 0:
            assert is_well(hostile)

    assert all(client.silent() or client.rest().status == 400 for client in slow)


def test_more_requests_in_a_row_than_anyone_sends_end_the_connection(hostile: "Mock") -> None:
    client = hostile.connect()
    client.send(hostile.request("holds", "h-5") * 200)

    client.rest()

    assert client.answer.end in ("rst", "fin")
    assert is_well(hostile)


def leave(mock: "Mock", number: int) -> None:
    """Leave a connection in one of the ways there are, at one of the points there are."""
    client = mock.connect()
    request = mock.request(("text", "holds", "stall", "cut", "reset")[number % 5], f"leak-{number}")
    sent = (0, 10, len(request) - 5, len(request), len(request))[number // 5 % 5]
    client.send(request[:sent])
    if sent == len(request) and number % 2:
        client.once()
    end(client, ("fin", "rst", "half-close")[number % 3])


def end(client: "Client", how: str) -> None:
    with suppress(ConnectionError), gone():
        client.leave(how)
        if how == "half-close":
            client.rest()
    client.socket.close()


def settled(mock: "Mock") -> tuple[int, int]:
    """Return the descriptors and the memory of a mock once nobody is connected to its data port."""
    while (told := mock.call("GET", "/metrics"))["open_connections"]:
        pass
    mock.call("DELETE", "/runs/leak")
    descriptors = Path(f"/proc/{mock.told['pid']}/fd")
    return len(list(descriptors.iterdir())), told["resident_bytes"]


@pytest.mark.slow
def test_nothing_is_left_of_connections_that_have_ended(start_mock: "StartMock") -> None:
    with start_mock() as mock:
        open_before, _ = settled(mock)
        rounds = list[tuple[int, int]]()
        for _ in range(4):
            for number in range(150):
                leave(mock, number)
            mock.clients.clear()
            rounds.append(settled(mock))
        left = mock.call("GET", "/metrics")

    assert [count for count, _ in rounds] == [open_before] * 4
    assert rounds[-1][1] - rounds[1][1] < 3_000_000
    assert left["open_streams"] == 0
