"""What Messages has and other APIs carry too: pings, and thoughts that are sealed."""

from collections.abc import Iterator, Mapping
from functools import partial

from conformance.exchange import Exchange, Json
from conformance.findings import Finding, Level
from conformance.protocols import blocks, read, responses
from conformance.protocols.outcome import steps
from conformance.rules import reason
from conformance.rules.anth import STREAMING
from conformance.rules.anth_blocks import ANSWERS, THINKING, detailed, kept, thoughts
from conformance.rules.returned import changed, of_kind
from conformance.rules.rule import rule

# Sealed thoughts of the chat API's vendors: of OpenRouter and of LiteLLM.
SEALED = ("reasoning.encrypted", "redacted_thinking")
COPY = "provider_specific_fields"


@rule(
    "anth.redacted-thinking-kept",
    Level.MUST,
    on=f"{ANSWERS} responses.stream responses.plain chat.stream chat.plain chat.error",
    probes="thinking",
    needs="upstream",
    cites=f"{THINKING}: redacted_thinking has to come back unchanged in the next turn; OpenAI "
    "OpenAPI 2.3.0, ReasoningItem.encrypted_content: for a later turn where nothing is stored; "
    "OpenRouter documentation, reasoning tokens: reasoning_details have to come back unmodified; "
    "LiteLLM documentation, thinking_blocks",
    bugs="maximhq/bifrost#4942 BerriAI/litellm#9058 anomalyco/opencode#38614 zendev-sh/goai#94",
)
def redacted_thoughts_arrive(exchange: Exchange) -> Iterator[Finding]:
    """The data of redacted thinking, whole in the start of its block, reaches the client.

    So does the encrypted content of a reasoning item of Responses, and on chat that of
    reasoning_details and thinking_blocks. In the next turn of chat and Messages it reaches the
    provider as the client sends it. Who translates may wrap it for Responses.
    """
    if exchange.surface == "responses":
        yield from _unsealed(exchange)
        return
    for kind in SEALED:
        yield from changed(exchange, kind)
    if exchange.form == "error":
        return
    if exchange.surface == "chat":
        yield from _lost(exchange)
        return
    said = [thought.text for thought in thoughts(exchange) if thought.redacted]
    got = [block.text("data") for block in blocks.blocks(exchange)
           if block.kind == "redacted_thinking"]  # fmt: skip
    alike = len(said) == len(got) and all(map(partial(kept, exchange), got, said))
    if not alike:
        yield Finding(f"the data of redacted thinking is {got}, the provider's is {said}")


def _unsealed(exchange: Exchange) -> Iterator[Finding]:
    if "gemini" in read.provided(exchange):  # it seals what comes after a thought
        return
    sealed = (t.text if t.redacted else t.signature for t in thoughts(exchange))
    said, got = [text for text in sealed if text], responses.encrypted(exchange)
    wrapped = read.translated(exchange) and all(any(text in str(g) for g in got) for text in said)
    if said != got and not wrapped and not read.failed(exchange):
        yield Finding(f"the encrypted content of reasoning is {got}, the provider's is {said}")


def _lost(exchange: Exchange) -> Iterator[Finding]:
    said = [t.text for t in thoughts(exchange) if t.redacted] if detailed(exchange) else []
    said += _data([step.get("extra") for step in steps(exchange.scenario)])
    got = _data([_once(delta) for delta in reason.said(exchange)])
    if said != got and not read.failed(exchange):
        yield Finding(f"the sealed reasoning is {got}, the provider's is {said}")


def _data(value: Json) -> list[str]:
    return [str(each.get("data")) for kind in SEALED for each in of_kind(value, kind)]


def _once(delta: Mapping[str, Json]) -> Json:
    """Return a delta without the copy that LiteLLM has of its vendors' members."""
    return {name: value for name, value in delta.items() if name != COPY}


@rule(
    "anth.ping-kept",
    Level.SHOULD,
    on="messages.stream chat.stream responses.stream",
    probes="anth.ping-kept",
    needs="upstream",
    cites=f"{STREAMING}: any number of ping events; clients take silence for a dead connection; "
    "recorded: comments on OpenRouter's chat streams, keepalive events on OpenAI's Responses",
    bugs="bitrouter/bitrouter#422 LuthienResearch/luthien-proxy#804 envoyproxy/ai-gateway#2548 "
    "frontman-ai/frontman#731",
)
def pings_give_a_sign_of_life(exchange: Exchange) -> Iterator[Finding]:
    """While the provider sends nothing but pings the client gets something: a ping, a comment.

    On chat such a ping is a comment, on Responses an event.
    Judged without a clock: the provider stops after each ping until something has come out.
    """
    # Who holds back what was said holds back pings too, and another rule says so.
    if any(hold.lag for hold in exchange.holds if hold.expected.strip()):
        return
    late = next((hold for hold in exchange.holds if hold.lag), None)
    if late:
        yield Finding(f"nothing came out for the ping ahead of {late.name!r}")
