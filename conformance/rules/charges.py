"""What rules on bills have in common: the bill of an exchange beside the usage of its script."""

from collections.abc import Iterator
from dataclasses import replace

from conformance.exchange import SECOND, Bill, Exchange, Json
from conformance.findings import Finding
from conformance.protocols import read
from conformance.protocols.outcome import Usage, steps
from conformance.rules import pricing
from conformance.rules.pricing import Tokens, classes

WHERE = "bill"
UNITS = "a provider's usage is what it charges for; a router that charges by it counts the same"
TOKENS = ("input", "output", "cached", "reasoning")


def priced(exchange: Exchange) -> Bill | None:
    """Return the bill, if there is one to judge."""
    return exchange.bill if exchange.bill and not exchange.bill.trouble else None


def used(exchange: Exchange) -> Usage | None:
    """Return what the provider counted in the attempt that the client has the answer of."""
    scenario = answering(exchange)
    if scenario is None:
        return None
    same = scenario is exchange.scenario
    return read.scripted(exchange if same else replace(exchange, scenario=scenario)).usage


def tokens(exchange: Exchange) -> Tokens:
    """Return what it counted, class by class; Gemini has no word for what goes into a cache."""
    usage, scenario = used(exchange) or Usage(), answering(exchange)
    said = [step["usage"] for step in steps(scenario) if "usage" in step] if scenario else []
    apis = read.provided(exchange) or {exchange.surface}
    written = said[-1].get("cache_write", 0) if said and "gemini" not in apis else 0
    return classes(usage, written)


def answering(exchange: Exchange) -> Json | None:
    """Return the script of the last attempt that was made, by whichever provider."""
    scenario, asked = exchange.scenario, exchange.of_second or exchange.journal
    if scenario and exchange.of_second:
        scenario = {**scenario, **scenario["mock"][SECOND]}
    if not (scenario and scenario.get("attempt")):
        return scenario
    last = max((entry.get("attempt", 1) for entry in asked), default=1)
    rest = {name: value for name, value in scenario.items() if name != "attempt"}
    return {**rest, "step": list(steps(scenario, last))}


def missing(exchange: Exchange) -> Iterator[Finding]:
    bill = exchange.bill
    if bill and bill.trouble and not bill.unnamed:
        yield Finding(f"no bill: {bill.trouble}", where=WHERE)


def unequal(bill: Bill | None, usage: Usage | None, *names: str) -> Iterator[Finding]:
    """Yield where a bill has other numbers of tokens than the usage, if there are both."""
    for name in (names or TOKENS) if bill and usage else ():
        sent, charged = getattr(usage, name), getattr(bill, name)
        if sent is not None and charged is not None and sent != charged:
            yield Finding(f"{charged} {name} tokens, the provider counted {sent}", where=WHERE)


def differing(exchange: Exchange) -> Iterator[Finding]:
    """Yield where tokens are charged that were not used, or money where that is all one is told."""
    bill, usage = priced(exchange), used(exchange)
    yield from unequal(bill, usage)
    prices = exchange.policy.get("prices")
    if bill and usage and prices and bill.output is None and bill.cost is not None:
        said = pricing.wrong(prices, tokens(exchange), bill.cost)
        yield from [Finding(said, where=WHERE)] if said else []


def miscounted(exchange: Exchange) -> Iterator[Finding]:
    """Yield where a bill does not have the provider's numbers, none at all included."""
    bill, usage = priced(exchange), used(exchange)
    if usage and bill and bill.output is None and "output" in told(exchange):
        yield Finding(f"no output tokens, the provider counted {usage.output}", where=WHERE)
    else:
        yield from differing(exchange)


def told(exchange: Exchange) -> tuple[str, ...]:
    """Return what the router says on its bills, by its profile."""
    names: tuple[str, ...] = exchange.policy.get("bill", TOKENS)
    return names


def unsaid(exchange: Exchange, bill: Bill | None) -> Iterator[Finding]:
    """Yield what a bill should say by the profile and does not."""
    for name, what in (("output", "output tokens"), ("cost", "cost")):
        if bill and name in told(exchange) and getattr(bill, name) is None:
            yield Finding(f"the bill has no {what}", where=WHERE)
