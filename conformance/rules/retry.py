"""Routers that ask again: another provider, or the same one.

Where there are two, the first fails and the second has another answer; whose words reach the
client, and what both were asked, tells what the router did. Failures are named as in a profile.
"""

import json
from collections.abc import Iterator

from conformance.exchange import SECOND, Exchange, Json, Trial
from conformance.findings import Basis, Finding, Level, Span
from conformance.protocols import outcome, read
from conformance.protocols.gemini import objects
from conformance.rules.returned import went_up
from conformance.rules.rule import comparison, rule

ANSWERED = "stream array plain error"
NEEDS = "upstream fallback second-upstream"
DECLARED = "the profile of the router, which declares on what it falls back"
TURNS = ("messages", "input", "contents")
PROMPTS = ("system", "instructions", "systemInstruction", "system_instruction")
SPOKEN = ("assistant", "model")


def text(exchange: Exchange) -> str:
    """Return what the client was told."""
    return "".join(choice.text for choice in read.outcome(exchange).choices[:1])


def said(script: Json) -> str:
    """Return what a script says."""
    return "".join(outcome.spoken(step) for step in outcome.steps(script) if "say" in step)


def of_second(exchange: Exchange) -> Json:
    """Return what the second provider was told to do."""
    return (exchange.scenario or {})["mock"][SECOND]


def says_second(exchange: Exchange) -> str:
    return said(of_second(exchange))


def failure(exchange: Exchange) -> str:
    """Say what became of an answer that should have been the second provider's."""
    asked = "was asked" if exchange.of_second else "was not asked"
    how = f"answered {exchange.status}" if exchange.form == "error" else "told of an error"
    if not (exchange.form == "error" or read.failed(exchange)):
        how = f"told {text(exchange)!r}"
    return f"the second provider {asked}, the client was {how}"


@comparison(
    "retry.fallback-before-commit",
    Level.SHOULD,
    on="stream array plain error unanswered",
    probes="retry.fallback-before-commit",
    needs=NEEDS,
    basis=Basis.POLICY,
    cites=DECLARED,
    bugs="BerriAI/litellm#40404 BerriAI/litellm#29808 BerriAI/litellm#6957 Wei-Shaw/sub2api#5567 "
    "theopenco/llmgateway#1712",
)
def a_failure_ahead_of_content_falls_back(trial: Trial) -> Iterator[Finding]:
    """What fails ahead of its first content, in a way the profile names, the second one answers."""
    for name, exchange in trial.exchanges.items():
        kind = name.partition(".")[0]
        if kind in exchange.policy["fallback"] and says_second(exchange) not in text(exchange):
            what = f"the first provider failed with {kind}: {failure(exchange)}"
            yield Finding(what, exchange=name)


@rule(
    "retry.no-duplicate-content",
    Level.MUST,
    on=ANSWERED,
    probes="retry.no-duplicate-content",
    needs=NEEDS,
    basis=Basis.POLICY,
    cites="OpenAI and Anthropic SDKs: deltas are added up, what comes twice is there twice",
    bugs="zirkelc/ai-retry#51 mnfst/llm-gateway#2072 BerriAI/litellm#32835 "
    "basketikun/chatgpt2api#97",
)
def nothing_is_told_twice(exchange: Exchange) -> Iterator[Finding]:
    """After a fallback the client sees one beginning, one answer and one end.

    What the first provider said may be continued by the second, if that was asked to continue it.
    """
    begun, own = said(exchange.scenario), says_second(exchange)
    got = text(exchange)
    if begun and own and begun in got and own in got and not continued(exchange, begun):
        yield Finding(f"{begun!r} of the first provider and {own!r} of the second are one answer")
    for what, times in (("begins", beginnings(exchange)), ("ends", endings(exchange))):
        if times > 1:
            yield Finding(f"the client's stream {what} {times} times")


def beginnings(exchange: Exchange) -> int:
    """Count what says that a stream begins, where the surface has that; on chat a role alone."""
    kinds = {"chat": "role", "responses": "created", "messages": "start"}
    spans: dict[Span, list[str]] = {}
    for token in read.tokens(exchange):
        spans.setdefault(token.span, []).append(token.kind)
    return sum(told == [kinds.get(exchange.surface)] for told in spans.values())


def endings(exchange: Exchange) -> int:
    return sum(token.kind == "done" for token in read.tokens(exchange))


def continued(exchange: Exchange, begun: str) -> bool:
    """Tell whether the second provider was told what the first had said."""
    return any(begun in str(entry["request"].get("body")) for entry in exchange.of_second)


