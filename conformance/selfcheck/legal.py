"""Routers that are odd and conformant: a rule that objects to one of them is wrong."""

import asyncio
import json
import zlib
from collections.abc import Iterator
from contextlib import suppress

from conformance.selfcheck import reference
from conformance.selfcheck.router import chunks
from conformance.selfcheck.router.chunks import each_choice, without
from conformance.selfcheck.router.events import DONE, Comment, Event, Item, write
from conformance.selfcheck.router.relay import Items, Pieces, Relay
from conformance.selfcheck.router.stream import as_event
from conformance.selfcheck.router.values import (
    Answer,
    Chunk,
    Cut,
    Ending,
    Failed,
    Headers,
    Reset,
    objects,
)
from conformance.selfcheck.variant import legal

GATHER = 0.01  # seconds


@legal("write")
def ends_lines_with_crlf(item: Item) -> bytes:
    """Ends lines with CR LF."""
    return write(item).replace(b"\n", b"\r\n")


@legal("write")
def puts_no_space_after_the_colon(item: Item) -> bytes:
    """Writes data: without a space."""
    return write(item).replace(b"data: ", b"data:", 1)


@legal("events")
async def comments_between_events(items: Items, relay: Relay) -> Items:
    """Puts a comment ahead of every event."""
    async for item in items:
        if isinstance(item, Event):
            yield Comment("passed on")
        yield item


@legal("events")
async def spreads_json_over_lines(items: Items, relay: Relay) -> Items:
    """Indents its JSON, so that an event has many data lines."""
    async for item in items:
        yield Event(json.dumps(value, indent=1)) if (value := _value(item)) else item


@legal("events")
async def escapes_what_is_not_ascii(items: Items, relay: Relay) -> Items:
    r"""Writes every character beyond ASCII as \u."""
    async for item in items:
        yield Event(json.dumps(value)) if (value := _value(item)) else item


@legal("bytes_out")
async def cuts_events_into_three_writes(pieces: Pieces, relay: Relay) -> Pieces:
    """Writes each event in three pieces, wherever that cuts it."""
    async for piece in pieces:
        third = len(piece) // 3
        yield piece[:third]
        yield piece[third : 2 * third]
        yield piece[2 * third :]


@legal("bytes_out")
async def gathers_writes(pieces: Pieces, relay: Relay) -> Pieces:
    """Writes once a hundredth of a second has passed without more."""
    gathered = b""
    following = asyncio.ensure_future(anext(pieces, b""))
    try:
        while True:
            await asyncio.wait({following}, timeout=GATHER if gathered else None)
            failed = following.done() and following.exception()
            if following.done() and not failed and (piece := following.result()):
                gathered += piece
                following = asyncio.ensure_future(anext(pieces, b""))
                continue
            if gathered:
                yield gathered
            if gathered and isinstance(failed, Failed):
                # Whoever raised it took the client for one that has had nothing yet.
                yield write(as_event({"error": failed.error}))
                return
            if failed:
                raise failed
            if following.done():
                return
            gathered = b""
    finally:
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following


@legal("bytes_out")
async def compresses_when_asked(pieces: Pieces, relay: Relay) -> Pieces:
    """Sends gzip to who accepts it, flushed after every event."""
    if "gzip" not in relay.headers.get("accept-encoding", ""):
        async for piece in pieces:
            yield piece
        return
    relay.more_headers = (("content-encoding", "gzip"), ("vary", "accept-encoding"))
    packer = zlib.compressobj(wbits=31)
    async for piece in pieces:
        yield packer.compress(piece) + packer.flush(zlib.Z_SYNC_FLUSH)
    yield packer.flush()


@legal("events")
async def keeps_one_event_back(items: Items, relay: Relay) -> Items:
    """Sends an event once the next one has come."""
    kept: list[Item] = []
    async for item in items:
        if isinstance(item, Comment):
            yield item
            continue
        for earlier in kept:
            yield earlier
        kept = [item]
    for earlier in kept:
        yield earlier


