"""What a client ends up with of a chat answer, and what an error tells it."""

from collections import defaultdict

from conformance.exchange import Exchange, Json, once
from conformance.findings import Span
from conformance.protocols import chat
from conformance.protocols.outcome import FINISHES, Failure, Gathering, Outcome, Usage, count
from conformance.protocols.surface import BadEvent, Data, Flaw, Surface, answer, items
from conformance.wire.sse import Event


@once
def outcome(exchange: Exchange) -> Outcome:
    """Return what a client ends up with, of a stream or of a plain answer."""
    return _streamed(exchange) if exchange.mode == "stream" else _plain(exchange)


def _streamed(exchange: Exchange) -> Outcome:
    gathered: dict[int, Gathering] = defaultdict(Gathering)
    usage: Usage | None = None
    failure: Failure | None = None
    for part in chat.parts(exchange):
        _gather(gathered[part.at], part.delta, part.choice)
    for chunk in chat.chunks(exchange):
        usage = read_usage(chunk.value.get("usage")) or usage
    for token in chat.tokens(exchange):
        if token.kind == "error":
            failure = failure or read_failure(token.value)
    return Outcome(tuple(gathered[at].choice() for at in sorted(gathered)), usage, failure)


def _plain(exchange: Exchange) -> Outcome:
    value = answer(exchange) or {}
    gathered: dict[int, Gathering] = defaultdict(Gathering)
    for choice in chat.choices(Data(value, Span(0, len(exchange.body)))):
        message = choice.get("message")
        if isinstance(message, dict):
            _gather(gathered[chat.index(choice)], message, choice)
    failure = read_failure(value["error"]) if value.get("error") else None
    found = tuple(gathered[at].choice() for at in sorted(gathered))
    return Outcome(found, read_usage(value.get("usage")), failure)


def _gather(into: Gathering, said: dict[str, Json], choice: dict[str, Json]) -> None:
    if content := said.get("content"):
        into.text.append(_text(content))
    for key in chat.REASONING:
        if reasoning := said.get(key):
            into.reasoning.append(_text(reasoning))
            break
    if refusal := said.get("refusal"):
        into.refusal.append(_text(refusal))
    calls = said.get("tool_calls")
    for position, call in enumerate(calls if isinstance(calls, list) else []):
        if isinstance(call, dict):
            _gather_call(into, call, position)
    into.finish = choice.get("finish_reason") or into.finish


def _gather_call(into: Gathering, call: dict[str, Json], position: int) -> None:
    """The official SDKs put the fragments of a call together by its index."""
    function = call.get("function")
    function = function if isinstance(function, dict) else {}
    key = call.get("index", position)
    key = key if isinstance(key, (int, str)) else position
    named, name = call.get("id"), function.get("name")
    arguments = _text(function.get("arguments"))
    into.call(key, _text(named) if named else "", _text(name) if name else "", arguments)


def _text(value: Json) -> str:
    """Text as it is; a list of content parts (a habit of some providers) as their texts."""
    if isinstance(value, str):
        return value
    if not value:
        return ""
    parts = value if isinstance(value, list) else []
    return "".join(_text(part.get("text")) for part in parts if isinstance(part, dict))


def read_usage(value: Json) -> Usage | None:
    if not isinstance(value, dict):
        return None
    return Usage(
        count(value, "prompt_tokens"),
        count(value, "completion_tokens"),
        count(value, "total_tokens"),
        count(value.get("prompt_tokens_details"), "cached_tokens"),
        count(value.get("completion_tokens_details"), "reasoning_tokens"),
    )


def read_failure(value: Json) -> Failure:
    if isinstance(value, dict):
        return Failure(str(value.get("message", "")), value.get("type", ""), value.get("code"))
    return Failure(str(value))


def stated(exchange: Exchange) -> dict[int, str | None]:
    """Return the first reason each choice states; of several, only the number is wrong."""
    if exchange.mode == "plain":
        return {at: c.finish for at, c in enumerate(outcome(exchange).choices)}
    return {
        at: next((str(token.value) for token in order if token.kind == "finish"), None)
        for at, order in chat.by_choice(exchange).items()
    }


def failure(exchange: Exchange) -> Failure | None:
    told = (answer(exchange) or {}).get("error")
    return read_failure(told) if told else None


def misshapen(exchange: Exchange) -> list[Flaw]:
    return envelope(exchange) if exchange.form == "error" else _error_events(exchange)


def envelope(exchange: Exchange) -> list[Flaw]:
    error = (answer(exchange) or {}).get("error")
    if not isinstance(error, dict):
        return [Flaw(f"no error object in {exchange.body[:60]!r}")]
    lacks = [
        name
        for name in ("message", "type")
        if not (isinstance(error.get(name), str) and error[name])
    ]
    lacks += ["code"] if "code" not in error else []
    return [Flaw(f"error lacks {' and '.join(lacks)}: {str(error)[:120]}")] if lacks else []


def _error_events(exchange: Exchange) -> list[Flaw]:
    named = {item.span for item in items(exchange)
             if isinstance(item, Event) and item.type == "error"}  # fmt: skip
    found: list[Flaw] = []
    for event in chat.events(exchange):
        if isinstance(event, BadEvent):
            found.append(Flaw(f"the error is {event.reason}: {event.data[:60]!r}", event.span))
        elif isinstance(event, Data) and (why := _unreadable(event, named)):
            found.append(Flaw(why, event.span))
    return found


def _unreadable(event: Data, named: set[Span]) -> str:
    error = event.value.get("error")
    if error and not isinstance(error, dict):
        return f"error is {error!r:.60}; right is an object with message and type"
    if error and not (isinstance(error.get("message"), str) and error["message"]):
        return f"error has no message: {str(error)[:60]}"
    flat = "choices" not in event.value and isinstance(event.value.get("message"), str)
    if not error and (flat or (named and event.span in named)):
        return "the error is not under a top-level member error"
    return ""


def wants_usage(exchange: Exchange) -> bool:
    return exchange.mode == "plain" or exchange.asked("stream_options", "include_usage") is True


SURFACE = Surface(
    chat.events,
    chat.tokens,
    outcome,
    stated,
    failure,
    misshapen,
    {word: word for word in FINISHES},
    f"data: {chat.DONE}",
    read_failure=read_failure,
    wants_usage=wants_usage,
    asked=chat.asked,
    misnumbered=chat.misnumbered,
    disorder=chat.choice_violations,
)
