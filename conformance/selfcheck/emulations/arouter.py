"""ARouter as its first documentation has it: a stream is read for its usage and not touched."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from conformance.selfcheck import reference
from conformance.selfcheck.emulations.limits import answer_headers, limits, stream_headers
from conformance.selfcheck.emulations.surfaces import surfaces
from conformance.selfcheck.reference import REFERENCE
from conformance.selfcheck.router import pages
from conformance.selfcheck.router.dialects.shared import bearer_key
from conformance.selfcheck.router.events import Item
from conformance.selfcheck.router.relay import Items, Page, Pieces, Relay
from conformance.selfcheck.router.stream import as_event, json_text
from conformance.selfcheck.router.upstream import Body
from conformance.selfcheck.router.values import Answer, Chunk, Cut, Ending, Failed, Json

TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "payment_required",
    403: "permission_error",
    429: "rate_limit_error",
    502: "server_error",
    503: "server_error",
}
SERVER_ERROR = 500
#: What was read and not written yet; that it was read; that what follows is ours.
UNSENT, HEARD, OURS = "unsent", "heard", "ours"


def key(relay: Relay) -> str:
    """Return the key from wherever it is said to be taken, and from where Google's SDK has it."""
    places = relay.headers.get("x-api-key"), relay.query.get("key"), bearer_key(relay)
    return next(filter(None, (*places, relay.headers.get("x-goog-api-key"))), "")


def bytes_in(data: bytes, relay: Relay) -> bytes:
    relay.memory[UNSENT] = relay.memory.get(UNSENT, b"") + data
    relay.memory[HEARD] = True
    return data


async def unmodified(items: Items, relay: Relay) -> Pieces:
    """Write what was read as soon as it has said something; of ours is only how it broke off."""
    async for item in items:
        read = relay.memory.pop(UNSENT, b"")
        ours = relay.memory.get(OURS) or not relay.memory.get(HEARD)
        if piece := relay.parts.write(item) if ours else read:
            yield piece
    if rest := relay.memory.pop(UNSENT, b""):
        yield rest


def ending(ending: Ending, relay: Relay) -> Iterator[Item]:
    """Explain what breaks off; half an event of it is left out."""
    if not ending.good and ending.kind != "error":
        if relay.committed and relay.dialect.mode(relay) == "array":
            raise Cut  # what is ours would have to continue an element of theirs
        relay.memory |= {OURS: True, UNSENT: b""}
    yield from reference.ending(ending, relay)


def failing(error: Chunk, relay: Relay) -> Iterator[Item]:
    """Yield an event that is an error and a chunk that finishes with one."""
    last = {"index": 0, "delta": {}, "finish_reason": "error"}
    yield as_event({**(relay.first or {}), "error": error, "choices": [last]})


def failure(failed: Failed, relay: Relay) -> Answer:
    """Tell an error with the words of the table; that of chat is a message and a type."""
    chat = relay.dialect.name == "chat"
    ours = chat or (relay.dialect.name == "messages" and failed.status < SERVER_ERROR)
    error = {**failed.error}
    if ours and failed.status in TYPES:
        error["type"] = TYPES[failed.status]
    if chat:
        error = {name: error[name] for name in ("message", "type")}
    return reference.failure(Failed(failed.status, error, failed.headers), relay)


def request_body(relay: Relay) -> dict[str, Json]:
    """Ask for nothing that the client did not; a prefix says which provider is meant."""
    return {**relay.asked, "model": bare(relay.model)}


def bare(model: str) -> str:
    return model.rpartition("/")[2]


async def health(relay: Relay) -> Answer:
    return pages.told(relay, {"status": "ok"})


async def models(relay: Relay) -> Answer:
    relay.parts.admit(relay)
    return await pages.models(relay)


async def key_used(relay: Relay) -> Answer:
    relay.parts.admit(relay)
    return pages.told(relay, {"data": {"usage": 0.5, "usage_daily": 0.5, "limit_remaining": 6.5}})


async def unmanaged(relay: Relay) -> Answer:
    relay.parts.admit(relay)
    raise pages.failed(relay, 403, "this key does not manage keys")


async def proxied(relay: Relay) -> Answer:
    """Hand a request to the provider and its answer back, with nothing but the key changed."""
    relay.parts.admit(relay)
    headers = relay.parts.request_headers(relay)
    content = json_text(relay.asked).encode()
    path = f"/{relay.params['path']}"
    async with relay.provider.ask("POST", path, headers, content) as (status, line):
        body = await Body(line).rest()
    label = ("content-type", line.headers.get("content-type", ""))
    return Answer(status, (label, *limits(relay)), body)


PAGES: dict[str, Page] = {
    "GET /healthz": health,
    "GET /v1/models": models,
    "GET /v1/key": key_used,
    "GET /api/v1/keys": unmanaged,
    "POST /openai/v1/{path}": proxied,
}
QUIET: dict[str, Callable[[Relay], Item | None]] = {"keepalive": lambda relay: None}
UNTOUCHED: dict[str, Any] = {**QUIET, "key": key, "written": unmodified}

AROUTER = replace(
    REFERENCE,
    stream_headers=stream_headers,
    answer_headers=answer_headers,
    bytes_in=bytes_in,
    ending=ending,
    failure=failure,
    pages=PAGES,
    dialects=surfaces(
        chat={**UNTOUCHED, "request_body": request_body, "failing": failing},
        messages={**UNTOUCHED, "request_body": request_body},
        gemini=UNTOUCHED,
    ),
)
