"""The same script asked for as a stream and as a plain answer comes to the same.

The stream is the measure. Where it departs from the script itself another rule says so, and of a
plain answer that departs in the same way these are silent.
"""

import json
from collections.abc import Iterator

from conformance.exchange import Exchange, Json, Trial
from conformance.findings import Finding, Level, Span
from conformance.protocols import chat, read
from conformance.protocols.outcome import Outcome, Usage
from conformance.protocols.surface import Data, answer
from conformance.rules import anth_shape
from conformance.rules.rule import comparison, rule
from conformance.rules.shape import OBJECT, TEXT, Member, lacking
from conformance.rules.tool_odd import OBJECTS
from conformance.wire.json import BadJson, parse

BOTH = "stream plain"
SAME = "OpenAI OpenAPI 2.3.0, chat.completion and chat.completion.chunk: one answer in two forms"

MESSAGE = {
    "role": Member(lambda value: value == "assistant", "'assistant'"),
    "content": Member(lambda value: value is None or isinstance(value, str), "null or a text"),
}
CALL = {"id": TEXT, "type": TEXT, "function": OBJECT}
FUNCTION = {
    "name": TEXT,
    "arguments": Member(lambda value: isinstance(value, str), "a text"),
}


def _pair(trial: Trial) -> tuple[Outcome, Outcome, Outcome] | None:
    """Return what was scripted, streamed and answered plainly, if both requests succeeded."""
    stream, plain = trial["stream"], trial["plain"]
    if stream.form != "stream" or plain.form != "plain":
        return None
    if read.failed(stream) or read.failed(plain) or answer(plain) is None:
        return None
    return read.scripted(stream), read.outcome(stream), read.outcome(plain)


@comparison(
    "parity.usage",
    Level.MUST,
    on=BOTH,
    probes="parity",
    cites=f"{SAME}; usage",
    bugs="huggingface/smolagents#1488 BerriAI/litellm#41067 BerriAI/litellm#36114",
)
def the_usage_is_the_same(trial: Trial) -> Iterator[Finding]:
    """Prompt, completion, cached and reasoning tokens are the same, streamed or not.

    Each is measured by itself: one that the stream has lost does not excuse the others.
    """
    if pair := _pair(trial):
        said, streamed, plain = (_classes(outcome.usage) for outcome in pair)
        if any(got not in told for got, *told in zip(plain, said, streamed, strict=True)):
            what = f"usage is {pair[2].usage}, streamed it is {pair[1].usage}"
            yield Finding(what, exchange="plain")


def _classes(usage: Usage | None) -> tuple[int, ...]:
    known = usage or Usage()
    return tuple(count or 0 for count in (known.input, known.output, known.cached, known.reasoning))


@comparison(
    "parity.finish-reason",
    Level.MUST,
    on=BOTH,
    probes="parity",
    cites=f"{SAME}; choices.finish_reason",
    bugs="googleapis/python-genai#2868",
)
def the_finish_reason_is_the_same(trial: Trial) -> Iterator[Finding]:
    """The finish reason is the same, streamed or not."""
    if pair := _pair(trial):
        said, streamed, plain = ([c.finish for c in outcome.choices] for outcome in pair)
        if plain not in (said, streamed):
            what = f"the finish reasons are {plain}, streamed they are {streamed}"
            yield Finding(what, exchange="plain")


@comparison(
    "parity.content",
    Level.MUST,
    on=BOTH,
    probes="parity",
    cites=f"{SAME}; choices.message.tool_calls",
    bugs="BerriAI/litellm#8066 higress-group/higress#3506",
)
def the_calls_are_the_same(trial: Trial) -> Iterator[Finding]:
    """The tool calls are the same, streamed or not.

    Text and refusal of a plain answer are measured by the script itself, under `content`.
    """
    if pair := _pair(trial):
        # Where a plain answer has arguments as an object, their spacing is nobody's.
        spaced = OBJECTS.isdisjoint(entry.get("surface") for entry in trial["plain"].journal)
        said, streamed, plain = (_calls(outcome, spaced=spaced) for outcome in pair)
        if plain not in (said, streamed):
            yield Finding(f"the calls are {plain}, streamed they are {streamed}", exchange="plain")


def _calls(outcome: Outcome, *, spaced: bool) -> list[list[str]]:
    written = str if spaced else _compact
    choices = outcome.choices
    return [[f"{call.name}({written(call.arguments)})" for call in each.calls] for each in choices]


def _compact(arguments: str) -> str:
    try:
        return json.dumps(parse(arguments), separators=(",", ":"))
    except BadJson:
        return arguments


@rule(
    "parity.stream-flag-honoured",
    Level.MUST,
    on=f"{BOTH} array error",
    probes="parity parity.stream-flag-honoured",
    needs="request",
    cites="OpenAI OpenAPI 2.3.0, CreateChatCompletionRequest.stream: default false",
    bugs="BerriAI/litellm#34095 mnfst/llm-gateway#2060 techysy/10router#4",
)
def the_stream_flag_is_obeyed(exchange: Exchange) -> Iterator[Finding]:
    """A stream is what `stream: true` gets; false, or no `stream` at all, gets one JSON object."""
    if exchange.form == "error":
        return
    whole = answer(exchange) is not None
    if exchange.mode == "plain" and _streams(exchange):
        yield Finding(f"a stream, {_flag(exchange)}")
    if exchange.mode != "plain" and whole:
        yield Finding(f"one JSON object, {_flag(exchange)}")


def _streams(exchange: Exchange) -> bool:
    return bool(read.events(exchange))


def _flag(exchange: Exchange) -> str:
    """Say what was asked for; Gemini's API has a method for each form."""
    if exchange.surface == "gemini" and exchange.request:
        return f"the method was {exchange.request.url.rpartition(':')[2]}"
    flag = exchange.asked("stream")
    return f"stream was {'absent' if flag is None else str(flag).lower()}"


@rule(
    "parity.answer-shape",
    Level.MUST,
    on="chat.plain responses.plain messages.plain",
    probes="healthy parity",
    cites="OpenAI OpenAPI 2.3.0, ChatCompletionResponseMessage: role and content are required; "
    "ChatCompletionMessageToolCall: id, type and function are",
)
def a_plain_answer_has_a_message(exchange: Exchange) -> Iterator[Finding]:
    """A plain answer is one JSON object; its messages have their role, content and whole calls.

    What stands beside the message is under `chunk.required-keys`, what a response has in it under
    `resp.schema-required-fields`.
    """
    value = answer(exchange)
    if value is None:
        if not _streams(exchange):
            yield Finding(f"the body is no JSON object: {exchange.body[:60]!r}")
        return
    whole = Data(value, Span(0, len(exchange.body)))
    if exchange.surface == "messages":
        yield from anth_shape.of_an_answer(value, whole.span)
        return
    for choice in chat.choices(whole):
        if isinstance(message := choice.get("message"), dict):
            yield from lacking(message, MESSAGE, whole.span, "message ")
            yield from _incomplete(message.get("tool_calls"), whole.span)


def _incomplete(listed: Json, span: Span) -> Iterator[Finding]:
    if not isinstance(listed, list | None):
        yield Finding(f"message tool_calls is {str(listed)[:60]}; right is a list", span)
    for call in listed if isinstance(listed, list) else ():
        # A custom tool has neither a function nor arguments.
        if not isinstance(call, dict) or call.get("type") == "custom":
            continue
        yield from lacking(call, CALL, span, "call ")
        if isinstance(function := call.get("function"), dict):
            yield from lacking(function, FUNCTION, span, "function ")
