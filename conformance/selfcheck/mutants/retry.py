"""Routers that ask again when they should not, or not when they should."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TypeGuard

from conformance.selfcheck import fallback, reference
from conformance.selfcheck.going_on import delta, going_on, prefill
from conformance.selfcheck.router.events import Event, Item
from conformance.selfcheck.router.relay import Items, Relay
from conformance.selfcheck.router.upstream import Upstream
from conformance.selfcheck.router.values import Chunk, Ending, Failed, Json
from conformance.selfcheck.variant import FALLBACK, mutant

BAD_REQUEST, TOO_MANY, SILENT = 400, 429, 504


@mutant("falls_back", breaks="retry.fallback-before-commit", of=FALLBACK)
def shows_who_was_too_many(failed: Failed, relay: Relay) -> bool:
    """Hands a 429 on, though another provider could be asked."""
    return failed.status != TOO_MANY and fallback.falls_back(failed, relay)


@mutant(
    "falls_back",
    breaks="retry.fallback-before-commit gem.prompt-feedback-kept tool.args-on-done-only",
    of=FALLBACK,
)
def goes_by_the_status_alone(failed: Failed, relay: Relay) -> bool:
    """Takes a provider that has answered 200 for one that answers, whatever its stream says."""
    answered = "content-type" in relay.upstream and relay.body is not None
    begun = answered and relay.upstream["content-type"].startswith("text/event-stream")
    return not begun and fallback.falls_back(failed, relay)


@mutant("events", breaks="retry.fallback-before-commit", of=FALLBACK)
def is_content_with_nothing(items: Items, relay: Relay) -> Items:
    """Takes an answer that has nothing in it for an answer."""
    return fallback.events(items, relay, empty=True)


@mutant("events", breaks="retry.no-duplicate-content", of=FALLBACK)
async def begins_with_both(items: Items, relay: Relay) -> Items:
    """Keeps what the first provider's answer began with, and sends it ahead of the second's."""
    for item in relay.memory.pop("kept", ()):
        yield item
    kept = relay.memory["kept"] = list[Item]()

    async def noted() -> Items:
        async for item in items:
            kept.append(item)
            yield item

    async for item in fallback.events(noted(), relay):
        yield item


@mutant("ending", breaks="retry.no-duplicate-content resp.sequence-number", of=FALLBACK)
def starts_over(ending: Ending, relay: Relay) -> Iterator[Item]:
    """Asks another provider for the whole answer where one has broken off in the middle."""
    relay.parts = replace(relay.parts, falls_back=_falls_back_midway)
    return _over_again(ending, relay)


def _falls_back_midway(failed: Failed, relay: Relay) -> bool:
    return fallback.falls_back(failed, relay) or (relay.committed and bool(relay.others))


def _over_again(ending: Ending, relay: Relay) -> Iterator[Item]:
    """Raise what ended a stream of text as long as there is somebody left to ask."""
    if not ending.good and relay.others and not relay.asked.get("tools"):
        fallback.blame(relay)
        raise Failed(ending.status, ending.error)
    yield from reference.ending(ending, relay)


@mutant(
    "events", breaks="retry.no-preamble-before-commit retry.fallback-before-commit", of=FALLBACK
)
def commits_with_the_first_event(items: Items, relay: Relay) -> Items:
    """Sends the beginning of an answer on as it comes, and can ask nobody else from then on."""
    return items


PREAMBLE = ("message_start", "ping", "response.created", "response.in_progress", "keepalive")


@mutant("events", breaks="retry.no-preamble-before-commit", of=FALLBACK)
async def promises_too_much(items: Items, relay: Relay) -> Items:
    """Begins the client's stream as soon as a provider begins, whoever will go on with it."""
    begun = relay.memory.setdefault("begun", [])
    relay.parts = replace(relay.parts, ending=_unheard, falls_back=_falls_back_unheard)
    kept = []
    async for item in items:
        if not _begins(item):
            kept.append(item)
        elif relay.row.providers == 1 or item.type not in begun:
            begun.append(item.type)
            yield item
        for each in kept if relay.delivered else ():
            yield each
        kept = [] if relay.delivered else kept
    if kept and relay.others:
        raise Failed(502, relay.dialect.error(502, "the upstream said nothing", None))
    for each in kept:
        yield each


def _begins(item: Item) -> TypeGuard[Event]:
    if not isinstance(item, Event):
        return False
    alone = "role" in delta(item) and '"finish_reason":"' not in item.data
    return item.type in PREAMBLE or (not item.type and alone)


def _unheard(ending: Ending, relay: Relay) -> Iterator[Item]:
    if not ending.good and not relay.delivered:
        raise Failed(ending.status, ending.error)
    yield from reference.ending(ending, relay)


def _falls_back_unheard(failed: Failed, relay: Relay) -> bool:
    return not relay.delivered and fallback.excusable(failed) and bool(relay.others)


def asks_to_go_on(said: str) -> list[Json]:
    return [*prefill(said), {"role": "user", "content": "Continue where you stopped."}]


def the_second(first: Chunk, second: Chunk) -> Chunk:
    return second


@mutant("events", breaks="retry.continuation-request-valid", of=FALLBACK, surface="chat")
def asks_in_its_clients_name(items: Items, relay: Relay) -> Items:
    """Has another provider go on where one broke off, by a question that nobody has asked."""
    return going_on(items, relay, asks_to_go_on)


@mutant("events", breaks="retry.continuation-request-valid", of=FALLBACK, surface="chat")
def tells_why_nobody_goes_on(items: Items, relay: Relay) -> Items:
    """Tells its client why the second provider did not go on, and not why it should have."""
    return going_on(items, relay, told=the_second)


@mutant("providers", breaks="retry.no-double-submit")
def asks_again_what_was_refused(relay: Relay) -> Sequence[Upstream]:
    """Makes a request that was refused as wrong a second time."""
    return twice(relay, BAD_REQUEST, 404, 413, 422)


@mutant("providers", breaks="retry.no-double-submit", surface="chat")
def asks_again_who_broke_off(relay: Relay) -> Sequence[Upstream]:
    """Makes a request a second time where an answer has broken off in the middle."""
    relay.parts = replace(
        relay.parts,
        ending=_over_again,
        falls_back=lambda failed, relay: relay.committed and bool(relay.others),
    )
    return 2 * relay.upstreams[:1]


@mutant("providers", breaks="retry.no-double-submit")
def asks_again_who_is_silent(relay: Relay) -> Sequence[Upstream]:
    """Makes a request a second time that the provider has accepted and says nothing to."""
    return twice(relay, SILENT)


def twice(relay: Relay, *statuses: int) -> Sequence[Upstream]:
    """Ask the same provider again after some failures."""

    def again(failed: Failed, relay: Relay) -> bool:
        return failed.status in statuses and not relay.committed and bool(relay.others)

    relay.parts = replace(relay.parts, falls_back=again)
    return 2 * relay.upstreams[:1]
