"""What a key has cost so far: read before a request and after it, the difference is the bill."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from decimal import Decimal

from conformance.drive.rows import NoBill, Row, amount, at
from conformance.exchange import Bill
from conformance.profiles.bill import METERS, BillSource

#: Many routers add up in binary fractions: what is beyond this is their rounding.
PRECISION = Decimal("1e-12")
LONGEST_WAIT = 1.0  # seconds between two readings

Reading = dict[str, Decimal]
Ask = Callable[[], Awaitable[Row]]


class Meter:
    """The counters of one key; whoever is billed by them has them for himself meanwhile.

    Nothing tells a charge of nothing from one that is still to come but time: a reading counts
    once it has been the same for as long as the profile says that a charge may take. So does what
    is taken back of a charge that was made in advance.
    """

    def __init__(self, source: BillSource) -> None:
        self._source = source
        self._alone = asyncio.Lock()
        self._last: Reading = {}

    @asynccontextmanager
    async def reading(self, ask: Ask) -> AsyncIterator[Callable[[], Awaitable[Bill]]]:
        """Give out what makes the bill of all that is asked within the block."""
        async with self._alone:
            try:
                before, why = await self._before(ask), ""
            except (NoBill, TimeoutError) as trouble:
                before, why = {}, str(trouble) or self._silent

            async def billed() -> Bill:
                if why:
                    return Bill(trouble=why)
                try:
                    self._last = await self._still(ask)
                    return self._bill(before, self._last)
                except (NoBill, TimeoutError) as trouble:
                    return Bill(trouble=str(trouble) or self._silent)

            yield billed

    @property
    def _silent(self) -> str:
        return f"nothing was said of it within {self._source.seconds:g} s"

    async def _before(self, ask: Ask) -> Reading:
        """Return a reading; with a key of our own it is that of the request before."""
        if self._source.key and self._last and await self._read(ask) == self._last:
            return self._last
        return await self._still(ask)

    async def _still(self, ask: Ask) -> Reading:
        """Return what the counters are once they have not moved for long enough."""
        clock = asyncio.get_running_loop().time
        last, since = await self._read(ask), clock()
        until = since + self._source.seconds
        while clock() - since < self._source.settle:
            if clock() > until:
                raise NoBill(f"the counter still moves after {self._source.seconds:g} s")
            await asyncio.sleep(min(self._source.settle / 4, LONGEST_WAIT))
            if (now := await self._read(ask)) != last:
                last, since = now, clock()
        return last

    async def _read(self, ask: Ask) -> Reading:
        async with asyncio.timeout(self._source.seconds):
            row = await ask()
        return {name: amount(at(row, place), place) for name, place in self._source.fields.items()}

    def _bill(self, before: Reading, after: Reading) -> Bill:
        way = METERS[self._source.source]
        charged = {name: way * (after[name] - before[name]) for name in after}
        for name, charge in charged.items():
            if charge < 0:
                place = self._source.fields[name]
                moved = f"went from {before[name]} to {after[name]}"
                raise NoBill(f"{place} {moved}, the wrong way: does anybody else use this key?")
        cost = charged.pop("cost", None)
        tokens = {name: int(charge) for name, charge in charged.items()}
        return Bill(**tokens, cost=None if cost is None else cost.quantize(PRECISION).normalize())  # type: ignore[arg-type]
