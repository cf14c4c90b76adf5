"""What the control plane is made of: its calls by path, who may call, what a wrong call is told."""

import json
import math
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping
from contextlib import aclosing, contextmanager
from typing import NamedTuple, Protocol

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from mockprovider import guard, marker, page
from mockprovider.shapes import Json

DEFAULT_WAIT_MS = 5_000.0
LONGEST_WAIT_MS = 3_600_000
GRACE = 2  # seconds a call that is being answered has when the mock stops
WAITS = ("started", "blocked", "ended")
Answer = Mapping[str, Json]
Endpoint = Callable[[Request], Awaitable[Answer]]


class Denied(Exception):
    """A control call that cannot be done."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Plane(Protocol):
    """The calls; one process answers them itself, the front of several passes them on."""

    async def health(self, request: Request) -> Answer: ...
    async def scenarios(self, request: Request) -> Answer: ...
    async def arm(self, request: Request) -> Answer: ...
    async def release(self, request: Request) -> Answer: ...
    async def journal(self, request: Request) -> Answer: ...
    async def abort(self, request: Request) -> Answer: ...
    async def forget(self, request: Request) -> Answer: ...
    async def metrics(self, request: Request) -> Answer: ...
    async def entry(self, request: Request) -> Answer: ...
    async def release_entry(self, request: Request) -> Answer: ...
    async def abort_entry(self, request: Request) -> Answer: ...
    def events(self, last: str) -> AsyncGenerator[str, None]: ...


class Server(uvicorn.Server):
    """uvicorn, without its own idea of signals, and without patience for half a request."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for connection in list(self.server_state.connections):
            cycle = getattr(connection, "cycle", None)
            if cycle is not None and cycle.more_body:
                connection.transport.abort()
        await super().shutdown(sockets)


def server(plane: Plane, token: str | None) -> Server:
    """Return what serves a control plane."""
    return Server(uvicorn.Config(
        app(plane, token), log_config=None, access_log=False, lifespan="off", ws="none",
        timeout_graceful_shutdown=GRACE, log_level="error",
    ))  # fmt: skip


def app(plane: Plane, token: str | None) -> ASGIApp:
    calls: tuple[tuple[str, str, Endpoint], ...] = (
        ("GET", "/health", plane.health),
        ("GET", "/scenarios", plane.scenarios),
        ("PUT", "/armed/{nonce}", plane.arm),
        ("POST", "/release/{nonce}", plane.release),
        ("GET", "/journal", plane.journal),
        ("POST", "/abort/{nonce}", plane.abort),
        ("DELETE", "/runs/{run}", plane.forget),
        ("GET", "/metrics", plane.metrics),
        ("GET", "/entries/{entry}", plane.entry),
        ("POST", "/entries/{entry}/release", plane.release_entry),
        ("POST", "/entries/{entry}/abort", plane.abort_entry),
    )

    async def events(request: Request) -> Response:
        return Feed(plane.events(request.headers.get("last-event-id", "")))

    async def shown(request: Request) -> Response:
        return page.response()

    listed = [
        (method, f"/_mock{path}", _guarded(_answering(call), token)) for method, path, call in calls
    ]
    routes = [Route(path, call, methods=[method]) for method, path, call in listed]
    routes.append(Route("/_mock/events", _guarded(events, token), methods=["GET"]))
    # It asks for the token itself, and there is nothing secret in it.
    routes.append(Route("/_mock/", shown, methods=["GET"]))
    whole = Starlette(routes=routes, exception_handlers={HTTPException: _unknown})
    return Direct(whole, {(method, path): call for method, path, call in listed})


class Direct:
    """Takes a call whose path names nothing to its endpoint, past the search for a route.

    A suite reads the journal after each of its requests, and the search takes longer than that.
    """

    def __init__(self, app: ASGIApp, calls: Mapping[tuple[str, str], "Responder"]) -> None:
        self._app = app
        self._calls = calls

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        call = self._calls.get((scope.get("method", ""), scope.get("path", "")))
        if call is None:
            await self._app(scope, receive, send)
        else:
            response = await call(Request(scope, receive, send))
            await response(scope, receive, send)


