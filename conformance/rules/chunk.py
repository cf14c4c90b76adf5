"""The shape of the chunks of a chat stream, and how a provider's odd ones come out."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain

from conformance.exchange import Exchange, Json, Trial
from conformance.findings import Basis, Finding, Level
from conformance.protocols import chat, read
from conformance.protocols.outcome import steps
from conformance.rules import anth_shape, resp_shape
from conformance.rules.invariance import BASELINE, departures
from conformance.rules.rule import comparison, rule
from conformance.rules.shape import IDENTITY, changing, lacking, malformed, once_each

OAS = "OpenAI OpenAPI 2.3.0, CreateChatCompletionStreamResponse"
RECORDED = "recorded: 576 of 576 OpenAI streams"


@rule(
    "chunk.id-stable",
    Level.MUST,
    on="chat.stream",
    probes="healthy chunk.id-stable",
    cites=f"{OAS}.id: each chunk has the same id; {RECORDED}",
    bugs="BerriAI/litellm#1571 BerriAI/litellm#38098 BerriAI/litellm#32607",
)
def chunks_share_one_id(exchange: Exchange) -> Iterator[Finding]:
    """All chunks of a stream bear one id that is not empty.

    Where the provider gives none, a router need not make one up; if it does, it is one.
    """
    yield from changing(exchange, "id")
    if _habit(exchange, "id") not in ("absent", "empty"):
        yield from _lacking(exchange, "id")


@rule(
    "chunk.created-model-stable",
    Level.MUST,
    on="chat.stream",
    probes="healthy chunk.created-model-stable",
    cites=f"{OAS}.created: each chunk has the same timestamp; {RECORDED} keep the model too",
    bugs="maximhq/bifrost#2613 higress-group/higress#969",
)
def chunks_share_created_and_model(exchange: Exchange) -> Iterator[Finding]:
    """created, a positive integer, and model are in every chunk and the same in all of them.

    That created stays is asked of a stream that lasts for more than a second: on a shorter one a
    router that looks at its clock for each chunk is found out or not as it happens.
    """
    for name in ("created", "model"):
        if name == "model" or _lasting(exchange):
            yield from changing(exchange, name)
        yield from _lacking(exchange, name)


def _lasting(exchange: Exchange) -> bool:
    """Say whether the stream lasts long enough for a clock to move; of a recorded one, it may."""
    script = exchange.scenario
    return script is None or any("wait_ms" in step for step in steps(script))


def _lacking(exchange: Exchange, name: str) -> Iterator[Finding]:
    member, chunks = {name: IDENTITY[name]}, chat.chunks(exchange)
    if all(map(member[name].fits, [chunk.value.get(name) for chunk in chunks])):
        return
    found = (lacking(chunk.value, member, chunk.span, "") for chunk in chunks)
    yield from once_each(chain.from_iterable(found))


def _habit(exchange: Exchange, name: str) -> Json:
    """Return a vendor's habit that the scenario has the provider follow."""
    return (exchange.scenario or {}).get("chat", {}).get(name)


@rule(
    "chunk.required-keys",
    Level.MUST,
    on="chat.stream chat.plain",
    cites=f"{OAS}.required and CreateChatCompletionResponse.required",
    bugs="maximhq/bifrost#7397 vercel/ai#7417 vercel/ai#4031 mudler/LocalAI#1744",
)
def required_members_are_there(exchange: Exchange) -> Iterator[Finding]:
    """Each chunk has its object name and a list of choices, each choice index, delta and reason.

    The finish reason of a choice is there as null until it is stated. Content and refusal are
    texts. A plain answer has id, object, created, model and choices with index, message and a
    finish reason.
    """
    yield from malformed(exchange)


@comparison(
    "chunk.finish-null-not-empty",
    Level.MUST,
    on="chat.stream",
    probes="healthy chunk.finish-null-not-empty",
    needs="",
    cites=f"{OAS}.choices.finish_reason: an enumeration or null; {RECORDED}",
    bugs="CangShui/workbuddy-gateway#3 sgl-project/sglang#3912 sgl-project/sglang#3743",
)
def no_reason_is_null(trial: Trial) -> Iterator[Finding]:
    """Until a choice ends its finish reason is null, never an empty text.

    A provider's own empty text may be handed on, but is never taken for the reason.
    """
    for name, exchange in trial.exchanges.items():
        if exchange.mode == "stream" and _habit(exchange, "finish_before") != "empty":
            found = once_each(_empty_reasons(exchange))
            yield from (replace(finding, exchange=name) for finding in found)
    yield from _taken_for_reasons(trial)


def _taken_for_reasons(trial: Trial) -> Iterator[Finding]:
    for name, exchange in trial.exchanges.items():
        if _habit(exchange, "finish_before") == "empty":
            wanted, got = (read.outcome(e).choices for e in (trial[BASELINE], exchange))
            for said, came in zip(wanted, got, strict=False):
                if said.finish != came.finish:
                    what = f"the finish reason is {came.finish!r}, not {said.finish!r}"
                    yield Finding(f"where the provider said '' till the end {what}", exchange=name)


