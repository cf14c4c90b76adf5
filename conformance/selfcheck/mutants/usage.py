"""Routers that get usage wrong."""

import json
from collections.abc import Callable, Iterator

from conformance.selfcheck import reference
from conformance.selfcheck.router.dialects.chat import usage
from conformance.selfcheck.router.dialects.chat.chunks import without
from conformance.selfcheck.router.events import DONE, Event, Item
from conformance.selfcheck.router.relay import Items, Relay
from conformance.selfcheck.router.stream import as_event
from conformance.selfcheck.router.values import Chunk, Ending
from conformance.selfcheck.variant import mutant

IN_A_ROW = usage.usage_at_the_end


def told(item: Item) -> Chunk | None:
    """Return the chunk that an event is, if it has usage."""
    if not isinstance(item, Event) or '"usage":{' not in item.data:
        return None
    chunk: Chunk = json.loads(item.data)
    return chunk


def counted(ending: Ending, relay: Relay, change: Callable[[Chunk], Chunk]) -> Iterator[Item]:
    """End as the reference does, with the usage changed."""
    for item in reference.ending(ending, relay):
        chunk = told(item)
        yield item if chunk is None else as_event(chunk | {"usage": change(chunk["usage"])})


@mutant(
    "repairs", instead_of=IN_A_ROW, breaks="usage.delivered-when-asked usage.upstream-preferred"
)
def skips_empty_deltas(chunk: Chunk, relay: Relay) -> Chunk | None:
    """Takes a chunk with an empty delta for one that says nothing."""
    choices = chunk["choices"]
    if choices and not any(choice["delta"] or choice["finish_reason"] for choice in choices):
        return None
    return IN_A_ROW(chunk, relay)


@mutant("ending", breaks="usage.only-when-asked", surface="chat")
def always_sends_usage(ending: Ending, relay: Relay) -> Iterator[Item]:
    """Ends every stream with the usage it has kept for its own accounts."""
    for item in reference.ending(ending, relay):
        if item == DONE and not usage.wants_usage(relay) and relay.usage and relay.first:
            yield as_event({**relay.first, "choices": [], "usage": usage.whole(relay.usage)})
        yield item


@mutant("events", breaks="usage.single-final-chunk", surface="chat")
async def sends_usage_twice(items: Items, relay: Relay) -> Items:
    """Hands on the provider's usage chunk and adds its own."""
    async for item in items:
        yield item
        if told(item) is not None:
            yield item


@mutant("events", breaks="usage.chunk-shape", surface="chat")
async def puts_usage_beside_a_choice(items: Items, relay: Relay) -> Items:
    """Writes usage into a chunk with an empty choice."""
    empty = {"index": 0, "delta": {}, "finish_reason": None}
    async for item in items:
        chunk = told(item)
        yield item if chunk is None else as_event(chunk | {"choices": [empty]})


@mutant("ending", breaks="usage.totals-add-up", surface="chat")
def leaves_out_the_total(ending: Ending, relay: Relay) -> Iterator[Item]:
    """Says no total of the tokens."""
    yield from counted(ending, relay, lambda told: without(told, "total_tokens"))


@mutant("ending", breaks="usage.not-invented", surface="chat")
def fills_in_zeros(ending: Ending, relay: Relay) -> Iterator[Item]:
    """Says zero tokens where the provider did not say how many."""
    if relay.usage is None:
        names = ("prompt_tokens", "completion_tokens", "total_tokens")
        relay.usage = dict.fromkeys(names, 0)
    yield from reference.ending(ending, relay)


@mutant("ending", breaks="usage.upstream-preferred", surface="chat")
def counts_fresh_tokens_only(ending: Ending, relay: Relay) -> Iterator[Item]:
    """Takes the cached tokens out of those of the prompt."""

    def fresh(told: Chunk) -> Chunk:
        cached = told["prompt_tokens_details"]["cached_tokens"]
        return {
            **told,
            "prompt_tokens": told["prompt_tokens"] - cached,
            "total_tokens": told["total_tokens"] - cached,
        }

    yield from counted(ending, relay, fresh)


@mutant(
    "repairs", instead_of=IN_A_ROW, breaks="usage.cumulative-not-summed bill.not-double-counted"
)
def adds_up_running_totals(chunk: Chunk, relay: Relay) -> Chunk | None:
    """Adds up the completion tokens of all chunks."""
    told = chunk.get("usage")
    if isinstance(told, dict) and told["completion_tokens"]:
        spent = relay.memory["spent"] = relay.memory.get("spent", 0) + told["completion_tokens"]
        chunk = chunk | {"usage": told | {"completion_tokens": spent}}
    return IN_A_ROW(chunk, relay)


@mutant("repairs", instead_of=IN_A_ROW, breaks="usage.merge-across-events")
def stops_at_the_first_usage(chunk: Chunk, relay: Relay) -> Chunk | None:
    """Ignores the chunk that has nothing but usage if there has been usage before."""
    if relay.usage and not chunk["choices"]:
        return None
    return IN_A_ROW(chunk, relay)


@mutant("ending", breaks="usage.cache-details-kept", surface="chat")
def forgets_cached_tokens(ending: Ending, relay: Relay) -> Iterator[Item]:
    """Drops the details of the prompt's tokens."""
    yield from counted(ending, relay, lambda told: without(told, "prompt_tokens_details"))


@mutant("ending", breaks="usage.reasoning-included", surface="chat")
def forgets_reasoning_tokens(ending: Ending, relay: Relay) -> Iterator[Item]:
    """Drops the details of the completion's tokens."""
    yield from counted(ending, relay, lambda told: without(told, "completion_tokens_details"))
