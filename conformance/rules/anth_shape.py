"""The members that Anthropic's types require of events, blocks, deltas and plain answers."""

from collections.abc import Iterator, Mapping

from conformance.exchange import Exchange, Json
from conformance.findings import Finding, Span
from conformance.protocols import blocks, messages
from conformance.protocols.blocks import Kind
from conformance.protocols.messages import kind, member
from conformance.protocols.surface import Data
from conformance.rules.shape import COUNT, LIST, OBJECT, TEXT, Member, exactly, lacking, once_each

Members = Mapping[str, Member]

NULL = Member(lambda value: value is None, "null")
WORD = Member(lambda value: value is None or isinstance(value, str), "null or a text")
STRING = Member(lambda value: isinstance(value, str), "a text")
EMPTY = Member(lambda value: value == [], "an empty list")

ANSWER: Members = {
    "id": TEXT, "type": exactly("message"), "role": exactly("assistant"), "model": TEXT,
    "content": LIST, "stop_reason": WORD, "stop_sequence": WORD, "usage": OBJECT,
}  # fmt: skip
MESSAGE: Members = {**ANSWER, "content": EMPTY, "stop_reason": NULL, "stop_sequence": NULL}
USAGE: Members = {"input_tokens": COUNT, "output_tokens": COUNT}
ENDING: Members = {"stop_reason": WORD, "stop_sequence": WORD}
TYPED: Members = {"type": TEXT}
CALLED: Members = {"id": TEXT, "name": TEXT, "input": OBJECT}
BLOCKS: Mapping[str, Members] = {
    "text": {"text": STRING},
    "thinking": {"thinking": STRING},
    "redacted_thinking": {"data": TEXT},
    "tool_use": CALLED,
    "server_tool_use": CALLED,
}
DELTAS: Mapping[str, Members] = {
    "text_delta": {"text": STRING},
    "thinking_delta": {"thinking": STRING},
    "signature_delta": {"signature": STRING},
    "input_json_delta": {"partial_json": STRING},
    "citations_delta": {"citation": OBJECT},
}


def of_the_start(exchange: Exchange) -> Iterator[Finding]:
    """Yield what message_start lacks."""
    for event in messages.data(exchange):
        if kind(event) == "message_start":
            yield from lacking(event.value, {"message": OBJECT}, event.span, "")
            yield from _inside(event.value, "message", MESSAGE, event.span)
            message = member(event.value, "message")
            yield from _inside(message, "usage", USAGE, event.span)


def of_the_rest(exchange: Exchange) -> Iterator[Finding]:
    """Yield what blocks, deltas and message_delta lack, each kind of mistake once."""
    found = (wrong for event in messages.data(exchange) for wrong in _of_an_event(event))
    yield from once_each(found)


def _of_an_event(event: Data) -> Iterator[Finding]:
    value, span = event.value, event.span
    match kind(event):
        case "content_block_start":
            yield from _typed(value, "content_block", BLOCKS, span)
        case "content_block_delta":
            yield from _typed(value, "delta", DELTAS, span)
        case "message_delta":
            yield from lacking(value, {"delta": OBJECT, "usage": OBJECT}, span, "")
            yield from _inside(value, "delta", ENDING, span)
            yield from _inside(value, "usage", {"output_tokens": COUNT}, span)


def _typed(value: Json, name: str, known: Mapping[str, Members], span: Span) -> Iterator[Finding]:
    """A type that is not known yet has members that are not known either."""
    yield from lacking(value, {name: OBJECT}, span, "")
    yield from _inside(value, name, TYPED, span)
    told = str(member(value, name).get("type"))
    if told in known:
        yield from lacking(value[name], known[told], span, f"{told} ")


def _inside(value: Json, name: str, members: Members, span: Span) -> Iterator[Finding]:
    """Yield what an object lacks; that it is missing itself is another finding."""
    if isinstance(value.get(name), dict):
        yield from lacking(value[name], members, span, f"{name} ")


def misnamed(exchange: Exchange) -> Iterator[Finding]:
    """Yield events whose names are not what their data says, each type once; errors excepted."""
    found = (wrong for event in messages.data(exchange) for wrong in _misnamed(event))
    yield from once_each(found)


def _misnamed(event: Data) -> Iterator[Finding]:
    told = kind(event)
    if event.type != told and messages.ERROR not in (told, event.type):
        shown = f"event: {event.type}" if event.type else "no event line"
        yield Finding(f"{told or 'an event without a type'} has {shown}", event.span)


def of_an_answer(value: dict[str, Json], span: Span) -> Iterator[Finding]:
    """Yield what a plain answer lacks."""
    yield from lacking(value, ANSWER, span, "")
    yield from _inside(value, "usage", USAGE, span)
    content = value.get("content")
    for block in content if isinstance(content, list) else ():
        yield from _typed({"block": block}, "block", BLOCKS, span)


def ill_formed(exchange: Exchange) -> Iterator[Finding]:
    """Yield all that is wrong with the form of a stream's events and blocks."""
    yield from of_the_start(exchange)
    yield from misnamed(exchange)
    yield from of_the_rest(exchange)
    for flaw in blocks.flaws(exchange, *Kind):
        yield Finding(flaw.message, flaw.span)
