"""Routers that lose reasoning, or say it twice."""

from collections.abc import Iterator

from conformance.selfcheck.mutants.content import deltas_without, with_delta
from conformance.selfcheck.router.dialects.chat.chunks import each_choice
from conformance.selfcheck.router.relay import Relay
from conformance.selfcheck.router.values import Chunk
from conformance.selfcheck.variant import mutant

NAMES = ("reasoning_content", "reasoning", "reasoning_details")


@mutant("chunk", breaks="reason.passthrough anth.redacted-thinking-kept")
def drops_reasoning(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Leaves reasoning out of the deltas."""
    yield deltas_without(chunk, *NAMES)


@mutant("chunk", breaks="reason.not-duplicated")
def says_reasoning_under_two_names(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Copies reasoning to the other name that clients know."""

    def copied(choice: Chunk, position: int) -> Chunk:
        said = choice["delta"].get("reasoning_content") or choice["delta"].get("reasoning")
        return with_delta(choice, reasoning=said, reasoning_content=said) if said else choice

    yield each_choice(chunk, copied)


@mutant("chunk", breaks="reason.not-duplicated anth.redacted-thinking-kept")
def says_each_thought_twice(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Sends each reasoning delta twice."""
    yield chunk
    if any(choice["delta"].get(name) for choice in chunk["choices"] for name in NAMES):
        yield deltas_without(chunk, "role")
