"""Routers that get what only Gemini's surface has wrong."""

import json
from collections.abc import Callable, Iterator

from conformance.selfcheck.router import stream
from conformance.selfcheck.router.arrays import ArrayReader
from conformance.selfcheck.router.dialects.chat.chunks import without
from conformance.selfcheck.router.dialects.gemini import dialect, errors, progress
from conformance.selfcheck.router.events import Event, Item, write
from conformance.selfcheck.router.relay import Items, Pieces, Relay
from conformance.selfcheck.router.stream import as_event, streamed
from conformance.selfcheck.router.upstream import Body
from conformance.selfcheck.router.values import Answer, Chunk, Json, objects
from conformance.selfcheck.variant import mutant

ARRAYS = ("array", "array")
END = b"\n]"


def each_candidate(chunk: Chunk, change: Callable[[Chunk], Chunk]) -> Chunk:
    """Return a chunk with its candidates changed; the very chunk if none of them was."""
    old = objects(chunk.get("candidates"))
    new = [change(candidate) for candidate in old]
    return chunk if new == old else {**chunk, "candidates": new}


def each_part(chunk: Chunk, change: Callable[[Chunk], Chunk | None]) -> Chunk:
    """Return a chunk with its parts changed, or left out where that gives None."""

    def changed(candidate: Chunk) -> Chunk:
        if not progress.parts(candidate):
            return candidate
        parts = [new for old in progress.parts(candidate) if (new := change(old)) is not None]
        return {**candidate, "content": {**candidate["content"], "parts": parts}}

    return each_candidate(chunk, changed)


@mutant("written", breaks="gem.json-array-or-sse", surface="gemini")
def streams_events_to_whoever_wants_a_stream(items: Items, relay: Relay) -> Pieces:
    """Takes alt=sse for granted."""
    return stream.written(items, relay)


@mutant("written", breaks="gem.json-array-or-sse", surface="gemini")
async def leaves_the_array_open(items: Items, relay: Relay) -> Pieces:
    """Sends the elements of an array and not its end."""
    async for piece in dialect.written(items, relay):
        if piece != END:
            yield piece


@mutant("written", breaks="gem.json-array-or-sse", surface="gemini")
async def puts_a_comma_after_every_element(items: Items, relay: Relay) -> Pieces:
    """Puts a comma after the last element too."""
    async for piece in dialect.written(items, relay):
        yield b"\n,]" if piece == END else piece


class Hurried(ArrayReader):
    """Takes each read for whole elements."""

    def feed(self, data: bytes) -> list[Item]:
        items = super().feed(data)
        self._element, self._depth, self._quoted = b"", min(self._depth, 1), False
        return items


@mutant("conversions", instead_of=ARRAYS, breaks="gem.json-array-split", surface="gemini")
async def reads_arrays_a_write_at_a_time(relay: Relay, body: Body) -> Items | Answer:
    """Loses the elements of an array that come in two reads."""
    return streamed(relay, body, Hurried(relay.settings.limit))


class Content(ArrayReader):
    """Takes a bracket at the end of a read for that of the array."""

    over = False

    def feed(self, data: bytes) -> list[Item]:
        if self.over:
            return []
        self.over = data.endswith(b"]")
        return super().feed(data)


@mutant("conversions", instead_of=ARRAYS, breaks="gem.json-array-split", surface="gemini")
async def ends_an_array_at_any_bracket(relay: Relay, body: Body) -> Items | Answer:
    """Reads no further once a read has ended in a bracket."""
    return streamed(relay, body, Content(relay.settings.limit))


@mutant("failing", breaks="gem.stream-error-structured", surface="gemini")
def calls_every_failure_500(error: Chunk, relay: Relay) -> Iterator[Item]:
    """Says 500 for the code of every error in a stream."""
    yield from errors.failing({**error, "code": 500}, relay)


@mutant("failing", breaks="gem.stream-error-structured", surface="gemini")
def counts_after_an_error(error: Chunk, relay: Relay) -> Iterator[Item]:
    """Follows an error with the usage so far."""
    yield from errors.failing(error, relay)
    yield as_event({"usageMetadata": {"trafficType": "ON_DEMAND"}})


