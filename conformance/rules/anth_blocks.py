"""Anthropic's Messages: the content blocks of a message, and what must not get lost in them."""

from collections.abc import Iterator
from typing import NamedTuple

from conformance.exchange import Exchange, Json
from conformance.findings import Finding, Level
from conformance.protocols import blocks, read, responses
from conformance.protocols.blocks import Block, Kind
from conformance.protocols.outcome import Call, Outcome, steps
from conformance.rules.anth import RECORDED, STREAMING
from conformance.rules.rule import rule
from conformance.wire.json import BadJson, parse

ANSWERS = "messages.stream messages.plain messages.error"
THINKING = "Anthropic documentation, extended thinking"


@rule(
    "anth.block-lifecycle",
    Level.MUST,
    on="messages.stream",
    probes="healthy odd-blocks",
    cites=f"{STREAMING}: each block has a start, deltas and a stop; {RECORDED}",
    bugs="BerriAI/litellm#30115 farion1231/cc-switch#7044 headroomlabs-ai/headroom#2890 "
    "looplj/axonhub#1677 musistudio/claude-code-router#1725",
)
def blocks_live_one_after_the_other(exchange: Exchange) -> Iterator[Finding]:
    """Each block starts, gets deltas of its kind and stops before the next one starts.

    All have stopped before message_delta, and none starts after it. Whether a block that is open
    when an error comes is to be closed first is not judged.
    """
    for flaw in blocks.flaws(exchange, Kind.LIFECYCLE, Kind.DELTA):
        yield Finding(flaw.message, flaw.span)


@rule(
    "anth.index-contiguous",
    Level.MUST,
    on="messages.stream",
    probes="healthy odd-blocks",
    cites=f"{STREAMING}: index is the place in the final content; {RECORDED}; measured: the "
    "official Python SDK throws IndexError on a gap, the Node SDK loses the text",
    bugs="jundot/omlx#1353 QuantumNous/new-api#5482 ollama/ollama#17101 MadAppGang/claudish#127 "
    "anthropics/anthropic-sdk-python#1192",
)
def indexes_count_from_zero(exchange: Exchange) -> Iterator[Finding]:
    """Blocks are numbered 0, 1, 2 as they start, and their deltas and stops have their number."""
    for flaw in blocks.flaws(exchange, Kind.INDEX):
        yield Finding(flaw.message, flaw.span)


@rule(
    "anth.tool-block-not-split",
    Level.MUST,
    on="messages.stream",
    probes="tools",
    needs="upstream",
    cites=f"{STREAMING}: partial_json adds up to the input of one tool_use block",
    bugs="sgl-project/sglang#39782 mnfst/llm-gateway#1907 anthropics/anthropic-sdk-go#350",
)
def each_call_has_one_block(exchange: Exchange) -> Iterator[Finding]:
    """Each call has one tool_use block; its input is not spread over several, nor shared."""
    if not read.failed(exchange) and misplaced(exchange):
        got = [call.arguments for call in _calls(read.outcome(exchange))]
        sent = [call.arguments for call in _calls(read.scripted(exchange))]
        yield Finding(f"{len(got)} tool_use blocks with {got}, the provider sent {sent}")


def misplaced(exchange: Exchange) -> bool:
    """Say whether all of the calls' input arrived, but not call by call."""
    sent = _calls(read.scripted(exchange)) if exchange.scenario else []
    got = _calls(read.outcome(exchange))
    return len(sent) != len(got) and _joined(sent) == _joined(got) != ""


def _calls(outcome: Outcome) -> list[Call]:
    return [call for choice in outcome.choices for call in choice.calls]


def _joined(calls: list[Call]) -> str:
    return "".join(call.arguments for call in calls).replace("{}", "")


@rule(
    "anth.signature-delta-kept",
    Level.MUST,
    on=ANSWERS,
    probes="thinking",
    needs="upstream",
    cites=f"{THINKING}: the signature comes in signature_delta before content_block_stop, and has "
    "to come back unchanged in the next turn; recorded: 71 of 71 thinking blocks",
    bugs="kekzl/imp#1555 dwgx/WindsurfAPI#228 maximhq/bifrost#5638 pensarai/apex#534 "
    "8monkey-ai/hebo-gateway#131",
)
def signatures_arrive(exchange: Exchange) -> Iterator[Finding]:
    """The signature of a thought arrives whole, in deltas of its block before that stops.

    Where the provider gives none, none is made up. In the next turn thought and signature reach
    the provider as the client sends them.
    """
    yield from _changed(exchange, "thinking")
    said = [thought for thought in thoughts(exchange) if not thought.redacted]
    got = [block for block in blocks.blocks(exchange) if block.kind == "thinking"]
    habits = (exchange.scenario or {}).get("messages", {})
    signed = habits.get("signature") != "absent"
    for thought, block in zip(said, got, strict=False):
        signature = _signature(block, exchange.mode)
        if not signed and signature:
            yield Finding(f"the signature {signature!r}, and the provider gave none", block.span)
        elif signed and not (signature and signature == (thought.signature or signature)):
            right = repr(thought.signature) if thought.signature else "one of its own"
            what = f"the signature of a thought is {signature!r}, the provider's is {right}"
            yield Finding(what, block.span)


