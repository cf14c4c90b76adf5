"""Odd in how they write, conformant in what they say."""

import asyncio
import json
import zlib
from contextlib import suppress

from conformance.selfcheck.router.events import DONE, Comment, Event, Item, write
from conformance.selfcheck.router.relay import Items, Pieces, Relay
from conformance.selfcheck.router.stream import as_event
from conformance.selfcheck.router.values import (
    Chunk,
    Failed,
    objects,
)
from conformance.selfcheck.variant import legal

GATHER = 0.01  # seconds
MOST = 1 << 16  # bytes that are gathered


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
        yield _spelled(item, indent=1)


@legal("events")
async def escapes_what_is_not_ascii(items: Items, relay: Relay) -> Items:
    r"""Writes every character beyond ASCII as \u."""
    async for item in items:
        yield _spelled(item)


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
    """Writes once a hundredth of a second has passed without more, or there is enough."""
    if relay.dialect.mode(relay) == "array":
        async for piece in pieces:
            yield piece
        return
    gathered = b""
    following = asyncio.ensure_future(anext(pieces, b""))
    try:
        while True:
            await asyncio.wait({following}, timeout=GATHER if gathered else None)
            failed = following.done() and following.exception()
            more = following.done() and not failed and len(gathered) < MOST
            if more and (piece := following.result()):
                gathered += piece
                following = asyncio.ensure_future(anext(pieces, b""))
                continue
            if gathered:
                yield gathered
            if gathered and isinstance(failed, Failed):
                # Whoever raised it took the client for one that has had nothing yet.
                for last in relay.dialect.failing(failed.error, relay):
                    yield write(last)
                return
            if failed:
                raise failed
            if following.done() and not following.result():
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


@legal("events", surface="chat")
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


def _spelled(item: Item, indent: int | None = None) -> Item:
    """Write the same JSON in another way."""
    value = _value(item)
    if isinstance(item, Comment) or value is None:
        return item
    return item._replace(data=json.dumps(value, indent=indent))


def _value(item: Item) -> Chunk | None:
    """Return the object of an event that is not the terminator."""
    if isinstance(item, Comment) or item == DONE:
        return None
    value: Chunk = json.loads(item.data)
    return value
