"""Anthropic Messages as the router speaks them."""

from collections.abc import Iterator

from conformance.selfcheck.router.answers import (
    answered,
    heard,
    parsed,
    played,
    stream_to_stream,
)
from conformance.selfcheck.router.dialects import shared
from conformance.selfcheck.router.dialects.messages import errors, progress
from conformance.selfcheck.router.dialects.messages.convert import Gathered, as_events
from conformance.selfcheck.router.events import Comment, Event, Item
from conformance.selfcheck.router.hearing import ended, failed
from conformance.selfcheck.router.relay import Dialect, Heard, Items, Relay
from conformance.selfcheck.router.stream import named_event, passed_on, written
from conformance.selfcheck.router.upstream import Body
from conformance.selfcheck.router.values import Answer, Chunk, Ending, Headers

VERSION = "2023-06-01"
PING = Event('{"type": "ping"}', "ping")


def key(relay: Relay) -> str:
    """Return the key of either header; the provider's own takes precedence."""
    return relay.headers.get("x-api-key") or shared.bearer_key(relay)


def request_path(relay: Relay) -> str:
    return "/messages"


def credentials(relay: Relay) -> Headers:
    """Return our key, and which version of the API the client speaks."""
    betas = relay.headers.get("anthropic-beta")
    return (
        ("x-api-key", relay.settings.upstream_key),
        ("anthropic-version", relay.headers.get("anthropic-version", VERSION)),
        *((("anthropic-beta", betas),) if betas else ()),
    )


def understood(event: Event, relay: Relay) -> list[Heard]:
    """An event is what its type says; a ping ahead of the answer is left out."""
    said = shared.typed(event)
    if said is None:
        return []
    kind, value = said.chunk["type"], said.chunk
    if kind == "error" or value.get("error"):
        return [failed(value.get("error") or value, relay)]
    if kind == "ping" and not relay.choices:
        return []
    return [ended("done", relay, said) if kind == "message_stop" else said]


def keepalive(relay: Relay) -> Item | None:
    """A ping is an event of the answer; ahead of it there are only comments."""
    return PING if relay.choices else Comment("keepalive")


def closing(ending: Ending, relay: Relay) -> Iterator[Item]:
    if ending.said is None:
        yield named_event({"type": "message_stop"})
    else:
        yield from passed_on(ending.said, relay)


async def answer_to_answer(relay: Relay, body: Body) -> Items | Answer:
    return answered(relay, mended(parsed(await body.rest(), relay), relay))


async def answer_to_stream(relay: Relay, body: Body) -> Items | Answer:
    return played(relay, as_events(parsed(await body.rest(), relay)))


async def stream_to_answer(relay: Relay, body: Body) -> Items | Answer:
    gathered = Gathered()
    async for chunk in heard(relay, body):
        gathered.add(chunk)
    return answered(relay, mended(gathered.whole(), relay))


def mended(message: Chunk, relay: Relay) -> Chunk:
    """Return a whole message with all that a client relies on; usage goes to the ledger too."""
    progress.note_usage(message.get("usage"), relay)
    return progress.identified(message, relay)


MESSAGES = Dialect(
    name="messages",
    paths=("/v1/messages",),
    id_header="request-id",
    key=key,
    mode=shared.mode_in_body,
    request_path=request_path,
    credentials=credentials,
    request_body=shared.same_body,
    understood=understood,
    identity=progress.identity,
    repairs=progress.REPAIRS,
    chunk=shared.same_chunk,
    event=named_event,
    keepalive=keepalive,
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
    failing=errors.failing,
    counted=progress.counted,
)
