"""Routers that say wrong how an answer ended."""

from collections.abc import Iterator

from conformance.selfcheck.mutants.content import with_delta
from conformance.selfcheck.router.dialects.chat.chunks import each_choice, without
from conformance.selfcheck.router.relay import Relay
from conformance.selfcheck.router.values import Chunk
from conformance.selfcheck.variant import mutant


def says(chunk: Chunk, words: dict[str, str | None]) -> Chunk:
    """Say other finish reasons than these."""

    def said(choice: Chunk, position: int) -> Chunk:
        reason = choice["finish_reason"]
        return {**choice, "finish_reason": words[reason]} if reason in words else choice

    return each_choice(chunk, said)


def text(choice: Chunk) -> str:
    return choice["delta"].get("content") or ""


def finishing(chunk: Chunk) -> bool:
    return any(choice["finish_reason"] for choice in chunk["choices"])


@mutant("chunk", breaks="finish.present")
def keeps_the_reason_to_itself(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Sends null for every finish reason."""
    yield each_choice(chunk, lambda choice, _: {**choice, "finish_reason": None})


@mutant("chunk", breaks="finish.present")
def calls_a_limit_a_stop(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Says stop where the token limit was hit."""
    yield says(chunk, {"length": "stop"})


@mutant("chunk", breaks="finish.exactly-once")
def finishes_twice(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Follows the finishing chunk with one of its own."""
    yield chunk
    if finishing(chunk):
        yield without(each_choice(chunk, lambda choice, _: {**choice, "delta": {}}), "usage")


@mutant("chunk", breaks="finish.tool-calls-value")
def calls_a_tool_turn_a_stop(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Says stop where tools were called."""
    yield says(chunk, {"tool_calls": "stop"})


@mutant("chunk", breaks="finish.content-filter-kept")
def calls_a_filter_a_stop(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Says stop where a filter has struck."""
    yield says(chunk, {"content_filter": "stop"})


@mutant("chunk", breaks="finish.enum-value")
def speaks_another_vendors_words(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Says end_turn for stop."""
    yield says(chunk, {"stop": "end_turn"})


@mutant("chunk", breaks="finish.nothing-after")
def finishes_ahead_of_the_last_text(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Splits a chunk with text and finish reason, and sends the reason first."""
    if not finishing(chunk) or not any(map(text, chunk["choices"])):
        yield chunk
        return
    yield each_choice(chunk, lambda choice, _: with_delta(choice, content=""))
    later = each_choice(chunk, lambda choice, _: {**choice, "finish_reason": None})
    yield without(later, "usage")


@mutant("chunk", breaks="finish.place-policy")
def finishes_beside_the_last_text(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Keeps each text back until it knows whether the finish reason goes beside it."""
    kept = relay.memory.pop("kept", None)
    bare = not any(choice["delta"] for choice in chunk["choices"])
    joins = kept is not None and finishing(chunk) and bare
    if joins and kept["choices"][0]["index"] == chunk["choices"][0]["index"]:
        reason = chunk["choices"][0]["finish_reason"]
        yield {**kept, "choices": [{**kept["choices"][0], "finish_reason": reason}]}
        return
    if kept is not None:
        yield kept
    if any(map(text, chunk["choices"])) and not finishing(chunk):
        relay.memory["kept"] = chunk
    else:
        yield chunk
