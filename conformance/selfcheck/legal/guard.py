"""Routers with a guardrail that does what it should, each in a way of its own."""

from conformance.selfcheck import reference
from conformance.selfcheck.router.events import Comment, Item
from conformance.selfcheck.router.guard import WORD, blocked, guarding, held_back, said
from conformance.selfcheck.router.relay import Items, Relay
from conformance.selfcheck.variant import legal

FEATURES = {"guard": WORD}


@legal("admit", features=FEATURES)
def guards_its_answers(relay: Relay) -> None:
    """Keeps back what may turn out to be a forbidden word, and no more."""
    reference.admit(relay)
    guarding(relay, held_back)


@legal("admit", features=FEATURES)
def guards_a_window(relay: Relay) -> None:
    """Looks at each event together with the one before, which it keeps back until then."""
    reference.admit(relay)
    guarding(relay, _windowed)


async def _windowed(items: Items, relay: Relay) -> Items:
    text, kept = "", list[Item]()
    async for item in items:
        text += said(item)
        if WORD in text:
            for last in blocked(relay):
                yield last
            return
        if isinstance(item, Comment):
            yield item
            continue
        kept.append(item)
        while len(kept) > 1:
            yield kept.pop(0)
    for each in kept:
        yield each
