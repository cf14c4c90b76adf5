"""Routers that mix choices up, or lose their log probabilities."""

from collections.abc import Iterator

from conformance.selfcheck.router.dialects.chat.chunks import each_choice
from conformance.selfcheck.router.relay import Relay
from conformance.selfcheck.router.values import Chunk
from conformance.selfcheck.variant import mutant


@mutant("chunk", breaks="choice.index-kept")
def calls_every_choice_zero(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Writes index 0 into every choice."""
    yield each_choice(chunk, lambda choice, _: {**choice, "index": 0})


@mutant("chunk", breaks="choice.logprobs-kept")
def drops_logprobs(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Writes null for the log probabilities."""
    yield each_choice(chunk, lambda choice, _: {**choice, "logprobs": None})


@mutant("chunk", breaks="choice.logprobs-kept")
def keeps_only_the_last_logprobs(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Keeps the last token of each chunk's log probabilities."""

    def last(choice: Chunk, position: int) -> Chunk:
        rows = (choice.get("logprobs") or {}).get("content") or []
        return {**choice, "logprobs": {"content": rows[-1:], "refusal": None}} if rows else choice

    yield each_choice(chunk, last)
