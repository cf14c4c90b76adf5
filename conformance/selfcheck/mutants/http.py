"""Routers that get the transport wrong."""

from conformance.selfcheck.router.events import Comment
from conformance.selfcheck.router.relay import Items, Relay
from conformance.selfcheck.variant import mutant


@mutant("events", breaks="http.incremental")
async def buffers_whole_stream(items: Items, relay: Relay) -> Items:
    """Sends nothing but keep-alives until the provider has finished."""
    kept = []
    async for item in items:
        if isinstance(item, Comment):
            yield item
        else:
            kept.append(item)
    for item in kept:
        yield item
