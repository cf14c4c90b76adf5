"""Routers that get the ends of a message wrong, and answers in another form."""

from collections.abc import Iterator

from conformance.selfcheck import reference
from conformance.selfcheck.mutants import sse
from conformance.selfcheck.mutants.anth import SURFACE
from conformance.selfcheck.router.dialects.messages import dialect
from conformance.selfcheck.router.events import DONE, Event, Item
from conformance.selfcheck.router.hearing import failed
from conformance.selfcheck.router.relay import Heard, Items, Relay
from conformance.selfcheck.router.upstream import Body
from conformance.selfcheck.router.values import Answer, Chunk, Ending, Failed
from conformance.selfcheck.variant import mutant

BAD_REQUEST = 400
PLAIN = ("plain", "plain")


@mutant("ending", surface=SURFACE, breaks="done.missing-tolerated")
def calls_a_missing_stop_a_failure(ending: Ending, relay: Relay) -> Iterator[Item]:
    """Reports an error where the provider states its reason and ends without message_stop."""
    if ending.kind == "finished":
        yield from relay.dialect.failing(relay.dialect.error(502, "no message_stop", None), relay)
    else:
        yield from reference.ending(ending, relay)


@mutant("events", surface=SURFACE, breaks="done.ends-stream")
async def stays_with_the_provider_to_the_end(items: Items, relay: Relay) -> Items:
    """Ends its stream when the provider's connection ends, not at message_stop."""
    async for item in items:
        yield item
        over = isinstance(item, Event) and item.type == "message_stop"
        if over and relay.body is not None:
            await relay.body.rest()


@mutant("understood", surface=SURFACE, breaks="done.upstream-done-tolerated")
def reads_a_foreign_terminator(event: Event, relay: Relay) -> list[Heard]:
    """Parses [DONE] as JSON, and fails."""
    return [failed("not JSON", relay)] if event == DONE else dialect.understood(event, relay)


@mutant("completion", surface=SURFACE, breaks="parity.finish-reason")
def ends_a_turn_of_lone_calls(completion: Chunk, relay: Relay) -> Chunk:
    """Says end_turn of a plain answer that is nothing but several calls."""
    kinds = [block["type"] for block in completion["content"]]
    alone = len(kinds) > 1 and set(kinds) == {"tool_use"}
    return {**completion, "stop_reason": "end_turn"} if alone else completion


@mutant("failure", surface=SURFACE, breaks="err.wrong-body-kind")
def takes_another_form_for_nothing(failed: Failed, relay: Relay) -> Answer:
    """Answers with an empty object where it cannot read what the provider sent."""
    answer = reference.failure(failed, relay)
    unread = failed.error["message"].startswith("the upstream answered with")
    return answer._replace(status=200, body=b"{}") if unread else answer


@mutant("conversions", instead_of=PLAIN, surface=SURFACE, breaks="parity.stream-flag-honoured")
async def streams_messages_unless_told_not_to(relay: Relay, body: Body) -> Items | Answer:
    """Streams to whoever does not say stream: false."""
    if "stream" in relay.asked:
        return await dialect.answer_to_answer(relay, body)
    return await dialect.answer_to_stream(relay, body)


@mutant("failure", surface=SURFACE, breaks="pre.error-not-empty-stream")
def streams_nothing_for_a_bad_request(failed: Failed, relay: Relay) -> Answer:
    """Answers a stream request that is refused with a stream of nothing."""
    if failed.status != BAD_REQUEST or relay.dialect.mode(relay) != "stream":
        return reference.failure(failed, relay)
    return Answer(200, relay.parts.stream_headers(relay), b"")


takes_cr_for_text = mutant("bytes_in", surface=SURFACE, breaks="sse.crlf")(
    sse.takes_cr_before_lf_for_text.value
)
