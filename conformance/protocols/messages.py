"""Anthropic's Messages: events to tokens, and the grammar of a stream.

Facts: Anthropic's streaming documentation, API versions 2023-06-01 and 2026-10-21, and 668
recorded streams. Within a version the service may add events, deltas, blocks and members, so what
is unknown is no token and breaks nothing.
"""

from collections.abc import Iterator

from conformance.exchange import Exchange, Json, once
from conformance.protocols import grammar
from conformance.protocols.grammar import END, Table, Token, Violation
from conformance.protocols.surface import (
    SENTINEL,
    BadEvent,
    Data,
    Event,
    ended,
    items,
    read_event,
)
from conformance.wire import sse

ERROR = "error"

# state -> what may come next -> the state it leads to. A ping may stand anywhere, before
# message_start and after message_stop too: clients pass over it. After an error a router may
# still close what is open; whether it should is contested.
STREAM: Table = {
    "start": {"start": "open", "ping": "start", "error": "failed"},
    "open": {"block": "open", "delta": "open", "stop": "open", "ending": "ended", "ping": "open",
             "error": "failed", "done": "closed"},
    "ended": {"block": "ended", "delta": "ended", "stop": "ended", "ending": "ended",
              "ping": "ended", "error": "failed", "done": "closed"},
    # What should have followed message_start came without it; that was one violation.
    "late": {"start": "open", "block": "late", "delta": "late", "stop": "late",
             "ending": "ended", "ping": "late", "error": "failed", "done": "closed"},
    "failed": {"stop": "failed", "ping": "failed", "done": "closed", END: "closed"},
    "closed": {"ping": "closed", END: "closed"},
}  # fmt: skip

KINDS = {
    "message_start": "start",
    "content_block_start": "block",
    "content_block_delta": "delta",
    "content_block_stop": "stop",
    "message_delta": "ending",
    "message_stop": "done",
    "ping": "ping",
}


@once
def events(exchange: Exchange) -> list[Event]:
    """Return every event in order; a terminator of another API stays the event it is."""
    return [_read(item) for item in items(exchange) if isinstance(item, sse.Event)]


def _read(event: sse.Event) -> Event:
    if event.data == SENTINEL:
        return event
    read = read_event(event)
    if isinstance(read, BadEvent):
        return read
    return read._replace(type=event.type if event.named else "")


@once
def data(exchange: Exchange) -> list[Data]:
    """Return the events that hold a JSON object."""
    return [event for event in events(exchange) if isinstance(event, Data)]


def kind(event: Data) -> str:
    """Return what an event is by its data; its name has to say the same, and a rule asks."""
    told = event.value.get("type")
    return told if isinstance(told, str) else event.type


def member(value: Json, name: str) -> dict[str, Json]:
    """Return a member that should be an object; an empty one if it is not."""
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


@once
def tokens(exchange: Exchange) -> list[Token]:
    """Return the stream as tokens, the end of the body included if the body did end."""
    return [token for event in data(exchange) for token in _tokens(event)] + ended(exchange)


def _tokens(event: Data) -> Iterator[Token]:
    """An error is one by the name of its event: the official SDKs look at nothing else."""
    value, span = event.value, event.span
    if event.type == ERROR:
        if value.get("error"):
            yield Token("error", span, value=value)
        return
    if known := KINDS.get(kind(event)):
        yield Token(known, span, value=value)
    usage = value.get("usage") or member(value, "message").get("usage")
    if isinstance(usage, dict) and known in ("start", "ending"):
        yield Token("usage", span, value=usage)
    if known == "ending" and (reason := member(value, "delta").get("stop_reason")):
        yield Token("finish", span, 0, reason)


@once
def stream_violations(exchange: Exchange) -> list[Violation]:
    """Return what breaks the order of the stream; what a block does wrong is in `blocks`."""
    order = (token for token in tokens(exchange) if token.kind not in ("usage", "finish"))
    return list(grammar.violations(STREAM, order, recover={"start": "late"}))
