"""Routers that lose what a client has to bring back in its next turn, where it is a stowaway."""

from collections.abc import Callable, Iterator

from conformance.selfcheck.mutants.anth import SURFACE
from conformance.selfcheck.mutants.anth_blocks import START, said, turned
from conformance.selfcheck.mutants.content import deltas_without
from conformance.selfcheck.mutants.tool import fragments
from conformance.selfcheck.router.dialects.chat import answers, dialect, tools
from conformance.selfcheck.router.dialects.chat.chunks import each_choice, without
from conformance.selfcheck.router.dialects.chat.convert import Collected
from conformance.selfcheck.router.relay import Items, Relay
from conformance.selfcheck.router.upstream import Body
from conformance.selfcheck.router.values import Answer, Chunk, objects
from conformance.selfcheck.variant import mutant

ENCRYPTED = "reasoning.encrypted"


def readable(message: Chunk) -> Chunk:
    """Return a delta or a message with what people can read of the reasoning."""
    details = message.get("reasoning_details")
    if details is None:
        return message
    kept = [each for each in objects(details) if each.get("type") != ENCRYPTED]
    return {**message, "reasoning_details": kept}


def unsigned(message: Chunk) -> Chunk:
    """Return a message whose calls have what every call has."""
    calls = objects(message.get("tool_calls"))
    bare = [without(call, "extra_content") for call in calls]
    return {**message, "tool_calls": bare} if calls else message


def messages(completion: Chunk, change: Callable[[Chunk], Chunk]) -> Chunk:
    choices = [{**choice, "message": change(choice["message"])} for choice in completion["choices"]]
    return {**completion, "choices": choices}


def asked(relay: Relay, change: Callable[[Chunk], Chunk]) -> Chunk:
    body = dialect.request_body(relay)
    return {**body, "messages": [change(each) for each in body["messages"]]}


@mutant("chunk", breaks="anth.redacted-thinking-kept")
def keeps_readable_reasoning(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Leaves out the reasoning that nobody can read."""
    yield each_choice(chunk, lambda choice, _: {**choice, "delta": readable(choice["delta"])})


@mutant("chunk", breaks="anth.redacted-thinking-kept")
def knows_no_thinking_blocks(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Leaves out the blocks in which some relays hand sealed thoughts on."""
    yield deltas_without(chunk, "thinking_blocks")


@mutant("completion", breaks="anth.redacted-thinking-kept")
def keeps_readable_reasoning_of_plain_answers(completion: Chunk, relay: Relay) -> Chunk:
    """Leaves out the reasoning that nobody can read, of answers that are not streamed."""
    return messages(completion, readable)


@mutant("request_body", breaks="anth.redacted-thinking-kept")
def asks_without_sealed_reasoning(relay: Relay) -> Chunk:
    """Leaves reasoning out of the turns that it sends up."""
    return asked(relay, lambda turn: without(turn, "reasoning_details", "thinking_blocks"))


@mutant("chunk", breaks="gem.thought-signature-kept")
def builds_calls_anew(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Builds calls of the members it knows, and loses what was signed."""
    yield fragments(chunk, lambda call: without(call, "extra_content"))


@mutant("chunk", breaks="gem.thought-signature-kept")
def builds_texts_anew(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Builds texts of the members it knows, and loses what was signed."""
    yield deltas_without(chunk, "extra_content")


@mutant("completion", breaks="gem.thought-signature-kept")
def builds_calls_of_plain_answers_anew(completion: Chunk, relay: Relay) -> Chunk:
    """Builds the calls of plain answers of the members it knows."""
    return messages(completion, unsigned)


@mutant("request_body", breaks="gem.thought-signature-kept")
def asks_without_what_was_signed(relay: Relay) -> Chunk:
    """Builds the calls of earlier turns of the members it knows."""
    return asked(relay, unsigned)


@mutant("chunk", surface=SURFACE, breaks="gem.thought-signature-kept")
def starts_calls_anew(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Builds the start of a call of the members it knows."""
    if chunk["type"] == START and said(chunk) == "tool_use":
        chunk = {**chunk, "content_block": without(chunk["content_block"], "signature")}
    yield chunk


@mutant("completion", surface=SURFACE, breaks="gem.thought-signature-kept")
def tells_calls_anew(completion: Chunk, relay: Relay) -> Chunk:
    """Builds the calls of plain answers of the members it knows."""
    content = [
        without(block, "signature") if block["type"] == "tool_use" else block
        for block in completion["content"]
    ]
    return {**completion, "content": content}


@mutant("request_body", surface=SURFACE, breaks="gem.thought-signature-kept")
def asks_with_calls_alone(relay: Relay) -> Chunk:
    """Builds the calls of earlier turns of the members it knows."""
    return turned(relay.asked, lambda block: without(block, "signature"), "tool_use")


@mutant("repairs", instead_of=tools.ordered_calls, breaks="chunk.odd-upstream-tolerated")
def believes_the_last_chunk(chunk: Chunk, relay: Relay) -> Chunk | None:
    """Says stop where the last chunk lists no calls, whatever was called before."""

    def stopped(choice: Chunk, position: int) -> Chunk:
        if not choice["finish_reason"] or choice["delta"].get("tool_calls") != []:
            return choice
        relay.choices[choice["index"]].calls.clear()
        return {**choice, "finish_reason": "stop"}

    return tools.ordered_calls(each_choice(chunk, stopped), relay)


class Latest(Collected):
    """Takes the texts of a chunk for all there is, where it has any member for them."""

    def add(self, chunk: Chunk) -> None:
        super().add(chunk)
        for choice in chunk["choices"]:
            if choice["finish_reason"] and "content" in choice["delta"]:
                into = self._choices[choice["index"]]["message"]
                into["content"] = choice["delta"]["content"]


@mutant("conversions", instead_of=("plain", "stream"), breaks="err.wrong-body-kind")
async def answers_with_the_last_chunk(relay: Relay, body: Body) -> Items | Answer:
    """Makes a plain answer of a stream, with the text of its last chunk."""
    return await answers.collected(relay, body, Latest())
