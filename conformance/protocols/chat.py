"""OpenAI chat completions: chunks to tokens, the grammar of a stream, the outcome.

Facts: OpenAI's OpenAPI document 2.3.0 and recorded streams; a stream is one sequence of chunks in
which every choice runs through a grammar of its own.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from conformance.exchange import End, Exchange, Json, once
from conformance.findings import Span
from conformance.protocols import grammar
from conformance.protocols.grammar import END, Table, Token, Violation
from conformance.protocols.outcome import Failure, Gathering, Outcome, Usage
from conformance.wire import sse
from conformance.wire.json import BadJson, parse

DONE = "[DONE]"

# state -> what may come next -> the state it leads to. Keep-alive comments are no tokens.
STREAM: Table = {
    "open": {"delta": "open", "note": "open", "usage": "counted", "error": "failed",
             "done": "closed"},
    "counted": {"note": "counted", "error": "failed", "done": "closed"},
    "failed": {"done": "closed", END: "closed"},
    "closed": {END: "closed"},
}  # fmt: skip

CHOICE: Table = {
    "start": {"role": "open", "error": "failed"},
    "open": {"payload": "open", "empty": "open", "finish": "finished", "error": "failed"},
    "finished": {"empty": "finished", "error": "failed", END: "finished"},
    "failed": {"error": "failed", END: "failed"},
}

REASONING = ("reasoning_content", "reasoning")
PAYLOAD = ("content", *REASONING, "refusal", "tool_calls", "function_call", "audio")


class Chunk(NamedTuple):
    """One data event that held a JSON object."""

    value: dict[str, Json]
    span: Span


class BadEvent(NamedTuple):
    """One data event that held neither a JSON object nor the terminator."""

    reason: str
    data: str
    span: Span


@once
def items(exchange: Exchange) -> list[sse.Item]:
    return sse.decode(exchange.body)


@once
def events(exchange: Exchange) -> list[Chunk | BadEvent | sse.Event]:
    """Return every data event in order; the terminator stays the event it is."""
    return [_read(item) for item in items(exchange) if isinstance(item, sse.Event)]


def _read(event: sse.Event) -> Chunk | BadEvent | sse.Event:
    if event.data == DONE:
        return event
    try:
        value = parse(event.data)
    except BadJson as error:
        return BadEvent(f"not JSON ({error})", event.data, event.span)
    if isinstance(value, dict):
        return Chunk(value, event.span)
    return BadEvent("not a JSON object", event.data, event.span)


@once
def chunks(exchange: Exchange) -> list[Chunk]:
    """Return the chunks proper: objects that are no error envelope."""
    return [
        event
        for event in events(exchange)
        if isinstance(event, Chunk) and not event.value.get("error")
    ]


def choices(chunk: Chunk) -> Iterator[dict[str, Json]]:
    listed = chunk.value.get("choices")
    for choice in listed if isinstance(listed, list) else []:
        if isinstance(choice, dict):
            yield choice


def delta(choice: dict[str, Json]) -> dict[str, Json]:
    value = choice.get("delta")
    return value if isinstance(value, dict) else {}


def index(choice: dict[str, Json]) -> int:
    value = choice.get("index")
    return value if isinstance(value, int) else 0


def tool_calls(choice: dict[str, Json]) -> Iterator[dict[str, Json]]:
    listed = delta(choice).get("tool_calls")
    for call in listed if isinstance(listed, list) else []:
        if isinstance(call, dict):
            yield call


@once
def tokens(exchange: Exchange) -> list[Token]:
    """Return the stream as tokens, the end of the body included if the body did end."""
    found = [token for event in events(exchange) for token in _tokens(event)]
    if exchange.end in (End.COMPLETE, End.CUT, End.RESET):
        size = len(exchange.body)
        found.append(Token(END, Span(size, size), value=exchange.end))
    return found


def _tokens(event: Chunk | BadEvent | sse.Event) -> Iterator[Token]:
    if isinstance(event, sse.Event):
        yield Token("done", event.span)
    elif isinstance(event, Chunk):
        if event.value.get("error"):
            yield Token("error", event.span, value=event.value["error"])
        for choice in choices(event):
            yield from _choice_tokens(choice, event.span)
        if isinstance(event.value.get("usage"), dict):
            yield Token("usage", event.span, value=event.value["usage"])
        elif not event.value.get("choices") and not event.value.get("error"):
            yield Token("note", event.span)


def _choice_tokens(choice: dict[str, Json], span: Span) -> Iterator[Token]:
    said, at = delta(choice), index(choice)
    if said.get("role"):
        yield Token("role", span, at, said["role"])
    payload = {key: said[key] for key in PAYLOAD if said.get(key)}
    if payload:
        yield Token("payload", span, at, payload)
    if choice.get("finish_reason"):
        yield Token("finish", span, at, choice["finish_reason"])
    elif not payload and not said.get("role"):
        yield Token("empty", span, at)


@once
def stream_violations(exchange: Exchange) -> list[Violation]:
    """Return what breaks the order of the stream as a whole."""
    order = (token._replace(kind=_as_whole(token)) for token in tokens(exchange))
    return list(grammar.violations(STREAM, order, recover={"counted": "open"}))


def _as_whole(token: Token) -> str:
    return token.kind if token.choice is None else "delta"


@once
def choice_violations(exchange: Exchange) -> list[Violation]:
    """Return what breaks the order within a choice; `start` recovers to `open`."""
    found: list[Violation] = []
    for order in by_choice(exchange).values():
        found += grammar.violations(CHOICE, order, recover={"start": "open"})
    return found


@once
def by_choice(exchange: Exchange) -> dict[int, list[Token]]:
    """Return the tokens of each choice; errors and the end of the body belong to all of them."""
    order: dict[int, list[Token]] = defaultdict(list)
    for token in tokens(exchange):
        if token.choice is not None:
            order[token.choice].append(token)
    shared = [token for token in tokens(exchange) if token.kind in ("error", END)]
    return {
        at: sorted([*own, *shared], key=lambda token: token.span.start)
        for at, own in sorted(order.items())
    }


@once
def failed(exchange: Exchange) -> bool:
    """Say whether the client was told that the stream did not succeed."""
    told = any(token.kind == "error" for token in tokens(exchange))
    return told or exchange.end in (End.CUT, End.RESET)


@once
def closed(exchange: Exchange) -> bool:
    """Say whether the terminator came."""
    return any(token.kind == "done" for token in tokens(exchange))


def asked(exchange: Exchange) -> int:
    """Return how many choices were asked for."""
    number = exchange.asked("n")
    return number if isinstance(number, int) else 1


@once
def misnumbered(exchange: Exchange) -> set[int]:
    """Return the choice indexes that are there and should not be, or the other way round."""
    seen = {token.choice for token in tokens(exchange) if token.choice is not None}
    return seen ^ set(range(asked(exchange))) if seen else set()


@once
def outcome(exchange: Exchange) -> Outcome:
    """Return what a client ends up with, of a stream or of a plain answer."""
    return _streamed(exchange) if exchange.mode == "stream" else _plain(exchange)


def _streamed(exchange: Exchange) -> Outcome:
    gathered: dict[int, Gathering] = defaultdict(Gathering)
    usage: Usage | None = None
    failure: Failure | None = None
    for chunk in chunks(exchange):
        for choice in choices(chunk):
            _gather(gathered[index(choice)], delta(choice), choice)
        usage = read_usage(chunk.value.get("usage")) or usage
    for token in tokens(exchange):
        if token.kind == "error":
            failure = failure or read_failure(token.value)
    return Outcome(tuple(gathered[at].choice() for at in sorted(gathered)), usage, failure)


@once
def answer(exchange: Exchange) -> dict[str, Json] | None:
    """Return the JSON object of a plain answer or error, or None if it is none."""
    try:
        value = parse(exchange.body)
    except BadJson:
        return None
    return value if isinstance(value, dict) else None


def _plain(exchange: Exchange) -> Outcome:
    value = answer(exchange) or {}
    gathered: dict[int, Gathering] = defaultdict(Gathering)
    for choice in choices(Chunk(value, Span(0, len(exchange.body)))):
        message = choice.get("message")
        if isinstance(message, dict):
            _gather(gathered[index(choice)], message, choice)
    failure = read_failure(value["error"]) if value.get("error") else None
    found = tuple(gathered[at].choice() for at in sorted(gathered))
    return Outcome(found, read_usage(value.get("usage")), failure)


def _gather(into: Gathering, said: dict[str, Json], choice: dict[str, Json]) -> None:
    into.text.append(_text(said.get("content")))
    into.reasoning.append(next((_text(said[key]) for key in REASONING if said.get(key)), ""))
    into.refusal.append(_text(said.get("refusal")))
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
    key = key if isinstance(key, int | str) else position
    pieces = (_text(call.get("id")), _text(function.get("name")), _text(function.get("arguments")))
    into.call(key, *pieces)


def _text(value: Json) -> str:
    """Text as it is; a list of content parts (a habit of some providers) as their texts."""
    if isinstance(value, str):
        return value
    parts = value if isinstance(value, list) else []
    return "".join(_text(part.get("text")) for part in parts if isinstance(part, dict))


def read_usage(value: Json) -> Usage | None:
    if not isinstance(value, dict):
        return None
    return Usage(
        _count(value, "prompt_tokens"),
        _count(value, "completion_tokens"),
        _count(value, "total_tokens"),
        _count(value.get("prompt_tokens_details"), "cached_tokens"),
        _count(value.get("completion_tokens_details"), "reasoning_tokens"),
    )


def _count(value: Json, key: str) -> int | None:
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, int) else None


def read_failure(value: Json) -> Failure:
    if isinstance(value, dict):
        return Failure(str(value.get("message", "")), value.get("type"), value.get("code"))
    return Failure(str(value))