@legal("events")
async def finishes_with_the_last_content(items: Items, relay: Relay) -> Items:
    """Puts the finish reason into the chunk ahead of it."""
    kept: Chunk | None = None
    async for item in items:
        chunk = _value(item)
        if kept and chunk and _is_only_a_finish_of(chunk, kept):
            reason = chunk["choices"][0]["finish_reason"]
            kept = {**kept, "choices": [{**kept["choices"][0], "finish_reason": reason}]}
            continue
        if kept and not isinstance(item, Comment):
            yield as_event(kept)
            kept = None
        if chunk and chunk.get("choices"):
            kept = chunk
        else:
            yield item


def _is_only_a_finish_of(chunk: Chunk, kept: Chunk) -> bool:
    indexes = [[choice["index"] for choice in objects(each.get("choices"))]
               for each in (chunk, kept)]  # fmt: skip
    one = len(indexes[0]) == 1 and indexes[0] == indexes[1]
    return one and not chunk["choices"][0]["delta"] and chunk["choices"][0]["finish_reason"]


def _value(item: Item) -> Chunk | None:
    """Return the object of an event that is not the terminator."""
    if isinstance(item, Comment) or item == DONE:
        return None
    value: Chunk = json.loads(item.data)
    return value


@legal("chunk")
def says_role_and_content_at_once(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Has no chunk for the role alone: it comes with the first that says something."""
    opened = relay.memory.setdefault("opened", {})
    alone = [choice for choice in chunk["choices"] if choice["delta"].get("role")]
    if len(alone) == len(chunk["choices"]) == 1 and not any(
        value for key, value in alone[0]["delta"].items() if key != "role"
    ):
        opened[alone[0]["index"]] = alone[0]["delta"]
        return
    yield each_choice(
        chunk,
        lambda choice, _: {
            **choice,
            "delta": {**opened.pop(choice["index"], {}), **choice["delta"]},
        },
    )


@legal("chunk")
def says_usage_null_on_every_chunk(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Has usage null on each chunk ahead of the usage that was asked for."""
    yield {"usage": None, **chunk} if relay.wants_usage else chunk


@legal("chunk")
def says_no_usage_ahead_of_usage(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Has no usage member but where there is usage."""
    yield chunk if chunk.get("usage") else without(chunk, "usage")


@legal("identity")
def says_ids_and_names_of_its_own(chunk: Chunk, relay: Relay) -> Chunk:
    """Has ids of its own, and an alias where the provider says the model."""
    return {**chunks.identity(chunk, relay), "id": f"gen-{relay.id}", "model": "house/alias"}


@legal("chunk")
def adds_members(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Adds members that only its own clients know."""
    more = each_choice(chunk, lambda choice, _: {**choice, "native_finish_reason": None})
    yield {**more, "provider": "Mock", "x_router": {"cost": "0.0001", "hops": [1]}}


@legal("chunk")
def turns_members_around(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Writes members in another order."""
    yield dict(reversed(chunk.items()))


@legal("stream_headers")
def closes_the_connection_after_a_stream(relay: Relay) -> Headers:
    """Takes no further request on the connection of a stream."""
    return (*reference.stream_headers(relay), ("connection", "close"))


@legal("answer")
def indents_answers(answer: Answer, relay: Relay) -> Answer:
    """Indents the JSON of its answers."""
    return answer._replace(body=json.dumps(json.loads(answer.body), indent=2).encode())


@legal("ending")
def hangs_up_on_failure(ending: Ending, relay: Relay) -> Iterator[Item]:
    """Closes the connection ahead of the last HTTP chunk where it could explain itself."""
    _explained(ending, relay, Cut)
    yield from reference.ending(ending, relay)


@legal("ending")
def resets_on_failure(ending: Ending, relay: Relay) -> Iterator[Item]:
    """Resets the connection where it could explain itself."""
    _explained(ending, relay, Reset)
    yield from reference.ending(ending, relay)


def _explained(ending: Ending, relay: Relay, abort: type[Exception]) -> None:
    """Abort in place of an explanation that is ours, not the provider's."""
    if relay.committed and not ending.good and ending.kind != "error":
        relay.parts.settle(relay, "failed")
        raise abort


@legal("ending")
def says_done_after_an_error(ending: Ending, relay: Relay) -> Iterator[Item]:
    """Sends the terminator after an error event too."""
    yield from reference.ending(ending, relay)
    if not ending.good:
        yield DONE