@rule(
    "retry.no-preamble-before-commit",
    Level.SHOULD,
    on=ANSWERED,
    probes="retry.no-preamble-before-commit",
    needs=NEEDS,
    basis=Basis.POLICY,
    cites="a status that has been sent cannot be taken back; Anthropic SDK: after 200 a failure is "
    "no error of the kind that callers catch by its status",
    bugs="BerriAI/litellm#38610 router-for-me/CLIProxyAPI#5724",
)
def a_preamble_commits_to_nothing(exchange: Exchange) -> Iterator[Finding]:
    """What comes ahead of content is kept back while another provider could still be asked.

    If that one refuses the request, the client gets a status and no stream that has begun. The
    first one fails with an error here, so that it is asked of who falls back on that.
    """
    if exchange.form == "error" or "error" not in exchange.policy["fallback"]:
        return
    refused = of_second(exchange).get("head", {}).get("status")
    if refused and exchange.of_second:
        begun = f"the client was answered {exchange.status}"
        yield Finding(f"{begun}, then the second provider refused with {refused}")
    elif refused or says_second(exchange) not in text(exchange):
        yield Finding(f"the first provider failed after its preamble: {failure(exchange)}")


@rule(
    "retry.continuation-request-valid",
    Level.SHOULD,
    on=ANSWERED,
    probes="retry.continuation-request-valid",
    needs=NEEDS,
    basis=Basis.POLICY,
    cites="Anthropic Messages API: newer models refuse a final assistant message; what a client "
    "did not ask is not its request",
    bugs="BerriAI/litellm#27967 BerriAI/litellm#36267 BerriAI/litellm#18229",
)
def the_second_request_is_the_first(exchange: Exchange) -> Iterator[Finding]:
    """The second provider is asked what the client asked, and may be told what the first has said.

    It has nothing to object to that the first had not, and its refusal does not take the place of
    the error that was there before.
    """
    first = next(iter(exchange.of_first), None)
    for entry in exchange.of_second if first else ():
        for what in (*additions(entry, first), *objections(entry, first)):
            yield Finding(what, where="journal")
    if told := read.failure(exchange):
        yield from _replaced(exchange, told.message)


def additions(entry: Json, first: Json) -> Iterator[str]:
    """Say what is in a request that was not in the first, but for what that had brought."""
    own, before = went_up(entry), went_up(first)
    for name in PROMPTS:
        if own.get(name) != before.get(name):
            yield f"the second provider was told {name} {own.get(name)!r:.80}"
    for name in TURNS:
        known = before.get(name, [])
        # Where the first was asked in one text, what is beside it cannot be told apart.
        for turn in objects(own.get(name)) if isinstance(known, list) else ():
            if turn not in known and turn.get("role") not in SPOKEN:
                yield f"the second provider was asked {json.dumps(turn)[:80]} beside the question"


def objections(entry: Json, first: Json) -> Iterator[str]:
    """Say what a strict provider has against a request that it did not have against the first."""
    for objection in entry["objections"]:
        if objection not in first["objections"]:
            yield f"the second provider objects to {objection['where']}: {objection['message']}"


def _replaced(exchange: Exchange, message: str) -> Iterator[Finding]:
    """A refusal of what nobody had asked explains nothing."""
    told = of_second(exchange)["step"]
    refusals = [step["error"]["message"] for step in told if "error" in step]
    if text(exchange) or exchange.form == "error":
        for refusal in refusals:
            if refusal in message and said(exchange.scenario):
                yield Finding(f"the client was told {message[:80]!r}, which is why the second "
                              "provider did not continue; the first had failed before")  # fmt: skip


@comparison(
    "retry.no-double-submit",
    Level.SHOULD,
    on="stream array plain error unanswered",
    probes="client-error stall cut",
    needs="upstream",
    basis=Basis.POLICY,
    cites="RFC 9110 9.2.2: a POST is not to be repeated by itself unless it is known to be safe; a "
    "provider bills what it has accepted",
    bugs="GCWing/OpenBitFun#2677 pleaseai/shunt#122 maiphucgiang/codebuddy2api#18",
)
def what_was_accepted_is_not_asked_again(trial: Trial) -> Iterator[Finding]:
    """A request that was accepted, answered in part or refused as wrong is made only once.

    A router that declares to fall back on a status, or on silence, may ask again; one that declares
    no fallback at all does not start a stream over whose beginning its client has seen.
    """
    for name, exchange in trial.exchanges.items():
        times = len(exchange.journal)
        if times > 1 and (why := settled(name, exchange)):
            what = f"the request was {why}; providers were asked {times} times"
            yield Finding(what, where="journal", exchange=name)


def settled(name: str, exchange: Exchange) -> str:
    """Say why a request is not to be made again; nothing where it may be."""
    allowed = exchange.policy.get("fallback", ())
    if name.isdecimal():
        return "" if name in allowed else f"refused with {name}"
    if any("stall" in step for step in outcome.steps(exchange.scenario)):
        return "" if "timeout" in allowed else "accepted, and silent since"
    begun = exchange.mode == "stream" and bool(exchange.journal[0]["sent"]["tokens"])
    return "answered in part" if begun and not allowed else ""
