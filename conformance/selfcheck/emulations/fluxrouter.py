"""FluxRouter as its documentation has it: what it did with a request is said in headers alone."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from conformance.selfcheck import reference
from conformance.selfcheck.emulations.surfaces import surfaces
from conformance.selfcheck.reference import REFERENCE
from conformance.selfcheck.router import pages
from conformance.selfcheck.router.dialects import DIALECTS
from conformance.selfcheck.router.relay import Page, Relay
from conformance.selfcheck.router.values import Answer, Headers, Json

TIERS = ("flux-auto", "flux-fast", "flux-standard", "flux-reasoning")
PINNED = "flux-pinned-"
SERVED = "mock-model"  # whatever the tier
REQUEST_ID = "x-flux-request-id"
COST = "x-flux-cost-usd"
#: Dollars for a token that goes in, and for one that comes out.
PRICES = {"input_tokens": Decimal("0.0000011"), "output_tokens": Decimal("0.0000043")}
OK = 200


def routed(relay: Relay) -> bool:
    """Say whether another model answers than the one that was named."""
    return relay.model in TIERS


def served(relay: Relay) -> str:
    return SERVED if routed(relay) else relay.model.removeprefix(PINNED)


def asking(surface: str) -> Callable[[Relay], dict[str, Json]]:
    """Return the request as the surface has it, for the model that is to serve it."""

    def request_body(relay: Relay) -> dict[str, Json]:
        return {**DIALECTS[surface].request_body(relay), "model": served(relay)}

    return request_body


def transparency(relay: Relay) -> Headers:
    return (
        ("x-flux-model", served(relay)),
        ("x-flux-original-model", relay.model),
        ("x-flux-routed", "true" if routed(relay) else "false"),
    )


def stream_headers(relay: Relay) -> Headers:
    return (*reference.stream_headers(relay), *transparency(relay))


def answer(answer: Answer, relay: Relay) -> Answer:
    """Say what a whole answer cost; that of a stream is not known when its head is sent."""
    if answer.status != OK or relay.row.model is None:
        return answer
    return answer._replace(headers=(*answer.headers, *transparency(relay), (COST, cost(relay))))


def cost(relay: Relay) -> str:
    counted = relay.dialect.counted(relay.usage or {})
    return str(sum(price * (counted.get(name) or 0) for name, price in PRICES.items()))


async def models(relay: Relay) -> Answer:
    relay.parts.admit(relay)
    listed = [{"id": tier, "object": "model", "owned_by": "fluxrouter"} for tier in TIERS]
    return pages.told(relay, {"object": "list", "data": listed})


async def count_tokens(relay: Relay) -> Answer:
    relay.parts.admit(relay)
    return pages.told(relay, {"input_tokens": len(str(relay.asked.get("messages", ""))) // 4})


async def tools(relay: Relay) -> Answer:
    """Answer one request of the Model Context Protocol: there are no tools."""
    relay.parts.admit(relay)
    told: Json = {"jsonrpc": "2.0", "id": relay.asked.get("id"), "result": {"tools": []}}
    return pages.told(relay, told)


async def forbidden(relay: Relay) -> Answer:
    raise pages.failed(relay, 403, "only messages and count_tokens are served here")


async def absent(relay: Relay) -> Answer:
    raise pages.failed(relay, 404, f"nothing is at {relay.path}")


PAGES: dict[str, Page] = {
    "GET /v1/models": models,
    "POST /chat": absent,
    "POST /mcp": tools,
    "POST /anthropic/v1/messages/count_tokens": count_tokens,
    "GET /anthropic/{rest}": forbidden,
    "POST /anthropic/{rest}": forbidden,
}

FLUXROUTER = replace(
    REFERENCE,
    stream_headers=stream_headers,
    answer=answer,
    pages=PAGES,
    dialects=surfaces(
        chat={"id_header": REQUEST_ID, "request_body": asking("chat")},
        responses={"id_header": REQUEST_ID, "request_body": asking("responses")},
        messages={
            "paths": ("/anthropic/v1/messages",),
            "id_header": REQUEST_ID,
            "request_body": asking("messages"),
        },
    ),
)
