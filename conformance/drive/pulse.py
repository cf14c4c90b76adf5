"""Notices that a router answers nobody any more, so that a run does not wait for each answer."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from conformance.exchange import Exchange

#: Requests in a row. Some probes are about answers that never come.
MANY = 4
GONE = (
    f"the router answers no more: neither {MANY} requests in a row nor one that nothing disturbs; "
    "start it anew, and ask for the case alone"
)


@dataclass(slots=True)
class Pulse:
    silent: int = 0  # requests in a row to which nothing came back
    gone: bool = False

    async def felt(self, made: Exchange, ask: Callable[[], Awaitable[Exchange]]) -> None:
        """Take note of an exchange; where many had no answer, ask for one that must have one."""
        if made.form == "left":
            return
        self.silent = self.silent + 1 if _silent(made) else 0
        if self.silent == MANY:
            self.gone = _silent(await ask())
            self.silent = 0


def _silent(made: Exchange) -> bool:
    return made.form == "unanswered" and made.status is None
