"""Usage on the wire: whether it comes, where, and whether the numbers are the provider's.

Lost usage, altered numbers, a wrong sum and lost classes of tokens are a rule each.
"""

from collections.abc import Iterator

from conformance.exchange import Exchange, Json
from conformance.findings import Basis, Finding, Level
from conformance.protocols import chat
from conformance.protocols.grammar import Token
from conformance.protocols.outcome import Usage, scripted, steps
from conformance.rules.rule import rule

OPTIONS = "OpenAI OpenAPI 2.3.0, ChatCompletionStreamOptions.include_usage"
COMPLETION = "OpenAI OpenAPI 2.3.0, CompletionUsage"
RECORDED = "corpus: 564 of 564 recorded OpenAI streams"
COUNTS = ("prompt_tokens", "completion_tokens", "total_tokens")


def wanted(exchange: Exchange) -> bool:
    return exchange.asked("stream_options", "include_usage") is True


def due(exchange: Exchange) -> Usage | None:
    """Return the usage the provider sent, if the client is to get it."""
    usage = scripted(exchange.scenario).usage
    return usage if exchange.mode == "plain" or wanted(exchange) else None


def told(exchange: Exchange) -> list[Token]:
    return [token for token in chat.tokens(exchange) if token.kind == "usage"]


@rule(
    "usage.delivered-when-asked",
    Level.MUST,
    on="chat.stream chat.error",
    probes="usage usage.delivered-when-asked",
    needs="request upstream",
    cites=f"{OPTIONS}: a chunk with the usage of the whole request",
    bugs="diegosouzapw/OmniRoute#9750 maximhq/bifrost#191 BerriAI/litellm#36168 "
    "Portkey-AI/gateway#1260",
)
def asked_usage_is_delivered(exchange: Exchange) -> Iterator[Finding]:
    """A client that sets include_usage gets the provider's usage, whatever chunk brought it."""
    usage = due(exchange)
    if usage and exchange.kind == "chat.error":
        yield Finding(f"answered {exchange.status} where the provider sent its usage")
    elif usage and chat.outcome(exchange).usage is None:
        yield Finding(f"the provider sent usage ({_counts(usage)}), the client got none")


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
    """A client that did not set include_usage gets no usage."""
    for token in told(exchange)[:1] if not wanted(exchange) else ():
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


def _with_finish(exchange: Exchange, chunk: chat.Chunk) -> bool:
    stated = any(choice.get("finish_reason") for choice in chat.choices(chunk))
    return stated and exchange.policy.get("usage-place") == "with-finish"


@rule(
    "usage.totals-add-up",
    Level.MUST,
    on="chat.stream chat.plain",
    probes="usage parity",
    cites=f"{COMPLETION}: total_tokens = prompt + completion; corpus: 442 of 442 OpenAI streams",
    bugs="PaddlePaddle/FastDeploy#3247 decolua/9router#3789 Portkey-AI/gateway#875",
)
def the_total_is_the_sum(exchange: Exchange) -> Iterator[Finding]:
    """Usage has prompt, completion and total tokens, and the total is the sum of the two."""
    if usage := _last(exchange):
        prompt, completion, total = (usage.get(name, -1) for name in COUNTS)
        if not all(map(_is_count, (prompt, completion, total))):
            named = ", ".join(f"{name} {_shown(usage, name)}" for name in COUNTS)
            yield Finding(f"usage lacks a count: {named}")
        elif int(prompt) + int(completion) != total:
            yield Finding(f"{prompt} + {completion} tokens, and the total is {total}")


def _last(exchange: Exchange) -> dict[str, Json] | None:
    if exchange.mode == "plain":
        usage = (chat.answer(exchange) or {}).get("usage")
    else:
        usage = next((token.value for token in reversed(told(exchange))), None)
    return usage if isinstance(usage, dict) else None


def _shown(value: dict[str, Json], name: str) -> str:
    return repr(value[name]) if name in value else "absent"


def _is_count(value: Json) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


@rule(
    "usage.not-invented",
    Level.MUST,
    on="chat.stream chat.plain",
    probes="usage.not-invented cut unfinished",
    basis=Basis.POLICY,
    needs="upstream",
    cites=f"{OPTIONS}: the usage may be missing after an interruption",
    bugs="maximhq/bifrost#5832 bircex/llmr#10 spring-projects/spring-ai#1307 "
    "tashfeenahmed/freellmapi#686",
)
def absent_usage_stays_absent(exchange: Exchange) -> Iterator[Finding]:
    """Where the provider sent no usage the client gets none, unless it is marked as an estimate.

    The mark is a member of the usage with "estimate" in its name.
    """
    usage = _last(exchange)
    if usage and scripted(exchange.scenario).usage is None and not _estimated(usage):
        shown = ", ".join(f"{name} {usage.get(name)}" for name in COUNTS)
        yield Finding(f"the provider sent no usage, the client got {shown}")


def _estimated(usage: dict[str, Json]) -> bool:
    return any("estimat" in name.lower() and value for name, value in usage.items())


