"""Load: as many answers as a server gives in some seconds, by wrk or by a client of our own."""

import asyncio
import json
import shutil
import subprocess
import time
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import cast

import uvloop

from tests.bench.process import Server

CONNECTIONS = 16
numbers = count(1)
PREFIX = '{"model":"m","stream":true,"messages":[{"role":"user","content":"[[mock:'
LUA = """
wrk.method = "POST"
wrk.headers["content-type"] = "application/json"
wrk.headers["authorization"] = "Bearer k"
local n = 0
request = function()
  n = n + 1
  return wrk.format(nil, nil, nil, '%s%s#%s-' .. n .. ']]"}]}')
end
done = function(s, l, r)
  local e = s.errors
  local bad = e.connect + e.read + e.write + e.status + e.timeout
  io.write(string.format('{"answers": %%d, "us": %%d, "bad": %%d}\\n', s.requests, s.duration, bad))
end
"""


@dataclass(frozen=True, slots=True)
class Rate:
    """Answers a second, and answers a second of the server's CPU."""

    wall: float
    cpu: float


def request(scenario: str, nonce: str) -> bytes:
    """Return a whole request."""
    body = f'{PREFIX}{scenario}#{nonce}]]"}}]}}'
    head = (
        "POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer k\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return f"{head}{body}".encode()


def rate(server: Server, scenario: str, seconds: float, folder: Path) -> Rate:
    """Measure one server for some seconds."""
    before = server.cpu()
    program = shutil.which("wrk")
    if program is None:
        answers, took = uvloop.run(_own(server.port, scenario, seconds))
    else:
        answers, took = _wrk(program, server.port, scenario, seconds, folder)
    return Rate(answers / took, answers / (server.cpu() - before))


def tool() -> str:
    return "wrk" if shutil.which("wrk") else "own client"


def _wrk(program: str, port: int, scenario: str, seconds: float, folder: Path) -> tuple[int, float]:
    script = folder / "load.lua"
    script.write_text(LUA % (PREFIX, scenario, f"b{next(numbers)}"))
    options = ("-t1", f"-c{CONNECTIONS}", f"-d{max(1, round(seconds))}s", "-s", str(script))
    url = f"http://127.0.0.1:{port}/v1/chat/completions"
    said = subprocess.run([program, *options, url], capture_output=True, text=True, check=True)
    told = json.loads(said.stdout.splitlines()[-1])
    if told["bad"]:
        raise RuntimeError(f"{told['bad']} of {told['answers']} answers were no good ones")
    return told["answers"], told["us"] / 1e6


class _Client(asyncio.Protocol):
    """One connection that asks again as soon as it has been answered."""

    def __init__(self, scenario: str, until: float) -> None:
        self.scenario, self.until = scenario, until
        self.answers = 0
        self.length = 0
        self.run = next(numbers)
        self.buffer = bytearray()
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self._ask()

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if not self._whole():
            return
        assert self.buffer.startswith(b"HTTP/1.1 200")
        self.buffer.clear()
        self.answers += 1
        if time.monotonic() < self.until:
            self._ask()
        else:
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.over.done():
            self.over.set_result(None)

    def _ask(self) -> None:
        self.transport.write(request(self.scenario, f"c{self.run}-{self.answers}"))

    def _whole(self) -> bool:
        if not self.length:
            head = bytes(self.buffer.partition(b"\r\n\r\n")[0]).lower()
            _, found, rest = head.partition(b"content-length: ")
            self.length = len(head) + 4 + int(rest.split(b"\r\n")[0]) if found else -1
        if self.length > 0:
            return len(self.buffer) >= self.length
        return self.buffer.endswith(b"\r\n0\r\n\r\n")


async def connect(client: asyncio.Protocol, port: int) -> None:
    """Connect a client to a server."""
    loop = asyncio.get_running_loop()
    await loop.create_connection(lambda: client, "127.0.0.1", port)


async def _own(port: int, scenario: str, seconds: float) -> tuple[int, float]:
    began = time.monotonic()
    clients = [_Client(scenario, began + seconds) for _ in range(CONNECTIONS)]
    for client in clients:
        await connect(client, port)
    await asyncio.gather(*(client.over for client in clients))
    return sum(client.answers for client in clients), time.monotonic() - began
