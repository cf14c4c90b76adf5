"""What a client ends up with of a response, and what an error tells it."""

from dataclasses import replace

from conformance.exchange import Exchange, Json, once
from conformance.protocols import chat_outcome
from conformance.protocols.outcome import Failure, Gathering, Outcome, Usage, count
from conformance.protocols.responses import (
    COMPLETED,
    events,
    grown,
    in_stream,
    kind,
    output,
    reason,
    response,
    status,
    terminal,
    tokens,
)
from conformance.protocols.responses_items import (
    REASONING,
    gather,
    plain_text,
    texts,
    whole_texts,
)
from conformance.protocols.surface import BadEvent, Data, Flaw, Surface

#: Why a response ends, and what other APIs call it. Calls are told by the items alone. The last two
#: are in OpenAI's SDKs, `max_tokens` is in its document's examples.
WORDS = {
    "completed": "stop",
    "max_output_tokens": "length",
    "max_tokens": "length",
    "content_filter": "content_filter",
    "max_messages": "length",
    "steered": "stop",
}


@once
def outcome(exchange: Exchange) -> Outcome:
    """Return what a client ends up with, of a stream or of a plain answer."""
    into = Gathering()
    told = terminal(exchange)
    streamed = grown(exchange) if exchange.mode == "stream" else {}
    for at, item in streamed.items():
        gather(into, at, item.value, texts(item))
    for at, value in enumerate(output(told)) if not streamed else ():
        gather(into, at, value, whole_texts(value))
    into.finish = _finish(stated(exchange)[0], into)
    answered = bool(streamed) or told.get("output") is not None
    errors = (read_failure(token.value) for token in tokens(exchange) if token.kind == "error")
    choices = (into.choice(),) if answered else ()
    return Outcome(choices, read_usage(told.get("usage")), next(errors, None))


def reasoning(exchange: Exchange) -> dict[str, str]:
    """Return the reasoning of an answer, the text itself and its summary."""
    said = [texts(item) for item in grown(exchange).values()]
    if exchange.mode == "plain":
        said = [whole_texts(item) for item in output(terminal(exchange))]
    return {kind: "".join(each.get(kind, "") for each in said) for kind in REASONING}


def _finish(why: str | None, into: Gathering) -> str | None:
    word = WORDS.get(why, why) if why else None
    return "tool_calls" if why == COMPLETED and into.choice().calls else word


def said(scenario: Json, whole: Outcome) -> Outcome:
    """Return what a script comes to here.

    There is one choice, calls are told by the items alone, and usage always has its details.
    """
    first, used = whole.choices[:1], whole.usage
    if first and first[0].calls and first[0].finish == "stop":
        first = (replace(first[0], finish="tool_calls"),)
    if used is not None:
        used = replace(used, cached=used.cached or 0, reasoning=used.reasoning or 0)
    return replace(whole, choices=first, usage=used)


def read_failure(value: Json) -> Failure:
    if not isinstance(value, dict):
        return Failure(str(value or ""))
    # In an event of its own `type` names the event, not the kind of error.
    sort = None if value.get("type") == "error" else value.get("type")
    return Failure(str(value.get("message", "")), sort, value.get("code"))


def read_usage(value: Json) -> Usage | None:
    if not isinstance(value, dict):
        return None
    return Usage(
        count(value, "input_tokens"),
        count(value, "output_tokens"),
        count(value, "total_tokens"),
        count(value.get("input_tokens_details"), "cached_tokens"),
        count(value.get("output_tokens_details"), "reasoning_tokens"),
    )


@once
def stated(exchange: Exchange) -> dict[int, str | None]:
    """Return why the one choice of an answer ended, in the words of the API."""
    if exchange.mode == "plain":
        return {0: reason(terminal(exchange), status(exchange)) or None}
    reasons = (token.value for token in tokens(exchange) if token.kind == "finish")
    return {0: next(reasons, None)}


@once
def misshapen(exchange: Exchange) -> list[Flaw]:
    """Return what means to tell of an error in a form that is not this API's."""
    if exchange.form == "error":
        return chat_outcome.envelope(exchange)
    found: list[Flaw] = []
    for event in events(exchange):
        if isinstance(event, BadEvent):
            found.append(Flaw(f"the error is {event.reason}: {event.data[:60]!r}", event.span))
        elif isinstance(event, Data) and (why := _unreadable(event)):
            found.append(Flaw(why, event.span))
    return found


def _unreadable(event: Data) -> str:
    error = in_stream(event)
    if kind(event) == "response.failed":
        error = response(event.value).get("error")
        if not isinstance(error, dict):
            return f"response.failed has error {error!r:.60}; right is an object with a message"
    elif error is None:
        return ""
    elif kind(event) != "error":
        return f"the error is in an event of type {event.value.get('type')!r}; right is 'error'"
    if not isinstance(error, dict):
        return f"error is {error!r:.60}; right is an object with message and code"
    if not plain_text(error.get("message")):
        return f"error has no message: {str(error)[:60]}"
    return ""


SURFACE = Surface(
    events,
    tokens,
    outcome,
    stated,
    chat_outcome.failure,  # all of OpenAI's APIs have one envelope
    misshapen,
    WORDS,
    "response.completed",
    read_failure=read_failure,
    said=said,
)
