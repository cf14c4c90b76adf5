"""Routers whose guardrail lets through what it should not, or gets in the way of what it should."""

from conformance.selfcheck import reference
from conformance.selfcheck.reference import same_events
from conformance.selfcheck.router.events import Comment
from conformance.selfcheck.router.guard import WORD, blocked, guarding, held_back, said
from conformance.selfcheck.router.relay import Items, Relay
from conformance.selfcheck.variant import mutant

FEATURES = {"guard": WORD}


@mutant("admit", breaks="guard.stream-enforced", features=FEATURES)
def guards_no_streams(relay: Relay) -> None:
    """Looks at plain answers and at no stream."""
    reference.admit(relay)
    guarding(relay, same_events)


@mutant("admit", breaks="guard.stream-enforced", features=FEATURES)
def guards_event_by_event(relay: Relay) -> None:
    """Looks at each event by itself."""
    reference.admit(relay)
    guarding(relay, _each)


async def _each(items: Items, relay: Relay) -> Items:
    async for item in items:
        if WORD in said(item):
            for last in blocked(relay):
                yield last
            return
        yield item


@mutant("admit", breaks="guard.stream-enforced", features=FEATURES)
def guards_in_the_end(relay: Relay) -> None:
    """Looks at a stream when all of it has been sent."""
    reference.admit(relay)
    guarding(relay, _afterwards)


async def _afterwards(items: Items, relay: Relay) -> Items:
    text = ""
    async for item in items:
        text += said(item)
        yield item
    if WORD in text:
        for last in blocked(relay):
            yield last


@mutant("admit", breaks="guard.stream-enforced", features=FEATURES)
def guards_all_but_responses(relay: Relay) -> None:
    """Has no guardrail on one of its surfaces."""
    reference.admit(relay)
    if relay.dialect.name != "responses":
        guarding(relay, held_back)


@mutant("admit", breaks="guard.stream-usable http.incremental", features=FEATURES)
def guards_whole_streams(relay: Relay) -> None:
    """Keeps a stream back until it has seen all of it."""
    reference.admit(relay)
    guarding(relay, _whole)


async def _whole(items: Items, relay: Relay) -> Items:
    kept = []
    async for item in held_back(items, relay):
        if isinstance(item, Comment):
            yield item
        else:
            kept.append(item)
    for item in kept:
        yield item


@mutant("admit", breaks="guard.stream-usable", features=FEATURES)
def blocks_what_begins_alike(relay: Relay) -> None:
    """Blocks a stream for half of a forbidden word."""
    reference.admit(relay)
    guarding(relay, _nearly)


async def _nearly(items: Items, relay: Relay) -> Items:
    text = ""
    async for item in held_back(items, relay):
        text += said(item)
        if WORD[: len(WORD) // 2] in text:
            for last in blocked(relay):
                yield last
            return
        yield item
