"""A running mock, and a client on a bare socket that sees the bytes and the kind of every end."""

import json
import select
import socket
import ssl
import struct
import subprocess
import sys
import zlib
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest

Json = Any
T = TypeVar("T")
PATIENCE = 5.0
MODULE = ("-m", "mockprovider")
NO_LINGER = struct.pack("ii", 1, 0)
numbers = count(1)


@dataclass
class Answer:
    """What has come back so far; `end` is how the connection ended, if it did."""

    raw: bytearray = field(default_factory=bytearray)
    end: str = "open"
    reads: list[bytes] = field(default_factory=list)

    @property
    def head(self) -> list[str]:
        return self.raw[: self.raw.find(b"\r\n\r\n")].decode("latin-1").split("\r\n")

    @property
    def status(self) -> int:
        return int(self.head[0].split()[1])

    @property
    def headers(self) -> dict[str, str]:
        pairs = (line.partition(": ") for line in self.head[1:])
        return {name.lower(): value for name, _, value in pairs}

    @property
    def chunks(self) -> list[bytes]:
        """The HTTP chunks that arrived whole; the last one, if it came, is empty."""
        at, found = self.raw.find(b"\r\n\r\n") + 4, list[bytes]()
        while (start := self.raw.find(b"\r\n", at) + 2) > 1:
            at = start + int(self.raw[at : start - 2], 16) + 2
            if at > len(self.raw):
                break
            found.append(bytes(self.raw[start : at - 2]))
        return found

    @property
    def body(self) -> bytes:
        if self.headers.get("transfer-encoding") == "chunked":
            return b"".join(self.chunks)
        return bytes(self.raw.partition(b"\r\n\r\n")[2])

    @property
    def whole(self) -> bool:
        if b"\r\n\r\n" not in self.raw:
            return False
        if "content-length" in self.headers:
            return len(self.body) >= int(self.headers["content-length"])
        return self.raw.endswith(b"\r\n0\r\n\r\n")

    @property
    def json(self) -> Json:
        return json.loads(self.body)

    @property
    def events(self) -> list[Json]:
        """The JSON of every data line but the terminator."""
        lines = (line for line in self.body.split(b"\n") if line.startswith(b"data: {"))
        return [json.loads(line[6:]) for line in lines]


class TlsClient:
    """The client's side of TLS, on a socket that it leaves alone: an end is seen as it is.

    Python's own takes a reset for the end of a file, and answers FIN with an alert.
    """

    def __init__(self, plain: socket.socket, context: ssl.SSLContext, host: str) -> None:
        self._socket = plain
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)
        self._wait(self._tls.do_handshake)
        self.flush()

    def send(self, data: bytes) -> None:
        self._tls.write(data)
        self.flush()

    def recv(self) -> bytes:
        """Return what one record says, or nothing once the mock has taken its leave."""
        try:
            return self._wait(lambda: self._tls.read(65536))
        except ssl.SSLZeroReturnError:
            # Python says so where both ends have taken their leave.
            return b""

    def leave(self) -> None:
        """Say that nothing more will be sent."""
        with suppress(ssl.SSLWantReadError):
            self._tls.unwrap()
        self.flush()

    def flush(self) -> None:
        self._socket.sendall(self._outgoing.read())

    def _wait(self, do: "Callable[[], T]") -> "T":
        while True:
            try:
                return do()
            except ssl.SSLWantReadError:
                self.flush()
                data = self._socket.recv(65536)
                if not data:
                    raise ssl.SSLEOFError("FIN, and TLS was not told") from None
                self._incoming.write(data)


class Client:
    """One connection to the data plane."""

    def __init__(self, address: tuple[str, int], tls: ssl.SSLContext | None = None) -> None:
        self.socket = socket.create_connection(address, timeout=PATIENCE)
        self.tls = None if tls is None else TlsClient(self.socket, tls, address[0])
        self.answer = Answer()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data) if self.tls is None else self.tls.send(data)

    def read(self, until: bytes = b"") -> Answer:
        """Read until some bytes came, or the body is whole, or the connection ends."""
        while not (until in self.answer.raw if until else self.answer.whole):
            if not self.once():
                break
        return self.answer

    def rest(self) -> Answer:
        """Read until the connection ends."""
        while self.once():
            pass
        return self.answer

    def once(self) -> bytes:
        try:
            data = self.socket.recv(65536) if self.tls is None else self.tls.recv()
        except ConnectionResetError:
            self.answer.end = "rst"
            return b""
        except ssl.SSLEOFError:
            self.answer.end = "cut"
            return b""
        self.answer.raw += data
        self.answer.reads.append(data)
        if not data:
            self.answer.end = "fin"
        return data

    def silent(self) -> bool:
        """Tell whether nothing has come that was not read."""
        return not select.select([self.socket], [], [], 0)[0]

    def again(self) -> None:
        """Make ready for the next answer on this connection."""
        self.answer = Answer()

    def leave(self, how: str) -> None:
        if how == "rst":
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
        if how == "half-close":
            self.socket.shutdown(socket.SHUT_WR)
        else:
            self.socket.close()


