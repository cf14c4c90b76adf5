"""The way down of a stream: chunks are repaired and go out as they came where that is right."""

import json
from collections.abc import Iterator

from conformance.selfcheck.router.arrays import ArrayReader
from conformance.selfcheck.router.events import Comment, Event
from conformance.selfcheck.router.hearing import Hearing, judged
from conformance.selfcheck.router.relay import Items, Pieces, Relay
from conformance.selfcheck.router.upstream import Body
from conformance.selfcheck.router.values import Chunk, Ending, Json, Said

COMPACT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


async def streamed(relay: Relay, body: Body, reader: ArrayReader | None = None) -> Items:
    """Yield what the client gets of an event stream, its ending included."""
    hearing = Hearing(relay, body, reader)
    while not hearing.over:
        for item in await hearing.more():
            if isinstance(item, Ending):
                for last in relay.parts.ending(judged(item, relay), relay):
                    yield last
            elif isinstance(item, Event | Comment):
                yield item
            else:
                for passed in passed_on(item, relay):
                    yield passed


def passed_on(said: Said, relay: Relay) -> Iterator[Event]:
    """Yield the events a client gets for one of the upstream's; what is right stays as it came."""
    for chunk in repaired(said.chunk, relay):
        yield said.event if chunk is said.chunk else relay.dialect.event(chunk)


def repaired(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Yield the chunks a client gets for one of the upstream's."""
    mended: Chunk | None = chunk
    for repair in relay.dialect.repairs:
        if mended is not None:
            mended = repair(mended, relay)
    if mended is not None:
        yield from relay.dialect.chunk(mended, relay)


def as_event(chunk: Chunk) -> Event:
    return Event(json_text(chunk))


def named_event(chunk: Chunk) -> Event:
    """Return an event whose name is the type of what it says."""
    return Event(json_text(chunk), chunk["type"])


def json_text(value: Json) -> str:
    """Return compact JSON; half a surrogate pair stays the escape it was."""
    text = COMPACT.encode(value)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":"))
    return text


async def written(items: Items, relay: Relay) -> Pieces:
    async for item in items:
        yield relay.parts.write(item)
