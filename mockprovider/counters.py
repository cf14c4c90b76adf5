"""What the data plane counts: totals since the start, and the connections that are open."""

from dataclasses import dataclass, field
from typing import Protocol

from mockprovider.entry import Entry
from mockprovider.player import Player


class Open(Protocol):
    """A connection, as far as the rest of the mock has to do with it."""

    player: Player | None

    def abort(self, how: str) -> bool: ...
    def stop(self) -> None: ...


@dataclass(slots=True)
class Counters:
    """Totals since the start."""

    connections: int = 0
    requests: int = 0
    bytes: int = 0
    events: int = 0
    open: set[Open] = field(default_factory=set)

    def count(self, entry: Entry) -> None:
        """Add a response that is over."""
        self.requests += 1
        sent = entry.sent
        self.bytes += sent.bytes
        self.events += sent.events