@rule(
    "usage.upstream-preferred",
    Level.MUST,
    on="chat.stream",
    probes="usage usage.delivered-when-asked",
    needs="request upstream",
    cites=f"{COMPLETION}: the tokens of the prompt and of the completion",
    bugs="tashfeenahmed/freellmapi#845 Kong/kong#14535 BerriAI/litellm#21592",
)
def the_numbers_are_the_providers(exchange: Exchange) -> Iterator[Finding]:
    """Prompt and completion tokens are those the provider reported, not a count of the router's."""
    yield from _altered(exchange)


def _altered(exchange: Exchange) -> Iterator[Finding]:
    sent, got = due(exchange), chat.outcome(exchange).usage
    if sent and got and (sent.input, sent.output) != (got.input, got.output):
        yield Finding(f"usage is {_counts(got)}, the provider sent {_counts(sent)}")


def _counts(usage: Usage) -> str:
    return f"{usage.input} + {usage.output} tokens"


@rule(
    "usage.cumulative-not-summed",
    Level.MUST,
    on="chat.stream chat.error",
    probes="usage.cumulative-not-summed",
    basis=Basis.RECORDING,
    needs="request upstream",
    cites="corpus: Databricks, Perplexity and GitHub Copilot send growing usage on many chunks",
    bugs="songquanpeng/one-api#415 tensorzero/tensorzero#5481 microsoft/agent-framework#7143",
)
def running_totals_are_not_added_up(exchange: Exchange) -> Iterator[Finding]:
    """Usage that grows from chunk to chunk is a running total: the last one counts."""
    yield from _unequal(exchange)


@rule(
    "usage.merge-across-events",
    Level.MUST,
    on="chat.stream chat.error",
    probes="usage.merge-across-events",
    basis=Basis.RECORDING,
    needs="request upstream",
    cites="corpus: Groq, llama.cpp and Hugging Face send usage in two chunks",
    bugs="QuantumNous/new-api#7472 envoyproxy/ai-gateway#1631 agentgateway/agentgateway#1108",
)
def the_fuller_usage_wins(exchange: Exchange) -> Iterator[Finding]:
    """Usage that comes in parts is merged: what is missing or zero does not wipe what is known."""
    yield from _unequal(exchange)


def _unequal(exchange: Exchange) -> Iterator[Finding]:
    """Yield how an answer to an odd provider departs from its usage, an error included."""
    sent, got = due(exchange), chat.outcome(exchange).usage
    if exchange.kind == "chat.error":
        yield Finding(f"answered {exchange.status} where the provider's usage was due")
    elif sent and got is None:
        yield Finding(f"the provider sent usage ({_counts(sent)}), the client got none")
    elif sent and got and (wrong := list(_differing(sent, got))):
        yield Finding(f"usage has {', '.join(wrong)}")


def _differing(sent: Usage, got: Usage) -> Iterator[str]:
    """Yield the classes that the provider stated and that did not arrive as they were."""
    for name in ("input", "output", "cached", "reasoning"):
        was, is_ = getattr(sent, name), getattr(got, name)
        if was is not None and was != is_:
            yield f"{name} {is_} where the provider's is {was}"


@rule(
    "usage.cache-details-kept",
    Level.MUST,
    on="chat.stream",
    probes="usage",
    needs="request upstream",
    cites=f"{COMPLETION}.prompt_tokens_details: cached_tokens, cache_write_tokens",
    bugs="BerriAI/litellm#5364 QuantumNous/new-api#7472 MartialBE/one-hub#884 "
    "mozilla-ai/any-llm#622",
)
def cached_tokens_arrive(exchange: Exchange) -> Iterator[Finding]:
    """The numbers of cached tokens, read and written, arrive with the usage."""
    yield from _lost_class(exchange, "prompt_tokens_details", ("cached", "cache_write"))


@rule(
    "usage.reasoning-included",
    Level.MUST,
    on="chat.stream",
    probes="usage",
    needs="request upstream",
    cites=f"{COMPLETION}.completion_tokens_details: reasoning_tokens",
    bugs="mozilla-ai/any-llm#1291 NousResearch/hermes-agent#48712 Portkey-AI/gateway#1458",
)
def reasoning_tokens_arrive(exchange: Exchange) -> Iterator[Finding]:
    """The number of reasoning tokens arrives with the usage, as a part of the completion."""
    yield from _lost_class(exchange, "completion_tokens_details", ("reasoning",))


def _lost_class(exchange: Exchange, details: str, classes: tuple[str, ...]) -> Iterator[Finding]:
    usage = _last(exchange)
    if not usage or not due(exchange) or any(_altered(exchange)):
        return
    got = usage.get(details)
    got = got if isinstance(got, dict) else {}
    for name in classes:
        sent, member = _sent(exchange, name), f"{name}_tokens"
        if sent and got.get(member) != sent:
            found = _shown(got, member)
            yield Finding(f"{details}.{member} is {found}, the provider sent {sent}")


def _sent(exchange: Exchange, name: str) -> int:
    said = [step["usage"] for step in steps(exchange.scenario) if "usage" in step]
    return int(said[-1].get(name, 0)) if said else 0
