"""Routers that get the ends of a response wrong, and answers in another form."""

from collections.abc import AsyncIterator, Iterator

from conformance.selfcheck import reference
from conformance.selfcheck.mutants import sse
from conformance.selfcheck.router.dialects.chat.chunks import without
from conformance.selfcheck.router.dialects.responses import dialect, progress
from conformance.selfcheck.router.events import Event, Item
from conformance.selfcheck.router.relay import Heard, Items, Relay
from conformance.selfcheck.router.upstream import Body
from conformance.selfcheck.router.values import Answer, Chunk, Ending, Failed
from conformance.selfcheck.variant import mutant

SURFACE = "responses"
OK, REFUSED = 200, 400
PLAIN = ("plain", "plain")


@mutant("events", breaks="done.ends-stream", surface=SURFACE)
async def waits_after_the_terminal_event(items: Items, relay: Relay) -> Items:
    """Ends its stream when the provider's connection ends, not at the terminal event."""
    async for item in items:
        yield item
        if isinstance(item, Event) and item.type in progress.ENDS and relay.body is not None:
            await relay.body.rest()


@mutant("ending", breaks="err.inband-error-forwarded", surface=SURFACE)
def ends_where_an_error_comes(ending: Ending, relay: Relay) -> Iterator[Item]:
    """Ends the stream where the provider reports an error, and says nothing."""
    if ending.kind != "error" or not relay.committed:
        yield from reference.ending(ending, relay)
    else:
        relay.parts.settle(relay, "failed")


@mutant("ending", breaks="err.no-synthetic-success", surface=SURFACE)
def completes_what_was_cut(ending: Ending, relay: Relay) -> Iterator[Item]:
    """Completes a response of its own accord where the provider's breaks off."""
    if relay.committed and ending.kind in ("cut", "unfinished"):
        relay.parts.settle(relay, "failed")
        yield from progress.completed(relay)
    else:
        yield from reference.ending(ending, relay)


@mutant("failure", breaks="pre.error-not-empty-stream", surface=SURFACE)
def makes_400_a_stream_of_nothing(failed: Failed, relay: Relay) -> Answer:
    """Answers a stream request that is refused with a stream without any event."""
    if failed.status != REFUSED or relay.dialect.mode(relay) != "stream":
        return reference.failure(failed, relay)
    return Answer(200, relay.parts.stream_headers(relay), b"")


@mutant("envelope", breaks="pre.error-shape", surface=SURFACE)
def says_no_code(error: Chunk, id: str) -> Chunk:
    """Leaves the code out of the errors it answers with."""
    return {"error": without(error, "code")}


reads_no_crlf = mutant("bytes_in", breaks="sse.crlf", surface=SURFACE)(
    sse.takes_cr_before_lf_for_text.value
)


@mutant("ending", breaks="content.empty-stream-not-success", surface=SURFACE)
def ends_an_empty_response_quietly(ending: Ending, relay: Relay) -> Iterator[Item]:
    """Answers a provider that says nothing with a stream that says nothing."""
    if ending.kind != "unfinished" or relay.first is not None:
        yield from reference.ending(ending, relay)


@mutant("understood", breaks="sse.long-line", surface=SURFACE)
def passes_over_long_deltas(event: Event, relay: Relay) -> list[Heard]:
    """Leaves out deltas of 64 KiB and more: the end, which is longer, is read elsewhere."""
    long = event.type.endswith(".delta") and len(event.data) >= 64 * sse.KIB
    return [] if long else dialect.understood(event, relay)


@mutant("conversions", instead_of=("stream", "plain"), breaks="err.wrong-body-kind",
        surface=SURFACE)  # fmt: skip
async def reads_a_response_as_an_empty_stream(relay: Relay, body: Body) -> Items | Answer:
    """Finds no event in a response that is one JSON object, and ends the stream."""

    async def nothing() -> AsyncIterator[Item]:
        for item in list[Item]():
            yield item

    return nothing()


@mutant("conversions", instead_of=PLAIN, breaks="parity.stream-flag-honoured", surface=SURFACE)
async def streams_responses_unless_told_not_to(relay: Relay, body: Body) -> Items | Answer:
    """Streams to whoever does not say stream: false."""
    if "stream" in relay.asked:
        return await dialect.answer_to_answer(relay, body)
    return await dialect.answer_to_stream(relay, body)


# What is in no place where a client looks for it is not there at all.
ALL_OF_IT = (
    "parity.answer-shape content.complete finish.present choice.logprobs-kept reason.passthrough "
    "anth.redacted-thinking-kept chunk.identity-policy err.wrong-body-kind"
)


@mutant("answer", breaks=ALL_OF_IT, surface=SURFACE)
def answers_with_a_list(answer: Answer, relay: Relay) -> Answer:
    """Puts a plain answer into a list, as of several."""
    own = relay.path.endswith("/responses") and relay.dialect.mode(relay) == "plain"
    whole = answer.status == OK and own
    return answer._replace(body=b"[" + answer.body + b"]") if whole else answer


@mutant("completion", breaks="parity.finish-reason", surface=SURFACE)
def leaves_lone_calls_incomplete(completion: Chunk, relay: Relay) -> Chunk:
    """Says of a plain answer that is nothing but several calls that it is incomplete."""
    kinds = [item["type"] for item in completion["output"]]
    if kinds != ["function_call"] * max(len(kinds), 2):
        return completion
    details = {"reason": "max_output_tokens"}
    return {**completion, "status": "incomplete", "incomplete_details": details}
