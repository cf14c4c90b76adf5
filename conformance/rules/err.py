"""Answers that break off: what a client learns of it.

It can learn of a failure from a status, an error event or a transfer that breaks off. One that is
told nothing and one that is told of a success are a rule each; a form that no client reads is one
of `err_events`.
"""

from collections.abc import Iterator

from conformance.exchange import Exchange, Json
from conformance.findings import Basis, Finding, Level, Span
from conformance.protocols import read
from conformance.protocols.outcome import steps
from conformance.rules.err_events import STREAMS
from conformance.rules.rule import rule

MEASURED = (
    "measured: a clean end without finish and [DONE] passes for an answer in both official SDKs"
)

DECLINED = 400
BREAKS = ("reset", "close", "stall")
BREAKING_FAULTS = ("cut_after", "reset_after", "stall_after")


def breaks_off(scenario: Json) -> str:
    """Say how the provider's stream breaks off: `cut`, `clean`, or not at all."""
    for fault in scenario.get("fault", ()):
        if (fault if isinstance(fault, str) else next(iter(fault))) in BREAKING_FAULTS:
            return "cut"
    finished = any("finish" in step for step in steps(scenario))
    for step in steps(scenario):
        if any(verb in step for verb in BREAKS) and not finished:
            return "clean" if step.get("close") == "clean" else "cut"
    return ""


def told(exchange: Exchange) -> bool:
    """Say whether the client can know of a failure, or was meant to."""
    return exchange.form == "error" or read.failed(exchange) or bool(read.misshapen(exchange))


def claims(exchange: Exchange) -> list[Finding]:
    """Return what tells the client of a success."""
    found: list[Finding] = []
    excused = told(exchange)
    for token in read.tokens(exchange):
        if token.kind == "finish" and token.value != "error":
            found.append(Finding(f"finish reason {token.value!r}", token.span))
        if token.kind == "done" and not excused:
            found.append(Finding(read.terminator(exchange), token.span))
    return found


@rule(
    "err.midstream-signalled",
    Level.MUST,
    on="stream array plain error",
    probes="healthy cut unfinished",
    needs="upstream",
    basis=Basis.POLICY,
    cites=f"RFC 9112 8: an incomplete message is to be known as such; {MEASURED}",
    bugs="BerriAI/litellm#39748 preloop/preloop#117 open-webui/open-webui#29628 "
    "decolua/9router#2142",
)
def a_broken_stream_is_known_as_one(exchange: Exchange) -> Iterator[Finding]:
    """An answer that breaks off ends in an error or a broken transfer; a whole one does not.

    Where the provider ends cleanly but without a finish reason, it depends on the declared
    policy `unfinished`: with `error` that is a stream that broke off.
    """
    how = breaks_off(exchange.scenario)
    if not how:
        yield from _invented(exchange)
    elif _due(exchange, how) and not told(exchange) and not claims(exchange):
        size = len(exchange.body)
        what = f"the provider's answer broke off, the client's ended cleanly after {size} bytes"
        yield Finding(what, Span(size, size))


def _due(exchange: Exchange, how: str) -> bool:
    return how == "cut" or exchange.policy.get("unfinished") == "error"


def _invented(exchange: Exchange) -> Iterator[Finding]:
    """A router may decline what it does not offer, but only with 400."""
    failure = read.outcome(exchange).failure
    how = f"an error: {failure.message[:80]!r}" if failure else f"the connection {exchange.end}"
    if exchange.form == "error":
        how = f"status {exchange.status}"
    if exchange.status != DECLINED and (exchange.form == "error" or read.failed(exchange)):
        why = read.objection(exchange)
        did = f" refused what it was asked ({why})" if why else "'s answer was complete"
        yield Finding(f"the provider{did}, the client's ended in {how}")


@rule(
    "err.no-synthetic-success",
    Level.MUST,
    on=STREAMS,
    probes="cut unfinished",
    needs="upstream",
    basis=Basis.POLICY,
    cites="OpenAI OpenAPI 2.3.0, finish_reason: why the model stopped; a client takes what has one "
    "for complete",
    bugs="BerriAI/litellm#42085 maximhq/bifrost#5546 router-for-me/CLIProxyAPI#4884 "
    "Augustas11/macprovider#186",
)
def no_success_is_made_up(exchange: Exchange) -> Iterator[Finding]:
    """No finish reason and no [DONE] is made up for a stream that the provider did not finish.

    [DONE] after an error event claims nothing.
    """
    for claim in claims(exchange):
        yield Finding(f"{claim.message}, and the provider sent none", claim.span)


@rule(
    "err.truncated-tool-args",
    Level.MUST,
    on=STREAMS,
    probes="err.truncated-tool-args",
    needs="upstream",
    basis=Basis.POLICY,
    cites="OpenAI API reference: arguments may be no valid JSON, the client has to check; "
    "repaired ones pass that check",
    bugs="langchain-ai/langchain#39275 brightwave-inc/tidebreak#1122 iii-hq/workers#878 "
    "langchain-ai/langchainjs#11494",
)
def cut_arguments_stay_cut(exchange: Exchange) -> Iterator[Finding]:
    """A call that was cut inside its arguments is not completed to valid, empty or null ones."""
    sent = [call for choice in read.scripted(exchange).choices for call in choice.calls]
    got = [call for choice in read.outcome(exchange).choices for call in choice.calls]
    for said, call in zip(sent, got, strict=False):
        if not said.arguments.startswith(call.arguments):
            yield Finding(f"the arguments of {call.name!r} are {call.arguments!r}, "
                          f"the provider got as far as {said.arguments!r}")  # fmt: skip
