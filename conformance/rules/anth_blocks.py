"""Anthropic's Messages: the content blocks of a message, and what must not get lost in them."""

from collections.abc import Iterator
from typing import NamedTuple

from conformance.exchange import Exchange
from conformance.findings import Finding, Level
from conformance.protocols import blocks, read
from conformance.protocols.blocks import Block, Kind
from conformance.protocols.outcome import Call, Outcome, steps
from conformance.rules.anth import RECORDED, STREAMING
from conformance.rules.returned import changed
from conformance.rules.rule import rule

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
    the provider as the client sends them. What is sealed by a provider with another API may have
    a mark of the router's in front, by which it knows it again.
    """
    yield from changed(exchange, "thinking")
    if "gemini" in read.provided(exchange):  # it signs what comes after a thought
        return
    said = [thought for thought in thoughts(exchange) if not thought.redacted]
    got = [block for block in blocks.blocks(exchange) if block.kind == "thinking"]
    for thought, block in zip(said, got, strict=False):
        signature, signed = _signature(block, exchange.mode), thought.signature != UNSIGNED
        if not signed and signature:
            yield Finding(f"the signature {signature!r}, and the provider gave none", block.span)
        elif signed and not (signature and kept(exchange, signature, thought.signature)):
            right = repr(thought.signature) if thought.signature else "one of its own"
            what = f"the signature of a thought is {signature!r}, the provider's is {right}"
            yield Finding(what, block.span)


def kept(exchange: Exchange, got: str, said: str | None) -> bool:
    """Whether what the client got is what the provider sealed."""
    if said is None or got == said:
        return True
    return read.translated(exchange) and got.endswith(f":{said}")


def _signature(block: Block, mode: str) -> str:
    return "".join(block.pieces["signature"]) if mode == "stream" else block.text("signature")


class Thought(NamedTuple):
    """What the provider says of one block of thinking."""

    text: str
    signature: str | None  # None where the script leaves it to the provider
    redacted: bool = False


UNSIGNED = ""
SPOKEN = {"say", "call", "arguments", "refuse", "cite", "finish"}


def thoughts(exchange: Exchange) -> list[Thought]:
    """Return the thoughts of the script as the provider has words for them."""
    return [sent for thought in _folded(exchange) if (sent := _sent(exchange, thought))]


def _sent(exchange: Exchange, thought: Thought) -> Thought | None:
    """Return a thought without the seal that its provider has no place for, or does not give."""
    apis = read.provided(exchange) or {exchange.surface}
    if "gemini" in apis or ("chat" in apis and not detailed(exchange)):
        return None if thought.redacted else thought._replace(signature=UNSIGNED)
    if "messages" not in apis:
        return thought._replace(signature=thought.signature or UNSIGNED)
    absent = (exchange.scenario or {}).get("messages", {}).get("signature") == "absent"
    return thought._replace(signature=UNSIGNED) if absent else thought


def detailed(exchange: Exchange) -> bool:
    """Say whether a provider of the chat API has a place for what nobody can read."""
    names: list[str] = (exchange.scenario or {}).get("chat", {}).get("reasoning", [])
    return "reasoning_details" in names


def _folded(exchange: Exchange) -> list[Thought]:
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
