"""How long a step in lock-step takes: a hold is released, and the event behind it is there.

python -m tests.bench.lockstep [STEPS]

The client asks the mock itself, with no router between. `release` is the bare step, `client` the
same through mockprovider.client; `look` is one that first asks the journal whether the stream has
come to the hold, which who has seen the event before it need not do. Exit 1: a bare step takes
longer than a millisecond.
"""

import json
import socket
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from http.client import HTTPConnection
from itertools import count
from urllib.parse import urlsplit

from mockprovider.client import Client
from mockprovider.launch import launched

BAR_MS = 1.0
Step = Callable[[str, str], object]
numbers = count(1)


class Stream:
    """A stream that stands at a hold before each of its events, on a bare socket."""

    def __init__(self, url: str, control: Client, steps: int) -> None:
        parts = urlsplit(url)
        self.nonce = f"lockstep-{next(numbers)}"
        control.arm(self.nonce, {"summary": "", "step": list(script(steps))})
        self._socket = socket.create_connection((parts.hostname, parts.port), timeout=10)
        self._socket.sendall(request(self.nonce))
        control.journal(self.nonce, wait="hold:0")
        self.read(b"\r\n\r\n")

    def read(self, until: bytes) -> None:
        data = b""
        while until not in data:
            data += self._socket.recv(65536)

    def close(self) -> None:
        self._socket.close()


class Wire:
    """The control port over one kept connection, and no more of a client than that."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._http = HTTPConnection(parts.hostname or "", parts.port, timeout=10)

    def release(self, nonce: str, hold: str) -> None:
        self._ask("POST", f"/_mock/release/{nonce}", json.dumps({"hold": hold}))

    def look(self, nonce: str, hold: str) -> None:
        self._ask("GET", f"/_mock/journal?nonce={nonce}&wait=hold:{hold}")
        self.release(nonce, hold)

    def close(self) -> None:
        self._http.close()

    def _ask(self, method: str, target: str, body: str | None = None) -> None:
        self._http.request(method, target, body)
        self._http.getresponse().read()


def script(steps: int) -> Iterator[dict[str, str]]:
    for number in range(steps):
        yield {"hold": str(number)}
        yield {"say": f"<{number}>"}


def request(nonce: str) -> bytes:
    messages = [{"role": "user", "content": f"[[mock:armed#{nonce}]]"}]
    body = json.dumps({"model": "m", "stream": True, "messages": messages})
    head = "POST /v1/chat/completions HTTP/1.1\r\nhost: m\r\nauthorization: Bearer k\r\n"
    head += f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    return (head + body).encode()


def times_ms(stream: Stream, steps: int, let_go: Step) -> list[float]:
    """Return how long each step took, from asking to the event's arrival, shortest first."""
    taken = list[float]()
    for number in range(steps):
        began = time.perf_counter()
        let_go(stream.nonce, str(number))
        stream.read(f"<{number}>".encode())
        taken.append(1000 * (time.perf_counter() - began))
    return sorted(taken)


def bare_step(line: str, steps: int) -> float:
    """Return the median time of a bare step of a mock that said this line when it was ready."""
    told = json.loads(line)
    with (
        Client(told["control_url"]) as client,
        closing(Wire(told["control_url"])) as wire,
        closing(Stream(told["data_url"], client, steps)) as stream,
    ):
        return statistics.median(times_ms(stream, steps, wire.release))


def main(steps: int) -> int:
    medians = dict[str, float]()
    with (
        launched() as told,
        Client(told["control_url"]) as client,
        closing(Wire(told["control_url"])) as wire,
    ):
        ways: dict[str, Step] = {
            "release": wire.release, "client": client.release, "look": wire.look,
        }  # fmt: skip
        for name, let_go in ways.items():
            with closing(Stream(told["data_url"], client, steps)) as stream:
                taken = times_ms(stream, steps, let_go)
            medians[name], p99 = statistics.median(taken), taken[int(len(taken) * 0.99)]
            print(f"{name:8} {steps} steps  p50 {medians[name]:.3f} ms  p99 {p99:.3f} ms")
    return int(medians["release"] > BAR_MS)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 200))
