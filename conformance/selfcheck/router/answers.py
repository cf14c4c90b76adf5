"""What every surface makes of an answer of the kind that was asked for."""

import json

from conformance.selfcheck.router.failures import error_object
from conformance.selfcheck.router.relay import Items, Relay
from conformance.selfcheck.router.stream import json_text, streamed
from conformance.selfcheck.router.upstream import Body
from conformance.selfcheck.router.values import Answer, Chunk, Failed


async def stream_to_stream(relay: Relay, body: Body) -> Items | Answer:
    return streamed(relay, body)


def json_body(body: bytes, relay: Relay) -> Chunk:
    """Return the JSON object in a body that came with a good status."""
    try:
        value = json.loads(body)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        message = "the upstream's answer is not a JSON object"
        raise Failed(502, relay.dialect.error(502, message, None))
    return value


def parsed(body: bytes, relay: Relay) -> Chunk:
    """Return the answer in a body; one that is an error after all is told as one."""
    value = json_body(body, relay)
    if value.get("error"):
        error = error_object(value["error"], relay)
        raise Failed(relay.dialect.status_of(error), error)
    return value


def answered(relay: Relay, completion: Chunk) -> Answer:
    body = json_text(relay.dialect.completion(completion, relay)).encode()
    relay.parts.settle(relay, "complete")
    return Answer(200, relay.parts.answer_headers(relay), body)
