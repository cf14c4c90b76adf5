"""FlexAI's Token Factory as its documentation has it: one key, one limit, OpenAI's own shapes."""

from collections.abc import Iterator
from dataclasses import replace
from numbers import Real

from conformance.selfcheck import reference
from conformance.selfcheck.emulations.surfaces import surfaces
from conformance.selfcheck.reference import REFERENCE
from conformance.selfcheck.router import pages
from conformance.selfcheck.router.dialects.chat import chunks
from conformance.selfcheck.router.dialects.chat import dialect as chat
from conformance.selfcheck.router.relay import Page, Relay
from conformance.selfcheck.router.stream import json_text
from conformance.selfcheck.router.upstream import Body
from conformance.selfcheck.router.values import Answer, Chunk, Failed, Headers, Json

MODEL = "Qwen/Qwen2.5-32B-Instruct"
SERVED = "mock-model"
LIMIT, WINDOW = 300, 60  # requests, seconds
TOO_MANY = 429
#: The type and the code of a status; where the provider has words of its own these stand for them.
WORDS = {
    401: ("authentication_error", "invalid_api_key"),
    402: ("insufficient_quota", "402"),
    429: ("rate_limit_error", "rate_limit_exceeded"),
}


def limits(relay: Relay) -> Headers:
    return (
        ("x-ratelimit-limit-requests", str(LIMIT)),
        ("x-ratelimit-remaining-requests", str(LIMIT - 1)),
        ("x-ratelimit-reset-requests", str(relay.at + WINDOW)),
    )


def own(headers: Headers, relay: Relay) -> Headers:
    """Say our own limits for the provider's, which are those of our key."""
    kept = (pair for pair in headers if not pair[0].startswith("x-ratelimit-"))
    return (*kept, *limits(relay))


def stream_headers(relay: Relay) -> Headers:
    return own(reference.stream_headers(relay), relay)


def answer_headers(relay: Relay) -> Headers:
    return own(reference.answer_headers(relay), relay)


def failure(failed: Failed, relay: Relay) -> Answer:
    told = dict(zip(("type", "code"), WORDS.get(failed.status, ()), strict=False))
    answer = reference.failure(Failed(failed.status, failed.error | told, failed.headers), relay)
    if failed.status != TOO_MANY or any(name == "retry-after" for name, _ in answer.headers):
        return answer
    return answer._replace(headers=(*answer.headers, ("retry-after", str(WINDOW))))


def request_body(relay: Relay) -> dict[str, Json]:
    """Look at what is asked; what we do not know is for the engine."""
    temperature = relay.asked.get("temperature")
    if temperature is not None and not isinstance(temperature, Real):
        error = relay.dialect.error(400, "temperature is no number", "invalid_type")
        raise Failed(400, error)
    if relay.model != MODEL:
        error = relay.dialect.error(400, f"there is no model {relay.model!r}", "model_not_found")
        raise Failed(400, error)
    return {**chat.request_body(relay), "model": SERVED}


def identity(chunk: Chunk, relay: Relay) -> Chunk:
    return {**chunks.identity(chunk, relay), "id": f"chatcmpl-{relay.id}", "model": MODEL}


def chunk(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Give the finish reason a chunk of its own."""
    said = [choice for choice in chunk["choices"] if choice["delta"]]
    ending = [choice for choice in said if choice["finish_reason"]]
    if not ending:
        yield chunk
        return
    yield {**chunk, "choices": [{**choice, "finish_reason": None} for choice in said]}
    last = [{**choice, "delta": {}} for choice in chunk["choices"] if choice["finish_reason"]]
    yield {**chunk, "choices": last}


async def models(relay: Relay) -> Answer:
    relay.parts.admit(relay)
    listed = [{"id": MODEL, "object": "model", "owned_by": "flexai", "category": "chat"}]
    return pages.told(relay, {"object": "list", "data": listed})


async def catalogue(relay: Relay) -> Answer:
    """Tell whoever asks; this list needs no key."""
    return pages.told(relay, [{"id": MODEL, "category": "chat", "max_output": 8192}])


async def handed_on(relay: Relay) -> Answer:
    """Ask the provider the same at the path of the same name."""
    relay.parts.admit(relay)
    path = relay.path.partition("/v1")[2]
    headers = relay.parts.request_headers(relay)
    asked = json_text({**relay.asked, "model": SERVED}).encode()
    async with relay.provider.ask("POST", path, headers, asked) as (status, line):
        content = await Body(line).rest()
    return Answer(status, relay.parts.answer_headers(relay), content)


async def unsupported(relay: Relay) -> Answer:
    raise pages.failed(relay, 404, f"{relay.path} is not supported")


PAGES: dict[str, Page] = {
    "GET /v1/models": models,
    "GET /api/models": catalogue,
    "POST /v1/completions": handed_on,
    "POST /v1/embeddings": handed_on,
    "POST /v1/batches": unsupported,
    "GET /v1/assistants": unsupported,
    "GET /v1/files": unsupported,
}

FLEXAI = replace(
    REFERENCE,
    stream_headers=stream_headers,
    answer_headers=answer_headers,
    failure=failure,
    pages=PAGES,
    dialects=surfaces(
        chat={"request_body": request_body, "identity": identity, "chunk": chunk},
    ),
)
