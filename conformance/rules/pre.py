"""Errors before the stream: the provider refuses, and the client learns of it as it should."""

import re
from collections.abc import Iterator

from conformance.exchange import Exchange
from conformance.findings import Basis, Finding, Level
from conformance.protocols import read
from conformance.rules.http_head import scripted_headers
from conformance.rules.rule import rule
from conformance.wire import http

ANSWERS = "stream array plain error"
ENVELOPE = "OpenAI OpenAPI 2.3.0, ErrorResponse: error with message, type, param and code"
MEASURED = "measured: of a 200 without chunks the official SDKs raise nothing"

ERROR, SERVER_ERROR = 400, 500
#: The provider's word on the router's own key and rights, which a client can do nothing about.
OURS = (401, 403)
QUOTAS = re.compile(r"retry-after(-ms)?|x-ratelimit-[a-z-]+")


def refusal(exchange: Exchange) -> int:
    """Return the status with which the provider refused."""
    return int(exchange.scenario["head"]["status"]) if exchange.scenario else 0


@rule(
    "pre.status-preserved",
    Level.MUST,
    on=ANSWERS,
    probes="refusal",
    needs="upstream head",
    basis=Basis.STANDARD,
    cites="RFC 9110 15: the class of a status says what a client may do; OpenAI error codes",
    bugs="sourcegraph/sourcegraph-public-snapshot#52633 majiayu000/litellm-rs#170 "
    "Oaklight/llm-rosetta#345",
)
def the_status_is_kept(exchange: Exchange) -> Iterator[Finding]:
    """The provider's error status reaches the client, in streams too, and never becomes a success.

    401 and 403 are about the router's own key, so another error may stand for them; one status
    of 500 or more may stand for another.
    """
    sent, got = refusal(exchange), exchange.status or 0
    if got < ERROR and _tells(exchange):
        yield Finding(f"the provider's {sent} came as {got} with an error in the body")
    elif got >= ERROR and not _stands_for(sent, got):
        yield Finding(f"the provider's {sent} came as {got}")


def _stands_for(sent: int, got: int) -> bool:
    return got == sent or sent in OURS or min(sent, got) >= SERVER_ERROR


def _tells(exchange: Exchange) -> bool:
    return read.failed(exchange) or read.outcome(exchange).failure is not None


@rule(
    "pre.error-not-empty-stream",
    Level.MUST,
    on=ANSWERS,
    probes="refusal",
    needs="upstream head",
    basis=Basis.POLICY,
    cites=MEASURED,
    bugs="agentjido/req_llm#65 mlflow/mlflow#20610 preloop/preloop#121 langwatch/langwatch#6207",
)
def a_refusal_is_no_empty_success(exchange: Exchange) -> Iterator[Finding]:
    """A request that the provider refused is not answered with a success that says nothing."""
    if (exchange.status or 0) < ERROR and not _tells(exchange):
        size = len(exchange.body)
        sent = refusal(exchange)
        yield Finding(
            f"the provider's {sent} came as {exchange.status} with {size} bytes, no error"
        )


@rule(
    "pre.commit-after-first-event",
    Level.SHOULD,
    on=ANSWERS,
    probes="pre.commit-after-first-event",
    needs="upstream head",
    basis=Basis.POLICY,
    policy="commit",
    cites=f"the status is the only error that every client sees; {MEASURED}",
    bugs="openclaw/clawrouter#101 QuantumNous/new-api#3142 MiXaiLL76/auto_ai_router#149 "
    "preloop/preloop#109",
)
def the_first_event_decides_the_status(exchange: Exchange) -> Iterator[Finding]:
    """A provider's 200 whose first event is an error is answered with an error status.

    A router whose declared policy is to commit `at-once` keeps its head start instead.
    """
    if exchange.policy.get("commit") != "at-once" and (exchange.status or 0) < ERROR:
        yield Finding(f"the first event was an error, the status is {exchange.status}")


@rule(
    "pre.error-shape",
    Level.MUST,
    on="error",
    probes="refusal own-error",
    needs="head",
    cites=ENVELOPE,
    bugs="kortix-ai/suna#4434 jgravelle/jmunch-mcp#5",
)
def an_error_has_the_surfaces_envelope(exchange: Exchange) -> Iterator[Finding]:
    """An error answer is labelled JSON and is an object error with message, type and code."""
    media = http.media_type(exchange.header("content-type")).essence
    if media != "application/json":
        yield Finding(f"Content-Type is {media or 'absent'}", where="header content-type")
    yield from (Finding(*flaw) for flaw in read.misshapen(exchange))


@rule(
    "pre.retry-after-forwarded",
    Level.SHOULD,
    on="error",
    probes="pre.retry-after-forwarded",
    needs="upstream head",
    cites="OpenAI error codes: Retry-After and x-ratelimit headers on 429 and 503; RFC 9110 10.2.3",
    bugs="BerriAI/litellm#37754 api7/aisix#144 BerriAI/litellm#21553 majiayu000/litellm-rs#833",
)
def the_wait_is_passed_on(exchange: Exchange) -> Iterator[Finding]:
    """Retry-After and the rate-limit headers of a 429 or 503 reach the client.

    A date may arrive as seconds. Rate limits that the profile declares are the router's own.
    """
    own = {row.remaining for row in exchange.policy.get("rate-limit", ())}
    own |= {row.reset for row in exchange.policy.get("rate-limit", ())}
    for name, value in scripted_headers(exchange.scenario):
        if QUOTAS.fullmatch(name.lower()) and name.lower() not in own:
            got = exchange.header(name)
            if got != value and not (got and got.isdigit() and not value.isdigit()):
                yield Finding(f"{name} is {got or 'absent'}, the provider's is {value}",
                              where=f"header {name.lower()}")  # fmt: skip
