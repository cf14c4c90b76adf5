"""What a stream is charged that its client left: what it got, what had been written, or all."""

from collections.abc import Iterator

from conformance.exchange import Exchange, Trial
from conformance.findings import Basis, Finding, Level
from conformance.rules import pricing
from conformance.rules.charges import WHERE, missing, priced, tokens, unsaid
from conformance.rules.leaving import emitted, generated, numbers, whole
from conformance.rules.rule import comparison, rule

#: What a router may declare to charge for.
WAYS = ("emitted", "generated", "full", "none")
#: No numbers are promised by these, but that they are always the same ones.
OPEN = ("unspecified", "provider-dependent")


def charged(exchange: Exchange) -> int | None:
    """Return the tokens of output on a bill, or those that its cost comes to."""
    bill, prices = priced(exchange), exchange.policy.get("prices")
    if bill and bill.output is None and bill.cost is not None and prices:
        return pricing.output_of(prices, tokens(exchange), bill.cost)
    return bill.output if bill else None


@rule(
    "bill.cancel-recorded",
    Level.MUST,
    on="left",
    probes="bill.cancel",
    needs="bill upstream",
    basis=Basis.POLICY,
    cites="a stream that was left has cost what was written of it",
    bugs="BerriAI/litellm#33736 QuantumNous/new-api#4463 QuantumNous/new-api#1272",
)
def a_cancelled_stream_is_on_the_books(exchange: Exchange) -> Iterator[Finding]:
    """A stream that its client left has a settled bill that says how much of it was output."""
    yield from missing(exchange)
    yield from unsaid(exchange, priced(exchange))


@rule(
    "bill.cancel-not-overbilled",
    Level.MUST,
    on="left",
    probes="bill.cancel",
    needs="bill upstream",
    basis=Basis.POLICY,
    cites="vercel/ai#8325: 200 to 400 tokens were seen and 13 000 billed",
    bugs="Wei-Shaw/sub2api#4408",
)
def who_leaves_pays_for_nothing_later(exchange: Exchange) -> Iterator[Finding]:
    """No token is charged that the provider had not written when the client left.

    A router whose declared policy is to charge in full charges the whole answer instead, and one
    that leaves it to the provider may.
    """
    output, declared = charged(exchange), exchange.policy.get("cancel-bill")
    most = whole(exchange) if declared in ("full", OPEN[1]) else generated(exchange)
    if output is not None and output > most:
        yield Finding(f"{output} output tokens charged; {numbers(exchange)}", where=WHERE)


@comparison(
    "bill.cancel-policy-declared",
    Level.SHOULD,
    on="left",
    probes="bill.cancel",
    needs="bill upstream",
    policy="cancel-bill",
    basis=Basis.POLICY,
    cites="routers charge a cancelled stream in four ways; only a declared one can be relied on",
    bugs="fawney19/Aether#654",
)
def a_cancelled_stream_is_charged_as_declared(trial: Trial) -> Iterator[Finding]:
    """A stream that its client left is charged by the declared policy `cancel-bill`.

    That is the tokens the client got (`emitted`), those the provider had written (`generated`),
    the whole answer (`full`) or nothing (`none`), wherever the client left. Where none of them is
    declared, it is the same one wherever the client left.
    """
    bills = {name: tokens for name, each in trial.exchanges.items()
             if each.form == "left" and (tokens := charged(each)) is not None}  # fmt: skip
    for name, output in bills.items():
        exchange = trial[name]
        declared = exchange.policy.get("cancel-bill", OPEN[0])
        # More than was written is the other rule's affair.
        judged = declared == "full" or (declared in WAYS and output <= generated(exchange))
        if judged and output not in due(exchange, declared):
            right = due(exchange, declared)[0]
            what = f"{output} output tokens charged, by the policy {declared!r} it is {right}"
            yield Finding(f"{what}; {numbers(exchange)}", where=WHERE, exchange=name)
    if bills and trial[next(iter(bills))].policy.get("cancel-bill", OPEN[0]) in OPEN:
        yield from _unsteady(trial, bills)


def _unsteady(trial: Trial, bills: dict[str, int]) -> Iterator[Finding]:
    if not any(all(output in due(trial[name], way) for name, output in bills.items())
               for way in WAYS):  # fmt: skip
        told = "; ".join(f"{name}: {output} charged, {numbers(trial[name])}"
                         for name, output in bills.items())  # fmt: skip
        yield Finding(
            f"no one policy fits what was charged where clients left: {told}", where=WHERE
        )


def due(exchange: Exchange, way: str) -> range:
    """Return what may be charged; what a router may keep back may count as emitted, or not."""
    if way == "emitted":
        got, ahead = emitted(exchange), int(exchange.policy.get("lookahead", 1))
        # A stream that is held back altogether is another rule's affair.
        return range(got, got + ahead + 1) if got else range(generated(exchange) + 1)
    right = {"generated": generated, "full": whole}.get(way, lambda _: 0)(exchange)
    return range(right, right + 1)
