"""The control plane: arm, release, journal, abort; on a port of its own that no router knows."""

import json
import os
import resource
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from mockprovider import __version__, marker, scenario
from mockprovider.entry import Entry
from mockprovider.holds import ALL, Holds
from mockprovider.provider import Provider
from mockprovider.shapes import Json
from mockprovider.steps import BadScenario
from mockprovider.wire import Counters

DEFAULT_WAIT_MS = 5_000.0
Endpoint = Callable[[Request], Awaitable[Mapping[str, Json]]]


class Denied(Exception):
    """A control call that cannot be done."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Control:
    """The calls of the control plane, over what the data plane shares with it."""

    provider: Provider
    holds: Holds
    counters: Counters
    data_url: str
    token: str | None = None

    def app(self) -> Starlette:
        calls: tuple[tuple[str, str, Endpoint], ...] = (
            ("GET", "/health", self.health),
            ("GET", "/scenarios", self.scenarios),
            ("PUT", "/armed/{nonce}", self.arm),
            ("POST", "/release/{nonce}", self.release),
            ("GET", "/journal", self.journal),
            ("POST", "/abort/{nonce}", self.abort),
            ("DELETE", "/runs/{run}", self.forget),
            ("GET", "/metrics", self.metrics),
        )
        routes = [
            Route(f"/_mock{path}", self._answering(call), methods=[method])
            for method, path, call in calls
        ]
        return Starlette(routes=routes, exception_handlers={HTTPException: _unknown})

    async def health(self, request: Request) -> Mapping[str, Json]:
        return {"ok": True, "version": __version__, "data_url": self.data_url, "pid": os.getpid()}

    async def scenarios(self, request: Request) -> Mapping[str, Json]:
        known = sorted(self.provider.library.items())
        return {"scenarios": [{"name": name, "summary": each.summary} for name, each in known]}

    async def arm(self, request: Request) -> Mapping[str, Json]:
        nonce = _nonce(request)
        document = await _document(request)
        try:
            if set(document) == {"toml"}:
                armed = scenario.parsed(str(document["toml"]), "armed")
            else:
                armed = scenario.built(document, "armed")
        except BadScenario as error:
            raise Denied(400, str(error)) from None
        self.provider.arm(nonce, armed)
        return {"armed": nonce}

    async def release(self, request: Request) -> Mapping[str, Json]:
        nonce, document = _nonce(request), await _document(request)
        name = document.get("hold")
        if not isinstance(name, str):
            raise Denied(400, f"hold must be a name or '*', not {name!r}")
        known = self._known_holds(nonce)
        if known is not None and name != ALL and name not in known:
            named = ", ".join(sorted(known)) or "none"
            raise Denied(404, f"no hold {name!r} in the scenario of {nonce!r}; it has {named}")
        return {"released": self.holds.release(nonce, name)}

    async def journal(self, request: Request) -> Mapping[str, Json]:
        asked = request.query_params
        keys = [(kind, asked[kind]) for kind in ("nonce", "run") if kind in asked]
        if len(keys) > 1:
            raise Denied(400, "journal takes nonce or run, not both")
        journal = self.provider.journal
        if wait := asked.get("wait"):
            if not keys:
                raise Denied(400, "wait needs a nonce or a run")
            limit = _number(asked.get("timeout_ms"))
            entries = await journal.wait(keys[0], _ready(wait), limit)
        else:
            entries = journal.entries(keys[0] if keys else None)
        return {"entries": [entry.document() for entry in entries]}

    async def abort(self, request: Request) -> Mapping[str, Json]:
        nonce, how = _nonce(request), (await _document(request)).get("how", "fin")
        if how not in ("fin", "rst"):
            raise Denied(400, f"how is {how!r}; it can be 'fin' or 'rst'")
        return {"aborted": self._abort(lambda entry: entry.nonce == nonce, how)}

    async def forget(self, request: Request) -> Mapping[str, Json]:
        run = request.path_params["run"]
        ended = self._abort(lambda entry: entry.run == run, "rst")
        armed = [nonce for nonce in self.provider.armed if marker.run_of(nonce) == run]
        for nonce in {*self.provider.journal.forget(run), *armed, *self.holds.of(run)}:
            self.provider.armed.pop(nonce, None)
            self.holds.forget(nonce)
        return {"forgotten": run, "ended": ended}

    async def metrics(self, request: Request) -> Mapping[str, Json]:
        counters = self.counters
        streams = [connection for connection in counters.open if connection.player is not None]
        return {
            "open_connections": len(counters.open),
            "open_streams": len(streams),
            "connections": counters.connections,
            "requests": counters.requests,
            "bytes": counters.bytes,
            "events": counters.events,
            "resident_bytes": _resident(),
        }

    def _abort(self, chosen: Callable[[Entry], bool], how: str) -> int:
        players = [(each, each.player) for each in self.counters.open]
        return sum(
            connection.abort(how)
            for connection, player in players
            if player is not None and chosen(player.entry)
        )

    def _known_holds(self, nonce: str) -> frozenset[str] | None:
        """Return the holds of the nonce's scenario, or None while that is not known."""
        if armed := self.provider.armed.get(nonce):
            return armed.holds
        entries = self.provider.journal.entries(("nonce", nonce))
        return entries[-1].scripted_holds if entries else None

    def _answering(self, call: Endpoint) -> Callable[[Request], Awaitable[JSONResponse]]:
        async def answer(request: Request) -> JSONResponse:
            try:
                self._authorise(request)
                return JSONResponse(await call(request))
            except Denied as denied:
                return JSONResponse({"error": str(denied)}, status_code=denied.status)

        return answer

    def _authorise(self, request: Request) -> None:
        if self.token and request.headers.get("authorization") != f"Bearer {self.token}":
            raise Denied(401, "the control plane wants its token: Authorization: Bearer TOKEN")


