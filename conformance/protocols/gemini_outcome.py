"""What a client ends up with of a Gemini answer, and what an error tells it."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from conformance.exchange import End, Exchange, Json, once
from conformance.protocols import gemini
from conformance.protocols.gemini import Members
from conformance.protocols.gemini_calls import calls
from conformance.protocols.gemini_script import said
from conformance.protocols.outcome import Choice, Failure, Outcome, Usage, count
from conformance.protocols.surface import BadEvent, Data, Flaw, Surface
from conformance.wire.array import Element
from conformance.wire.json import BadJson, parse


@dataclass(slots=True)
class Gathering:
    """One candidate while its chunks arrive."""

    parts: list[Members] = field(default_factory=list)
    finish: str | None = None

    def choice(self) -> Choice:
        texts = [gemini.text(part) for part in self.parts if part.get("thought") is not True]
        thoughts = [gemini.text(part) for part in self.parts if part.get("thought") is True]
        called = calls(self.parts)
        # The API has no word of its own for a turn that calls.
        word = gemini.WORDS.get(self.finish or "", self.finish)
        word = "tool_calls" if word == "stop" and called else word
        return Choice("".join(texts), "".join(thoughts), "", called, word)


@once
def outcome(exchange: Exchange) -> Outcome:
    """Return what a client ends up with, of a stream or of a plain answer."""
    gathered: dict[int, Gathering] = defaultdict(Gathering)
    counts: Usage | None = None
    for chunk in gemini.responses(exchange):
        for candidate in gemini.candidates(chunk):
            into = gathered[gemini.index(candidate)]
            into.parts += gemini.parts(candidate)
            if stated := candidate.get("finishReason"):
                into.finish = gemini.reason(exchange, stated)
        if (why := gemini.blocked(chunk)) and not gathered:
            gathered[0].finish = str(why)
        counts = read_usage(gemini.usage(chunk)) or counts
    found = tuple(gathered[at].choice() for at in sorted(gathered))
    return Outcome(found, counts, _told(exchange))


def _told(exchange: Exchange) -> Failure | None:
    """Return the first error that a good answer told of all the same."""
    if exchange.mode == "plain":
        error = gemini.whole(exchange).value.get("error")
        return read_failure(error) if error else None
    errors = (token.value for token in gemini.tokens(exchange) if token.kind == "error")
    return next(map(read_failure, errors), None)


def read_usage(value: Members | None) -> Usage | None:
    """Add up what the API tells apart: what tools put into the prompt, and the thoughts."""
    if value is None:
        return None
    counted = {name: count(value, name) for name in gemini.COUNTS}
    prompt = (counted["promptTokenCount"] or 0) + (counted["toolUsePromptTokenCount"] or 0)
    said = (counted["candidatesTokenCount"] or 0) + (counted["thoughtsTokenCount"] or 0)
    return Usage(
        prompt,
        said,
        counted["totalTokenCount"],
        counted["cachedContentTokenCount"],
        counted["thoughtsTokenCount"],
    )


def read_failure(value: Json) -> Failure:
    """Read a google.rpc.Status: its type is the word, its code the number."""
    if isinstance(value, dict):
        return Failure(str(value.get("message", "")), value.get("status"), value.get("code"))
    return Failure(str(value))


@once
def stated(exchange: Exchange) -> dict[int, str | None]:
    """Return the first reason each candidate states; a block is that of the one there is not."""
    found: dict[int, str | None] = {}
    for chunk in gemini.responses(exchange):
        for candidate in gemini.candidates(chunk):
            said = candidate.get("finishReason")
            word = gemini.reason(exchange, said) if said else None
            at = gemini.index(candidate)
            found[at] = found.get(at) or word
        if (why := gemini.blocked(chunk)) and not found:
            found[0] = str(why)
    return found


def failure(exchange: Exchange) -> Failure | None:
    error = envelope(exchange)
    return read_failure(error) if error else None


def envelope(exchange: Exchange) -> Json:
    """Return the error of an error answer: an object, or an array of one for an array."""
    try:
        body = parse(exchange.body)
    except BadJson:
        return None
    if exchange.mode == "array" and isinstance(body, list) and len(body) == 1:
        body = body[0]
    return body.get("error") if isinstance(body, dict) else None


def misshapen(exchange: Exchange) -> list[Flaw]:
    if exchange.form == "error":
        error = envelope(exchange)
        wrong = unreadable(error) if error else f"no error object in {exchange.body[:60]!r}"
        return [Flaw(wrong)] if wrong else []
    return [*_error_events(exchange), *_open_end(exchange)]


def unreadable(error: Json) -> str:
    """Say what keeps the official SDKs from reading an error, or nothing."""
    if not isinstance(error, dict):
        return f"error is {error!r:.60}; right is an object with code, message and status"
    code, wrong = error.get("code"), []
    if not isinstance(code, int) or isinstance(code, bool):
        wrong.append(f"code {code!r}, not a number")
    wrong += [
        f"{name} {error.get(name)!r}"
        for name in ("message", "status")
        if not (isinstance(error.get(name), str) and error[name])
    ]
    return f"error has {' and '.join(wrong)}" if wrong else ""


def _error_events(exchange: Exchange) -> Iterator[Flaw]:
    for event in gemini.events(exchange):
        if isinstance(event, BadEvent):
            yield Flaw(f"the error is {event.reason}: {event.data[:60]!r}", event.span)
        elif isinstance(event, Data) and (why := _unseen(event)):
            yield Flaw(why, event.span)


def _unseen(event: Data) -> str:
    error = event.value.get("error")
    if error is None and "error" in event.value:
        return "error is null, on which the official Python SDK fails"
    if not error:
        # A name is read by neither SDK: the one throws, the other passes the event over.
        flat = event.type == "error" or event.value.keys() >= {"code", "message", "status"}
        return "the error is not under a top-level member error" if flat else ""
    if next(iter(event.value)) != "error":
        return "error is not the first member, where the official Python SDK looks for it"
    if event.type == "error":
        return "the error has an event name, which the official SDKs do not read"
    return unreadable(error)


def _open_end(exchange: Exchange) -> Iterator[Flaw]:
    """An array that is left open, where nothing else tells of a failure, tells of one badly."""
    told = exchange.end != End.COMPLETE or _told(exchange)
    for item in gemini.elements(exchange)[-1:] if gemini.listed(exchange) and not told else ():
        if not isinstance(item, Element) and item.kind in ("unclosed", "unterminated"):
            yield Flaw("the array is not closed", item.span)


SURFACE = Surface(
    gemini.events,
    gemini.tokens,
    outcome,
    stated,
    failure,
    misshapen,
    gemini.WORDS,
    read_failure=read_failure,
    asked=gemini.asked,
    misnumbered=gemini.misnumbered,
    disorder=gemini.choice_violations,
    said=said,
)