def _empty_reasons(exchange: Exchange) -> Iterator[Finding]:
    for part in chat.parts(exchange):
        if part.choice.get("finish_reason") == "":
            yield Finding("finish_reason is ''; right is null", part.span)


@rule(
    "chunk.role-first",
    Level.MUST,
    on="chat.stream",
    cites=f"{OAS}.choices.delta.role; {RECORDED} begin each choice with it; "
    "measured: the official Node helper throws without a role",
    bugs="maximhq/bifrost#6523 agentgateway/agentgateway#3005 anomalyco/opencode#28427",
)
def a_choice_opens_with_its_role(exchange: Exchange) -> Iterator[Finding]:
    """The first delta of each choice has the role assistant."""
    if not read.misnumbered(exchange):
        yield from _unopened(exchange)


def _unopened(exchange: Exchange) -> Iterator[Finding]:
    for state, token in chat.choice_violations(exchange):
        if state == "start":
            yield Finding(f"choice {token.choice} opens without a role", token.span)
    for token in chat.tokens(exchange):
        if token.kind == "role" and token.value != "assistant":
            yield Finding(f"the role is {token.value!r}, not 'assistant'", token.span)


@rule(
    "chunk.role-once",
    Level.SHOULD,
    on="chat.stream",
    probes="healthy chunk.role-once",
    policy="role",
    cites=f"{RECORDED}; measured: the official Python helper joins repeated roles",
    bugs="BerriAI/litellm#9986 BerriAI/litellm#12616 ollama/ollama#7626 theopenco/llmgateway#317",
)
def the_role_comes_once(exchange: Exchange) -> Iterator[Finding]:
    """The role is in the first delta of a choice only.

    A router whose declared policy is a role on every delta keeps to that instead.
    """
    if exchange.policy.get("role") == "every":
        yield from once_each(_without_role(exchange))
    elif not read.misnumbered(exchange):
        for state, token in chat.choice_violations(exchange):
            if token.kind == "role" and state != "start":
                yield Finding(f"choice {token.choice} has its role again", token.span)
                return


def _without_role(exchange: Exchange) -> Iterator[Finding]:
    for chunk in chat.chunks(exchange):
        if any("role" not in chat.delta(choice) for choice in chat.choices(chunk)):
            yield Finding("a delta without the role that every delta is to have", chunk.span)


@comparison(
    "chunk.odd-upstream-tolerated",
    Level.MUST,
    on="chat.stream responses.stream messages.stream",
    probes="odd-chunks",
    basis=Basis.RECORDING,
    cites="recorded: Azure opens with empty choices and an empty id, Cloudflare sends no role, "
    "Z.ai no object, xAI and Cerebras no finish_reason member until the end; of Messages, Vertex "
    "pings at once, MiniMax and vLLM pad nothing and leave out stop_sequence",
    bugs="run-llama/llama_index#7640 microsoft/autogen#6465 BerriAI/litellm#7094 "
    "0xPlaygrounds/rig#1662",
)
def odd_chunks_are_understood(trial: Trial) -> Iterator[Finding]:
    """Chunks that real providers shape otherwise give the same answer as well-formed ones."""
    yield from departures(trial)


@comparison(
    "chunk.odd-upstream-repaired",
    Level.SHOULD,
    on="chat.stream responses.stream messages.stream",
    probes="odd-chunks",
    basis=Basis.POLICY,
    cites=f"{OAS}.required; measured: the official helpers skip or throw on such chunks",
    bugs="vercel/ai#4031 pydantic/pydantic-ai#5170 higress-group/higress#969 "
    "anomalyco/opencode#28427",
)
def odd_chunks_are_repaired(trial: Trial) -> Iterator[Finding]:
    """Chunks that a provider shapes otherwise come out well formed.

    A router that hands chunks on as they are is a fair pass-through, and its clients then need to
    know every provider; one that promises a surface repairs them.
    """
    anyway = {finding.message for finding in _ill_formed(trial[BASELINE])}
    for name, exchange in trial.exchanges.items():
        if exchange.form == "stream" and not read.failed(exchange):
            for finding in _ill_formed(exchange):
                if finding.message not in anyway:
                    yield replace(finding, exchange=name)


def _ill_formed(exchange: Exchange) -> Iterator[Finding]:
    if exchange.surface == "responses":
        yield from resp_shape.ill_formed(exchange)
        return
    if exchange.surface == "messages":
        yield from anth_shape.ill_formed(exchange)
        return
    yield from malformed(exchange)
    for name in IDENTITY:
        yield from _lacking(exchange, name)
    yield from _unopened(exchange)