async def _unknown(request: Request, wrong: Exception) -> JSONResponse:
    """Answer for a call there is not, or not with this method."""
    status = wrong.status_code if isinstance(wrong, HTTPException) else 500
    return JSONResponse({"error": f"no {request.method} {request.url.path}"}, status)


class Server(uvicorn.Server):
    """uvicorn, without its own idea of signals."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _ready(wait: str) -> Callable[[Json], bool]:
    """Return the test of entries that a `wait` stands for."""
    if wait == "started":
        return bool
    if wait == "ended":
        return lambda entries: bool(entries) and all(entry.end for entry in entries)
    if wait == "blocked":
        return lambda entries: any(entry.probe for entry in entries)
    kind, _, name = wait.partition(":")
    if kind != "hold" or not name:
        raise Denied(400, f"wait is {wait!r}; it can be started, hold:NAME, blocked or ended")
    return lambda entries: any(held.name == name for entry in entries for held in entry.holds)


def _nonce(request: Request) -> str:
    nonce: str = request.path_params["nonce"]
    if not marker.NONCE.fullmatch(nonce):
        raise Denied(400, f"nonce is {nonce!r}; it has 1 to 64 of the characters A-Za-z0-9._-")
    return nonce


async def _document(request: Request) -> dict[str, Json]:
    try:
        document = json.loads(await request.body() or b"{}")
    except ValueError as error:
        raise Denied(400, f"the body is not JSON: {error}") from None
    if not isinstance(document, dict):
        raise Denied(400, f"the body must be an object, not {document!r}")
    return document


def _number(text: str | None) -> float:
    try:
        return DEFAULT_WAIT_MS if text is None else float(text)
    except ValueError:
        raise Denied(400, f"timeout_ms must be a number, not {text!r}") from None


def _resident() -> int:
    try:
        with open("/proc/self/statm") as statm:  # noqa: PTH123
            return int(statm.read().split()[1]) * resource.getpagesize()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
