"""What a finished answer is charged, beside what the provider said it used.

Bills are in tokens where the router tells them; where it tells the money alone, the prices that its
profile declares say what that comes to.
"""

from collections.abc import Iterator

from conformance.exchange import Bill, Exchange, Trial
from conformance.findings import Basis, Finding, Level
from conformance.protocols import read
from conformance.protocols.surface import Data
from conformance.rules import pricing
from conformance.rules.charges import (
    UNITS,
    WHERE,
    differing,
    miscounted,
    missing,
    priced,
    tokens,
    told,
    unequal,
    unsaid,
    used,
)
from conformance.rules.rule import comparison, rule


@rule(
    "bill.stream-recorded",
    Level.MUST,
    on="stream plain",
    probes="bill.stream-recorded",
    needs="bill upstream",
    basis=Basis.POLICY,
    cites=UNITS,
    bugs="BerriAI/litellm#6633 BerriAI/litellm#36426 BerriAI/litellm#40100 "
    "Augustas11/macprovider#187",
)
def a_finished_answer_is_on_the_books(exchange: Exchange) -> Iterator[Finding]:
    """Each finished answer, streamed or not, has a settled bill with the provider's numbers."""
    bill, usage = priced(exchange), used(exchange)
    yield from missing(exchange)
    yield from unequal(bill, usage)
    if usage:
        yield from unsaid(exchange, bill)


@rule(
    "bill.not-double-counted",
    Level.MUST,
    on="stream",
    probes="bill.not-double-counted",
    needs="bill upstream",
    basis=Basis.POLICY,
    cites=UNITS,
    bugs="QuantumNous/new-api#7274 Augustas11/macprovider#762 api7/aisix#882",
)
def usage_is_charged_once(exchange: Exchange) -> Iterator[Finding]:
    """Usage that grows from event to event, or comes in two, is charged once.

    So is a request that failed upstream and succeeded when it was sent again.
    """
    yield from differing(exchange)


@rule(
    "usage.split-event-counted",
    Level.MUST,
    on="stream",
    probes="usage.split-event-counted",
    needs="bill upstream",
    basis=Basis.POLICY,
    cites=UNITS,
    bugs="envoyproxy/ai-gateway#2162 higress-group/higress#4616 9j/claude-code-mux#14",
)
def usage_is_charged_however_it_was_cut(exchange: Exchange) -> Iterator[Finding]:
    """Usage whose event comes in several reads is on the bill like any other."""
    yield from miscounted(exchange)


@comparison(
    "bill.token-classes-priced",
    Level.MUST,
    on="stream plain",
    probes="bill.token-classes-priced",
    needs="bill upstream",
    basis=Basis.POLICY,
    cites=UNITS,
    bugs="BerriAI/litellm#9812 BerriAI/litellm#11789 MartialBE/one-hub#795 cloudflare/ai#550",
)
def each_class_of_tokens_is_charged(trial: Trial) -> Iterator[Finding]:
    """Cached and reasoning tokens are on the bill by themselves, in streams too.

    The cost is what they come to at the declared prices; without any, an answer costs as much
    streamed as it does plain.
    """
    bills = {name: bill for name, each in trial.exchanges.items()
             if each.form in ("stream", "plain") and (bill := priced(each))}  # fmt: skip
    for name, bill in bills.items():
        exchange = trial[name]
        yield from _unclassed(name, exchange, bill)
        prices, usage = exchange.policy.get("prices"), used(exchange)
        if prices and usage and bill.cost is not None and not any(unequal(bill, usage)):
            if said := pricing.wrong(prices, tokens(exchange), bill.cost):
                yield Finding(said, where=WHERE, exchange=name)
        elif not prices:
            yield from _unlike(name, bill, bills)


def _unclassed(name: str, exchange: Exchange, bill: Bill) -> Iterator[Finding]:
    usage = used(exchange)
    for kind in told(exchange):
        sent = getattr(usage, kind, None) if kind in ("cached", "reasoning") else None
        if sent and getattr(bill, kind) is None:
            what = f"no {kind} tokens, the provider counted {sent}"
            yield Finding(what, where=WHERE, exchange=name)


def _unlike(name: str, bill: Bill, bills: dict[str, Bill]) -> Iterator[Finding]:
    plain = bills.get("plain", bill).cost
    if None not in (plain, bill.cost) and plain != bill.cost:
        what = f"cost {bill.cost:f}, the same answer plain cost {plain:f}"
        yield Finding(what, where=WHERE, exchange=name)


@comparison(
    "bill.limits-count-streams",
    Level.SHOULD,
    on="stream",
    probes="bill.limits-count-streams",
    needs="token-limit upstream",
    basis=Basis.POLICY,
    cites="a limit of tokens that streams do not count towards is none",
    bugs="BerriAI/litellm#41610 BerriAI/litellm#17664 defilantech/LLMKube#1852 Azure/kars#12",
)
def a_limit_of_tokens_counts_streams(trial: Trial) -> Iterator[Finding]:
    """A key whose limit a stream has used up, by its prompt alone, gets no further answer."""
    stream, after = trial["stream"], trial["after"]
    booked = not (stream.bill and stream.bill.trouble)  # if not, another rule says so
    if booked and stream.form == "stream" and after.form in ("stream", "plain"):
        usage, limit = used(stream), stream.policy["token-limit"]
        tokens = f"{usage.input} + {usage.output} tokens" if usage else "tokens"
        what = f"after a stream of {tokens} with a key for {limit}"
        yield Finding(f"{what}, the next request was answered {after.status}", exchange="after")


@comparison(
    "hdr.cost-on-streams",
    Level.MAY,
    on="stream plain",
    probes="hdr.cost-on-streams",
    needs="head cost-header upstream",
    basis=Basis.POLICY,
    cites="a cost that a client is told is what it believes it pays",
    bugs="BerriAI/litellm#12689 BerriAI/litellm#30816 BerriAI/litellm#16021 BerriAI/litellm#39069",
)
def a_stream_is_told_no_other_cost(trial: Trial) -> Iterator[Finding]:
    """Where a plain answer tells its cost, the same answer streamed tells that one or none.

    In its head, a trailer, or its usage: the head of a stream goes out before its cost is known.
    """
    plain = next((each for each in trial.exchanges.values() if each.form == "plain"), None)
    right = plain.header(plain.policy["cost-header"]) if plain else None
    if right is None:
        return
    for name, exchange in trial.exchanges.items():
        if exchange.form == "stream":
            for place, said in _costs(exchange):
                if pricing.money(said) != pricing.money(right):
                    what = f"{place} says a cost of {said}, the same answer plain one of {right}"
                    yield Finding(what, exchange=name)


def _costs(exchange: Exchange) -> Iterator[tuple[str, str]]:
    """Yield where a stream tells its cost, and what it tells."""
    header = exchange.policy["cost-header"].lower()
    for place, pairs in (("the head", exchange.headers), ("a trailer", exchange.trailers)):
        yield from ((place, value) for name, value in pairs if name.lower() == header)
    for event in read.events(exchange):
        usage = event.value.get("usage") if isinstance(event, Data) else None
        if isinstance(usage, dict) and usage.get("cost") is not None:
            yield "usage", str(usage["cost"])
