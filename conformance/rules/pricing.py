"""What tokens cost by a list of prices, and which of them was charged wrongly where it shows."""

from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation

from conformance.protocols.outcome import Usage

#: A price that is not told is that of what the tokens are part of.
PART_OF = {"cached": "input", "cache_write": "input", "reasoning": "output"}
OUTPUT = ("output", "reasoning")
#: Many routers add up in binary fractions; no price of a token is as small as this.
PRECISION = Decimal("1e-12")

Prices = Mapping[str, Decimal]
Tokens = Mapping[str, int]


def money(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def price(prices: Prices, name: str) -> Decimal:
    return prices[name if name in prices else PART_OF[name]]


def classes(usage: Usage, written: int = 0) -> Tokens:
    """Return the tokens of each class, none of them in two; `written` is those put into a cache."""
    cached, thought = usage.cached or 0, usage.reasoning or 0
    return {
        "input": (usage.input or 0) - cached - written,
        "output": (usage.output or 0) - thought,
        "cached": cached,
        "cache_write": written,
        "reasoning": thought,
    }


def due(prices: Prices, tokens: Tokens) -> Decimal:
    return sum((n * price(prices, name) for name, n in tokens.items()), Decimal(0))


def wrong(prices: Prices, tokens: Tokens, cost: Decimal) -> str:
    """Return how a cost is not what is due, or nothing if it is."""
    right = due(prices, tokens)
    if abs(cost - right) <= PRECISION:
        return ""
    sum_ = " + ".join(f"{n} {name} at {price(prices, name):f}" for name, n in tokens.items() if n)
    why = " or ".join(dict.fromkeys(_explained(prices, tokens, cost - right)))
    said = f"cost {cost:f}, due is {right:f}: {sum_}"
    return f"{said}; {why}" if why else said


def _explained(prices: Prices, tokens: Tokens, difference: Decimal) -> Iterator[str]:
    """Yield the single mistakes that come to this difference."""
    for name, number in tokens.items():
        own, what = price(prices, name), f"the {number} {name} tokens"
        mistakes = {f"{what} are not charged": -own, f"{what} are charged twice": own}
        mistakes |= {f"{what} are charged as {other}": prices[other] - own for other in prices}
        for said, each in mistakes.items():
            if number and each and abs(number * each - difference) <= PRECISION:
                yield said


def output_of(prices: Prices, tokens: Tokens, cost: Decimal) -> int | None:
    """Return how many tokens of output come to a cost, with the input charged or without."""
    input_ = due(prices, {name: n for name, n in tokens.items() if name not in OUTPUT})
    for rest in (cost - input_, cost):
        whole = (rest / prices["output"]).to_integral_value() if prices["output"] else Decimal(-1)
        if whole >= 0 and abs(whole * prices["output"] - rest) <= PRECISION:
            return int(whole)
    return None
