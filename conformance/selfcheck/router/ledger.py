"""What each request used: one row per request id, kept for a while and never priced."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from conformance.selfcheck.router.values import Json

KEPT = 10_000

#: The classes of tokens. Those that were cached, written to the cache or spent on reasoning are
#: part of what went in or came out.
CLASSES = ("input_tokens", "output_tokens", "cached_tokens", "cache_write_tokens",
           "reasoning_tokens")  # fmt: skip

Counted = Mapping[str, int | None]


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

    def settle(self, status: str, counted: Counted | None, delivered: int) -> None:
        """Close the row; what was settled first stands."""
        if self.status != "open":
            return
        self.status = status
        if counted is not None:
            self.source = "upstream"
            for name in CLASSES:
                setattr(self, name, counted.get(name))
        elif status == "cancelled":
            self.source, self.output_tokens = "delivered", delivered


class Ledger:
    """The rows of the latest requests."""

    def __init__(self) -> None:
        self._rows: OrderedDict[str, Row] = OrderedDict()

    def open(self, row: Row) -> None:
        self._rows[row.request_id] = row
        if len(self._rows) > KEPT:
            self._rows.popitem(last=False)

    def find(self, id: str) -> dict[str, Json] | None:
        row = self._rows.get(id)
        return asdict(row) if row else None


def count(value: Json, *path: str) -> int | None:
    """Return a number of tokens from where it is in a usage object, None if it is not there."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, int) else None
