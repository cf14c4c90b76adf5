"""Odd in whom they ask and how often, conformant in what comes of it."""

from conformance.selfcheck import fallback
from conformance.selfcheck.going_on import going_on
from conformance.selfcheck.router.relay import Items, Relay
from conformance.selfcheck.router.values import Failed
from conformance.selfcheck.variant import FALLBACK, legal

SILENT = 504


@legal("falls_back", of=FALLBACK)
def asks_each_twice(failed: Failed, relay: Relay) -> bool:
    """Asks a provider once more before it asks the next, unless it was silent."""
    again = fallback.falls_back(failed, relay)
    asked = relay.memory.setdefault("asked", [])
    if again and failed.status != SILENT and relay.provider not in asked:
        asked.append(relay.provider)
        relay.others.insert(0, relay.provider)
    return again


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
