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

from conformance.selfcheck.router.exchange import exchanged
from conformance.selfcheck.router.ledger import Ledger
from conformance.selfcheck.router.relay import Parts, Relay
from conformance.selfcheck.router.upstream import Body, Upstream
from conformance.selfcheck.router.values import Settings


@dataclass(frozen=True)
class Service:
    routers: Mapping[str, Parts]
    settings: Settings
    upstream: Upstream
    ledger: Ledger = field(default_factory=Ledger)

    def relay(self, scope: Scope, surface: str) -> Relay:
        params = scope["path_params"]
        parts = self.routers.get(params["router"])
        if parts is None:
            raise HTTPException(404, f"no router {params['router']!r}")
        headers = {name.decode("latin-1"): value.decode("latin-1")
                   for name, value in scope["headers"]}  # fmt: skip
        query = dict(parse_qsl(scope["query_string"].decode("latin-1")))
        relay = Relay(
            parts, parts.dialects[surface], self.settings, self.upstream, scope["state"]["wire"],
            headers, scope["path"], params, query,
        )  # fmt: skip
        scope["relay"] = relay
        return relay

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

    async def models(self, request: Request) -> Response:
        relay = self.relay(request.scope, "chat")
        try:
            headers = relay.parts.request_headers(relay)
            async with self.upstream.ask("GET", "/models", headers) as (status, line):
                content = await Body(line).rest()
        except OSError as error:
            raise HTTPException(502, "the upstream does not answer") from error
        return Response(content, status, media_type="application/json")

    async def usage(self, request: Request) -> Response:
        row = self.ledger.find(request.path_params["id"])
        if row is None:
            raise HTTPException(404, f"no request {request.path_params['id']!r}")
        return JSONResponse(row)


def app(routers: Mapping[str, Parts], settings: Settings) -> Starlette:
    upstream = Upstream(settings.upstream, settings.idle)
    service = Service(routers, settings, upstream)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        yield
        upstream.close()

    return Starlette(
        routes=[
            *_surfaces(service),
            Route("/{router}/v1/models", service.models),
            Route("/{router}/v1/usage/{id}", service.usage),
        ],
        exception_handlers={HTTPException: _refused, Exception: _refused},
        lifespan=lifespan,
    )


def _surfaces(service: Service) -> Iterator[Route]:
    paths = {path: dialect.name for parts in service.routers.values()
             for dialect in parts.dialects.values() for path in dialect.paths}  # fmt: skip
    for path, surface in paths.items():
        yield Route(f"/{{router}}{path}", Endpoint(service, surface), methods=["POST"])


class Endpoint:
    """An ASGI endpoint: it must know at once when the client leaves."""

    def __init__(self, service: Service, surface: str) -> None:
        self._service = service
        self._surface = surface

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._service.asked(self._surface, scope, receive, send)


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
