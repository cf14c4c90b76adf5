"""What each request used: one row per request id, kept for a while and never priced."""

from collections import OrderedDict
from dataclasses import asdict, dataclass

from conformance.selfcheck.router.values import Json

KEPT = 10_000

#: Where each class of tokens is in the usage object of the chat surface.
CLASSES = {
    "input_tokens": ("prompt_tokens",),
    "output_tokens": ("completion_tokens",),
    "cached_tokens": ("prompt_tokens_details", "cached_tokens"),
    "cache_write_tokens": ("prompt_tokens_details", "cache_write_tokens"),
    "reasoning_tokens": ("completion_tokens_details", "reasoning_tokens"),
}


@dataclass(slots=True)
class Row:
    request_id: str
    upstream_request_id: str | None = None
    model: str | None = None
    status: str = "open"  # complete, cancelled or failed once it is settled
    source: str | None = None  # upstream: counted there; delivered: counted by what got through
    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None
    reasoning_tokens: int | None = None

    def settle(self, status: str, usage: Json, delivered: int) -> None:
        """Close the row; what was settled first stands."""
        if self.status != "open":
            return
        self.status = status
        if isinstance(usage, dict):
            self.source = "upstream"
            for name, path in CLASSES.items():
                setattr(self, name, _count(usage, path))
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


def _count(value: Json, path: tuple[str, ...]) -> int | None:
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, int) else None
