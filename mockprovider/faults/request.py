"""Faults of how a request is taken; what it is answered is left as it is.

They show if the scenario is known before the request has come whole: by a marker in what has, or
because the path or the key names it.
"""

from dataclasses import dataclass
from typing import Literal

from mockprovider.faults.endings import before_head
from mockprovider.timeline import Stall, Timeline


@dataclass(frozen=True, slots=True)
class EarlyAnswer:
    """The answer, a streamed one if it is no error, comes before the request has been read whole.

    The rest is then read, or the connection ends behind the answer, or the rest is left unread.
    """

    rest: Literal["read", "close", "unread"] = "read"

    def apply(self, timeline: Timeline) -> Timeline:
        return timeline


@dataclass(frozen=True, slots=True)
class NoContinue:
    """A router that waits for `100 Continue` before it sends the body never gets it."""

    def apply(self, timeline: Timeline) -> Timeline:
        return timeline


@dataclass(frozen=True, slots=True)
class UnreadRequest:
    """Once it is known, nothing more is read of the request, and nothing is answered."""

    def apply(self, timeline: Timeline) -> Timeline:
        return (*before_head(timeline), Stall())
