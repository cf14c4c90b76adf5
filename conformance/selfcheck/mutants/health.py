"""Routers that blame the wrong one for a stream that ended early."""

from conformance.selfcheck import fallback
from conformance.selfcheck.router.health import ENOUGH
from conformance.selfcheck.router.relay import Relay
from conformance.selfcheck.variant import FALLBACK, mutant


@mutant("settle", breaks="health.client-abort-neutral", of=FALLBACK)
def blames_who_was_left(relay: Relay, status: str) -> None:
    """Takes a client that leaves for a failure of the provider."""
    fallback.settle(relay, status)
    if status == "cancelled":
        fallback.blame(relay)


@mutant("settle", breaks="health.midstream-counted", of=FALLBACK)
def counts_what_began_well(relay: Relay, status: str) -> None:
    """Takes a provider that has begun an answer for one that is well, however it ends."""
    begun = status == "failed" and relay.committed
    fallback.settle(relay, "complete" if begun else status)


@mutant("settle", breaks="health.midstream-counted", of=FALLBACK)
def never_forgives(relay: Relay, status: str) -> None:
    """Has a provider rest once a single stream of it has broken off."""
    fallback.settle(relay, status)
    for _ in range(ENOUGH if status == "failed" else 0):
        fallback.blame(relay)
