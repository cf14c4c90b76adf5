"""AnyRouter as its documentation has it: words of its own for every status, costs to look up."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from conformance.selfcheck import fallback, reference
from conformance.selfcheck.emulations.limits import answer_headers, stream_headers
from conformance.selfcheck.emulations.surfaces import surfaces
from conformance.selfcheck.fallback import FALLBACK
from conformance.selfcheck.router import pages
from conformance.selfcheck.router.dialects.chat import chunks
from conformance.selfcheck.router.dialects.messages import progress
from conformance.selfcheck.router.relay import Page, Relay
from conformance.selfcheck.router.upstream import Upstream
from conformance.selfcheck.router.values import Answer, Chunk, Failed

SERVER_ERROR = 500
FIRST = "openai"  # what the first provider is called
TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "internal_server_error",
    502: "upstream_error",
    503: "service_unavailable",
    504: "upstream_timeout",
}
#: What the ids of its answers begin with, ahead of what the ledger calls the request.
PREFIXES = {"chat": "chatcmpl-", "messages": "msg_"}


def admit(relay: Relay) -> None:
    """Let in who has a key and, as Anthropic wants it, says which version it speaks."""
    reference.admit(relay)
    if relay.dialect.name == "messages" and "anthropic-version" not in relay.headers:
        raise Failed(400, relay.dialect.error(400, "anthropic-version is missing", None))


def failure(failed: Failed, relay: Relay) -> Answer:
    """Call an error as the table has it; Anthropic has words of its own for what is not its own."""
    ours = relay.dialect.name == "chat" or failed.status < SERVER_ERROR
    named = {"type": TYPES[failed.status]} if ours and failed.status in TYPES else {}
    return reference.failure(Failed(failed.status, failed.error | named, failed.headers), relay)


def identity_of(
    surface: str, native: Callable[[Chunk, Relay], Chunk]
) -> Callable[[Chunk, Relay], Chunk]:
    """Return what all chunks have in common: the model asked for, an id that can be looked up."""

    def identity(chunk: Chunk, relay: Relay) -> Chunk:
        own = {"id": PREFIXES[surface] + relay.id, "model": relay.model}
        return {**native(chunk, relay), **own}

    return identity


def providers(relay: Relay) -> Sequence[Upstream]:
    """Ask in turn, but for who names the one to ask."""
    named = relay.headers.get("x-anyrouter-provider") == FIRST
    return relay.upstreams[:1] if named else fallback.providers(relay)


async def generation(relay: Relay) -> Answer:
    """Return what became of a request, by the id of its answer."""
    reference.admit(relay)
    asked = relay.params["id"]
    row = relay.ledger.find(asked.removeprefix("chatcmpl-").removeprefix("msg_"))
    if row is None:
        raise pages.failed(relay, 404, f"no generation {asked!r}")
    data = {
        "id": asked,
        "model": row["model"],
        "cancelled": row["status"] == "cancelled",
        "tokens_prompt": row["input_tokens"],
        "tokens_completion": row["output_tokens"],
        "native_tokens_cached": row["cached_tokens"],
        "native_tokens_reasoning": row["reasoning_tokens"],
    }
    if row["status"] == "open":
        raise pages.failed(relay, 404, f"generation {asked!r} is not over")
    return pages.told(relay, {"data": data})


async def credits_left(relay: Relay) -> Answer:
    reference.admit(relay)
    return pages.told(relay, {"data": {"total_credits": 7, "total_usage": 0.5}})


PAGES: dict[str, Page] = {
    "GET /api/v1/generation/{id}": generation,
    "GET /api/v1/credits": credits_left,
}

ANYROUTER = replace(
    FALLBACK,
    admit=admit,
    stream_headers=stream_headers,
    answer_headers=answer_headers,
    failure=failure,
    providers=providers,
    pages=PAGES,
    dialects=surfaces(
        chat={
            "paths": ("/api/v1/chat/completions",),
            "identity": identity_of("chat", chunks.identity),
        },
        messages={
            "paths": ("/api/v1/messages",),
            "key": lambda relay: relay.headers.get("x-api-key", ""),
            "identity": identity_of("messages", progress.identity),
        },
    ),
)
