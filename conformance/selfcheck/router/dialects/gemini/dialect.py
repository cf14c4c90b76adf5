"""Gemini as the router speaks it."""

from collections.abc import Iterator
from urllib.parse import quote

from conformance.selfcheck.router import arrays, stream
from conformance.selfcheck.router.answers import answered, parsed, played, stream_to_stream
from conformance.selfcheck.router.arrays import ArrayReader
from conformance.selfcheck.router.dialects import shared
from conformance.selfcheck.router.dialects.gemini import errors, progress
from conformance.selfcheck.router.events import Event, Item
from conformance.selfcheck.router.hearing import failed
from conformance.selfcheck.router.relay import Dialect, Heard, Items, Pieces, Relay
from conformance.selfcheck.router.upstream import Body
from conformance.selfcheck.router.values import Answer, Ending, Headers, Said

METHODS = {"plain": "generateContent", "array": "streamGenerateContent",
           "stream": "streamGenerateContent?alt=sse"}  # fmt: skip


def key(relay: Relay) -> str:
    """Return the key from where Google's own API looks for it."""
    told = relay.headers.get("x-goog-api-key") or relay.query.get("key")
    return told or shared.bearer_key(relay)


def mode(relay: Relay) -> str:
    """A stream is events where the address says so, and one JSON array where it does not."""
    if relay.path.endswith(":generateContent"):
        return "plain"
    return "stream" if relay.query.get("alt") == "sse" else "array"


def request_path(relay: Relay) -> str:
    return f"/models/{quote(relay.params['model'], safe='')}:{METHODS[mode(relay)]}"


def credentials(relay: Relay) -> Headers:
    return (("x-goog-api-key", relay.settings.upstream_key),)


def understood(event: Event, relay: Relay) -> list[Heard]:
    """A chunk is any object that is not an error; the last one is known when the body ends."""
    value = shared.json_object(event)
    if value is None:
        return []
    if value.get("error"):
        return [failed(value["error"], relay)]
    return [Said(value, event._replace(type=""))]


def keepalive(relay: Relay) -> Item | None:
    """There is nothing to fill a silence with: Google's SDK breaks at a comment."""
    return None


def closing(ending: Ending, relay: Relay) -> Iterator[Item]:
    """Yield the reason of each candidate that has none: what ends here is whole."""
    for index, choice in sorted(relay.choices.items()):
        if not choice.finished:
            last = {"index": index, "finishReason": "STOP"}
            yield stream.as_event({"candidates": [last], **(relay.first or {})})


def written(items: Items, relay: Relay) -> Pieces:
    """Frame what is said in the form that was asked for; Google's SDK breaks at a comment."""
    framed = arrays.written if relay.dialect.mode(relay) == "array" else stream.written
    return framed((item async for item in items if isinstance(item, Event)), relay)


def media_type(relay: Relay) -> str:
    if relay.dialect.mode(relay) == "array":
        return "application/json; charset=UTF-8"
    return "text/event-stream"


async def array_to_array(relay: Relay, body: Body) -> Items | Answer:
    return stream.streamed(relay, body, ArrayReader(relay.settings.limit))


async def answer_to_stream(relay: Relay, body: Body) -> Items | Answer:
    """Return a whole answer as the one chunk it is."""
    return played(relay, [parsed(await body.rest(), relay)])


async def answer_to_answer(relay: Relay, body: Body) -> Items | Answer:
    completion = parsed(await body.rest(), relay)
    progress.usage(completion, relay)
    return answered(relay, progress.one_identity(completion, relay) or completion)


GEMINI = Dialect(
    name="gemini",
    paths=tuple(
        f"/{version}/models/{{model}}:{method}"
        for version in ("v1beta", "v1")
        for method in ("generateContent", "streamGenerateContent")
    ),
    id_header="x-request-id",
    key=key,
    mode=mode,
    request_path=request_path,
    credentials=credentials,
    request_body=shared.same_body,
    understood=understood,
    identity=progress.identity,
    repairs=progress.REPAIRS,
    chunk=shared.same_chunk,
    event=stream.as_event,
    keepalive=keepalive,
    closing=closing,
    media_type=media_type,
    written=written,
    conversions={
        ("stream", "stream"): stream_to_stream,
        ("stream", "array"): array_to_array,
        ("stream", "plain"): answer_to_stream,
        ("array", "array"): array_to_array,
        ("array", "stream"): stream_to_stream,
        ("array", "plain"): answer_to_stream,
        ("plain", "plain"): answer_to_answer,
    },
    completion=shared.same_completion,
    error=errors.error,
    error_told=errors.error_told,
    status_of=errors.status_of,
    envelope=errors.envelope,
    failing=errors.failing,
    counted=progress.counted,
)
