"""What the chunks of a Gemini answer are made of: their members, signatures, and framing."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from conformance.exchange import Exchange, Json
from conformance.findings import Basis, Finding, Level
from conformance.protocols import gemini
from conformance.protocols.gemini import Members
from conformance.protocols.outcome import steps
from conformance.protocols.surface import items
from conformance.rules.rule import rule
from conformance.rules.shape import COUNT, LIST, OBJECT, Member, once_each
from conformance.wire.sse import Comment, Event, Oddity

ANSWERS = "gemini.stream gemini.array gemini.plain"
TYPES = "Gemini API, GenerateContentResponse"
SIGNATURE = "thoughtSignature"
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
    "gem.thought-signature-kept",
    Level.MUST,
    on=f"{ANSWERS} gemini.error",
    probes="gem.thought-signature-kept",
    needs="request upstream",
    cites="Gemini API, thought signatures: to be sent back as they came, with the very part; "
    "without that of a function call the next turn is refused",
    bugs="anomalyco/opencode#4832 lbjlaq/Antigravity-Manager#2157 theopenco/llmgateway#1267 "
    "NousResearch/hermes-agent#14488",
)
def signatures_go_round(exchange: Exchange) -> Iterator[Finding]:
    """A thoughtSignature arrives on the part it was sent with, and the next turn brings it back.

    What the client gets is measured by the script, what the provider gets by what the client sent.
    """
    if exchange.form == "error":
        yield Finding(f"answered {exchange.status} where a signature was due")
        return
    sent, got = _scripted(exchange.scenario), _signed(_answered(exchange))
    if sent != got:
        yield Finding(f"the signatures are {_shown(got)}; the provider's are {_shown(sent)}")
    brought = _signed(_asked(exchange.request.body)) if exchange.request else []
    for entry in exchange.journal if brought else ():
        heard = _signed(_asked(json.loads(entry["request"]["body"])))
        if heard != brought:
            what = f"the provider got {_shown(heard)}; the client sent {_shown(brought)}"
            yield Finding(what, where="journal")


class Signed(NamedTuple):
    on: str
    signature: str


def _scripted(scenario: Json) -> list[Signed]:
    """Return each signature of the script with what it stands on: what follows the thought."""
    found: list[Signed] = []
    waiting = ""
    for step in steps(scenario):
        if "think" in step:
            waiting = step.get("signature", waiting)
        elif waiting and {"call", "say", "finish"} & step.keys():
            call = step.get("call")
            found.append(Signed(f"the call of {call['name']}" if call else "a text", waiting))
            waiting = ""
    return found


def _signed(parts: Iterable[Members]) -> list[Signed]:
    return [Signed(_kind(part), str(part[SIGNATURE])) for part in parts if part.get(SIGNATURE)]


def _kind(part: Members) -> str:
    call = part.get("functionCall")
    if isinstance(call, dict):
        return f"the call of {call.get('name')}"
    return "a thought" if part.get("thought") is True else "a text"


def _answered(exchange: Exchange) -> Iterator[Members]:
    for chunk in gemini.responses(exchange):
        for candidate in gemini.candidates(chunk):
            yield from gemini.parts(candidate)


def _asked(body: Json) -> Iterator[Members]:
    listed = body.get("contents") if isinstance(body, dict) else None
    for content in gemini.objects(listed):
        yield from gemini.objects(content.get("parts"))


def _shown(signed: list[Signed]) -> str:
    return ", ".join(f"{each.signature[:24]!r} on {each.on}" for each in signed) or "none"


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
