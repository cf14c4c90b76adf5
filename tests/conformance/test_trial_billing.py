"""Trials billed by what their key has cost, between the real reference router and the real mock."""

import asyncio
from decimal import Decimal
from uuid import uuid4

import pytest

from conformance.drive import trial as driving
from conformance.drive.bill import Books
from conformance.drive.client import Client
from conformance.drive.mock import Mock
from conformance.drive.target import target
from conformance.drive.trial import Bench
from conformance.exchange import Bill, Json, Trial
from conformance.probes import PROBES
from conformance.profiles import bill
from conformance.selfcheck.servers import Servers
from conformance.suite import Gate, Tried, attempt

METER: Json = {
    "source": "key-usage", "url": "{base}/key", "cost": "data.usage", "settle": 0.05, "seconds": 2,
}  # fmt: skip
CLASSES, RUNNING = Decimal("0.004982"), Decimal("0.004146")


def bench(started: Servers, mock: Mock, http: Client, **told: Json) -> Bench:
    where = target(f"{started.routers_url}/reference/v1")
    return Bench(where, http, mock, books=Books(bill.read({**METER, **told})))


def billed(trial: Trial) -> dict[str, Bill | None]:
    return {name: exchange.bill for name, exchange in trial.exchanges.items()}


@pytest.mark.slow
def test_trials_side_by_side_have_bills_of_their_own(started: Servers) -> None:
    async def run() -> list[Trial]:
        mock = Mock(started.control_url)
        async with Client() as http:
            with_books = bench(started, mock, http, key="sk-conformance")
            trials = [
                driving.run(PROBES[probe], "chat", with_books, f"metered-{uuid4().hex}")
                for probe in ("bill", "bill-running")
            ]
            told = await asyncio.gather(*trials)
        await mock.close()
        return told

    classes, running = asyncio.run(run())

    assert billed(classes) == dict.fromkeys(("asked", "unasked", "plain"), Bill(cost=CLASSES))
    assert billed(running) == {"stream": Bill(cost=RUNNING)}


@pytest.mark.slow
def test_who_has_no_key_of_his_own_is_billed_alone(started: Servers) -> None:
    async def run() -> list[Tried]:
        mock, gate = Mock(started.control_url), Gate(2)
        async with Client() as http:
            with_books = bench(started, mock, http)
            attempts = [
                attempt(with_books, "chat", probe, f"alone-{uuid4().hex}", gate)
                for probe in ("bill-running", "usage-running", "usage")
            ]
            told = await asyncio.gather(*attempts)
        await mock.close()
        return told

    running, *_ = asyncio.run(run())

    assert billed(running.first) == {"stream": Bill(cost=RUNNING)}
