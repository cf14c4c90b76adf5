"""Routers that get the usage of a response wrong."""

from collections.abc import Callable, Iterator

from conformance.selfcheck.mutants.resp import SURFACE
from conformance.selfcheck.mutants.responses import ended
from conformance.selfcheck.router.relay import Relay
from conformance.selfcheck.router.values import Chunk
from conformance.selfcheck.variant import mutant


def counted(chunk: Chunk, change: Callable[[Chunk], Chunk]) -> Chunk:
    """Return the event; if it is terminal and has usage, with that changed."""

    def changed(response: Chunk) -> Chunk:
        usage = response.get("usage")
        return {**response, "usage": change(usage)} if usage else response

    return ended(chunk, changed)


@mutant("chunk", breaks="usage.delivered-when-asked", surface=SURFACE)
def keeps_usage_to_itself(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Takes the usage out of the terminal event for its own accounts."""
    yield ended(chunk, lambda response: response | {"usage": None})


@mutant("chunk", breaks="usage.not-invented", surface=SURFACE)
def says_zero_for_unknown_usage(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Says zeros where the provider has counted nothing."""
    zeros = {"input_tokens": 0, "input_tokens_details": {"cached_tokens": 0}, "output_tokens": 0,
             "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 0}  # fmt: skip
    yield ended(chunk, lambda response: response | {"usage": response["usage"] or zeros})


@mutant("chunk", breaks="usage.totals-add-up", surface=SURFACE)
def adds_reasoning_to_the_total(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Adds the tokens of reasoning to a total that has them already."""

    def added(usage: Chunk) -> Chunk:
        reasoning = usage["output_tokens_details"]["reasoning_tokens"]
        return usage | {"total_tokens": usage["total_tokens"] + reasoning}

    yield counted(chunk, added)


@mutant("chunk", breaks="usage.upstream-preferred", surface=SURFACE)
def counts_input_that_is_fresh(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Takes the cached tokens out of those of the input."""

    def fresh(usage: Chunk) -> Chunk:
        cached = usage["input_tokens_details"]["cached_tokens"]
        less = {name: usage[name] - cached for name in ("input_tokens", "total_tokens")}
        return usage | less

    yield counted(chunk, fresh)


@mutant("chunk", breaks="usage.cache-details-kept", surface=SURFACE)
def says_nothing_was_cached(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Says zero for the cached tokens."""
    none = {"input_tokens_details": {"cached_tokens": 0}}
    yield counted(chunk, lambda usage: usage | none)


@mutant("chunk", breaks="usage.reasoning-included", surface=SURFACE)
def says_nothing_was_thought(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Says zero for the tokens of reasoning."""
    none = {"output_tokens_details": {"reasoning_tokens": 0}}
    yield counted(chunk, lambda usage: usage | none)


@mutant("completion", breaks="parity.usage", surface=SURFACE)
def says_nothing_was_cached_in_plain_answers(completion: Chunk, relay: Relay) -> Chunk:
    """Says zero for the cached tokens of plain answers."""
    if not completion.get("usage"):
        return completion
    none = {"input_tokens_details": {"cached_tokens": 0}}
    return completion | {"usage": completion["usage"] | none}
