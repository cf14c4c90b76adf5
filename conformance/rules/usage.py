"""Usage on the wire: whether it comes, and where; its numbers are in `usage_counts`."""

from collections.abc import Iterator

from conformance.exchange import Exchange
from conformance.findings import Finding, Level
from conformance.protocols import chat, read
from conformance.protocols.grammar import Token
from conformance.protocols.outcome import Usage
from conformance.protocols.surface import Data
from conformance.rules.rule import rule

OPTIONS = "OpenAI OpenAPI 2.3.0, ChatCompletionStreamOptions.include_usage"
RECORDED = "corpus: 564 of 564 recorded OpenAI streams"


def due(exchange: Exchange) -> Usage | None:
    """Return the usage the provider sent, if the client is to get it."""
    usage = read.scripted(exchange).usage
    return usage if read.wants_usage(exchange) or unasked(exchange) else None


def unasked(exchange: Exchange) -> bool:
    """Whether every stream has usage, as some routers promise."""
    return exchange.policy.get("usage-when") == "always"


def told(exchange: Exchange) -> list[Token]:
    return [token for token in read.tokens(exchange) if token.kind == "usage"]


def counts(usage: Usage) -> str:
    return f"{usage.input} + {usage.output} tokens"


@rule(
    "usage.delivered-when-asked",
    Level.MUST,
    on="stream array error",
    probes="usage usage.delivered-when-asked",
    needs="request upstream",
    cites=f"{OPTIONS}: a chunk with the usage of the whole request",
    bugs="diegosouzapw/OmniRoute#9750 maximhq/bifrost#191 BerriAI/litellm#36168 "
    "Portkey-AI/gateway#1260",
)
def asked_usage_is_delivered(exchange: Exchange) -> Iterator[Finding]:
    """A client that sets include_usage gets the provider's usage, whatever chunk brought it.

    Where the declared policy is `always` every client does.
    """
    usage = due(exchange)
    if usage and exchange.form == "error":
        yield Finding(f"answered {exchange.status} where the provider sent its usage")
    elif usage and read.outcome(exchange).usage is None:
        yield Finding(f"the provider sent usage ({counts(usage)}), the client got none")


@rule(
    "usage.only-when-asked",
    Level.SHOULD,
    on="chat.stream",
    probes="usage usage.only-when-asked",
    needs="request",
    cites=f"{OPTIONS}: only if set; {RECORDED}",
    bugs="nguyenphutrong/quotio#460 entrius/gittensor#1750 sozercan/vekil#222",
)
def unasked_usage_stays_out(exchange: Exchange) -> Iterator[Finding]:
    """A client that did not set include_usage gets no usage.

    Where the declared policy is `always` it does.
    """
    wanted = read.wants_usage(exchange) or unasked(exchange)
    for token in told(exchange)[:1] if not wanted else ():
        yield Finding("usage, and include_usage was not set", token.span)


@rule(
    "usage.single-final-chunk",
    Level.MUST,
    on="chat.stream",
    probes="usage usage.single-final-chunk",
    cites=f"{OPTIONS}: one additional chunk before data: [DONE]; {RECORDED}",
    bugs="Portkey-AI/gateway#1338 tensorzero/tensorzero#5563 vllm-project/vllm#7262 "
    "ogx-ai/ogx#5122",
)
def usage_comes_once_and_last(exchange: Exchange) -> Iterator[Finding]:
    """Usage is sent once, and no choice gets anything after it."""
    for state, token in chat.stream_violations(exchange):
        if state == "counted" and token.kind in ("usage", "delta"):
            what = "usage again" if token.kind == "usage" else "more of a choice after the usage"
            yield Finding(what, token.span)


@rule(
    "usage.chunk-shape",
    Level.SHOULD,
    on="chat.stream",
    probes="usage",
    policy="usage-place",
    cites=f"{OPTIONS}: choices is an empty array, other chunks have usage null; {RECORDED}",
    bugs="ggml-org/llama.cpp#15444 BerriAI/litellm#9657 ROCm/ATOM#1711",
)
def usage_has_a_chunk_of_its_own(exchange: Exchange) -> Iterator[Finding]:
    """The chunk with the usage has an empty list of choices; elsewhere usage is null or absent.

    Where the declared policy is `with-finish`, the chunk that finishes the choice has it.
    """
    counted = [
        chunk for chunk in chat.chunks(exchange) if isinstance(chunk.value.get("usage"), dict)
    ]
    for chunk in counted[-1:]:
        if chunk.value.get("choices") != [] and not _with_finish(exchange, chunk):
            shown = chunk.value.get("choices", "absent")
            yield Finding(f"the usage chunk has choices {str(shown)[:60]}", chunk.span)
    for chunk in chat.chunks(exchange):
        usage = chunk.value.get("usage")
        if usage is not None and not isinstance(usage, dict):
            yield Finding(f"usage is {str(usage)[:60]!r}; right is null or an object", chunk.span)


def _with_finish(exchange: Exchange, chunk: Data) -> bool:
    stated = any(choice.get("finish_reason") for choice in chat.choices(chunk))
    return stated and exchange.policy.get("usage-place") == "with-finish"
