"""The way down of a stream: chunks are repaired and go out as they came where that is right."""

import json
from collections.abc import Iterator

from conformance.selfcheck.router.events import Comment, Event
from conformance.selfcheck.router.hearing import Hearing, judged
from conformance.selfcheck.router.relay import Items, Pieces, Relay
from conformance.selfcheck.router.upstream import Body
from conformance.selfcheck.router.values import Chunk, Ending


async def streamed(relay: Relay, body: Body) -> Items:
    """Yield what the client gets of an event stream, its ending included."""
    hearing = Hearing(relay, body)
    while not hearing.over:
        for item in await hearing.more():
            if isinstance(item, Ending):
                for last in relay.parts.ending(judged(item, relay), relay):
                    yield last
            elif isinstance(item, Event | Comment):
                yield item
            else:
                for chunk in repaired(item.chunk, relay):
                    yield item.event if chunk is item.chunk else as_event(chunk)


def repaired(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Yield the chunks a client gets for one of the upstream's."""
    mended: Chunk | None = chunk
    for repair in relay.parts.repairs:
        if mended is not None:
            mended = repair(mended, relay)
    if mended is not None:
        yield from relay.parts.chunk(mended, relay)


def as_event(chunk: Chunk) -> Event:
    return Event(json_text(chunk))


def json_text(value: Chunk) -> str:
    """Return compact JSON; half a surrogate pair stays the escape it was."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":"))
    return text


async def written(items: Items, relay: Relay) -> Pieces:
    async for item in items:
        yield relay.parts.write(item)
