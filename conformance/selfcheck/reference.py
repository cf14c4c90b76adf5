"""The good router: every part as it should be. Legal variants and mutants replace one of them."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress

from conformance.selfcheck.router import chunks, events, tools, usage
from conformance.selfcheck.router.answers import CONVERSIONS
from conformance.selfcheck.router.events import DONE, Comment, Item, Reader
from conformance.selfcheck.router.failures import forwarded
from conformance.selfcheck.router.relay import Items, Parts, Pieces, Relay
from conformance.selfcheck.router.stream import as_event, json_text
from conformance.selfcheck.router.values import (
    Answer,
    Chunk,
    Ending,
    Failed,
    Headers,
    Json,
    envelope,
)

REPAIRS = (
    chunks.listed_choices,
    chunks.one_identity,
    chunks.choice_keys,
    chunks.role_first,
    chunks.role_once,
    chunks.text_content,
    chunks.reasoning_once,
    tools.ordered_calls,
    chunks.finish_words,
    chunks.deliveries,
    usage.usage_at_the_end,
)


def admit(relay: Relay) -> None:
    """Let in whoever has one of our keys."""
    kind, _, key = relay.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or key.strip() not in relay.settings.keys:
        error = envelope("incorrect API key", "invalid_request_error", "invalid_api_key")
        raise Failed(401, error, (("www-authenticate", "Bearer"),))


def mode(relay: Relay) -> str:
    return "stream" if relay.asked.get("stream") is True else "plain"


def request_headers(relay: Relay) -> Headers:
    """Nothing of the client's goes up: no key, no cookie, no header that is meant for us."""
    return (
        ("authorization", f"Bearer {relay.settings.upstream_key}"),
        ("content-type", "application/json"),
        ("accept", "application/json"),
        ("accept-encoding", "identity"),
        ("user-agent", "streamproof-reference"),
    )


def request_body(relay: Relay) -> dict[str, Json]:
    """Members we do not know go up as they came; for the ledger we always ask for usage."""
    if relay.parts.mode(relay) == "plain":
        return relay.asked
    options = relay.asked.get("stream_options")
    options = {**(options if isinstance(options, dict) else {}), "include_usage": True}
    return {**relay.asked, "stream_options": options}


def stream_headers(relay: Relay) -> Headers:
    return (
        ("content-type", "text/event-stream; charset=utf-8"),
        ("cache-control", "no-cache, no-transform"),
        ("x-accel-buffering", "no"),
        ("x-request-id", relay.id),
        *forwarded(relay),
    )


def answer_headers(relay: Relay) -> Headers:
    return (("content-type", "application/json"), ("x-request-id", relay.id), *forwarded(relay))


def bytes_in(data: bytes, relay: Relay) -> bytes:
    return data


def reader(relay: Relay) -> Reader:
    return Reader(relay.settings.limit)


def chunk(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    yield chunk


def keepalive(relay: Relay) -> Item | None:
    return Comment("keepalive")


def same_events(items: Items, relay: Relay) -> Items:
    return items


def same_bytes(pieces: Pieces, relay: Relay) -> Pieces:
    return pieces


def ending(ending: Ending, relay: Relay) -> Iterator[Item]:
    """Complete what is complete; anything else is an error, never a finish or a terminator."""
    if not ending.good:
        relay.parts.settle(relay, "failed")
        if not relay.committed:
            raise Failed(ending.status, ending.error)
        yield as_event({"error": ending.error})
        return
    relay.parts.settle(relay, "complete")
    for last in last_chunks(relay):
        yield from map(as_event, relay.parts.chunk(last, relay))
    yield DONE


def last_chunks(relay: Relay) -> Iterator[Chunk]:
    """Yield what the upstream left out ahead of its terminator, and the usage."""
    for index, choice in sorted(relay.choices.items()):
        if not choice.finished and relay.first is not None:
            reason = "tool_calls" if choice.calls else "stop"
            last = {"index": index, "delta": {}, "finish_reason": reason}
            yield {**relay.first, "choices": [last]}
    if (counted := usage.last_chunk(relay)) is not None:
        yield counted


async def client_left(work: "asyncio.Task[None]", relay: Relay) -> None:
    """Stop at once; the upstream's connection is closed on the way out."""
    work.cancel()
    with suppress(asyncio.CancelledError):
        await work
    relay.parts.settle(relay, "cancelled")


def settle(relay: Relay, status: str) -> None:
    relay.row.settle(status, relay.usage, relay.delivered)


def completion(completion: Chunk, relay: Relay) -> Chunk:
    return completion


def failure(failed: Failed, relay: Relay) -> Answer:
    headers = (*relay.parts.answer_headers(relay), *failed.headers)
    return Answer(failed.status, headers, json_text({"error": failed.error}).encode())


def answer(answer: Answer, relay: Relay) -> Answer:
    return answer


REFERENCE = Parts(
    admit=admit,
    mode=mode,
    request_headers=request_headers,
    request_body=request_body,
    stream_headers=stream_headers,
    answer_headers=answer_headers,
    bytes_in=bytes_in,
    reader=reader,
    identity=chunks.identity,
    repairs=REPAIRS,
    chunk=chunk,
    keepalive=keepalive,
    events=same_events,
    write=events.write,
    bytes_out=same_bytes,
    ending=ending,
    client_left=client_left,
    settle=settle,
    conversions=CONVERSIONS,
    completion=completion,
    failure=failure,
    answer=answer,
)
