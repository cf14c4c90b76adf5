"""OpenAI Responses: events to tokens, and the items that they tell of.

Facts: OpenAI's OpenAPI document 2.3.0, the types of its SDKs, and recorded streams. A stream is
the life of one response; what may follow what is in `responses_order`, what a client ends up with
in `responses_outcome`.
"""

from collections import defaultdict
from collections.abc import Iterator

from conformance.exchange import Exchange, Json, once
from conformance.findings import Span
from conformance.protocols.grammar import Token
from conformance.protocols.responses_items import Item, Said, parts, plain_text, said
from conformance.protocols.surface import Data, Event, answer, ended, items, read_event
from conformance.wire import sse

DONE = "[DONE]"  # the API does not send it; the Open Responses specification demands it
OPENING = {"response.created": "created", "response.queued": "queued",
           "response.in_progress": "in_progress"}  # fmt: skip
TERMINAL = {"response.completed": "completed", "response.incomplete": "incomplete",
            "response.failed": "failed"}  # fmt: skip
COMPLETED, FAILED = "completed", "failed"


@once
def events(exchange: Exchange) -> list[Event]:
    """Return every data event in order; a [DONE] stays the event it is."""
    found = (item for item in items(exchange) if isinstance(item, sse.Event))
    return [event if event.data == DONE else read_event(event) for event in found]


def kind(event: Data) -> str:
    return plain_text(event.value.get("type"))


@once
def about_items(exchange: Exchange) -> list[Said]:
    """Return what the events say of items, in order."""
    read = (said(event.value, event.span) for event in events(exchange) if isinstance(event, Data))
    return [event for event in read if event is not None]


def response(value: dict[str, Json]) -> dict[str, Json]:
    """Return the response that an event of its life carries."""
    found = value.get("response")
    return found if isinstance(found, dict) else {}


def told(exchange: Exchange) -> list[dict[str, Json]]:
    """Return the response as the events of its life tell it, one after the other."""
    values = (event.value for event in events(exchange) if isinstance(event, Data))
    return [response(value) for value in values if "response" in value]


@once
def terminal(exchange: Exchange) -> dict[str, Json]:
    """Return the response as the terminal event, or a plain answer, tells it; empty if none did."""
    if exchange.mode == "plain":
        return answer(exchange) or {}
    told = (e.value for e in events(exchange) if isinstance(e, Data) and kind(e) in TERMINAL)
    return next((response(value) for value in told), {})


def status(exchange: Exchange) -> str:
    return plain_text(terminal(exchange).get("status"))


@once
def tokens(exchange: Exchange) -> list[Token]:
    """Return the stream as tokens, the end of the body included if the body did end."""
    if exchange.mode == "plain":
        whole = Span(0, len(exchange.body))
        return [*_ended(terminal(exchange), status(exchange), whole), *ended(exchange)]
    found = [token for event in events(exchange) for token in _tokens(event)]
    return [*found, *ended(exchange)]


def _tokens(event: Event) -> Iterator[Token]:
    if isinstance(event, sse.Event):
        yield Token("sentinel", event.span)
    elif isinstance(event, Data):
        name = kind(event)
        if name in TERMINAL:
            yield from _ended(response(event.value), TERMINAL[name], event.span)
            yield Token("done", event.span, value=TERMINAL[name])
        elif error := in_stream(event):
            yield Token("error", event.span, value=error)
        elif name in OPENING:
            yield Token(OPENING[name], event.span, value=response(event.value))
        else:
            about = said(event.value, event.span)
            yield Token("item" if about else "other", event.span, value=event.value)


def _ended(told: dict[str, Json], how: str, span: Span) -> Iterator[Token]:
    """Yield what a response that is over says of its end."""
    if how == FAILED or told.get("error"):
        yield Token("error", span, value=told.get("error"))
    elif why := reason(told, how):
        yield Token("finish", span, 0, why)
    if isinstance(told.get("usage"), dict):
        yield Token("usage", span, value=told["usage"])


def reason(told: dict[str, Json], how: str) -> str:
    """Return why a response ended in the words of the API: its status, or why it is incomplete.

    Its own word on its status goes before that of the event it came in.
    """
    how = plain_text(told.get("status")) or how
    details = told.get("incomplete_details")
    why = plain_text(details.get("reason")) if isinstance(details, dict) else ""
    return how if how == COMPLETED else why


def in_stream(event: Data) -> Json:
    """Return the error that an event other than response.failed tells of, or None.

    The documents have its members in the event itself, the API sends them under `error`.
    """
    error = event.value.get("error")
    if kind(event) == "error" or event.type == "error" or (error and not kind(event)):
        return error or event.value
    return None


@once
def grown(exchange: Exchange) -> dict[int, Item]:
    """Return the items of a stream by their output_index, as they were in the end."""
    found: dict[int, Item] = defaultdict(Item)
    for event in about_items(exchange):
        found[event.at].read(event)
    return {at: found[at] for at in sorted(found)}


def output(told: dict[str, Json]) -> list[dict[str, Json]]:
    """Return the items that a response lists."""
    listed = told.get("output")
    return [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []


def encrypted(exchange: Exchange) -> list[Json]:
    """Return what reasoning items hold for a later turn, item by item."""
    found = [item.value for item in grown(exchange).values()]
    if exchange.mode == "plain":
        found = output(terminal(exchange))
    sealed = (item.get("encrypted_content") for item in found if item.get("type") == "reasoning")
    return [text for text in sealed if text]


def logprobs(exchange: Exchange) -> list[dict[str, Json]]:
    """Return the rows of log probabilities, those of the deltas or of the parts of an answer."""
    deltas = (e.value for e in events(exchange) if isinstance(e, Data))
    told = [value for value in deltas if value.get("type") == "response.output_text.delta"]
    if exchange.mode == "plain":
        told = [part for item in output(terminal(exchange)) for part in parts(item)]
    listed = (value.get("logprobs") for value in told)
    rows = (row for each in listed if isinstance(each, list) for row in each)
    return [row for row in rows if isinstance(row, dict)]
