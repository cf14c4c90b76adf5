"""The numbers of the usage: that they are the provider's, all of them, and add up.

Altered numbers, a wrong sum and a lost class of tokens are a rule each; lost usage is in `usage`,
and what the usage of a response lacks of its members in `resp_shape`.
"""

from collections.abc import Iterator

from conformance.exchange import Exchange, Json
from conformance.findings import Basis, Finding, Level
from conformance.protocols import messages, read
from conformance.protocols.outcome import Usage
from conformance.rules.charges import WHERE, miscounted, priced
from conformance.rules.resp_shape import unshaped
from conformance.rules.rule import rule
from conformance.rules.usage import OPTIONS, counts, due
from conformance.rules.usage_classes import CACHED, PLACES, counted, last, losses, shown, within

COMPLETION = "OpenAI OpenAPI 2.3.0, CompletionUsage"
COUNTS = ("prompt_tokens", "completion_tokens", "total_tokens")
ANSWERS = "chat.stream chat.error messages.stream messages.error"


@rule(
    "usage.totals-add-up",
    Level.MUST,
    on="chat.stream chat.plain responses.stream responses.plain "
    "gemini.stream gemini.array gemini.plain",
    probes="usage parity",
    cites=f"{COMPLETION}: total_tokens = prompt + completion; corpus: 442 of 442 OpenAI streams",
    bugs="PaddlePaddle/FastDeploy#3247 decolua/9router#3789 Portkey-AI/gateway#875",
)
def the_total_is_the_sum(exchange: Exchange) -> Iterator[Finding]:
    """Usage has prompt, completion and total tokens, and the total is the sum of the two.

    On the Gemini surface the sum has the thoughts, and what tools put into the prompt, too.
    """
    if any(unshaped(exchange)):
        return
    if exchange.surface != "chat":
        yield from _unsummed(read.outcome(exchange).usage)
    elif (usage := last(exchange)) is not None:
        prompt, completion, total = (usage.get(name, -1) for name in COUNTS)
        if not all(map(_is_count, (prompt, completion, total))):
            named = ", ".join(f"{name} {shown(usage, name)}" for name in COUNTS)
            yield Finding(f"usage lacks a count: {named}")
        elif int(prompt) + int(completion) != total:
            yield Finding(f"{prompt} + {completion} tokens, and the total is {total}")


def _unsummed(usage: Usage | None) -> Iterator[Finding]:
    if usage and (usage.input or 0) + (usage.output or 0) != usage.total:
        yield Finding(f"{counts(usage)}, and the total is {usage.total}")


def _is_count(value: Json) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


@rule(
    "usage.not-invented",
    Level.MUST,
    on="stream array plain error",
    probes="usage.not-invented cut unfinished",
    basis=Basis.POLICY,
    needs="upstream",
    cites=f"{OPTIONS}: the usage may be missing after an interruption",
    bugs="maximhq/bifrost#5832 bircex/llmr#10 spring-projects/spring-ai#1307 "
    "tashfeenahmed/freellmapi#686",
)
def absent_usage_stays_absent(exchange: Exchange) -> Iterator[Finding]:
    """Where the provider sent no usage the client gets none, unless it is marked as an estimate.

    The mark is a member of the usage with "estimate" in its name. Messages has no answer without
    counts, so that it is numbers above 0 that are invented there, at the end of a stream: at its
    start an estimate of the prompt is in order. So it is where the provider was asked in Messages.
    On a bill it is a 0, as if nothing had been used.
    """
    if read.scripted(exchange).usage is not None:
        return
    counting = "messages" in read.provided(exchange) | {exchange.surface}
    if exchange.bill and exchange.form != "error":
        yield from () if counting else _charged_as_nothing(exchange)
        return
    usage, least = _stated(exchange), 1 if counting else 0
    made_up = [f"{name} {n}" for name, n in usage.items() if _is_count(n) and n >= least]
    if made_up and not _estimated(usage):
        yield Finding(f"the provider sent no usage, the client got {', '.join(made_up)}")


def _charged_as_nothing(exchange: Exchange) -> Iterator[Finding]:
    bill = priced(exchange)
    zeros = [name for name in ("input", "output") if bill and getattr(bill, name) == 0]
    if zeros:
        what = f"0 {' and '.join(zeros)} tokens of an answer that the provider has not counted"
        yield Finding(what, where=WHERE)


def _stated(exchange: Exchange) -> dict[str, Json]:
    """Return the usage that the answer ends with."""
    if exchange.surface != "messages" or exchange.mode == "plain":
        return last(exchange) or {}
    told = [token.value for token in messages.tokens(exchange) if token.kind == "ending"]
    return messages.member(told[-1], "usage") if told else {}


def _estimated(usage: dict[str, Json]) -> bool:
    return any("estimat" in name.lower() and value for name, value in usage.items())