class Mock:
    """A mock provider that runs as its own process."""

    def __init__(self, told: Mapping[str, Json]) -> None:
        self.told = told
        url = httpx.URL(told["data_url"])
        self.address = (url.host, url.port or 0)
        ca = told.get("ca")
        self.tls = ssl.create_default_context(cafile=ca) if ca else None
        self.control = httpx.Client(base_url=told["control_url"], timeout=20, trust_env=False)
        self.clients = list[Client]()

    def nonce(self) -> str:
        return f"t{next(numbers)}-1"

    def connect(self) -> Client:
        self.clients.append(Client(self.address, self.tls))
        return self.clients[-1]

    def marker(self, script: str, nonce: str) -> str:
        """Return the marker of a scenario by name, or of one written out."""
        if "\n" in script or "=" in script:
            script = f"inline:{urlsafe_b64encode(zlib.compress(script.encode())).decode()}"
        return f"[[mock:{script}#{nonce}]]"

    def request(self, script: str = "", nonce: str = "", **members: Json) -> bytes:
        text = f"say it {self.marker(script, nonce)}" if script else "say it"
        body = {"model": "m", "stream": True, "messages": [{"role": "user", "content": text}]}
        body |= members
        return self.post(json.dumps({k: v for k, v in body.items() if v is not ...}).encode())

    def post(self, body: bytes, *, path: str = "/v1/chat/completions", **headers: str) -> bytes:
        named = {"host": "mock", "content-type": "application/json", "authorization": "Bearer k"}
        named |= {name.replace("_", "-"): value for name, value in headers.items()}
        named |= {"content-length": str(len(body))}
        lines = "".join(f"{name}: {value}\r\n" for name, value in named.items() if value)
        return f"POST {path} HTTP/1.1\r\n{lines}\r\n".encode() + body

    def ask(self, script: str, nonce: str = "", **members: Json) -> Answer:
        """Ask for a scenario, and read the answer to its end or to the connection's."""
        client = self.connect()
        client.send(self.request(script, nonce or self.nonce(), **members))
        return client.read()

    def start(self, script: str, nonce: str, **members: Json) -> Client:
        client = self.connect()
        client.send(self.request(script, nonce, **members))
        return client

    def call(self, method: str, path: str, **options: Json) -> Json:
        return self.control.request(method, f"/_mock{path}", **options).json()

    def release(self, nonce: str, hold: str = "*") -> Json:
        return self.call("POST", f"/release/{nonce}", json={"hold": hold})

    def entries(self, nonce: str, wait: str = "ended") -> list[Json]:
        asked = {"nonce": nonce, "wait": wait, "timeout_ms": "5000"}
        found: list[Json] = self.call("GET", "/journal", params=asked)["entries"]
        return found

    def entry(self, nonce: str, wait: str = "ended") -> Json:
        return self.entries(nonce, wait)[-1]


@contextmanager
def serving(
    errors: Path, *options: str, program: Sequence[str] = MODULE, verb: str = "serve"
) -> Iterator[Mock]:
    """Run a mock; nothing may be on its stderr when it ends, and it must end well."""
    ports = ("--port", "0", "--control-port", "0", "--print-json")
    command = [sys.executable, "-W", "error", *program, verb, *ports, *options]
    with errors.open("wb") as stderr:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr)
    with process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, errors.read_text()
        mock = Mock(json.loads(line))
        try:
            yield mock
        finally:
            mock.control.close()
            process.terminate()
            process.wait()
            for client in mock.clients:
                client.socket.close()
    assert (process.returncode, errors.read_text()) == (0, "")


StartMock = Callable[..., AbstractContextManager[Mock]]


@pytest.fixture(scope="session")
def start_mock(tmp_path_factory: pytest.TempPathFactory) -> StartMock:
    """Return what starts a mock with some options."""
    folder = tmp_path_factory.mktemp
    return lambda *options, **how: serving(folder("mock") / "stderr", *options, **how)


@pytest.fixture(scope="session")
def mock(start_mock: StartMock) -> Iterator[Mock]:
    with start_mock() as running:
        yield running


@pytest.fixture
def connect() -> Iterator[Callable[[tuple[str, int]], Client]]:
    """Return what connects to an address; the connections are closed after the test."""
    clients = list[Client]()

    def client(address: tuple[str, int]) -> Client:
        clients.append(Client(address))
        return clients[-1]

    yield client
    for each in clients:
        each.socket.close()
