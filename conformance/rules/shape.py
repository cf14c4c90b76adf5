"""The members a chunk, or a plain answer, must have; what is wrong with one, once per kind."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from operator import eq
from typing import NamedTuple

from conformance.exchange import Exchange, Json
from conformance.findings import Finding, Span
from conformance.protocols import chat
from conformance.protocols.surface import Data, answer


class Member(NamedTuple):
    fits: Callable[[Json], bool]
    right: str


def _text(value: Json) -> bool:
    return isinstance(value, str) and value != ""


def _count(value: Json) -> bool:
    return type(value) is int and value >= 0


def exactly(word: str) -> Member:
    return Member(partial(eq, word), f"{word!r}")


TEXT = Member(_text, "a text that is not empty")
COUNT = Member(_count, "an integer of 0 or more")
POSITIVE = Member(lambda value: type(value) is int and value > 0, "a positive integer")
OBJECT = Member(lambda value: isinstance(value, dict), "an object")
LIST = Member(lambda value: isinstance(value, list), "a list")
REASON = Member(lambda value: value is None or isinstance(value, str), "null or a text")

ENVELOPE = {"choices": LIST}
CHUNK = {"object": exactly("chat.completion.chunk"), **ENVELOPE}
CHUNK_CHOICE = {"index": COUNT, "delta": OBJECT, "finish_reason": REASON}
#: The last update of audio may leave out the reason: the SDKs' types allow for it.
AUDIO_CHOICE = {"index": COUNT, "delta": OBJECT}
WORDS = ("content", "refusal")  # members of a delta
ANSWER = {
    "id": TEXT, "object": exactly("chat.completion"), "created": POSITIVE, "model": TEXT,
    **ENVELOPE,
}  # fmt: skip
ANSWER_CHOICE = {"index": COUNT, "message": OBJECT, "finish_reason": TEXT}
IDENTITY = {"id": TEXT, "created": POSITIVE, "model": TEXT}


def malformed(exchange: Exchange) -> Iterator[Finding]:
    """Yield what the chunks, or the plain answer, lack of what their schema requires."""
    if exchange.mode == "plain":
        yield from once_each(_of_answer(answer(exchange) or {}, Span(0, len(exchange.body))))
    else:
        yield from once_each(_of_stream(exchange))


def _of_answer(whole: Mapping[str, Json], span: Span) -> Iterator[Finding]:
    yield from lacking(whole, ANSWER, span, "")
    for choice in chat.choices(Data({**whole}, span)):
        yield from lacking(choice, ANSWER_CHOICE, span, "choice ")


def _of_stream(exchange: Exchange) -> Iterator[Finding]:
    for chunk in chat.chunks(exchange):
        yield from lacking(chunk.value, CHUNK, chunk.span, "")
    for part in chat.parts(exchange):
        if not _usual(part.choice):
            needed = AUDIO_CHOICE if "audio" in part.delta else CHUNK_CHOICE
            yield from lacking(part.choice, needed, part.span, "choice ")
        for name in WORDS:
            said = part.delta.get(name)
            if not (said is None or isinstance(said, str)):
                yield Finding(f"delta {name} is {said!r:.60}; right is null or a text", part.span)


def _usual(choice: Mapping[str, Json]) -> bool:
    """Say whether it is what nearly all are, unfinished and whole: a `CHUNK_CHOICE`."""
    index = choice.get("index")
    unfinished = choice.get("finish_reason", "") is None
    return unfinished and type(index) is int and index >= 0 and type(choice.get("delta")) is dict


def lacking(
    value: Mapping[str, Json], members: Mapping[str, Member], span: Span, whose: str
) -> list[Finding]:
    """Return what is wrong with a value's members; of most values nothing is."""
    for name, (fits, _) in members.items():
        if name not in value or not fits(value[name]):
            return [*_lacking(value, members, span, whose)]
    return []


def _lacking(
    value: Mapping[str, Json], members: Mapping[str, Member], span: Span, whose: str
) -> Iterator[Finding]:
    for name, member in members.items():
        if name not in value:
            yield Finding(f"{whose}{name} is missing; right is {member.right}", span)
        elif not member.fits(value[name]):
            shown = repr(value[name])[:60]
            yield Finding(f"{whose}{name} is {shown}; right is {member.right}", span)


def changing(exchange: Exchange, name: str) -> Iterator[Finding]:
    """Yield the first chunk whose member differs from the first that is not empty."""
    if uniform(exchange, name):
        return
    first: Json = None
    for chunk in chat.chunks(exchange):
        value = chunk.value.get(name)
        first = first or value
        if value and value != first:
            yield Finding(f"{name} is {value!r}, in earlier chunks it is {first!r}", chunk.span)
            return


def uniform(exchange: Exchange, name: str) -> bool:
    """Say whether a member is the same in all chunks, as it nearly always is."""
    values = [chunk.value.get(name) for chunk in chat.chunks(exchange)]
    return values.count(values[0]) == len(values) if values else True


def once_each(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Yield the first finding of each message: a stream repeats its mistakes chunk by chunk."""
    seen: set[str] = set()
    for finding in findings:
        if finding.message not in seen:
            seen.add(finding.message)
            yield finding
