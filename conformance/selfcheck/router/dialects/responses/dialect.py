"""OpenAI Responses as the router speaks them."""

from collections.abc import Iterator

from conformance.selfcheck.router.answers import answered, heard, json_body, stream_to_stream
from conformance.selfcheck.router.dialects import shared
from conformance.selfcheck.router.dialects.chat import errors
from conformance.selfcheck.router.dialects.chat.chunks import without
from conformance.selfcheck.router.dialects.responses import progress
from conformance.selfcheck.router.dialects.responses.convert import as_events
from conformance.selfcheck.router.events import Event, Item
from conformance.selfcheck.router.failures import error_object
from conformance.selfcheck.router.hearing import ended, failed
from conformance.selfcheck.router.relay import Dialect, Heard, Items, Relay
from conformance.selfcheck.router.stream import named_event, passed_on, repaired, written
from conformance.selfcheck.router.upstream import Body
from conformance.selfcheck.router.values import Answer, Chunk, Ending, Failed, Said


def request_path(relay: Relay) -> str:
    return "/responses"


def understood(event: Event, relay: Relay) -> list[Heard]:
    """An event is what its type says; a failure is told once, by whichever event comes first."""
    said = shared.typed(event)
    if said is None:
        return []
    kind, value = said.chunk["type"], said.chunk
    if kind == "error" or value.get("error"):
        return [failed(value.get("error") or without(value, "type", "sequence_number"), relay)]
    if kind == "response.failed":
        state = progress.kept_state(value.get("response"), relay)
        return [failed(state.get("error") if isinstance(state, dict) else None, relay)]
    if kind in progress.ENDS:
        relay.choices[0].begun = True
        return [ended("done", relay, said)]
    return [said]


def closing(ending: Ending, relay: Relay) -> Iterator[Item]:
    yield from progress.completed(relay) if ending.said is None else passed_on(ending.said, relay)


async def answer_to_answer(relay: Relay, body: Body) -> Items | Answer:
    """Pass a response on as it is: one that has failed says so itself."""
    response = json_body(await body.rest(), relay)
    progress.note_usage(response, relay)
    if response.get("status") == "failed":
        relay.parts.settle(relay, "failed")
    return answered(relay, progress.identified(response, relay))


async def answer_to_stream(relay: Relay, body: Body) -> Items | Answer:
    """Play a response; one that has failed is told as that."""
    response = json_body(await body.rest(), relay)
    if response.get("status") == "failed":
        error = error_object(response.get("error"), relay)
        raise Failed(relay.dialect.status_of(error), error)
    return streaming(relay, response)


async def streaming(relay: Relay, response: Chunk) -> Items:
    *events, last = as_events(response)
    for chunk in events:
        for made in repaired(chunk, relay):
            yield named_event(made)
    for item in relay.parts.ending(ended("done", relay, Said(last, named_event(last))), relay):
        yield item


async def stream_to_answer(relay: Relay, body: Body) -> Items | Answer:
    """Return what the last event says that the response is."""
    last: Chunk = {}
    async for chunk in heard(relay, body):
        last = chunk
    return answered(relay, last["response"])


RESPONSES = Dialect(
    name="responses",
    paths=("/v1/responses",),
    id_header="x-request-id",
    key=shared.bearer_key,
    mode=shared.mode_in_body,
    request_path=request_path,
    credentials=shared.bearer_credentials,
    request_body=shared.same_body,
    understood=understood,
    identity=progress.identity,
    repairs=progress.REPAIRS,
    chunk=shared.same_chunk,
    event=named_event,
    keepalive=shared.comment,
    closing=closing,
    media_type=shared.event_stream,
    written=written,
    conversions={
        ("stream", "stream"): stream_to_stream,
        ("stream", "plain"): answer_to_stream,
        ("plain", "plain"): answer_to_answer,
        ("plain", "stream"): stream_to_answer,
    },
    completion=shared.same_completion,
    error=errors.error,
    error_told=errors.error_told,
    status_of=errors.status_of,
    envelope=errors.envelope,
    failing=progress.failing,
    counted=progress.counted,
)
