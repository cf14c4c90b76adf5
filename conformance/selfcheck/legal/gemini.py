"""Odd on Gemini's surface, and conformant."""

import json
from collections.abc import Iterator

from conformance.selfcheck.mutants.gem import each_candidate, each_part
from conformance.selfcheck.mutants.gemini import finishes
from conformance.selfcheck.router import stream
from conformance.selfcheck.router.dialects.chat.chunks import without
from conformance.selfcheck.router.dialects.gemini import progress
from conformance.selfcheck.router.events import Event
from conformance.selfcheck.router.relay import Items, Pieces, Relay
from conformance.selfcheck.router.stream import json_text
from conformance.selfcheck.router.values import Chunk
from conformance.selfcheck.variant import legal


@legal("written", surface="gemini")
async def writes_arrays_without_white_space(items: Items, relay: Relay) -> Pieces:
    """Writes an array on one line, the comma behind the element it follows."""
    if relay.dialect.mode(relay) != "array":
        async for piece in stream.written(items, relay):
            yield piece
        return
    kept = ""
    yield b"["
    async for item in items:
        if isinstance(item, Event):
            if kept:
                yield f"{kept},".encode()
            kept = json_text(json.loads(item.data))
    yield f"{kept}]".encode()


@legal("written", surface="gemini")
async def writes_arrays_with_more_white_space(items: Items, relay: Relay) -> Pieces:
    """Puts white space wherever JSON allows it."""
    if relay.dialect.mode(relay) != "array":
        async for piece in stream.written(items, relay):
            yield piece
        return
    between = " \n\t[\r\n"
    async for item in items:
        if isinstance(item, Event):
            text = json.dumps(json.loads(item.data), indent=8, ensure_ascii=False)
            yield f"{between}{text}\n\n".encode()
            between = " ,\r\n\r\n "
    yield b"[]" if "[" in between else b"\r\n ]\r\n"


@legal("bytes_out", surface="gemini")
async def writes_two_chunks_at_once(pieces: Pieces, relay: Relay) -> Pieces:
    """Sends every second chunk together with the one before it."""
    kept = b""
    async for piece in pieces:
        if kept:
            yield kept + piece
        kept = b"" if kept else piece
    if kept:
        yield kept


@legal("identity", surface="gemini")
def says_a_response_id_of_its_own(chunk: Chunk, relay: Relay) -> Chunk:
    """Has an id of its own for each answer, and an alias for the model."""
    identity = progress.identity(chunk, relay)
    return {**identity, "responseId": f"gen-{relay.id}", "modelVersion": "house/alias"}


@legal("chunk", surface="gemini")
def adds_members_and_parts(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Adds members that only its own clients know, and a part of a kind that nobody does."""
    more = each_part(chunk, lambda part: {**part, "partMetadata": {"hop": 1}})
    yield {
        "provider": "Mock",
        **each_candidate(more, lambda candidate: {**candidate, "nativeReason": None}),
        "cost": {"total": "0.0001"},
    }


@legal("chunk", surface="gemini")
def counts_in_the_last_chunk_only(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Leaves usage out until the answer ends, as the API lets whoever serves it."""
    last = finishes(chunk) or not chunk.get("candidates")
    yield chunk if last else without(chunk, "usageMetadata")


@legal("chunk", surface="gemini")
def leaves_out_the_index_of_the_first(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Does not write what has its default: an index of 0, an empty text, an empty list."""

    def bare(candidate: Chunk) -> Chunk:
        shown = candidate if candidate.get("index") else without(candidate, "index")
        parts = progress.parts(candidate)
        empty = parts and all(part == {"text": ""} for part in parts)
        return {**shown, "content": {"role": "model"}} if empty else shown

    yield each_candidate(chunk, bare)


@legal("chunk", surface="gemini")
def states_the_reason_beside_the_last_text(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Keeps each chunk back until it knows whether the next only says why it ends."""
    kept = relay.memory.pop("kept", None)
    if kept is not None and _ends(kept, chunk):
        reason = chunk["candidates"][0]["finishReason"]
        yield {**chunk, "candidates": [{**kept["candidates"][0], "finishReason": reason}]}
        return
    if kept is not None:
        yield kept
    if len(chunk.get("candidates") or ()) == 1 and not finishes(chunk):
        relay.memory["kept"] = chunk
    else:
        yield chunk


def _ends(kept: Chunk, chunk: Chunk) -> bool:
    """Tell whether a chunk says nothing but how the one before it ends."""
    (before,), after = kept["candidates"], chunk.get("candidates") or [{}]
    bare = all(part == {"text": ""} for part in progress.parts(after[0]))
    same = len(after) == 1 and before.get("index") == after[0].get("index")
    return finishes(chunk) and bare and same
