"""Asks a router what a request cost, until that is settled."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from conformance.drive import rows
from conformance.drive.client import Client
from conformance.drive.meter import Meter
from conformance.drive.rows import Lines, NoBill, Row
from conformance.drive.target import Target
from conformance.exchange import Bill, Exchange, Json
from conformance.profiles.bill import BillSource

FIRST_WAIT, LONGEST_WAIT = 0.02, 1.0  # seconds between two questions
AT_ONCE = frozenset({"header", "body"})  # what is not in the answer will not be there later

Billed = Callable[[Exchange], Awaitable[Bill]]


class Books:
    """A router's accounts, and what is remembered of them from one bill to the next."""

    def __init__(self, source: BillSource) -> None:
        self.source = source
        self._meter = Meter(source) if source.meter else None
        self._lines = Lines(source.where[0], source.match) if source.source == "file" else None

    @property
    def shared(self) -> bool:
        """Whether a request that is not billed would be on the bill of one that is."""
        return self.source.meter and not self.source.key

    def payer(self, target: Target) -> Target:
        """Return whom to ask for what is billed."""
        return replace(target, key=self.source.key) if self.source.key else target

    def limited_key(self, surface: str, nonce: str) -> str:
        """Return the key with a limit of tokens; it may be another for each surface and trial."""
        trial = nonce.rpartition(".")[0]
        return self.source.limited_key.replace("{surface}", surface).replace("{nonce}", trial)

    @asynccontextmanager
    async def opened(self, target: Target, http: Client) -> AsyncIterator[Billed]:
        """Give out what makes the bill of the exchange that is made within the block."""

        async def billed(exchange: Exchange) -> Bill:
            return await self._settled(exchange, target, http)

        async def asked() -> Row:
            return await rows.looked_up(self.source, "", target, http)

        if self._meter is None:
            yield billed
            return
        async with self._meter.reading(asked) as metered:

            async def told(exchange: Exchange) -> Bill:
                return await metered()

            yield told

    async def _settled(self, exchange: Exchange, target: Target, http: Client) -> Bill:
        """Return the bill of an exchange; where there is none, why."""
        source, name = self.source, rows.name_of(self.source, exchange)
        if source.ids and not name:
            places = " or ".join(source.ids)
            return Bill(trouble=f"the answer has no {places} to ask by", unnamed=True)
        clock = asyncio.get_running_loop().time
        begun, wait = clock(), FIRST_WAIT
        deadline = begun + source.seconds
        # Each attempt may have a row of its own: a failure may be that of the first.
        tried = begun + source.settle if len(exchange.journal) > 1 else begun
        while True:
            try:
                async with asyncio.timeout(source.seconds):
                    row = await self._row(exchange, name, target, http)
                bill = read(source, row)
                again = bill.failed and clock() + wait < min(tried, deadline)
                if not again and bill.status not in source.unsettled:
                    return bill
                trouble = f"still {bill.status!r} after {source.seconds:g} s"
            except TimeoutError:
                trouble = f"nothing was said of it within {source.seconds:g} s"
            except NoBill as why:
                trouble = str(why)
            if clock() + wait > deadline or source.source in AT_ONCE:
                return Bill(trouble=trouble)
            await asyncio.sleep(wait)
            wait = min(2 * wait, LONGEST_WAIT)

    async def _row(self, exchange: Exchange, name: str, target: Target, http: Client) -> Row:
        match self.source.source:
            case "header":
                return rows.of_the_head(exchange)
            case "body":
                return rows.of_the_body(self.source, exchange)
            case "lookup":
                return await rows.looked_up(self.source, name, target, http)
            case "spend-log":
                return await rows.listed(self.source, name, target, http)
        if self._lines is not None:
            return self._lines.row(name)
        return await rows.printed([part.replace("{id}", name) for part in self.source.where])


def books(source: BillSource | None) -> Books | None:
    return Books(source) if source else None


def read(source: BillSource, row: Row) -> Bill:
    """Return what a row says, wherever it says it."""
    found = {name: rows.at(row, place) for name, place in source.fields.items()}
    tokens: dict[str, Any] = {name: value for name, value in found.items() if _is_count(value)}
    status = "" if found.get("status") is None else str(found["status"])
    failed = status in source.failed if source.failed and status else None
    said = found.get("cost")
    cost = None if said is None else rows.amount(said, "the cost")
    return Bill(**{**tokens, "cost": cost, "status": status, "failed": failed})


def _is_count(value: Json) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
