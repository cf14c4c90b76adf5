"""OpenAI chat completions: chunks to tokens, the grammar of a stream.

Facts: OpenAI's OpenAPI document 2.3.0 and recorded streams; a stream is one sequence of chunks in
which every choice runs through a grammar of its own.
"""

from collections.abc import Iterator
from typing import NamedTuple

from conformance.exchange import Exchange, Json, once
from conformance.findings import Span
from conformance.protocols import grammar
from conformance.protocols.grammar import END, Table, Token, Violation
from conformance.protocols.surface import Data, Event, ended, items, read_event
from conformance.wire import sse

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
PAYLOAD = frozenset({
    "content", *REASONING, "refusal", "tool_calls", "function_call", "audio",
})  # fmt: skip


@once
def events(exchange: Exchange) -> list[Event]:
    """Return every data event in order; the terminator stays the event it is."""
    return [
        item if item.data == DONE else read_event(item)
        for item in items(exchange)
        if isinstance(item, sse.Event)
    ]


@once
def chunks(exchange: Exchange) -> list[Data]:
    """Return the chunks proper: objects that are no error envelope."""
    return [
        event
        for event in events(exchange)
        if isinstance(event, Data) and not event.value.get("error")
    ]


def choices(chunk: Data) -> list[dict[str, Json]]:
    listed = chunk.value.get("choices")
    if not isinstance(listed, list):
        return []
    if len(listed) == 1 and isinstance(listed[0], dict):  # as in nearly every chunk
        return listed
    return [choice for choice in listed if isinstance(choice, dict)]


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


class Part(NamedTuple):
    """What one chunk has of one choice."""

    choice: dict[str, Json]
    delta: dict[str, Json]
    at: int  # its index
    span: Span


@once
def parts(exchange: Exchange) -> list[Part]:
    """Return what the chunks have of their choices, for all who go through a stream by choice."""
    return [
        Part(choice, delta(choice), index(choice), chunk.span)
        for chunk in chunks(exchange)
        for choice in choices(chunk)
    ]


@once
def tokens(exchange: Exchange) -> list[Token]:
    """Return the stream as tokens, the end of the body included if the body did end."""
    found: list[Token] = []
    for event in events(exchange):
        _add_tokens(event, found)
    return found + ended(exchange)


def _add_tokens(event: Event, to: list[Token]) -> None:
    if isinstance(event, sse.Event):
        to.append(Token("done", event.span))
    elif isinstance(event, Data):
        if event.value.get("error"):
            to.append(Token("error", event.span, value=event.value["error"]))
        for choice in choices(event):
            _add_choice_tokens(choice, event.span, to)
        if isinstance(event.value.get("usage"), dict):
            to.append(Token("usage", event.span, value=event.value["usage"]))
        elif not event.value.get("choices") and not event.value.get("error"):
            to.append(Token("note", event.span))


def _add_choice_tokens(choice: dict[str, Json], span: Span, to: list[Token]) -> None:
    said, at = delta(choice), index(choice)
    role, reason = said.get("role"), choice.get("finish_reason")
    payload = [key for key, value in said.items() if value and key in PAYLOAD]
    if role:
        to.append(Token("role", span, at, role))
    if payload:
        to.append(Token("payload", span, at, payload))
    if reason:
        to.append(Token("finish", span, at, reason))
    elif not payload and not role:
        to.append(Token("empty", span, at))


@once
def stream_violations(exchange: Exchange) -> list[Violation]:
    """Return what breaks the order of the stream as a whole."""
    order = map(_as_whole, tokens(exchange))
    return list(grammar.violations(STREAM, order, recover={"counted": "open"}))


def _as_whole(token: Token) -> Token:
    return token if token.choice is None else Token("delta", token.span, token.choice, token.value)


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
    return grammar.by_choice(tokens(exchange))


def asked(exchange: Exchange) -> int:
    """Return how many choices were asked for."""
    number = exchange.asked("n")
    return number if isinstance(number, int) else 1


@once
def misnumbered(exchange: Exchange) -> set[int]:
    """Return the choice indexes that are there and should not be, or the other way round."""
    seen = {token.choice for token in tokens(exchange) if token.choice is not None}
    return seen ^ set(range(asked(exchange))) if seen else set()
