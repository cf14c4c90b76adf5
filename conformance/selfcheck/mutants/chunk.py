"""Routers whose chunks are not those of the chat surface."""

import time
from collections.abc import Iterator

from conformance.selfcheck.mutants.content import deltas_without, with_delta
from conformance.selfcheck.router.dialects.chat import chunks
from conformance.selfcheck.router.dialects.chat.chunks import each_choice
from conformance.selfcheck.router.events import Event
from conformance.selfcheck.router.relay import Items, Relay
from conformance.selfcheck.router.values import Chunk
from conformance.selfcheck.variant import mutant


def number(relay: Relay) -> int:
    """Count the chunks of a stream."""
    relay.memory["number"] = relay.memory.get("number", 0) + 1
    return int(relay.memory["number"])


@mutant("chunk", breaks="chunk.id-stable")
def gives_each_chunk_an_id(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Makes up an id for each chunk but the first."""
    count = number(relay)
    yield chunk if count == 1 else chunk | {"id": f"chatcmpl-{relay.id}-{count}"}


@mutant("chunk", breaks="chunk.created-model-stable")
def stamps_each_chunk(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Gives each chunk a time of its own."""
    yield chunk | {"created": relay.at + number(relay)}


@mutant("chunk", breaks="chunk.created-model-stable")
def looks_at_the_clock_for_each_chunk(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Stamps each chunk with the second it is sent in, which is the same for most streams."""
    yield chunk | {"created": int(time.time())}


@mutant("chunk", breaks="chunk.created-model-stable")
def finishes_without_model(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Makes the finishing chunk anew and forgets the model."""
    finishes = any(choice["finish_reason"] for choice in chunk["choices"])
    yield chunk | {"model": ""} if finishes else chunk


@mutant("events", breaks="chunk.required-keys", surface="chat")
async def leaves_out_the_reason_until_the_end(items: Items, relay: Relay) -> Items:
    """Has no finish_reason member but where there is a reason."""
    async for item in items:
        null = isinstance(item, Event) and item.data.replace('"finish_reason":null,', "")
        yield Event(null.replace(',"finish_reason":null', "")) if null else item


@mutant("chunk", breaks="chunk.finish-null-not-empty")
def says_no_reason_as_an_empty_text(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Writes the finish reason that is not there yet as ''."""
    yield each_choice(
        chunk, lambda choice, _: {**choice, "finish_reason": choice["finish_reason"] or ""}
    )


@mutant("repairs", instead_of=chunks.finish_words, breaks="chunk.finish-null-not-empty")
def takes_an_empty_text_for_a_reason(chunk: Chunk, relay: Relay) -> Chunk | None:
    """Takes the provider's first finish_reason that is not null for the reason."""

    def latched(choice: Chunk, position: int) -> Chunk:
        if choice["finish_reason"] == "":
            relay.choices[choice["index"]].finished = True
            choice = {**choice, "finish_reason": "stop"}
            relay.memory["latched"] = True
        elif relay.memory.get("latched") and choice["finish_reason"]:
            choice = {**choice, "finish_reason": None}
        return choice

    return chunks.finish_words(each_choice(chunk, latched), relay)


@mutant("chunk", breaks="chunk.role-first")
def drops_the_role(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Sends no role at all."""
    yield deltas_without(chunk, "role")


@mutant("chunk", breaks="chunk.role-once")
def repeats_the_role(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Puts the role on every delta."""
    yield each_choice(chunk, lambda choice, _: with_delta(choice, role="assistant"))


@mutant("completion", breaks="chunk.identity-policy")
def names_the_alias_in_plain_answers(completion: Chunk, relay: Relay) -> Chunk:
    """Says the requested model name in plain answers and the provider's in streams."""
    return completion | {"model": relay.model}


@mutant("repairs", instead_of=chunks.listed_choices, breaks="chunk.odd-upstream-tolerated")
def drops_chunks_without_object(chunk: Chunk, relay: Relay) -> Chunk | None:
    """Sends nothing of a chunk that has no object name."""
    return chunks.listed_choices(chunk, relay) if chunk.get("object") else None


@mutant("repairs", instead_of=chunks.role_first, breaks="chunk.odd-upstream-repaired")
def adds_no_role(chunk: Chunk, relay: Relay) -> Chunk | None:
    """Adds no role where the provider sent none."""
    return chunk
