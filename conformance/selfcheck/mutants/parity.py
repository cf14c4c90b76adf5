"""Routers whose plain answers are not those of their streams."""

from conformance.selfcheck.router.dialects.chat.answers import CONVERSIONS
from conformance.selfcheck.router.dialects.chat.chunks import without
from conformance.selfcheck.router.relay import Items, Relay
from conformance.selfcheck.router.upstream import Body
from conformance.selfcheck.router.values import Answer, Chunk
from conformance.selfcheck.variant import mutant

PLAIN = ("plain", "plain")


@mutant("completion", breaks="parity.usage")
def forgets_cached_tokens_of_plain_answers(completion: Chunk, relay: Relay) -> Chunk:
    """Drops the details of the usage of plain answers."""
    told = completion.get("usage")
    if not told:
        return completion
    return completion | {"usage": without(told, "prompt_tokens_details")}


@mutant("completion", breaks="parity.finish-reason")
def stops_after_lone_calls(completion: Chunk, relay: Relay) -> Chunk:
    """Says stop in plain answers that call tools and say nothing."""
    choices = [
        choice | {"finish_reason": "stop"}
        if choice["finish_reason"] == "tool_calls" and choice["message"]["content"] is None
        else choice
        for choice in completion["choices"]
    ]
    return completion | {"choices": choices}


@mutant("completion", breaks="parity.content")
def keeps_one_call_of_a_plain_answer(completion: Chunk, relay: Relay) -> Chunk:
    """Keeps the first tool call of plain answers and drops the others."""
    choices = [
        choice
        | {"message": choice["message"] | {"tool_calls": choice["message"]["tool_calls"][:1]}}
        if "tool_calls" in choice["message"]
        else choice
        for choice in completion["choices"]
    ]
    return completion | {"choices": choices}


@mutant("conversions", instead_of=PLAIN, breaks="parity.stream-flag-honoured")
async def streams_unless_told_not_to(relay: Relay, body: Body) -> Items | Answer:
    """Streams to whoever does not say stream: false."""
    if "stream" in relay.asked:
        return await CONVERSIONS[PLAIN](relay, body)
    return await CONVERSIONS["stream", "plain"](relay, body)


@mutant("completion", breaks="parity.answer-shape")
def leaves_out_the_role(completion: Chunk, relay: Relay) -> Chunk:
    """Says no role in the messages of plain answers."""
    choices = [
        choice | {"message": without(choice["message"], "role")} for choice in completion["choices"]
    ]
    return completion | {"choices": choices}
