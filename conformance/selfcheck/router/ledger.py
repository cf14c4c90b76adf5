"""What each request used and costs: one row per request id, kept for a while."""

from collections import Counter, OrderedDict, defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal

from conformance.selfcheck.router.values import Json

KEPT = 10_000

#: The classes of tokens. Those that were cached, written to the cache or spent on reasoning are
#: part of what went in or came out.
CLASSES = ("input_tokens", "output_tokens", "cached_tokens", "cache_write_tokens",
           "reasoning_tokens")  # fmt: skip

#: What a token costs, in millionths: primes, so that a wrong one shows in the sum.
PRICES: Mapping[str, int] = {
    "input_tokens": 5, "output_tokens": 11, "cached_tokens": 2, "cache_write_tokens": 7,
    "reasoning_tokens": 13,
}  # fmt: skip
MILLIONTH = Decimal("0.000001")

Counted = Mapping[str, int | None]


def priced(tokens: Counted) -> Decimal:
    """Return what tokens cost, those that are part of others at a price of their own."""
    counts = {name: tokens.get(name) or 0 for name in CLASSES}
    counts["input_tokens"] -= counts["cached_tokens"] + counts["cache_write_tokens"]
    counts["output_tokens"] -= counts["reasoning_tokens"]
    return sum(PRICES[name] * number for name, number in counts.items()) * MILLIONTH


@dataclass(slots=True)
class Row:
    request_id: str
    upstream_request_id: str | None = None
    model: str | None = None
    status: str = "open"  # complete, cancelled or failed once it is settled
    providers: int = 0  # that were asked, one after the other; the last one is who counted
    source: str | None = None  # upstream: counted there; delivered: counted by what got through
    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None
    reasoning_tokens: int | None = None
    cost: Decimal | None = None  # told as a text: binary fractions are not money

    def settle(self, status: str, counted: Counted | None, delivered: int) -> None:
        """Close an open row."""
        self.status = status
        if counted is not None:
            self.source = "upstream"
            for name in CLASSES:
                setattr(self, name, counted.get(name))
        if status == "cancelled" and (self.output_tokens or 0) < delivered:
            self.source, self.output_tokens = "delivered", delivered
        self.cost = priced(self.tokens)

    @property
    def tokens(self) -> Counted:
        return {name: getattr(self, name) for name in CLASSES}


class Ledger:
    """The rows of the latest requests."""

    def __init__(self) -> None:
        self._rows: OrderedDict[str, Row] = OrderedDict()
        self.spent = Counter[str]()  # tokens, by the keys that have a limit
        self.charged = defaultdict[str, Decimal](Decimal)  # money, by key

    def open(self, row: Row) -> None:
        self._rows[row.request_id] = row
        if len(self._rows) > KEPT:
            self._rows.popitem(last=False)

    def find(self, id: str) -> dict[str, Json] | None:
        row = self._rows.get(id)
        return asdict(row) | {"cost": None if row.cost is None else str(row.cost)} if row else None


def count(value: Json, *path: str) -> int | None:
    """Return a number of tokens from where it is in a usage object, None if it is not there."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, int) else None
