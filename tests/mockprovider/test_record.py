"""The tap: what goes through it is what comes out, and what is kept of it holds no secret."""

import json
import re
import socket
import ssl
import subprocess
import sys
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import trustme

from mockprovider.cli import main
from mockprovider.recordings.recording import META, Recording, load
from mockprovider.upstream import parsed

if TYPE_CHECKING:
    from tests.mockprovider.conftest import Client, Mock, StartMock

pytestmark = pytest.mark.slow

Connect = Callable[[tuple[str, int]], "Client"]
KEY = "sk-proj-aB3dE5fG7hI9jK1lM3nO5"
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
CHUNKED = HEAD + b"transfer-encoding: chunked\r\n\r\n"


@dataclass
class Tap:
    """A tap that runs as its own process."""

    process: subprocess.Popen[bytes]
    address: tuple[str, int]
    out: Path

    def said(self) -> str:
        """Return the next line it prints: what is told of is on the disk."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().decode()

    def complaint(self) -> str:
        assert self.process.stderr is not None
        return self.process.stderr.readline().decode()

    def kept(self) -> Recording:
        return load(Path(self.said().partition(":")[0]))


@contextmanager
def tapping(upstream: str, out: Path, *options: str) -> Iterator[Tap]:
    told = ("--upstream", upstream, "--out", str(out), "--port", "0", "--print-json", *options)
    command = [sys.executable, "-W", "error", "-m", "mockprovider", "record", *told]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe) as process:
        assert process.stdout is not None
        where = json.loads(process.stdout.readline())["url"].rpartition(":")
        try:
            yield Tap(process, ("127.0.0.1", int(where[2])), out)
        finally:
            process.terminate()
            rest = process.communicate(timeout=10)
    assert (process.returncode, rest[1]) == (0, b"")


@contextmanager
def upstream(*answers: bytes, end: str = "fin") -> Iterator[tuple[str, list[bytes]]]:
    """Serve one connection: the head of each request is kept, and the next answer sent."""
    heads = list[bytes]()

    def serve() -> None:
        peer, _ = listener.accept()
        with peer:
            for answer in answers:
                heads.append(peer.recv(65536))
                peer.sendall(answer)
            if end == "wait":
                peer.recv(1)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", heads
        thread.join()


@pytest.fixture
def tap(mock: "Mock", tmp_path: Path) -> Iterator[Tap]:
    with tapping("http://{}:{}".format(*mock.address), tmp_path / "out") as running:
        yield running


def test_a_client_sees_each_read_before_the_next_is_sent(
    mock: "Mock", tap: Tap, connect: Connect
) -> None:
    client, nonce = connect(tap.address), mock.nonce()
    client.send(mock.request("holds", nonce))
    seen = []
    for held in ("first", "second"):
        entry = mock.entry(nonce, f"hold:{held}")
        sent = entry["sent"]["bytes"]
        client.read(until=b"\r\n\r\n")
        while len(b"".join(client.answer.chunks)) < sent:
            assert client.once()
        seen.append((entry["end"], len(b"".join(client.answer.chunks)) - sent))
        mock.release(nonce, held)
    mock.release(nonce)
    whole = client.read()

    assert seen == [(None, 0), (None, 0)]
    assert tap.kept().wire == whole.body


@pytest.mark.parametrize("script", ["text", "tools-parallel", "unicode", "framing", "error-429"])
def test_what_is_recorded_is_played_again(
    mock: "Mock", tap: Tap, connect: Connect, start_mock: "StartMock", script: str
) -> None:
    client, nonce = connect(tap.address), mock.nonce()
    client.send(mock.request(script, nonce))
    first = client.read()
    made = tap.kept()
    with start_mock(str(tap.out), "--pace", "burst", verb="replay") as again:
        own = again.connect()
        own.send(again.request(stream=True))
        second = own.read()

    assert (second.status, second.body) == (first.status, first.body)
    wire = mock.entry(nonce)["writes"]
    assert [read.length for read in made.reads] == [write[2] for write in wire]


def test_reads_keep_their_borders_when_they_are_played_again(
    mock: "Mock", tap: Tap, connect: Connect, start_mock: "StartMock"
) -> None:
    client, nonce = connect(tap.address), mock.nonce()
    client.send(mock.request("text", nonce))
    chunks = client.read().chunks
    made = tap.kept()
    with start_mock(str(tap.out), "--pace", "x1000", verb="replay") as again:
        own = again.connect()
        own.send(again.request(stream=True))
        second = own.read()

    assert second.chunks == chunks == [*(data for _, data in made.pieces()), b""]


def test_a_recording_says_what_it_is(mock: "Mock", tap: Tap, connect: Connect) -> None:
    client, nonce = connect(tap.address), mock.nonce()
    client.send(mock.request("text", nonce, model="m-1"))
    client.read()
    line = tap.said()
    made = load(tap.out / "chat-001")

    path = re.escape(str(tap.out / "chat-001"))
    summary = rf"chat stream, status 200, \d+ reads, {len(made.wire)} bytes"
    assert re.fullmatch(rf"{path}: {summary}, fin\n", line)
    assert (made.surface, made.mode, made.source, made.model) == ("chat", "stream", "tap", "m-1")
    assert made.request.path == "/v1/chat/completions"
    assert json.loads(made.request.body or "")["messages"][0]["content"].endswith(f"#{nonce}]]")
    assert 0 < made.head_at_us <= made.reads[0].at_us <= (made.end_at_us or 0)
    assert ("x-request-id", "[redacted]") in made.headers
    assert {name for name, _ in made.headers}.isdisjoint(("openai-organization", "content-length"))


@pytest.mark.parametrize(("script", "end"), [("text", "fin"), ("cut", "cut"), ("reset", "rst")])
def test_the_end_is_passed_on_and_kept(
    mock: "Mock", tap: Tap, connect: Connect, script: str, end: str
) -> None:
    client = connect(tap.address)
    client.send(mock.request(script, mock.nonce(), stream=True))
    answer = client.read()

    made = tap.kept()
    wanted = {"fin": "open", "cut": "fin", "rst": "rst"}[end]
    assert (made.end, answer.end, made.wire) == (end, wanted, b"".join(answer.chunks))


@pytest.mark.parametrize("how", ["fin", "rst"])
def test_a_stream_that_its_client_left_is_kept_as_one(
    mock: "Mock", tap: Tap, connect: Connect, how: str
) -> None:
    client, nonce = connect(tap.address), mock.nonce()
    client.send(mock.request("holds", nonce))
    sent = mock.entry(nonce, "hold:first")["sent"]["bytes"]
    client.read(until=b"\r\n\r\n")
    while len(b"".join(client.answer.chunks)) < sent:
        client.once()
    client.leave(how)

    made = tap.kept()
    assert (made.end, made.wire) == ("left", b"".join(client.answer.chunks))
    assert mock.entry(nonce)["end"]["kind"] in ("peer-fin", "peer-rst")


def test_a_stream_that_is_open_when_the_tap_stops_is_kept(
    mock: "Mock", tmp_path: Path, connect: Connect
) -> None:
    nonce = mock.nonce()
    with tapping("http://{}:{}".format(*mock.address), tmp_path) as tap:
        client = connect(tap.address)
        client.send(mock.request("holds", nonce))
        mock.entry(nonce, "hold:first")
        client.read(until=b"\r\n\r\n")

    assert load(tmp_path / "chat-001").end == "left"


def test_requests_on_one_connection_are_answered_in_order(
    mock: "Mock", tap: Tap, connect: Connect
) -> None:
    client, nonces = connect(tap.address), [mock.nonce(), mock.nonce()]
    client.send(b"".join(mock.request("text", nonce, stream=False) for nonce in nonces))
    ids = list[bytes]()
    while len(ids) < 2:
        assert client.once()
        ids = re.findall(rb'"id": ?"(chatcmpl-[^"]+)"', bytes(client.answer.raw))

    assert ids == [f"chatcmpl-{nonce}-1".encode() for nonce in nonces]
    assert [tap.kept().mode, tap.kept().mode] == ["plain", "plain"]


def test_what_is_of_no_surface_is_passed_on_only(mock: "Mock", tap: Tap, connect: Connect) -> None:
    client = connect(tap.address)
    client.send(b"GET /v1/models HTTP/1.1\r\nhost: x\r\nauthorization: Bearer k\r\n\r\n")
    told = client.read().json["object"]
    client.again()
    client.send(b"HEAD /v1/models HTTP/1.1\r\nhost: x\r\nauthorization: Bearer k\r\n\r\n")
    head = client.read(until=b"\r\n\r\n").status
    client.again()
    client.send(mock.request("text", mock.nonce()))
    client.read()

    assert (told, head, tap.kept().surface) == ("list", 405, "chat")
    assert [path.name for path in tap.out.iterdir()] == ["chat-001"]


def test_a_request_goes_on_as_it_came(connect: Connect, tmp_path: Path) -> None:
    told = b"HTTP/1.1 204 No Content\r\n\r\n"
    with upstream(told) as (url, heads), tapping(f"{url}/api/v1", tmp_path) as tap:
        client = connect(tap.address)
        client.send(
            b"POST /v1/chat/completions?a=b HTTP/1.1\r\nHOST: tap\r\nX-One: 1\r\nx-one: 2\r\n"
            b"Accept-Encoding: gzip, br\r\nExpect: 100-continue\r\nConnection: keep-alive\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n"
        )
        assert client.read(until=b"\r\n\r\n").status == 100
        client.again()
        client.send(b"1\r\n{\r\n1\r\n}\r\n0\r\n\r\n")
        status = client.read(until=b"\r\n\r\n").status
        tap.said()

    assert status == 204
    host = url.removeprefix("http://").encode()
    assert heads[0].split(b"\r\n") == [
        b"POST /api/v1/chat/completions?a=b HTTP/1.1", b"HOST: " + host, b"X-One: 1", b"x-one: 2",
        b"Accept-Encoding: identity", b"content-length: 2", b"", b"{}",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("base", "target", "there"),
    [
        ("", "/v1/x", "/v1/x"),
        ("/", "/v1/x", "/v1/x"),
        ("/v1", "/v1/x", "/v1/x"),
        ("/api/v1/", "/v1/x?q", "/api/v1/x?q"),
        ("/api", "/v1/x", "/api/v1/x"),
        ("/v1", "/v1beta/x", "/v1/v1beta/x"),
        ("/v1", "/v1", "/v1"),
    ],
)
def test_what_base_and_path_share_is_said_once(base: str, target: str, there: str) -> None:
    assert parsed(f"https://h:8{base}").url(target) == f"https://h:8{there}"


def ask(connect: Connect, tap: Tap, **headers: str) -> "Client":
    body = b'{"model":"m","stream":true,"messages":[]}'
    client = connect(tap.address)
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    client.send(
        f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\n{lines}content-length: {len(body)}"
        "\r\n\r\n".encode()
        + body
    )
    return client


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def test_bytes_pass_untouched_however_odd(connect: Connect, tmp_path: Path) -> None:
    odd = HEAD + b"Transfer-Encoding:   chunked\r\nX-a: 1\r\nX-A: 2\r\n\r\n"
    odd += b"0005;ext=1\r\ndata:\r\n4\r\n x\n\n\r\n0\r\ntrailer: t\r\n\r\n"
    with upstream(odd) as (url, _), tapping(url, tmp_path) as tap:
        client = ask(connect, tap)
        answer = client.rest()
        made = tap.kept()

    assert (bytes(answer.raw), answer.end) == (odd, "fin")
    assert (made.wire, [read.length for read in made.reads]) == (b"data: x\n\n", [5, 4])
    assert made.end == "fin"


def test_an_interim_answer_is_passed_on_and_not_taken_for_the_answer(
    connect: Connect, tmp_path: Path
) -> None:
    told = b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" + HEAD + b"content-length: 9\r\n\r\n"
    with upstream(told + b"data: x\n\n") as (url, _), tapping(url, tmp_path) as tap:
        raw = bytes(ask(connect, tap).rest().raw)
        made = tap.kept()

    assert raw == told + b"data: x\n\n"
    assert (made.status, made.framing, made.wire) == (200, "length", b"data: x\n\n")


def test_a_body_that_ends_with_its_connection_is_whole(connect: Connect, tmp_path: Path) -> None:
    with upstream(HEAD + b"\r\ndata: x\n\n") as (url, _), tapping(url, tmp_path) as tap:
        ask(connect, tap).rest()
        made = tap.kept()

    assert (made.end, made.framing, made.wire) == ("fin", "chunked", b"data: x\n\n")


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_a_coded_body_is_passed_on_coded_and_kept_plain(
    connect: Connect, tmp_path: Path, coding: str
) -> None:
    packer = zlib.compressobj(wbits=31 if coding == "gzip" else 15)
    first = packer.compress(b"data: a\n\n") + packer.flush(zlib.Z_SYNC_FLUSH)
    second = packer.compress(b"data: b\n\n") + packer.flush()
    head = HEAD + f"content-encoding: {coding}\r\ntransfer-encoding: chunked\r\n\r\n".encode()
    told = head + chunk(first) + chunk(second) + b"0\r\n\r\n"
    with upstream(told) as (url, _), tapping(url, tmp_path) as tap:
        raw = bytes(ask(connect, tap).rest().raw)
        made = tap.kept()

    assert raw == told
    assert [data for _, data in made.pieces()] == [b"data: a\n\n", b"data: b\n\n"]
    assert made.headers == (("content-type", "text/event-stream"),)


def test_a_long_body_is_cut_with_a_note(connect: Connect, tmp_path: Path) -> None:
    told = CHUNKED + chunk(b"data: a\n\n") + chunk(b"data: b\n\n") + b"0\r\n\r\n"
    with upstream(told) as (url, _), tapping(url, tmp_path, "--max-bytes", "10") as tap:
        raw = bytes(ask(connect, tap).rest().raw)
        line = tap.said()

    made = load(tmp_path / "chat-001")
    assert raw == told
    assert (made.end, made.wire, made.note) == ("capped", b"data: a\n\n", "Cut at 10 bytes.")
    assert line.endswith(", 1 read, 9 bytes, capped; Cut at 10 bytes.\n")


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (b"not HTTP\r\n\r\n", "not an HTTP answer: "),
        (
            HEAD + b"content-encoding: br\r\ncontent-length: 3\r\n\r\nabc",
            (
                "the body is in content-encoding 'br', which cannot be undone here; "
                "have it sent with accept-encoding: identity"
            ),
        ),
        (
            HEAD + b"content-encoding: gzip\r\ncontent-length: 3\r\n\r\nabc",
            "the body is no gzip: Error -3",
        ),
        (b"", "no answer came"),
        (
            CHUNKED
            + chunk(b'data: {"choices":[{"delta":{"content":"sk-aB3dE5f"}}]}\n\n')
            + chunk(b'data: {"choices":[{"delta":{"content":"G7hI9jK1lM3nO5"}}]}\n\n')
            + b"0\r\n\r\n",
            (
                "the events of wire.sse spell what looks like a key (sk-a..., 24 bytes) at byte 0 "
                "of their text; nothing of it was written"
            ),
        ),
        (
            CHUNKED + chunk(b"data: c2stcHJvai1hQjNkRTVmRzdoSTlqSzFsTTNuTzU=\n\n") + b"0\r\n\r\n",
            "wire.sse holds a credential of the request at byte 6; nothing of it was written",
        ),
    ],
)
def test_what_cannot_be_kept_is_passed_on_and_leaves_nothing(
    connect: Connect, tmp_path: Path, answer: bytes, message: str
) -> None:
    with upstream(answer) as (url, _), tapping(url, tmp_path / "out") as tap:
        raw = bytes(ask(connect, tap, authorization=f"Bearer {KEY}").rest().raw)
        complaint = tap.complaint()

    assert raw == answer
    assert complaint.startswith(f"mockprovider: not recorded: POST /v1/chat/completions: {message}")
    assert complaint.endswith("; the answer itself was passed on\n")
    assert [*(tmp_path / "out").iterdir()] == []


def test_no_secret_reaches_the_disk(connect: Connect, tmp_path: Path) -> None:
    secrets = {
        "authorization": f"Bearer {KEY}", "x_api_key": "plain-secret-1", "cookie": "sid=crumb-0001",
        "x_goog_api_key": "AIzaSyA0123456789abcdefghijklmnopqrstu", "openai_organization": "org-1x",
    }  # fmt: skip
    body = (
        f"data: you sent {KEY} and plain-secret-1, crumb-0001\n\n"
        "data: and sk-ant-api03-zZ9yY8xX7wW6vV5uU4 Bearer 0123456789abcdef. user@example.org\n\n"
    )
    answer = HEAD + b"set-cookie: sid=crumb-0002; path=/\r\nx-org: org-2y\r\n"
    answer += b"transfer-encoding: chunked\r\n\r\n" + chunk(body.encode()) + b"0\r\n\r\n"
    with upstream(answer) as (url, _), tapping(url, tmp_path, "--hide-emails") as tap:
        client = connect(tap.address)
        asked = json.dumps({
            "stream": True, "tools": [{"type": "mcp", "authorization": "mcp-secret-7"}],
            "note": "mcp-secret-7 crumb-0001 query-secret",
        }).encode()  # fmt: skip
        lines = "".join(f"{k.replace('_', '-')}: {v}\r\n" for k, v in secrets.items())
        client.send(
            "POST /v1/projects/p-77/chat/completions?key=query-secret&x=1 HTTP/1.1\r\n"
            f"host: x\r\n{lines}content-length: {len(asked)}\r\n\r\n".encode()
            + asked
        )
        raw = bytes(client.rest().raw)
        made = tap.kept()

    assert raw == answer
    assert made.request.path == "/v1/projects/[redacted]/chat/completions?key=[redacted]&x=1"
    assert made.wire.decode() == re.sub(
        rf"{KEY}|plain-secret-1|crumb-0001|sk-ant-\S+|0123456789abcdef\.|user@\S+",
        lambda found: "*" * len(found[0]), body,
    )  # fmt: skip
    kept = (tmp_path / "chat-001" / META).read_text() + made.wire.decode()
    left = re.findall("secret|crumb|sk-|AIza|org-|user@|p-77", kept)
    assert left == []


def test_a_reached_limit_of_the_request_is_an_answer(connect: Connect, tmp_path: Path) -> None:
    with tapping("http://127.0.0.1:9", tmp_path) as tap:
        client = connect(tap.address)
        client.send(b"POST / HTTP/1.1\r\ncontent-length: 99999999999\r\n\r\n")
        answer = client.read()

    assert (answer.status, answer.json["error"]["message"]) == (
        413,
        "mockprovider record: the body of the request is longer than 33554432 bytes",
    )


def test_an_upstream_waits_for_a_client_that_does_not_read(
    mock: "Mock", tap: Tap, connect: Connect
) -> None:
    script = 'summary = ""\nstep = [{ say = "0123456789", times = 99999, repeat = 12 }]'
    client, nonce = connect(tap.address), mock.nonce()
    client.send(mock.request(script, nonce))

    blocked = mock.entry(nonce, "blocked")["blocked"]
    body = client.read().body
    sent = mock.entry(nonce)["sent"]["bytes"]

    assert (blocked["times"] > 0, len(body)) == (True, sent)
    assert tap.kept().wire == body


def test_a_client_s_last_request_is_the_upstream_s_too(connect: Connect, tmp_path: Path) -> None:
    told = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}"
    with upstream(told) as (url, heads), tapping(url, tmp_path) as tap:
        answer = ask(connect, tap, Connection="close").rest()

    assert (answer.body, answer.end) == (b"{}", "fin")
    assert heads[0].partition(b"\r\n\r\n")[0].endswith(b"\r\nconnection: close")


def test_a_tap_says_where_it_is(tmp_path: Path) -> None:
    told = ("--upstream", "http://h/v1", "--out", str(tmp_path), "--port", "0")
    command = [sys.executable, "-m", "mockprovider", "record", *told]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        said = process.stdout.readline().decode()
        process.terminate()
        rest = process.communicate(timeout=10)

    assert re.fullmatch(
        rf"recording http://h/v1 from http://127.0.0.1:\d+ into {re.escape(str(tmp_path))}\n", said
    )
    assert (process.returncode, rest) == (0, (b"", b""))


def test_an_upstream_that_is_not_there_is_said(connect: Connect, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    with tapping(f"http://127.0.0.1:{port}", tmp_path) as tap:
        answer = ask(connect, tap).read()

    assert answer.status == 502
    told = answer.json["error"]["message"]
    assert told.startswith(f"mockprovider record: cannot reach http://127.0.0.1:{port}: ")


def test_an_upstream_may_speak_tls(
    connect: Connect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    told = CHUNKED + chunk(b"data: x\n\n") + b"0\r\n\r\n"

    def serve() -> None:
        plain, _ = listener.accept()
        with context.wrap_socket(plain, server_side=True) as peer:
            peer.recv(65536)
            peer.sendall(told)
            peer.recv(1)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        port = listener.getsockname()[1]
        with tapping(f"https://127.0.0.1:{port}", tmp_path / "out") as tap:
            client = ask(connect, tap)
            raw = bytes(client.read(until=b"0\r\n\r\n").raw)
            made = tap.kept()
            client.leave("fin")
            thread.join()

    assert (raw, made.wire, made.end) == (told, b"data: x\n\n", "fin")


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("api.openai.com", "--upstream 'api.openai.com' is no URL of the kind https://HOST[:PORT]"),
        ("ftp://x", "--upstream 'ftp://x' is no URL of the kind https://HOST[:PORT][/PATH]"),
        ("http://x:y", "--upstream 'http://x:y' is no URL of the kind https://HOST[:PORT][/PATH]"),
        ("http://k@x", "--upstream takes no key, no query and no fragment; clients send keys"),
        ("http://x?key=1", "--upstream takes no key, no query and no fragment"),
    ],
)
def test_a_wrong_upstream_is_said_in_one_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, url: str, message: str
) -> None:
    code = main(["record", "--upstream", url, "--out", str(tmp_path / "out")])

    err = capsys.readouterr().err
    assert (code, err.count("\n")) == (4, 1)
    assert err.startswith(f"mockprovider: {message}")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--out", "o"], "the following arguments are required: --upstream"),
        (["--upstream", "http://x"], "the following arguments are required: --out"),
        (
            ["--upstream", "http://x", "--out", "o", "--max-bytes", "0"],
            "argument --max-bytes: '0' is no size; it is a number of bytes",
        ),
    ],
)
def test_a_wrong_option_is_said_in_one_line(
    capsys: pytest.CaptureFixture[str], options: list[str], message: str
) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["record", *options])

    assert (stop.value.code, capsys.readouterr().err) == (4, f"mockprovider record: {message}\n")


def test_a_directory_that_cannot_be_made_is_named(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")

    code = main(["record", "--upstream", "http://x", "--out", str(tmp_path / "file")])

    err = capsys.readouterr().err
    assert (code, err) == (4, f"mockprovider: [Errno 17] File exists: '{tmp_path}/file'\n")
