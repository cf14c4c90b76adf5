"""The good router with two providers: what the first fails to begin, the second answers."""

from dataclasses import replace

from conformance.selfcheck import reference
from conformance.selfcheck.reference import REFERENCE
from conformance.selfcheck.router.relay import Items, Relay
from conformance.selfcheck.router.upstream import Upstream
from conformance.selfcheck.router.values import Failed

FAILED = 500
TOO_MANY = 429


def providers(relay: Relay) -> list[Upstream]:
    """Ask the first one first, unless it has to rest."""
    return sorted(relay.upstreams, key=lambda each: each.health.rests(relay.session))


def falls_back(failed: Failed, relay: Relay) -> bool:
    """Ask the other one, as long as the client has nothing of this one's answer.

    What a provider refuses as wrong would be wrong to the other one too.
    """
    if relay.committed or not excusable(failed):
        return False
    blame(relay)
    return bool(relay.others)


def blame(relay: Relay) -> None:
    relay.provider.health.failed(relay.session, relay.settings.rest)


def excusable(failed: Failed) -> bool:
    return failed.status == TOO_MANY or failed.status >= FAILED


async def events(items: Items, relay: Relay, *, empty: bool = False) -> Items:
    """Keep back what comes ahead of any content, while another provider could be asked.

    `empty`: an answer without any is one too.
    """
    kept = []
    async for item in items:
        kept.append(item)
        if relay.delivered:
            for each in kept:
                yield each
            kept.clear()
    if kept and relay.others and not empty:
        raise Failed(502, relay.dialect.error(502, "the upstream said nothing", "upstream_empty"))
    for each in kept:
        yield each


def settle(relay: Relay, status: str) -> None:
    """Note what became of a stream; a client that leaves says nothing of the provider."""
    if status == "complete":
        relay.provider.health.succeeded(relay.session)
    elif status == "failed" and relay.committed:
        blame(relay)
    reference.settle(relay, status)


FALLBACK = replace(
    REFERENCE, providers=providers, falls_back=falls_back, events=events, settle=settle
)
