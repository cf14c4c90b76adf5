"""What every surface makes of an answer of the kind that was asked for."""

import json
from collections.abc import AsyncIterator, Iterable

from conformance.selfcheck.router.failures import error_object
from conformance.selfcheck.router.hearing import Hearing, ended, judged
from conformance.selfcheck.router.relay import Items, Relay
from conformance.selfcheck.router.stream import json_text, repaired, streamed
from conformance.selfcheck.router.upstream import Body
from conformance.selfcheck.router.values import Answer, Chunk, Ending, Failed, Said


async def stream_to_stream(relay: Relay, body: Body) -> Items | Answer:
    return streamed(relay, body)


async def heard(relay: Relay, body: Body) -> AsyncIterator[Chunk]:
    """Yield the chunks of a stream for which there is a whole answer to be made."""
    hearing = Hearing(relay, body)
    while not hearing.over:
        for item in await hearing.more():
            said = item if isinstance(item, Said) else None
            if isinstance(item, Ending):
                ending = judged(item, relay)
                if not ending.good:
                    raise Failed(ending.status, ending.error)
                said = ending.said
            for chunk in repaired(said.chunk, relay) if said else ():
                yield chunk


async def played(relay: Relay, chunks: Iterable[Chunk]) -> Items:
    """Yield the events of a whole answer, and the end it comes to."""
    for chunk in chunks:
        for made in repaired(chunk, relay):
            yield relay.dialect.event(made)
    for last in relay.parts.ending(judged(ended("closed", relay), relay), relay):
        yield last


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
