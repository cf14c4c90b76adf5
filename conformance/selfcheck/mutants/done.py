"""Routers that get the terminator wrong."""

from conformance.selfcheck.router.events import DONE
from conformance.selfcheck.router.relay import Items, Relay
from conformance.selfcheck.variant import mutant


@mutant("events", breaks="done.present")
async def drops_done(items: Items, relay: Relay) -> Items:
    """Ends the stream without the terminator."""
    async for item in items:
        if item != DONE:
            yield item


@mutant("events", breaks="done.exactly-once")
async def doubles_done(items: Items, relay: Relay) -> Items:
    """Sends the provider's terminator and one of its own."""
    async for item in items:
        yield item
        if item == DONE:
            yield item
