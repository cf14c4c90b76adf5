"""Routers that take more upon them than they can carry, or less than they should."""

import asyncio
from collections import Counter, defaultdict
from contextlib import nullcontext, suppress
from dataclasses import replace

from conformance.selfcheck import reference
from conformance.selfcheck.router.events import Item, Reader
from conformance.selfcheck.router.health import Session
from conformance.selfcheck.router.relay import Items, Relay
from conformance.selfcheck.router.values import Failed
from conformance.selfcheck.variant import mutant

turns = defaultdict[Session, asyncio.Lock](asyncio.Lock)


@mutant("events", breaks="load.parallel-streams")
async def serves_one_at_a_time(items: Items, relay: Relay) -> Items:
    """Has one worker for all streams of a session."""
    mine = relay.session
    async with turns[mine] if mine else nullcontext():
        async for item in items:
            yield item


PLACES = 12
taken = Counter[Session]()


@mutant("admit", breaks="load.parallel-streams")
def sends_half_a_crowd_away(relay: Relay) -> None:
    """Serves no more than twelve requests of a session at once."""
    reference.admit(relay)
    mine = relay.session
    if not mine:
        return
    if taken[mine] >= PLACES:
        raise Failed(503, relay.dialect.error(503, "too many requests at once", None))
    taken[mine] += 1

    def settle(relay: Relay, status: str) -> None:
        taken[mine] -= relay.row.status == "open"
        reference.settle(relay, status)

    relay.parts = replace(relay.parts, settle=settle)


@mutant("events", breaks="load.slow-client-bounded")
async def reads_ahead_without_end(items: Items, relay: Relay) -> Items:
    """Takes what the provider sends as fast as it can, whether its client takes it or not."""
    async for first in items:
        yield first  # with the first of them the client has its head
        break
    queue = asyncio.Queue[Item | None]()
    reading = asyncio.create_task(_read(items, queue))
    try:
        while (item := await queue.get()) is not None:
            yield item
        await reading
    finally:
        reading.cancel()
        with suppress(asyncio.CancelledError):
            await reading


async def _read(items: Items, queue: "asyncio.Queue[Item | None]") -> None:
    try:
        async for item in items:
            queue.put_nowait(item)
    finally:
        queue.put_nowait(None)


@mutant("reader", breaks="load.unbounded-event")
def waits_for_the_end_of_any_event(relay: Relay) -> Reader:
    """Keeps what it has of an event, however much that is."""
    return Reader(1 << 40)
