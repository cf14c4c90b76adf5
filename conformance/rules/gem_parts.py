"""What the chunks of a Gemini answer are made of: their members, signatures, and framing."""

import re
from collections.abc import Iterator, Mapping

from conformance.exchange import Exchange, Json
from conformance.findings import Basis, Finding, Level
from conformance.protocols import gemini
from conformance.protocols.gemini import Members
from conformance.protocols.surface import items
from conformance.rules.rule import rule
from conformance.rules.shape import COUNT, LIST, OBJECT, Member, once_each
from conformance.wire.sse import Comment, Event, Oddity

ANSWERS = "gemini.stream gemini.array gemini.plain"
TYPES = "Gemini API, GenerateContentResponse"
LINE_END = re.compile(rb"\r\n|\r|\n")
BASE64 = re.compile(r"[A-Za-z0-9+/_-]*={0,2}")

TEXT = Member(lambda value: isinstance(value, str), "a text")
FLAG = Member(lambda value: isinstance(value, bool), "true or false")
NAME = Member(lambda value: isinstance(value, str) and value != "", "a text that is not empty")
ENCODED = Member(lambda value: isinstance(value, str) and bool(BASE64.fullmatch(value)), "base64")

RESPONSE = {"candidates": LIST, "usageMetadata": OBJECT, "promptFeedback": OBJECT,
            "modelVersion": TEXT, "responseId": TEXT}  # fmt: skip
CANDIDATE = {"content": OBJECT, "index": COUNT, "finishMessage": TEXT, "safetyRatings": LIST}
CONTENT = {"parts": LIST, "role": Member(lambda value: value == "model", "'model'")}
PART = {"text": TEXT, "thought": FLAG, "thoughtSignature": ENCODED, "functionCall": OBJECT,
        "executableCode": OBJECT, "codeExecutionResult": OBJECT, "inlineData": OBJECT,
        "fileData": OBJECT}  # fmt: skip
CALL = {"name": NAME, "args": OBJECT, "id": TEXT, "partialArgs": LIST, "willContinue": FLAG}
USAGE = dict.fromkeys(gemini.COUNTS, COUNT)
#: The names by which protocol buffers know them, which the API reads and never writes.
SNAKE = {re.sub("([A-Z])", r"_\1", name).lower(): name
         for members in (RESPONSE, CANDIDATE, PART, USAGE) for name in (*members, "finishReason")
         if not name.islower()}  # fmt: skip


@rule(
    "gem.chunk-shape",
    Level.MUST,
    on=ANSWERS,
    cites=f"{TYPES}; measured: the official Python SDK throws on args that are a text, on a "
    "signature that is no base64 and on texts and counts that are none; "
    "ProtoJSON: names are written in lowerCamelCase",
)
def members_are_of_their_types(exchange: Exchange) -> Iterator[Finding]:
    """What a chunk says is said under the API's names and in its types; none of it is required."""
    yield from once_each(_mistaken(exchange))


def _mistaken(exchange: Exchange) -> Iterator[Finding]:
    for chunk in gemini.responses(exchange):
        yield from (Finding(what, chunk.span) for what in _wrong(chunk.value))


def _wrong(chunk: Members) -> Iterator[str]:
    yield from _mistyped(chunk, RESPONSE, "")
    yield from _mistyped(chunk.get("usageMetadata"), USAGE, "usageMetadata ")
    for candidate in gemini.objects(chunk.get("candidates")):
        yield from _mistyped(candidate, CANDIDATE, "candidate ")
        yield from _mistyped(candidate.get("content"), CONTENT, "content ")
        for part in gemini.parts(candidate):
            yield from _mistyped(part, PART, "part ")
            yield from _mistyped(part.get("functionCall"), CALL, "functionCall ")


def _mistyped(value: Json, members: Mapping[str, Member], whose: str) -> Iterator[str]:
    if not isinstance(value, dict):
        return
    for name, said in value.items():
        if name in SNAKE:
            yield f"{whose}{name} is read by no client; right is {SNAKE[name]}"
        elif name in members and not members[name].fits(said):
            yield f"{whose}{name} is {said!r:.60}; right is {members[name].right}"


@rule(
    "gem.sdk-readable",
    Level.SHOULD,
    on="gemini.stream",
    policy="gemini-framing",
    basis=Basis.RECORDING,
    cites="recorded: 308 of 308 streams of the Gemini API and Vertex are data lines alone, one to "
    "an event; measured: the official Python SDK throws on comments, names, ids, retry and data "
    "without a space, the Node SDK throws on data of several lines and loses named events",
    bugs="googleapis/python-genai#2584",
)
def events_are_framed_as_google_does(exchange: Exchange) -> Iterator[Finding]:
    """Each event is one line of data with a space after the colon, and nothing stands between them.

    The standard allows for more, which Google's own SDKs cannot read: what a router does about it
    is the policy `gemini-framing`.
    """
    if exchange.policy.get("gemini-framing") == "standard":
        return
    for item in items(exchange):
        if isinstance(item, Comment):
            yield Finding(f"a comment: {item.text[:40]!r}", item.span)
        elif isinstance(item, Oddity) and item.kind in ("id", "retry"):
            yield Finding(f"a field {item.kind}", item.span)
        elif isinstance(item, Event) and (what := _unlike_google(exchange, item)):
            yield Finding(what, item.span)


def _unlike_google(exchange: Exchange, event: Event) -> str:
    if event.named:
        return f"an event with the name {event.type!r}"
    lines = LINE_END.split(exchange.body[slice(*event.span)].strip(b"\r\n"))
    data = [line for line in lines if line.startswith(b"data")]
    if len(data) > 1:
        return f"data of {len(data)} lines"
    return "" if data[0].startswith(b"data: ") else "data without a space after the colon"
