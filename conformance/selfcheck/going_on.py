"""Going on midway: the second provider is told what the first has said, and continues it."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace

from conformance.selfcheck import fallback, reference
from conformance.selfcheck.router.events import DONE, Event, Item
from conformance.selfcheck.router.exchange import OK, asking
from conformance.selfcheck.router.failures import refused
from conformance.selfcheck.router.relay import Items, Relay
from conformance.selfcheck.router.stream import streamed
from conformance.selfcheck.router.upstream import Body
from conformance.selfcheck.router.values import Chunk, Ending, Failed, Json

Turns = Callable[[str], list[Json]]  # what is added to the conversation once so much was said
Told = Callable[[Chunk, Chunk], Chunk]  # the first one's error and the second's: which is told


def prefill(said: str) -> list[Json]:
    return [{"role": "assistant", "content": said}]


def the_first(first: Chunk, second: Chunk) -> Chunk:
    return first


async def going_on(
    items: Items, relay: Relay, turns: Turns = prefill, told: Told = the_first
) -> Items:
    """Yield a chat stream, and what another provider makes of it where it breaks off."""
    relay.parts = replace(relay.parts, ending=raised)
    said: list[str] = []
    error = None
    try:
        async for item in fallback.events(items, relay):
            said.append(delta(item).get("content") or "")
            yield item
    except Failed as failed:
        if not relay.committed:
            raise
        error = failed.error
        fallback.blame(relay)
    # What is left of a call cannot be asked for.
    if error and relay.others and not relay.asked.get("tools"):
        first, error = error, None
        relay.asked["messages"] = [*relay.asked["messages"], *turns("".join(said))]
        relay.provider = relay.others.pop(0)
        relay.begin_again()
        try:
            async for item in _continued(relay):
                yield item
        except Failed as failed:
            error = told(first, failed.error)
    if error:
        relay.parts.settle(relay, "failed")
        for last in relay.dialect.failing(error, relay):
            yield last


async def _continued(relay: Relay) -> Items:
    async with asking(relay) as (status, line):
        body = Body(line)
        if status != OK:
            raise refused(status, await body.rest(relay.settings.idle), relay)
        async for item in streamed(relay, body):
            if "role" not in delta(item):
                yield item


def delta(item: Item) -> Chunk:
    """Return what an event of a chat stream adds to the first choice."""
    if not isinstance(item, Event) or item == DONE:
        return {}
    choices = json.loads(item.data).get("choices") or [{}]
    found: Chunk = choices[0].get("delta", {})
    return found


def raised(ending: Ending, relay: Relay) -> Iterator[Item]:
    if not ending.good:
        raise Failed(ending.status, ending.error)
    yield from reference.ending(ending, relay)
