"""Many routers in one server: /NAME/..., each made of parts of its own."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from conformance.selfcheck.router.exchange import exchanged, understood
from conformance.selfcheck.router.ledger import Ledger
from conformance.selfcheck.router.pages import failed, page, surface
from conformance.selfcheck.router.relay import Parts, Relay
from conformance.selfcheck.router.upstream import Upstream
from conformance.selfcheck.router.values import Failed, Settings

METHODS = ("GET", "POST", "DELETE")


@dataclass(frozen=True)
class Service:
    routers: Mapping[str, Parts]
    settings: Settings
    upstreams: tuple[Upstream, ...]  # the one that is asked first is the first
    ledger: Ledger = field(default_factory=Ledger)

    def relay(self, scope: Scope, surface: str) -> Relay:
        params = scope["path_params"]
        headers = {name.decode("latin-1"): value.decode("latin-1")
                   for name, value in scope["headers"]}  # fmt: skip
        query = dict(parse_qsl(scope["query_string"].decode("latin-1")))
        parts = self.parts(scope)
        relay = Relay(
            parts, parts.dialects[surface], self.settings, self.upstreams[0],
            scope["state"]["wire"], headers, scope["path"], params, query,
            ledger=self.ledger, upstreams=self.upstreams,
        )  # fmt: skip
        scope["relay"] = relay
        return relay

    def parts(self, scope: Scope) -> Parts:
        name = scope["path_params"]["router"]
        if name not in self.routers:
            raise HTTPException(404, f"no router {name!r}")
        return self.routers[name]

    async def asked(self, surface: str, scope: Scope, receive: Receive, send: Send) -> None:
        relay = self.relay(scope, surface)
        self.ledger.open(relay.row)
        content = await _received(receive)
        work = asyncio.create_task(exchanged(relay, content, send))
        leaving = asyncio.create_task(_left(receive))
        await asyncio.wait({work, leaving}, return_when=asyncio.FIRST_COMPLETED)
        leaving.cancel()
        # Once all is sent there is nobody left to leave.
        if work.done() or relay.over:
            await work
        else:
            await relay.parts.client_left(work, relay)

    async def elsewhere(self, request: Request) -> Response:
        """Answer where no surface of this router is: one of its pages, or that there is none."""
        parts, path = self.parts(request.scope), request.scope["path"]
        path = path.removeprefix(f"/{request.path_params['router']}")
        relay = self.relay(request.scope, surface(parts, path))
        found = page(parts, request.method, path)
        try:
            if found is None:
                raise failed(relay, 404, f"nothing is at {path}")
            answers, relay.params = found
            relay.asked = understood(await request.body() or b"{}", relay)
            answer = parts.answer(await answers(relay), relay)
        except Failed as error:
            answer = parts.failure(error, relay)
        return Response(answer.body, answer.status, dict(answer.headers))


def app(routers: Mapping[str, Parts], settings: Settings) -> Starlette:
    urls = filter(None, (settings.upstream, settings.second))
    upstreams = tuple(Upstream(url, settings.idle) for url in urls)
    service = Service(routers, settings, upstreams)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        yield
        for upstream in upstreams:
            upstream.close()

    made = Starlette(
        routes=[
            *_surfaces(service),
            Route("/{router}/{path:path}", service.elsewhere, methods=METHODS),
        ],
        exception_handlers={HTTPException: _refused, Exception: _refused},
        lifespan=lifespan,
    )
    made.router.redirect_slashes = False
    return made


def _surfaces(service: Service) -> Iterator[Route]:
    paths = {path: dialect.name for parts in service.routers.values()
             for dialect in parts.dialects.values() for path in dialect.paths}  # fmt: skip
    for path, name in paths.items():
        yield Route(f"/{{router}}{path}", Endpoint(service, name, path), methods=["POST"])


class Endpoint:
    """An ASGI endpoint: it must know at once when the client leaves."""

    def __init__(self, service: Service, surface: str, path: str) -> None:
        self._service = service
        self._surface = surface
        self._path = path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        dialect = self._service.parts(scope).dialects.get(self._surface)
        if dialect and self._path in dialect.paths:
            await self._service.asked(self._surface, scope, receive, send)
        else:  # this router has its surfaces elsewhere
            answer = await self._service.elsewhere(Request(scope, receive))
            await answer(scope, receive, send)


async def _received(receive: Receive) -> bytes:
    content = bytearray()
    more = True
    while more:
        message = await receive()
        content += message.get("body", b"")
        more = message.get("more_body", False)
    return bytes(content)


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _refused(request: Request, error: Exception) -> Response:
    """Answer as the surface does, or as most do where there is none."""
    relay: Relay | None = request.scope.get("relay")
    status, message = 500, "the router broke down"
    if isinstance(error, HTTPException):
        status, message = error.status_code, error.detail
    if relay is None:
        return JSONResponse({"error": {"message": message}}, status)
    told = relay.dialect.error(status, message, None)
    return JSONResponse(relay.dialect.envelope(told, relay), status)
