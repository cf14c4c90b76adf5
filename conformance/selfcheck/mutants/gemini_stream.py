"""Routers that break on Gemini's surface what is asked of all: errors, framing, usage."""

from collections.abc import Callable, Iterator

from conformance.selfcheck import reference
from conformance.selfcheck.router.dialects.chat.chunks import without
from conformance.selfcheck.router.dialects.gemini import dialect, errors, progress
from conformance.selfcheck.router.events import Item
from conformance.selfcheck.router.relay import Items, Relay
from conformance.selfcheck.router.stream import as_event
from conformance.selfcheck.router.upstream import Body
from conformance.selfcheck.router.values import Answer, Chunk, Failed
from conformance.selfcheck.variant import mutant

USAGE = "usageMetadata"
BAD_REQUEST = 400
OBJECT = ("stream", "plain")
PLAIN = ("plain", "plain")


@mutant("conversions", instead_of=OBJECT, breaks="err.wrong-body-kind", surface="gemini")
async def reads_an_answer_as_an_empty_stream(relay: Relay, body: Body) -> Items | Answer:
    """Finds no event in an answer that is one JSON object, and ends the stream."""

    async def nothing() -> Items:
        for item in list[Item]():
            yield item

    return nothing()


@mutant("conversions", instead_of=PLAIN, breaks="parity.stream-flag-honoured", surface="gemini")
async def wraps_plain_answers_in_an_array(relay: Relay, body: Body) -> Items | Answer:
    """Answers a request that is not to be streamed with the array of a stream."""
    made = await dialect.answer_to_answer(relay, body)
    return made._replace(body=b"[" + made.body + b"]") if isinstance(made, Answer) else made


@mutant("failing", breaks="err.surface-native-shape", surface="gemini")
def puts_the_error_behind_an_id(error: Chunk, relay: Relay) -> Iterator[Item]:
    """Says the id of the response ahead of the error."""
    yield as_event({"responseId": relay.id, "error": error})


@mutant("failing", breaks="err.surface-native-shape", surface="gemini")
def says_codes_as_texts_in_streams(error: Chunk, relay: Relay) -> Iterator[Item]:
    """Writes the code of an error in a stream as a text."""
    yield from errors.failing({**error, "code": str(error["code"])}, relay)


@mutant("failing", breaks="err.detail-kept", surface="gemini")
def says_internal_for_every_error(error: Chunk, relay: Relay) -> Iterator[Item]:
    """Says INTERNAL for the word of every error in a stream."""
    yield from errors.failing({**error, "status": "INTERNAL"}, relay)


@mutant("failure", breaks="pre.error-shape", surface="gemini")
def says_codes_as_texts(failed: Failed, relay: Relay) -> Answer:
    """Writes the code of an error as a text."""
    told = {**failed.error, "code": str(failed.error["code"])}
    return reference.failure(Failed(failed.status, told, failed.headers), relay)


@mutant("failure", breaks="pre.error-not-empty-stream", surface="gemini")
def answers_a_bad_request_with_nothing(failed: Failed, relay: Relay) -> Answer:
    """Answers a stream request that is refused with an empty stream."""
    if failed.status != BAD_REQUEST or dialect.mode(relay) != "stream":
        return reference.failure(failed, relay)
    return Answer(200, relay.parts.stream_headers(relay), b"")


@mutant("bytes_in", breaks="sse.crlf sse.bare-cr", surface="gemini")
def knows_googles_line_ends_only(data: bytes, relay: Relay) -> bytes:
    """Ends a line at CR LF only, as Google does."""
    data = relay.memory.pop("held", b"") + data
    if data.endswith(b"\r"):
        relay.memory["held"], data = b"\r", data[:-1]
    lines = data.split(b"\r\n")
    return b"\r\n".join(line.replace(b"\n", b" ").replace(b"\r", b" ") for line in lines)


def counted(chunk: Chunk, change: Callable[[Chunk], Chunk]) -> Iterator[Chunk]:
    """Yield a chunk with its counts changed."""
    told = chunk.get(USAGE) or {}
    yield {**chunk, USAGE: change(told)} if "totalTokenCount" in told else chunk


LOST = "usage.delivered-when-asked usage.cumulative-not-summed gem.usage-metadata-counted"
ALTERED = "usage.upstream-preferred usage.cumulative-not-summed gem.usage-metadata-counted"


@mutant("chunk", breaks=LOST, surface="gemini")
def leaves_usage_out_of_streams(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Keeps the usage of streams for its own accounts."""
    yield without(chunk, USAGE)


@mutant("chunk", breaks=ALTERED, surface="gemini")
def adds_up_running_counts(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Adds up what the chunks count, though each counts all so far."""

    def added(told: Chunk) -> Chunk:
        spent = relay.memory.get("spent", 0)
        relay.memory["spent"] = spent + told.get("candidatesTokenCount", 0)
        said = told.get("candidatesTokenCount", 0) + spent
        total = told["totalTokenCount"] + spent
        return {**told, "candidatesTokenCount": said, "totalTokenCount": total}

    yield from counted(chunk, added)


SUMMED = (
    "bill.not-double-counted bill.stream-recorded usage.split-event-counted "
    "bill.cancel-not-overbilled usage.cumulative-not-summed gem.usage-metadata-counted"
)


@mutant("repairs", instead_of=progress.usage, breaks=SUMMED, surface="gemini")
def books_every_running_total(chunk: Chunk, relay: Relay) -> Chunk | None:
    """Adds up in its accounts what the chunks count, though each counts all so far."""
    before = relay.usage or {}
    kept = progress.usage(chunk, relay)
    if "totalTokenCount" in (chunk.get(USAGE) or {}) and relay.usage is not None:
        spent = before.get("candidatesTokenCount", 0) + chunk[USAGE].get("candidatesTokenCount", 0)
        relay.usage["candidatesTokenCount"] = spent
    return kept


@mutant("chunk", breaks="usage.totals-add-up", surface="gemini")
def leaves_thoughts_out_of_the_total(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Says the sum of prompt and candidates for the total."""

    def summed(told: Chunk) -> Chunk:
        return {**told, "totalTokenCount": told["totalTokenCount"]
                - told.get("thoughtsTokenCount", 0)}  # fmt: skip

    yield from counted(chunk, summed)


@mutant("chunk", breaks="usage.reasoning-included", surface="gemini")
def counts_thoughts_among_the_candidates(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Counts thoughts as OpenAI does, inside the completion, and leaves out how many they were."""

    def joined(told: Chunk) -> Chunk:
        said = told.get("candidatesTokenCount", 0) + told.get("thoughtsTokenCount", 0)
        return {**without(told, "thoughtsTokenCount"), "candidatesTokenCount": said}

    yield from counted(chunk, joined)


@mutant("chunk", breaks="usage.cache-details-kept", surface="gemini")
def forgets_cached_content(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Drops the count of cached tokens."""
    yield from counted(chunk, lambda told: without(told, "cachedContentTokenCount"))


@mutant("completion", breaks="parity.usage", surface="gemini")
def forgets_cached_content_of_plain_answers(completion: Chunk, relay: Relay) -> Chunk:
    """Drops the count of cached tokens where an answer is not streamed."""
    return next(counted(completion, lambda told: without(told, "cachedContentTokenCount")))


@mutant("chunk", breaks="usage.not-invented", surface="gemini")
def counts_nothing_as_zero(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Says zero tokens where the provider does not say how many."""
    zeros = {"promptTokenCount": 0, "candidatesTokenCount": 0, "totalTokenCount": 0}
    yield {USAGE: zeros, **chunk}
