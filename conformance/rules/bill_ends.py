"""What an answer is charged that did not end as most do: cut, failed, incomplete, left at once."""

from collections.abc import Iterator
from dataclasses import replace

from conformance.exchange import Exchange, Trial
from conformance.findings import Basis, Finding, Level
from conformance.rules.charges import (
    WHERE,
    differing,
    missing,
    priced,
    unequal,
    unsaid,
    used,
)
from conformance.rules.rule import comparison, rule

#: The same answer read to its end: what is wrong with its bill too is another rule's affair.
WHOLE = "whole"


@comparison(
    "bill.complete-then-close",
    Level.MUST,
    on="left stream",
    probes="bill.complete-then-close",
    needs="bill upstream",
    basis=Basis.POLICY,
    cites="who has had the last event has had the answer, and closes its connection",
    bugs="QuantumNous/new-api#7062",
)
def who_has_it_all_pays_for_it_all(trial: Trial) -> Iterator[Finding]:
    """A client that closes as soon as the last event has come is charged for a whole answer."""
    yield from _not_like_the_whole(trial)


@comparison(
    "bill.terminal-event-usage",
    Level.MUST,
    on="responses.stream responses.plain",
    probes="bill.terminal-event-usage",
    needs="bill upstream",
    basis=Basis.POLICY,
    cites="OpenAI Responses, response.incomplete and response.failed: the response, with its usage",
    bugs="QuantumNous/new-api#7241 envoyproxy/ai-gateway#2177 TokenNotIncluded/api.lmm.best#48",
)
def usage_counts_however_a_response_ends(trial: Trial) -> Iterator[Finding]:
    """The usage of a response that ends incomplete, or failed, is charged like any other."""
    yield from _not_like_the_whole(trial)


def _not_like_the_whole(trial: Trial) -> Iterator[Finding]:
    """Yield what is wrong with the bills of a trial, if that of the whole answer is right."""
    wrong = {name: [*missing(each), *differing(each), *unsaid(each, priced(each))]
             for name, each in trial.exchanges.items()}  # fmt: skip
    for name, found in wrong.items() if not wrong[WHOLE] else ():
        yield from (replace(finding, exchange=name) for finding in found)


@comparison(
    "bill.partial-usage-kept-on-cut",
    Level.MUST,
    on="messages.stream",
    probes="bill.partial-usage-kept-on-cut",
    needs="bill upstream",
    basis=Basis.POLICY,
    cites="Anthropic Messages, message_start: the usage of the prompt comes ahead of the answer",
    bugs="QuantumNous/new-api#4129",
)
def what_was_known_before_a_cut_is_kept(trial: Trial) -> Iterator[Finding]:
    """Where a message that broke off is charged, its prompt is as its start has stated it.

    That is all of the input, and how much of it was cached.
    """
    whole = priced(trial[WHOLE])
    for name, exchange in trial.exchanges.items():
        bill, usage = priced(exchange), used(exchange)
        if not (bill and bill.input and whole and usage):
            continue
        for finding in unequal(bill, usage, "input", "cached"):
            yield replace(finding, exchange=name)
        if usage.cached and bill.cached is None and whole.cached is not None:
            what = f"no cached tokens, the provider counted {usage.cached}"
            yield Finding(what, where=WHERE, exchange=name)


@rule(
    "bill.failed-stream-not-estimated",
    Level.SHOULD,
    on="stream error",
    probes="bill.failed",
    needs="bill upstream",
    basis=Basis.POLICY,
    cites="a provider that fails charges nothing it has not counted",
    bugs="QuantumNous/new-api#4168 QuantumNous/new-api#4199",
)
def a_failed_stream_is_not_estimated(exchange: Exchange) -> Iterator[Finding]:
    """A stream that the provider broke off without usage is not charged by an estimate."""
    bill = priced(exchange)
    if bill and (charged := (bill.input or 0) + (bill.output or 0)):
        yield Finding(f"{charged} tokens of a stream that failed without usage", where=WHERE)
    elif bill and bill.cost:
        yield Finding(
            f"a cost of {bill.cost:f} for a stream that failed without usage", where=WHERE
        )


@rule(
    "err.recorded-as-failure",
    Level.MUST,
    on="stream error",
    probes="bill.failed",
    needs="bill upstream",
    basis=Basis.POLICY,
    cites="who looks at the books takes what is not marked as failed for delivered",
    bugs="QuantumNous/new-api#6549 ding113/claude-code-hub#156",
)
def a_failed_stream_is_recorded_as_one(exchange: Exchange) -> Iterator[Finding]:
    """A stream that broke off, or in which the provider told of an error, is recorded as failed."""
    bill = priced(exchange)
    if bill and bill.failed is False:
        yield Finding(f"the status is {bill.status!r}, which is none of a failure", where=WHERE)