class Feed(StreamingResponse):
    """Server-sent events, from a generator that is closed when the reader has left."""

    def __init__(self, messages: AsyncGenerator[str, None]) -> None:
        headers = {"cache-control": "no-store"}
        super().__init__(messages, headers=headers, media_type="text/event-stream")
        self._messages = messages

    async def stream_response(self, send: Send) -> None:
        async with aclosing(self._messages):
            await super().stream_response(send)


Responder = Callable[[Request], Awaitable[Response]]


def _answering(call: Endpoint) -> Responder:
    async def answer(request: Request) -> Response:
        return JSONResponse(await call(request))

    return answer


def _guarded(respond: Responder, token: str | None) -> Responder:
    """Answer only who may call; say what is wrong with a call."""

    async def answer(request: Request) -> Response:
        try:
            _authorise(request, token)
            return await respond(request)
        except Denied as denied:
            return JSONResponse({"error": str(denied)}, status_code=denied.status)

    return answer


def _authorise(request: Request, token: str | None) -> None:
    if token:
        # No other page knows it, wherever it comes from.
        if request.headers.get("authorization") != f"Bearer {token}":
            raise Denied(401, "the control plane wants its token: Authorization: Bearer TOKEN")
    elif why := guard.refusal(request.headers):
        raise Denied(403, why)


async def _unknown(request: Request, wrong: Exception) -> JSONResponse:
    """Answer for a call there is not, or not with this method."""
    status = wrong.status_code if isinstance(wrong, HTTPException) else 500
    return JSONResponse({"error": f"no {request.method} {request.url.path}"}, status)


class Query(NamedTuple):
    """What of the journal is asked for: whose entries, once what has happened (`hold`, which)."""

    key: tuple[str, str] | None
    wait: str | None
    hold: str
    limit_ms: float


def query(request: Request) -> Query:
    """Read what of the journal is asked for."""
    asked = request.query_params
    keys = [(kind, asked[kind]) for kind in ("nonce", "run") if kind in asked]
    if len(keys) > 1:
        raise Denied(400, "journal takes nonce or run, not both")
    text = asked.get("wait") or None
    if text and not keys:
        raise Denied(400, "wait needs a nonce or a run")
    wait, _, hold = text.partition(":") if text else (None, "", "")
    if text and (text not in WAITS and not (wait == "hold" and hold)):
        raise Denied(400, f"wait is {text!r}; it can be started, hold:NAME, blocked or ended")
    return Query(keys[0] if keys else None, wait, hold, _number(asked.get("timeout_ms")))


def nonce_of(request: Request) -> str:
    """Read the nonce in a path."""
    text: str = request.path_params["nonce"]
    if not marker.NONCE.fullmatch(text):
        raise Denied(400, f"nonce is {text!r}; it has 1 to 64 of the characters A-Za-z0-9._-")
    return text


async def document(request: Request) -> dict[str, Json]:
    """Read the body of a call."""
    try:
        found = json.loads(await request.body() or b"{}")
    except ClientDisconnect:
        raise Denied(400, "the body has not come whole") from None
    except (ValueError, RecursionError) as error:
        raise Denied(400, f"the body is not JSON: {error}") from None
    if not isinstance(found, dict):
        raise Denied(400, f"the body must be an object, not {found!r}")
    return found


def _number(text: str | None) -> float:
    try:
        number = DEFAULT_WAIT_MS if text is None else float(text)
    except ValueError:
        number = math.nan
    if not 0 <= number <= LONGEST_WAIT_MS:
        told = f"timeout_ms must be a number from 0 to {LONGEST_WAIT_MS}, not {text!r}"
        raise Denied(400, told)
    return number