@mutant("chunk", breaks="gem.usage-metadata-counted", surface="gemini")
def counts_if_the_first_chunk_does(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Looks for counts in the first chunk, and passes none on if it has none."""
    counted = "totalTokenCount" in (chunk.get("usageMetadata") or {})
    if relay.memory.setdefault("counts", counted):
        yield chunk
    else:
        yield without(chunk, "usageMetadata")


def unsigned(part: Chunk) -> Chunk:
    return without(part, "thoughtSignature")


@mutant("chunk", breaks="gem.thought-signature-kept", surface="gemini")
def drops_signatures(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Builds parts anew without their signatures."""
    yield each_part(chunk, unsigned)


@mutant("completion", breaks="gem.thought-signature-kept", surface="gemini")
def signs_streams_only(completion: Chunk, relay: Relay) -> Chunk:
    """Leaves the signatures out of plain answers."""
    return each_part(completion, unsigned)


@mutant("request_body", breaks="gem.thought-signature-kept", surface="gemini")
def forgets_signatures_on_the_way_up(relay: Relay) -> dict[str, Json]:
    """Sends the turns of a conversation up without their signatures."""
    turns = [
        {**turn, "parts": [unsigned(part) for part in objects(turn.get("parts"))]}
        for turn in objects(relay.asked.get("contents"))
    ]
    return {**relay.asked, "contents": turns}


@mutant("chunk", breaks="gem.prompt-feedback-kept", surface="gemini")
def drops_prompt_feedback(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Knows candidates and usage and nothing else."""
    yield without(chunk, "promptFeedback")


@mutant("chunk", breaks="gem.prompt-feedback-kept", surface="gemini")
def answers_a_blocked_prompt(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Adds an empty candidate to a block, for clients that look at the candidates only."""
    empty = {"content": {"role": "model"}, "finishReason": "SAFETY"}
    yield {**chunk, "candidates": [empty]} if chunk.get("promptFeedback") else chunk


@mutant("chunk", breaks="gem.continuation-kept", surface="gemini")
def stops_where_the_answer_goes_on(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Says STOP for CONTINUATION."""

    def stopped(candidate: Chunk) -> Chunk:
        goes_on = candidate.get("finishReason") == "CONTINUATION"
        return {**candidate, "finishReason": "STOP"} if goes_on else candidate

    yield each_candidate(chunk, stopped)


@mutant("request_body", breaks="gem.continuation-kept", surface="gemini")
def begins_every_answer_anew(relay: Relay) -> dict[str, Json]:
    """Sends up those members of a request that it knows."""
    return without(relay.asked, "continuationToken")


@mutant("chunk", breaks="gem.identity-stable", surface="gemini")
def numbers_its_chunks(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Gives each chunk an id of its own."""
    number = relay.memory["number"] = relay.memory.get("number", 0) + 1
    yield {**chunk, "responseId": f"{chunk['responseId']}-{number}"}


@mutant("chunk", breaks="gem.chunk-shape", surface="gemini")
def writes_arguments_as_text(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Writes the arguments of a call as OpenAI does."""

    def written(part: Chunk) -> Chunk:
        call = part.get("functionCall") or {}
        if "args" not in call:
            return part
        return {**part, "functionCall": {**call, "args": json.dumps(call["args"])}}

    yield each_part(chunk, written)


@mutant("chunk", breaks="gem.chunk-shape", surface="gemini")
def writes_names_as_protocol_buffers_do(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Says model_version for modelVersion."""
    yield {**without(chunk, "modelVersion"), "model_version": chunk["modelVersion"]}


@mutant("written", breaks="gem.sdk-readable", surface="gemini")
async def sends_comments_to_googles_clients(items: Items, relay: Relay) -> Pieces:
    """Fills every silence between events with a comment."""
    between = b": working\n\n" if dialect.mode(relay) == "stream" else b""
    async for piece in dialect.written(items, relay):
        yield between + piece


@mutant("write", breaks="gem.sdk-readable", surface="gemini")
def names_every_event(item: Item) -> bytes:
    """Says that an event is a message."""
    return write(item._replace(type="message")) if isinstance(item, Event) else write(item)
