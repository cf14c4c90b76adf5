"""Both ends of the reference router: its client on one surface, and its provider."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

import httpx

from conformance.drive.target import request, target
from conformance.exchange import Json, Request
from conformance.probes.probe import Send
from conformance.selfcheck.servers import Servers

NUMBERS = count(1)


def fresh() -> str:
    return f"reference-{next(NUMBERS)}"


def named_events(response: httpx.Response) -> list[tuple[str, Json]]:
    """Return the names and the data of a stream's events, on the surfaces that name them."""
    blocks = [block.split("\n") for block in response.text.split("\n\n")[:-1]]
    told = [block for block in blocks if not block[0].startswith(":")]
    return [(name[7:], json.loads(data[6:])) for name, data in told]


class Ends:
    def __init__(
        self, surface: str, servers: Servers, router: str = "reference", **always: Json
    ) -> None:
        self.surface = surface
        self.target = target(f"{servers.routers_url}/{router}/v1", model="m")
        self.always = always  # in the body of every request for a scenario of our own
        self.http = httpx.Client(base_url=self.target.url, trust_env=False)
        self.http.headers.update(dict(self._asked("", "stream").headers))
        self.control = httpx.Client(base_url=f"{servers.control_url}/_mock", trust_env=False)

    def close(self) -> None:
        self.http.close()
        self.control.close()

    def url(self, mode: str = "stream") -> str:
        return self._asked("", mode).url

    def body(self, scenario: str, nonce: str = "", mode: str = "stream", **more: Json) -> Json:
        prompt = f"[[mock:{scenario}#{nonce or fresh()}]]"
        return {**self._asked(prompt, mode).body, **more}

    def ask(
        self, scenario: str, nonce: str = "", mode: str = "stream", **more: Json
    ) -> httpx.Response:
        return self.http.post(self.url(mode), json=self.body(scenario, nonce, mode, **more))

    def play(self, steps: list[Json], mode: str = "stream", **members: Json) -> httpx.Response:
        """Ask for a scenario of our own."""
        return self.ask("armed", self.arm(steps, **members), mode, **self.always)

    def arm(self, steps: list[Json], nonce: str = "", **members: Json) -> str:
        nonce = nonce or fresh()
        told = {"summary": "armed", "step": steps, **members}
        self.control.put(f"/armed/{nonce}", json=told).raise_for_status()
        return nonce

    @contextmanager
    def streaming(
        self, scenario: str, nonce: str, mode: str = "stream"
    ) -> Iterator[httpx.Response]:
        body = self.body(scenario, nonce, mode)
        with self.http.stream("POST", self.url(mode), json=body) as response:
            yield response

    def release(self, nonce: str, hold: str) -> None:
        self.control.post(f"/release/{nonce}", json={"hold": hold}).raise_for_status()

    def entry(self, nonce: str) -> Json:
        asked = {"nonce": nonce, "wait": "ended", "timeout_ms": "5000"}
        (entry,) = self.control.get("/journal", params=asked).json()["entries"]
        return entry

    def unheard(self, nonce: str) -> bool:
        """Tell whether nothing of a request has come to the provider."""
        told = self.control.get("/journal", params={"nonce": nonce}).json()
        return bool(told == {"entries": []})

    def row(self, response: httpx.Response) -> Json:
        names = ("request-id", "x-request-id")
        told = next(filter(None, map(response.headers.get, names)))
        return self.http.get(f"/usage/{told}").json()

    def _asked(self, prompt: str, mode: str) -> Request:
        return request(self.target, self.surface, Send(mode), prompt)
