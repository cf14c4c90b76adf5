"""Two mocks behind one router, as one: the same prompt makes each play its part of a script."""

import asyncio

from conformance.drive.mock import SETTLE_MS, Mock
from conformance.exchange import Json

RECOVERY = 60.0  # seconds a router gets to ask the first one again after failures


class Pair:
    """The mock that a router asks first, and the one it asks when that fails."""

    def __init__(self, first: Mock, second: Mock) -> None:
        self.recovery = RECOVERY  # nothing once a router did not take it
        self._first = first
        self._second = second

    async def close(self) -> None:
        await asyncio.gather(self._first.close(), self._second.close())

    async def release(self, nonce: str, hold: str) -> None:
        await asyncio.gather(self._first.release(nonce, hold), self._second.release(nonce, hold))

    async def come(self, nonce: str, far: str, seconds: float) -> None:
        await self._first.come(nonce, far, seconds)

    async def journal(self, nonce: str, settle_ms: int = SETTLE_MS) -> tuple[Json, ...]:
        """Return the entries of both in the order in which they were asked."""
        both = (self._first, self._second)
        listed = await asyncio.gather(*(mock.journal(nonce, settle_ms) for mock in both))
        entries = [entry for each in listed for entry in each]
        return tuple(sorted(entries, key=lambda entry: entry["request"]["at"]))

    async def forget(self, run: str) -> None:
        await asyncio.gather(self._first.forget(run), self._second.forget(run))


Mocks = Mock | Pair


def mocks(control_url: str, second_url: str = "") -> Mocks:
    """Return the mock at a control URL, or the pair if there are two."""
    first = Mock(control_url)
    return Pair(first, Mock(second_url)) if second_url else first
