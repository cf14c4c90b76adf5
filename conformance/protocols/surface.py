"""What judges ask of a wire protocol, whichever it is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from conformance.exchange import End, Exchange, Json, once
from conformance.findings import Span
from conformance.protocols.grammar import END, Token, Violation
from conformance.protocols.outcome import Failure, Outcome
from conformance.wire import sse
from conformance.wire.json import BadJson, parse


class Data(NamedTuple):
    """One event that held a JSON object."""

    value: dict[str, Json]
    span: Span
    type: str = ""  # the event's name; empty without one


class BadEvent(NamedTuple):
    """One event that held neither a JSON object nor the terminator."""

    reason: str
    data: str
    span: Span


class Flaw(NamedTuple):
    """What is wrong with the form of an error, and where."""

    message: str
    span: Span | None = None


Event = Data | BadEvent | sse.Event
#: The terminator of the chat API; where it is foreign there is nothing to be read in it.
SENTINEL = "[DONE]"


@dataclass(frozen=True, slots=True)
class Surface:
    """How one protocol is read.

    Tokens of the kinds finish (its value is the reason), usage, error, done (the terminal event)
    and END mean the same everywhere; the other kinds are a protocol's own. An outcome has the
    neutral words for why a choice ended, `stated` those of the wire.
    """

    events: Callable[[Exchange], list[Event]]
    tokens: Callable[[Exchange], list[Token]]
    outcome: Callable[[Exchange], Outcome]
    stated: Callable[[Exchange], dict[int, str | None]]  # the first finish reason of each choice
    failure: Callable[[Exchange], Failure | None]  # what an error answer says in its envelope
    misshapen: Callable[[Exchange], list[Flaw]]  # errors in a form that clients cannot read
    words: Mapping[str, str]  # why a choice ends, in the protocol's words -> in neutral ones
    terminator: str = ""  # what ends a stream; empty where only the end of the body does
    read_failure: Callable[[Json], Failure] = field(kw_only=True)
    wants_usage: Callable[[Exchange], bool] = lambda exchange: True
    asked: Callable[[Exchange], int] = lambda exchange: 1  # choices
    misnumbered: Callable[[Exchange], set[int]] = lambda exchange: set()
    # what breaks the order within a choice; a finish and a payload mean the same everywhere
    disorder: Callable[[Exchange], list[Violation]] = lambda exchange: []
    # what a script comes to here, of what it comes to on a surface that can say all of it
    said: Callable[[Json, Outcome], Outcome] = lambda scenario, whole: whole


@once
def items(exchange: Exchange) -> list[sse.Item]:
    return sse.decode(exchange.body)


@once
def answer(exchange: Exchange) -> dict[str, Json] | None:
    """Return the JSON object of a plain answer or error, or None if it is none."""
    try:
        value = parse(exchange.body)
    except BadJson:
        return None
    return value if isinstance(value, dict) else None


def read_event(event: sse.Event) -> Data | BadEvent:
    try:
        value = parse(event.data)
    except BadJson as error:
        return BadEvent(f"not JSON ({error})", event.data, event.span)
    if isinstance(value, dict):
        return Data(value, event.span, event.type if event.named else "")
    return BadEvent("not a JSON object", event.data, event.span)


def ended(exchange: Exchange) -> list[Token]:
    """Return the token of the end of the body, if the body did end."""
    if exchange.end not in (End.COMPLETE, End.CUT, End.RESET):
        return []
    size = len(exchange.body)
    return [Token(END, Span(size, size), value=exchange.end)]
