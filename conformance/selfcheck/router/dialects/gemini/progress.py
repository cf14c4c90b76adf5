"""What the chunks of an answer say of it as a whole: its identity, its usage, its end.

A repair returns the very chunk it got where nothing is wrong with it, so that it can go out as it
came in; None means that nothing of the chunk is to be sent.
"""

from collections.abc import Iterator

from conformance.selfcheck.router.ledger import Counted, count
from conformance.selfcheck.router.relay import Relay
from conformance.selfcheck.router.values import Chunk, Json, objects


def identity(chunk: Chunk, relay: Relay) -> Chunk:
    """Return what the upstream says; ours stands in for what is missing."""
    ours = {"responseId": relay.id.removeprefix("req-"), "modelVersion": relay.model}
    theirs = {name: chunk.get(name) for name in ours}
    told = {name: value for name, value in theirs.items() if value and isinstance(value, str)}
    return {**ours, **told}


def one_identity(chunk: Chunk, relay: Relay) -> Chunk | None:
    """The first chunk says what id and model all of them have."""
    if relay.first is None:
        relay.first = relay.dialect.identity(chunk, relay)
    return chunk if relay.first.items() <= chunk.items() else {**chunk, **relay.first}


def finished(chunk: Chunk, relay: Relay) -> Chunk | None:
    """Note which candidates have ended; a prompt that was blocked has none."""
    for index, candidate in candidates(chunk):
        reason = candidate.get("finishReason")
        relay.choices[index].finished |= isinstance(reason, str) and bool(reason)
    feedback = chunk.get("promptFeedback")
    if isinstance(feedback, dict) and feedback.get("blockReason"):
        relay.choices[0].finished = True
    return chunk


def deliveries(chunk: Chunk, relay: Relay) -> Chunk | None:
    """Count the chunks that bring the client something."""
    if any(any(map(brings, parts(candidate))) for _, candidate in candidates(chunk)):
        relay.delivered += 1
    return chunk


def usage(chunk: Chunk, relay: Relay) -> Chunk | None:
    """Keep usage for the ledger: counts are running totals, the last ones stand."""
    told = chunk.get("usageMetadata")
    if isinstance(told, dict):
        relay.usage = {**(relay.usage or {}), **told}
    return chunk


def counted(usage: Chunk) -> Counted:
    """Return the tokens; thoughts are not in those of the candidates."""
    thoughts = count(usage, "thoughtsTokenCount")
    return {
        "input_tokens": added(
            count(usage, "promptTokenCount"), count(usage, "toolUsePromptTokenCount")
        ),
        "output_tokens": added(count(usage, "candidatesTokenCount"), thoughts),
        "cached_tokens": count(usage, "cachedContentTokenCount"),
        "reasoning_tokens": thoughts,
    }


def added(one: int | None, other: int | None) -> int | None:
    return None if one is None and other is None else (one or 0) + (other or 0)


def candidates(chunk: Chunk) -> Iterator[tuple[int, Chunk]]:
    """Yield each candidate with its index; it is 0 where none is told."""
    for candidate in objects(chunk.get("candidates")):
        index = candidate.get("index")
        yield index if isinstance(index, int) else 0, candidate


def parts(candidate: Chunk) -> list[Chunk]:
    content = candidate.get("content")
    return objects(content.get("parts")) if isinstance(content, dict) else []


def brings(part: Chunk) -> Json:
    return any(value for name, value in part.items() if name not in ("thought", "thoughtSignature"))


REPAIRS = (one_identity, finished, deliveries, usage)
