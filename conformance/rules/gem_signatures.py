"""Signed thoughts of Gemini, on its own API and where others carry them."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from conformance.exchange import Exchange, Json
from conformance.findings import Finding, Level
from conformance.protocols import blocks, gemini, read
from conformance.protocols.outcome import steps
from conformance.rules import reason
from conformance.rules.returned import went_up
from conformance.rules.rule import rule

ANSWERS = " ".join(
    f"{surface}.{form}" for surface in ("chat", "messages") for form in ("stream", "plain", "error")
)

Members = Mapping[str, Json]


class Signed(NamedTuple):
    on: str
    signature: str


@rule(
    "gem.thought-signature-kept",
    Level.MUST,
    on=f"gemini.stream gemini.array gemini.plain gemini.error {ANSWERS}",
    probes="gem.thought-signature-kept",
    needs="request upstream",
    cites="Gemini API, thought signatures: to be sent back as they came, with the very part; "
    "without that of a function call the next turn is refused; on its chat API they are in "
    "extra_content.google, on Vertex AI's in extra_content.vertex; relays put them on the tool_use "
    "block of Messages",
    bugs="anomalyco/opencode#4832 lbjlaq/Antigravity-Manager#2157 theopenco/llmgateway#1267 "
    "NousResearch/hermes-agent#14488 tinyhumansai/openhuman#3548 BerriAI/litellm#25322",
)
def signatures_go_round(exchange: Exchange) -> Iterator[Finding]:
    """A thought signature arrives on the part it was sent with, and the next turn brings it back.

    On chat it is in the extra_content of a call, or of a text, on Messages on a tool_use block.
    What the client gets is measured by the script, what the provider gets by what the client sent.
    """
    if exchange.form == "error":
        yield Finding(f"answered {exchange.status} where a signature was due")
        return
    answered, asked = READ[exchange.surface]
    sent, got = list(_scripted(exchange)), list(answered(exchange))
    if sent != got:
        yield Finding(f"the signatures are {_shown(got)}; the provider's are {_shown(sent)}")
    brought = list(asked(exchange.request.body)) if exchange.request else []
    for entry in exchange.journal if brought else ():
        asked = READ.get(read.api(exchange, entry), NOT_READ)[1]
        heard = list(asked(went_up(entry)))
        if heard != brought:
            what = f"the provider got {_shown(heard)}; the client sent {_shown(brought)}"
            yield Finding(what, where="journal")


def _shown(signed: list[Signed]) -> str:
    return ", ".join(f"{each.signature[:24]!r} on {each.on}" for each in signed) or "none"


def _scripted(exchange: Exchange) -> Iterator[Signed]:
    """Yield each signature of the script with what it stands on: what follows the thought."""
    waiting = ""
    for step in steps(exchange.scenario):
        if "think" in step:
            waiting = step.get("signature", waiting)
        elif waiting and {"call", "say", "finish"} & step.keys():
            yield Signed(_call(step["call"].get("name")) if "call" in step else "a text", waiting)
            waiting = ""
        yield from _of_a_delta(step.get("extra", {}))


def _call(name: Json) -> str:
    return f"the call of {name}"


def _parts(parts: Iterable[Members]) -> Iterator[Signed]:
    """Yield the signatures of parts; a member has its name in camel or in snake case."""
    for part in parts:
        if signature := part.get("thoughtSignature") or part.get("thought_signature"):
            yield Signed(_kind(part), str(signature))


def _kind(part: Members) -> str:
    call = part.get("functionCall") or part.get("function_call")
    if isinstance(call, dict):
        return _call(call.get("name"))
    return "a thought" if part.get("thought") is True else "a text"


def of_chunks(exchange: Exchange) -> Iterator[Signed]:
    for chunk in gemini.responses(exchange):
        for candidate in gemini.candidates(chunk):
            yield from _parts(gemini.parts(candidate))


def of_contents(body: Json) -> Iterator[Signed]:
    for content in gemini.objects(_member(body, "contents")):
        yield from _parts(gemini.objects(content.get("parts")))


def _member(value: Json, name: str) -> Json:
    return value.get(name) if isinstance(value, dict) else None


def _of_a_delta(said: Members) -> Iterator[Signed]:
    """Yield the signatures of a delta of chat, or of a whole message."""
    if signature := _extra(said):
        yield Signed("a text", signature)
    for call in gemini.objects(said.get("tool_calls")):
        if signature := _extra(call):
            yield Signed(_call(_member(call.get("function"), "name")), signature)


def _extra(value: Members) -> str:
    """Return the signature, whatever the vendor calls the place it keeps it in."""
    extra = value.get("extra_content")
    places = extra.values() if isinstance(extra, dict) else ()
    return next((str(s) for place in places if (s := _member(place, "thought_signature"))), "")


def of_deltas(exchange: Exchange) -> Iterator[Signed]:
    for delta in reason.said(exchange):
        yield from _of_a_delta(delta)


def of_turns(body: Json) -> Iterator[Signed]:
    for message in gemini.objects(_member(body, "messages")):
        yield from _of_a_delta(message)


def of_blocks(exchange: Exchange) -> Iterator[Signed]:
    for block in blocks.blocks(exchange):
        if block.kind == "tool_use" and block.start.get("signature"):
            yield Signed(_call(block.start.get("name")), str(block.start["signature"]))


def of_content(body: Json) -> Iterator[Signed]:
    for message in gemini.objects(_member(body, "messages")):
        for block in gemini.objects(message.get("content")):
            if block.get("type") == "tool_use" and block.get("signature"):
                yield Signed(_call(block.get("name")), str(block["signature"]))


#: How to read an answer and a request of each surface.
READ: Mapping[
    str, tuple[Callable[[Exchange], Iterable[Signed]], Callable[[Json], Iterable[Signed]]]
] = {
    "gemini": (of_chunks, of_contents),
    "chat": (of_deltas, of_turns),
    "messages": (of_blocks, of_content),
}
#: Of an API that has no place for them.
NOT_READ = (of_chunks, lambda body: ())