def _signature(block: Block, mode: str) -> str:
    return "".join(block.pieces["signature"]) if mode == "stream" else block.text("signature")


@rule(
    "anth.redacted-thinking-kept",
    Level.MUST,
    on=f"{ANSWERS} responses.stream responses.plain",
    probes="thinking",
    needs="upstream",
    cites=f"{THINKING}: redacted_thinking has to come back unchanged in the next turn; OpenAI "
    "OpenAPI 2.3.0, ReasoningItem.encrypted_content: for a later turn where nothing is stored",
    bugs="maximhq/bifrost#4942 BerriAI/litellm#9058 anomalyco/opencode#38614 zendev-sh/goai#94",
)
def redacted_thoughts_arrive(exchange: Exchange) -> Iterator[Finding]:
    """The data of redacted thinking, whole in the start of its block, reaches the client.

    So does the encrypted content of a reasoning item of Responses. In the next turn of Messages it
    reaches the provider as the client sends it.
    """
    if exchange.surface == "responses":
        yield from _unsealed(exchange)
        return
    yield from _changed(exchange, "redacted_thinking")
    if exchange.form == "error":
        return
    said = [thought.text for thought in thoughts(exchange) if thought.redacted]
    got = [block.text("data") for block in blocks.blocks(exchange)
           if block.kind == "redacted_thinking"]  # fmt: skip
    if said != got:
        yield Finding(f"the data of redacted thinking is {got}, the provider's is {said}")


def _unsealed(exchange: Exchange) -> Iterator[Finding]:
    sealed = (t.text if t.redacted else t.signature for t in thoughts(exchange))
    said, got = [text for text in sealed if text], responses.encrypted(exchange)
    if said != got and not read.failed(exchange):
        yield Finding(f"the encrypted content of reasoning is {got}, the provider's is {said}")


@rule(
    "anth.ping-kept",
    Level.SHOULD,
    on="messages.stream",
    probes="anth.ping-kept",
    needs="upstream",
    cites=f"{STREAMING}: any number of ping events; clients take silence for a dead connection",
    bugs="bitrouter/bitrouter#422 LuthienResearch/luthien-proxy#804 envoyproxy/ai-gateway#2548 "
    "frontman-ai/frontman#731",
)
def pings_give_a_sign_of_life(exchange: Exchange) -> Iterator[Finding]:
    """While the provider sends nothing but pings the client gets something: a ping, a comment.

    Judged without a clock: the provider stops after each ping until something has come out.
    """
    # Who holds back what was said holds back pings too, and another rule says so.
    if any(hold.lag for hold in exchange.holds if hold.expected.strip()):
        return
    late = next((hold for hold in exchange.holds if hold.lag), None)
    if late:
        yield Finding(f"nothing came out for the ping ahead of {late.name!r}")


def _changed(exchange: Exchange, kind: str) -> Iterator[Finding]:
    """Yield where blocks that the client brings from earlier turns went up changed."""
    brought = _asked(exchange.request.body, kind) if exchange.request else []
    for entry in exchange.journal if brought else ():
        heard = _asked(_read(entry["request"].get("body", "")), kind)
        if heard != brought:
            what = f"the provider got {kind} {str(heard)[:90]}; the client sent {str(brought)[:90]}"
            yield Finding(what, where="journal")


def _read(body: str) -> Json:
    """Return what went up; a body that is no JSON brings nothing."""
    try:
        return parse(body)
    except BadJson:
        return None


def _asked(body: Json, kind: str) -> list[Json]:
    """Return the blocks of a kind in a request, at whatever depth they are."""
    found: list[Json] = []
    waiting: list[Json] = [body]
    while waiting:
        match waiting.pop():
            case dict() as value if value.get("type") == kind:
                found.append(value)
            case dict() as value:
                waiting += reversed(value.values())
            case list() as value:
                waiting += reversed(value)
    return found


class Thought(NamedTuple):
    """What the provider says of one block of thinking."""

    text: str
    signature: str | None  # None where the script leaves it to the provider
    redacted: bool = False


SPOKEN = {"say", "call", "arguments", "refuse", "cite", "finish"}


def thoughts(exchange: Exchange) -> list[Thought]:
    """Fold the script's thinking into blocks: a signature, or anything else said, ends one."""
    found: list[Thought] = []
    going_on = False
    for step in steps(exchange.scenario):
        if "think" not in step:
            going_on = going_on and not SPOKEN & set(step)
        elif step.get("redacted"):
            found.append(Thought(step["think"], None, redacted=True))
            going_on = False
        else:
            begun = found.pop().text if going_on else ""
            found.append(Thought(begun + step["think"], step.get("signature")))
            going_on = "signature" not in step
    return found
