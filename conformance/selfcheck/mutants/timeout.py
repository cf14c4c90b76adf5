"""Routers that get time wrong."""

import asyncio

from conformance.selfcheck.router.relay import Items, Relay
from conformance.selfcheck.router.values import Cut
from conformance.selfcheck.variant import mutant

LIMIT = 4.0  # seconds; a short answer never takes so long


@mutant("events", breaks="timeout.idle-not-total")
async def ends_long_streams(items: Items, relay: Relay) -> Items:
    """Applies its time limit for a request to a stream that has been coming all the while."""
    clock = asyncio.get_running_loop().time
    begun = clock()
    async for item in items:
        if clock() - begun > LIMIT:
            raise Cut
        yield item
