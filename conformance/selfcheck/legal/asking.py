"""Odd in whom they ask and how often, conformant in what comes of it."""

from collections.abc import Sequence

from conformance.selfcheck import fallback
from conformance.selfcheck.going_on import going_on
from conformance.selfcheck.router.relay import Items, Relay
from conformance.selfcheck.router.upstream import Upstream
from conformance.selfcheck.router.values import Failed
from conformance.selfcheck.variant import FALLBACK, legal


@legal("providers", of=FALLBACK)
def asks_each_twice(relay: Relay) -> Sequence[Upstream]:
    """Asks each provider once more before it asks the next."""
    return [each for each in fallback.providers(relay) for _ in range(2)]


@legal("falls_back", of=FALLBACK)
def tells_of_the_first_failure(failed: Failed, relay: Relay) -> bool:
    """Tells a client what the first provider had to say, where no provider answers."""
    first = relay.memory.setdefault("failed", failed)
    if fallback.falls_back(failed, relay):
        return True
    if relay.committed:
        return False
    raise first


@legal("events", of=FALLBACK, surface="chat")
def goes_on_midway(items: Items, relay: Relay) -> Items:
    """Has another provider go on where one has broken off, and told it what has been said."""
    return going_on(items, relay)
