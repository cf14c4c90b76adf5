"""Routers that get the terminator wrong."""

from collections.abc import Iterator

from conformance.selfcheck import reference
from conformance.selfcheck.router.events import DONE, Event, Item, Reader
from conformance.selfcheck.router.relay import Items, Relay
from conformance.selfcheck.router.values import Ending
from conformance.selfcheck.variant import mutant


@mutant("events", breaks="done.present", surface="chat")
async def drops_done(items: Items, relay: Relay) -> Items:
    """Ends the stream without the terminator."""
    async for item in items:
        if item != DONE:
            yield item


@mutant("events", breaks="done.exactly-once", surface="chat")
async def doubles_done(items: Items, relay: Relay) -> Items:
    """Sends the provider's terminator and one of its own."""
    async for item in items:
        yield item
        if item == DONE:
            yield item


@mutant("events", breaks="done.ends-stream", surface="chat")
async def waits_for_the_provider_to_hang_up(items: Items, relay: Relay) -> Items:
    """Ends its stream when the provider's connection ends, not at the terminator."""
    async for item in items:
        yield item
        if item == DONE and relay.body is not None:
            await relay.body.rest()


@mutant("ending", breaks="done.missing-tolerated", surface="chat")
def calls_a_missing_done_a_failure(ending: Ending, relay: Relay) -> Iterator[Item]:
    """Reports a complete answer without the terminator as broken off."""
    kind = "unfinished" if ending.kind == "finished" else ending.kind
    yield from reference.ending(ending._replace(kind=kind), relay)


class Literal(Reader):
    """Fails on data that begins like the terminator and is not it."""

    def feed(self, data: bytes) -> list[Item]:
        return [self._understood(item) for item in super().feed(data)]

    @staticmethod
    def _understood(item: Item) -> Item:
        odd = isinstance(item, Event) and item.data.startswith(DONE.data) and item != DONE
        return Event('{"error":{"message":"not JSON"}}') if odd else item


@mutant("reader", breaks="done.upstream-done-tolerated", surface="chat")
def fails_on_an_odd_terminator(relay: Relay) -> Reader:
    """Parses [DONE] with a space behind it as JSON, and fails."""
    return Literal(relay.settings.limit)
