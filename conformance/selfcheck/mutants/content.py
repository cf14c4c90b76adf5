"""Routers that lose what was said."""

from collections.abc import Iterator

from conformance.selfcheck import reference
from conformance.selfcheck.router.dialects.chat.chunks import each_choice, without
from conformance.selfcheck.router.events import Item
from conformance.selfcheck.router.relay import Relay
from conformance.selfcheck.router.values import Chunk, Ending, Json
from conformance.selfcheck.variant import mutant

DELTA = ("role", "content", "refusal", "tool_calls", "reasoning_content", "reasoning",
         "reasoning_details")  # fmt: skip


def with_delta(choice: Chunk, **members: Json) -> Chunk:
    return {**choice, "delta": {**choice["delta"], **members}}


def deltas_without(chunk: Chunk, *members: str) -> Chunk:
    return each_choice(
        chunk, lambda choice, _: {**choice, "delta": without(choice["delta"], *members)}
    )


@mutant("chunk", breaks="content.whitespace-exact")
def trims_each_delta(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Trims the text of each delta."""

    def trimmed(choice: Chunk, position: int) -> Chunk:
        said = choice["delta"].get("content")
        return with_delta(choice, content=said.strip()) if said else choice

    yield each_choice(chunk, trimmed)


@mutant("chunk", breaks="content.whitespace-exact")
def drops_blank_deltas(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Leaves out chunks whose text is white space."""
    texts = [choice["delta"].get("content") for choice in chunk["choices"]]
    if not any(text and text.isspace() for text in texts):
        yield chunk


@mutant("chunk", breaks="content.complete")
def loses_a_text_now_and_then(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Loses the text of every fiftieth chunk."""
    relay.memory["seen"] = relay.memory.get("seen", 0) + 1

    def lossy(choice: Chunk, position: int) -> Chunk:
        kept = relay.memory["seen"] % 50 or not choice["delta"].get("content")
        return choice if kept else with_delta(choice, content="")

    yield each_choice(chunk, lossy)


@mutant("chunk", breaks="content.complete")
def loses_refusals(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Knows no refusal."""
    yield deltas_without(chunk, "refusal")


@mutant("chunk", breaks="content.with-finish-kept")
def empties_the_finishing_chunk(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Takes the chunk with the finish reason for one without text."""

    def emptied(choice: Chunk, position: int) -> Chunk:
        return with_delta(choice, content="") if choice["finish_reason"] else choice

    yield each_choice(chunk, emptied)


@mutant("ending", breaks="content.empty-stream-not-success", surface="chat")
def ends_an_empty_stream_quietly(ending: Ending, relay: Relay) -> Iterator[Item]:
    """Ends a stream that never began as if nothing were wrong."""
    if ending.kind != "unfinished" or relay.first is not None:
        yield from reference.ending(ending, relay)


@mutant("chunk", breaks="content.extras-kept")
def keeps_only_what_it_knows(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Rebuilds each delta from the members it knows."""

    def rebuilt(choice: Chunk, position: int) -> Chunk:
        delta = {key: value for key, value in choice["delta"].items() if key in DELTA}
        return {**choice, "delta": delta}

    yield each_choice(chunk, rebuilt)
