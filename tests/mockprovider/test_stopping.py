"""Told to stop, a mock stops: with code 0 and in silence, whatever is going on."""

import json
import signal
import subprocess
import sys
import threading
import zlib
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from socket import create_connection, socket

import httpx
import pytest

from mockprovider.shapes import Json

# Much more than it takes; what takes a second too long is said on stderr by the control plane.
PATIENCE = 10
ENDLESS = 'summary = ""\nstep = [{ say = "Aloe", times = 10000, repeat = 1000000 }]'
Address = tuple[str, int]


class Running:
    """A mock, and the connections that will be open when it is told to stop."""

    def __init__(self, told: Json, stack: ExitStack) -> None:
        urls = (httpx.URL(told["data_url"]), httpx.URL(told["control_url"]))
        self.data, self.control = ((url.host, url.port or 0) for url in urls)
        self._stack = stack

    def connect(self, address: Address, *data: bytes) -> socket:
        made = self._stack.enter_context(closing(create_connection(address, timeout=PATIENCE)))
        for each in data:
            made.sendall(each)
        return made

    def flood(self, address: Address, request: bytes) -> None:
        """Ask again and again, on one connection after the other, until nobody listens."""
        thread = threading.Thread(target=ask_on, args=(address, request))
        self._stack.callback(thread.join)
        thread.start()


def ask_on(address: Address, request: bytes) -> None:
    # Refused once the port is closed, reset where that happens meanwhile.
    with suppress(ConnectionRefusedError, ConnectionResetError):
        while True:
            with closing(create_connection(address, timeout=PATIENCE)) as made:
                ask_often(made, request)


def ask_often(connection: socket, request: bytes) -> None:
    with suppress(ConnectionError):
        for _ in range(20):
            connection.sendall(request)
            connection.recv(65536)


def asking(script: str) -> bytes:
    text = f"[[mock:{script}#stop-1]]"
    members = {"model": "m", "stream": True, "messages": [{"role": "user", "content": text}]}
    return posted("/v1/chat/completions", json.dumps(members).encode())


def posted(path: str, body: bytes) -> bytes:
    named = b"host: 127.0.0.1\r\ncontent-type: application/json\r\nauthorization: Bearer k\r\n"
    head = f"POST {path} HTTP/1.1\r\n".encode() + named
    return head + b"content-length: %d\r\n\r\n" % len(body) + body


def calling(path: str) -> bytes:
    return f"GET /_mock{path} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n".encode()


def idle(mock: Running) -> None:
    for address in (mock.data, mock.control):
        mock.connect(address)
        mock.connect(address, asking("text")[:-5])
    mock.connect(mock.control, calling("/health")).recv(65536)


def streaming(mock: Running) -> None:
    endless = f"inline:{urlsafe_b64encode(zlib.compress(ENDLESS.encode())).decode()}"
    for script in ("holds", "stall", endless):
        for _ in range(3):
            mock.connect(mock.data, asking(script)).recv(1)


def waiting(mock: Running) -> None:
    for wait in ("started", "ended", "hold:x", "blocked"):
        mock.connect(mock.control, calling(f"/journal?nonce=w&wait={wait}&timeout_ms=600000"))
    mock.connect(mock.control, calling("/events")).recv(1)


def half_called(mock: Running) -> None:
    """Begin calls, and do not go on with them once the control plane is at them."""
    for path in ("/_mock/release/stop-1", "/_mock/abort/stop-1"):
        begun = posted(path, b'{"hold": "*"}').replace(
            b"\r\n\r\n", b"\r\nexpect: 100-continue\r\n\r\n"
        )
        mock.connect(mock.control, begun[:-5]).recv(1)


def flooded(mock: Running) -> None:
    mock.flood(mock.data, asking("text"))
    mock.flood(mock.control, calling("/journal?run=none"))


def all_of_it(mock: Running) -> None:
    for state in (idle, streaming, waiting, half_called, flooded):
        state(mock)


@contextmanager
def started(*options: str) -> Iterator["subprocess.Popen[bytes]"]:
    ports = ("--port", "0", "--control-port", "0", "--print-json")
    command = [sys.executable, "-W", "error", "-m", "mockprovider", "serve", *ports, *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("state", "workers"),
    [
        (idle, "1"), (streaming, "1"), (waiting, "1"), (half_called, "1"), (flooded, "1"),
        (all_of_it, "1"), (all_of_it, "2"),
    ],
    ids=lambda each: each if isinstance(each, str) else each.__name__,
)  # fmt: skip
def test_it_stops_whatever_is_going_on(state: Callable[[Running], None], workers: str) -> None:
    with started("--workers", workers) as process, ExitStack() as stack:
        assert process.stdout is not None
        state(Running(json.loads(process.stdout.readline()), stack))

        process.send_signal(signal.SIGTERM)
        said = process.communicate(timeout=PATIENCE)

    assert (process.returncode, said) == (0, (b"", b""))