@rule(
    "usage.upstream-preferred",
    Level.MUST,
    on="stream array",
    probes="usage usage.delivered-when-asked usage.upstream-preferred",
    needs="request upstream",
    cites=f"{COMPLETION}: the tokens of the prompt and of the completion",
    bugs="tashfeenahmed/freellmapi#845 Kong/kong#14535 BerriAI/litellm#21592",
)
def the_numbers_are_the_providers(exchange: Exchange) -> Iterator[Finding]:
    """Prompt and completion tokens are those the provider reported, not a count of the router's.

    They are on the bill too, wherever in the stream the provider put them.
    """
    yield from miscounted(exchange) if exchange.bill else _altered(exchange)


def _altered(exchange: Exchange) -> Iterator[Finding]:
    sent, got = due(exchange), read.outcome(exchange).usage
    if not sent or not got:
        return
    # Where the cached tokens are not part of the count, losing them loses them from the sum.
    lost = sum(losses(exchange, CACHED)) if exchange.surface == "messages" else 0
    told = got.input or 0
    if sent.output != got.output or sent.input not in (told, told + lost):
        yield Finding(f"usage is {counts(got)}, the provider sent {counts(sent)}")


@rule(
    "usage.cumulative-not-summed",
    Level.MUST,
    on=f"{ANSWERS} gemini.stream gemini.array gemini.error",
    probes="usage.cumulative-not-summed",
    basis=Basis.RECORDING,
    needs="request upstream",
    cites="corpus: Databricks, Perplexity and GitHub Copilot send growing usage on many chunks",
    bugs="songquanpeng/one-api#415 tensorzero/tensorzero#5481 microsoft/agent-framework#7143",
)
def running_totals_are_not_added_up(exchange: Exchange) -> Iterator[Finding]:
    """Usage that grows from chunk to chunk is a running total: the last one counts.

    It is what the client is told, and what the bill charges.
    """
    yield from miscounted(exchange) if exchange.bill else _unequal(exchange)


@rule(
    "usage.merge-across-events",
    Level.MUST,
    on=ANSWERS,
    probes="usage.merge-across-events",
    basis=Basis.RECORDING,
    needs="request upstream",
    cites="corpus: Groq, llama.cpp and Hugging Face send usage in two chunks",
    bugs="QuantumNous/new-api#7472 envoyproxy/ai-gateway#1631 agentgateway/agentgateway#1108",
)
def the_fuller_usage_wins(exchange: Exchange) -> Iterator[Finding]:
    """Usage that comes in parts is merged: what is missing or zero does not wipe what is known.

    So it is for the client and on the bill.
    """
    yield from miscounted(exchange) if exchange.bill else _unequal(exchange)


def _unequal(exchange: Exchange) -> Iterator[Finding]:
    """Yield how an answer to an odd provider departs from its usage, an error included."""
    sent, got = due(exchange), read.outcome(exchange).usage
    if exchange.form == "error":
        yield Finding(f"answered {exchange.status} where the provider's usage was due")
    elif sent and got is None:
        yield Finding(f"the provider sent usage ({counts(sent)}), the client got none")
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
    on="stream array",
    probes="usage",
    needs="request upstream",
    cites=f"{COMPLETION}.prompt_tokens_details: cached_tokens, cache_write_tokens; Anthropic "
    "documentation, prompt caching: cache_read_input_tokens, cache_creation_input_tokens",
    bugs="BerriAI/litellm#5364 QuantumNous/new-api#7472 MartialBE/one-hub#884 "
    "mozilla-ai/any-llm#622",
)
def cached_tokens_arrive(exchange: Exchange) -> Iterator[Finding]:
    """The numbers of cached tokens, read and written, arrive with the usage."""
    yield from _lost_class(exchange, CACHED)


@rule(
    "usage.reasoning-included",
    Level.MUST,
    on="stream array",
    probes="usage",
    needs="request upstream",
    cites=f"{COMPLETION}.completion_tokens_details: reasoning_tokens; Anthropic Python SDK 2.11.0, "
    "types: output_tokens_details.thinking_tokens",
    bugs="mozilla-ai/any-llm#1291 NousResearch/hermes-agent#48712 Portkey-AI/gateway#1458",
)
def reasoning_tokens_arrive(exchange: Exchange) -> Iterator[Finding]:
    """The number of reasoning tokens arrives with the usage, as a part of the completion."""
    yield from _lost_class(exchange, ("reasoning",))


def _lost_class(exchange: Exchange, classes: tuple[str, ...]) -> Iterator[Finding]:
    usage = last(exchange)
    altered = any(_altered(exchange)) or any(unshaped(exchange))
    if not usage or not due(exchange) or altered:
        return
    if exchange.surface not in PLACES:
        yield from _lost_count(exchange, classes)
        return
    for name, missing in zip(classes, losses(exchange, classes), strict=True):
        if missing:
            *above, member = PLACES[exchange.surface][name]
            found = shown(within(usage, above), member)
            sent = counted(exchange, name)
            yield Finding(f"{'.'.join([*above, member])} is {found}, the provider sent {sent}")


def _lost_count(exchange: Exchange, classes: tuple[str, ...]) -> Iterator[Finding]:
    got = read.outcome(exchange).usage
    for name in classes:
        sent, count = counted(exchange, name), getattr(got, name, None)
        if sent and hasattr(got, name) and count != sent:
            yield Finding(f"the {name} tokens are {count}, the provider sent {sent}")
