"""Guardrails: a text that a router promises to keep from its clients, and what is none of it."""

from collections.abc import Iterator

from conformance.exchange import Exchange
from conformance.findings import Basis, Finding, Level, Span
from conformance.protocols import read
from conformance.rules.difference import choices_parted
from conformance.rules.rule import rule

NEEDS = "upstream guard"
ANY = "stream plain error unanswered"


@rule(
    "guard.stream-enforced",
    Level.MUST,
    on=ANY,
    probes="guard.stream-enforced",
    needs=NEEDS,
    basis=Basis.POLICY,
    cites="what holds for a plain answer holds for a stream: the choice of form is the client's",
    bugs="api7/aisix#204 api7/aisix#222 api7/aisix#512 api7/aisix#627 "
    "cisco-ai-defense/defenseclaw#99 BerriAI/litellm#41611 api7/aisix#544",
)
def what_is_forbidden_does_not_come(exchange: Exchange) -> Iterator[Finding]:
    """No client gets the text that the declared `guard` forbids, plainly or in a stream.

    It makes no difference between which two letters a stream is cut, and what has been delivered
    cannot be blocked later. Whether an answer is refused, ended or altered is the router's choice.
    """
    word = str(exchange.policy["guard"])
    at = exchange.body.find(word.encode())
    if at >= 0:
        yield Finding(f"{word!r} was delivered", Span(at, at + len(word.encode())))
    elif exchange.form != "unanswered" and any(word in text for text in _texts(exchange)):
        yield Finding(f"{word!r} was delivered, in pieces that a client puts together")


def _texts(exchange: Exchange) -> list[str]:
    return [choice.text for choice in read.outcome(exchange).choices]


@rule(
    "guard.stream-usable",
    Level.SHOULD,
    on="stream error",
    probes="guard.stream-usable",
    needs=NEEDS,
    basis=Basis.POLICY,
    cites="OpenAI API reference, stream: sent as it is generated",
    bugs="agentgateway/agentgateway#3603",
)
def what_is_not_forbidden_comes(exchange: Exchange) -> Iterator[Finding]:
    """A stream without the forbidden text is left as it is, and comes as it is generated.

    A router may keep back as many events as its profile says (`lookahead`; 1 unless it says more),
    and what may turn out to be the forbidden text.
    """
    if exchange.form == "error" or read.failed(exchange):
        yield Finding("a stream without the forbidden text was refused or broke off")
        return
    wanted, got = read.scripted(exchange).choices, read.outcome(exchange).choices
    if what := choices_parted(wanted, got):
        yield Finding(f"a stream without the forbidden text was altered: {what}")
    allowed = int(exchange.policy.get("lookahead", 1))
    if late := [hold for hold in exchange.holds if hold.lag > allowed]:
        what = f"{late[0].expected!r} came only once the provider had gone on"
        yield Finding(f"{what}; {allowed} events may be kept back")
