"""What a client ends up with of a Messages answer, and what an error tells it."""

import json
from collections.abc import Iterator
from dataclasses import replace

from conformance.exchange import Exchange, Json, once
from conformance.protocols import blocks, messages
from conformance.protocols.outcome import Choice, Failure, Gathering, Outcome, Usage, count, steps
from conformance.protocols.surface import BadEvent, Data, Event, Flaw, Surface, answer
from conformance.wire.json import BadJson, parse

WORDS = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
    # These have no like: the turn goes on once the client sends it back.
    "pause_turn": "pause_turn",
    "compaction": "compaction",
}
#: The type of an error by its status, as the documentation lists them.
ERROR_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    409: "conflict_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    503: "overloaded_error",
    504: "timeout_error",
    529: "overloaded_error",
}
INVALID, API = ERROR_TYPES[400], ERROR_TYPES[500]
INPUT = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")


@once
def outcome(exchange: Exchange) -> Outcome:
    """Return what a client ends up with, of a stream or of a plain answer."""
    streamed = exchange.mode == "stream"
    said = Gathering()
    for position, block in enumerate(blocks.blocks(exchange)):
        _gather(said, block, position)
    at_all = said_anything(exchange) if streamed else "content" in (answer(exchange) or {})
    if at_all:
        reason = stated(exchange)[0]
        said.finish = WORDS.get(reason or "", reason)
    told = _first_error(exchange) if streamed else failure(exchange)
    return Outcome((said.choice(),) if at_all else (), read_usage(usage(exchange)), told)


def _gather(into: Gathering, block: blocks.Block, position: int) -> None:
    match block.kind:
        case "text":
            into.text.append(block.text("text"))
        case "thinking":
            into.reasoning.append(block.text("thinking"))
        case "tool_use":
            called = (str(block.start.get("id") or ""), str(block.start.get("name") or ""))
            into.call(position, *called, settled(block.arguments))


def settled(arguments: str) -> str:
    """Return the input of a call written in one way: here it is a value, however it is spelled."""
    try:
        value = parse(arguments)
    except BadJson:
        return arguments
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def said_anything(exchange: Exchange) -> bool:
    """Say whether a message was begun."""
    return any(token.kind in ("start", "block", "delta", "ending")
               for token in messages.tokens(exchange))  # fmt: skip


@once
def usage(exchange: Exchange) -> Json:
    """Return the counts of message_delta over those of message_start; without its there are none.

    They are running totals: what is stated later replaces what was, a zero too, but null does not.
    """
    if exchange.mode == "plain":
        return (answer(exchange) or {}).get("usage")
    told = [token.value for token in messages.tokens(exchange) if token.kind == "ending"]
    if not any(isinstance(value.get("usage"), dict) for value in told):
        return None
    merged: dict[str, Json] = {}
    for token in messages.tokens(exchange):
        if token.kind == "usage":
            merged |= {name: value for name, value in token.value.items() if value is not None}
    return merged


def read_usage(value: Json) -> Usage | None:
    """Return usage in neutral counts: what was read from a cache, or written to it, is input.

    The service always counts the classes below; a zero there says no more than its absence.
    """
    if not isinstance(value, dict):
        return None
    counted = [count(value, name) for name in INPUT]
    input_ = None if counted[0] is None else sum(count or 0 for count in counted)
    output = count(value, "output_tokens")
    total = None if input_ is None or output is None else input_ + output
    thought = count(value.get("output_tokens_details"), "thinking_tokens")
    return Usage(input_, output, total, counted[2] or None, thought or None)


def stated(exchange: Exchange) -> dict[int, str | None]:
    """Return why the message ended; of several message_delta the last counts, as in the SDKs."""
    if exchange.mode == "plain":
        value = answer(exchange) or {}
        return {0: _word(value.get("stop_reason"))} if "content" in value else {}
    if not said_anything(exchange):
        return {}
    told = [token.value for token in messages.tokens(exchange) if token.kind == "ending"]
    return {0: _word(messages.member(told[-1], "delta").get("stop_reason")) if told else None}


def _word(value: Json) -> str | None:
    return str(value) if value else None


def _first_error(exchange: Exchange) -> Failure | None:
    told = (token.value for token in messages.tokens(exchange) if token.kind == "error")
    return next((read_failure(value["error"]) for value in told), None)


def failure(exchange: Exchange) -> Failure | None:
    told = (answer(exchange) or {}).get("error")
    return read_failure(told) if told else None


def read_failure(value: Json) -> Failure:
    if isinstance(value, dict):
        code = messages.member(value, "details").get("error_code")
        return Failure(str(value.get("message", "")), value.get("type"), code)
    return Failure(str(value))


def misshapen(exchange: Exchange) -> list[Flaw]:
    if exchange.form == "error":
        value = answer(exchange)
        why = f"no JSON object: {exchange.body[:60]!r}" if value is None else _unlike(value)
        return [Flaw(why)] if why else []
    return [flaw for event in messages.events(exchange) for flaw in _misshapen(event)]


def _misshapen(event: Event) -> Iterator[Flaw]:
    if isinstance(event, BadEvent):
        yield Flaw(f"the error is {event.reason}: {event.data[:60]!r}", event.span)
    elif isinstance(event, Data) and (event.type == messages.ERROR or event.value.get("error")):
        if event.type != messages.ERROR:
            shown = f"event: {event.type}" if event.type else "no event line"
            yield Flaw(f"the error has {shown}; right is event: error", event.span)
        elif why := _unlike(event.value):
            yield Flaw(why, event.span)


def _unlike(value: dict[str, Json]) -> str:
    """Say how an object departs from the envelope of an error."""
    error = value.get("error")
    if not isinstance(error, dict):
        return f"error is {error!r:.60}; right is an object with type and message"
    lacks = [name for name in ("type", "message")
             if not (isinstance(error.get(name), str) and error[name])]  # fmt: skip
    if lacks:
        return f"error lacks {' and '.join(lacks)}: {str(error)[:120]}"
    if value.get("type") != messages.ERROR:
        return f"type is {value.get('type')!r}; right is 'error' beside the object error"
    return ""


def said(scenario: Json, neutral: Outcome) -> Outcome:
    """Return what a script comes to here: one choice, refusals as text, errors by their status."""
    errors = [step["error"] for step in steps(scenario) if "error" in step]
    failure = neutral.failure
    if failure and errors and scenario.get("messages", {}).get("error") != "openai":
        failure = replace(failure, type=_error_type(errors[-1], scenario.get("head", {})))
    choices = tuple(map(_as_text, neutral.choices[:1]))
    return replace(neutral, choices=choices, failure=failure)


def _as_text(choice: Choice) -> Choice:
    calls = tuple(replace(call, arguments=settled(call.arguments)) for call in choice.calls)
    refused = choice.refusal and choice.finish == "stop"
    return replace(
        choice,
        text=choice.text + choice.refusal,
        refusal="",
        calls=calls,
        finish=WORDS["refusal"] if refused else choice.finish,
    )


def _error_type(error: Json, head: Json) -> str:
    """A type that is none of this API's gives way to that of the status, in the provider too."""
    told, status = error.get("type"), error.get("status", head.get("status"))
    if told in ERROR_TYPES.values() and not (told == INVALID and status is not None):
        return str(told)
    status = status or 500
    return ERROR_TYPES.get(status, API if status >= 500 else INVALID)  # noqa: PLR2004


SURFACE = Surface(
    messages.events,
    messages.tokens,
    outcome,
    stated,
    failure,
    misshapen,
    WORDS,
    "message_stop",
    read_failure=read_failure,
    said=said,
)
