"""Trials in the background: many at once, one alone, none left behind."""

import asyncio
import threading
from concurrent.futures import CancelledError

import pytest

from conformance.drive import trial as driving
from conformance.drive.capture import Limits
from conformance.drive.client import Client
from conformance.drive.mock import Mock
from conformance.drive.target import target
from conformance.drive.trial import Bench
from conformance.exchange import End, Exchange, Json, Trial
from conformance.selfcheck.servers import Servers
from conformance.suite import Background, Gate, Suite, Tried, attempt


class Guests:
    """Counts who is in at the same time."""

    def __init__(self) -> None:
        self.inside, self.most = 0, 0
        self.full = asyncio.Event()
        self.leave = asyncio.Event()

    async def stay(self) -> int:
        self.inside += 1
        self.most = max(self.most, self.inside)
        if self.inside == 2:
            self.full.set()
        await self.leave.wait()
        self.inside -= 1
        return self.most

    async def alone(self) -> int:
        return self.inside


def test_the_gate_lets_in_as_many_as_it_is_wide() -> None:
    async def party() -> int:
        gate, guests = Gate(2), Guests()
        staying = [asyncio.create_task(gate.among_others(guests.stay)) for _ in range(5)]
        await guests.full.wait()
        guests.leave.set()
        await asyncio.gather(*staying)
        return guests.most

    assert asyncio.run(party()) == 2


def test_who_wants_to_be_alone_waits_until_the_others_have_left() -> None:
    async def party() -> tuple[bool, int]:
        gate, guests = Gate(2), Guests()
        staying = [asyncio.create_task(gate.among_others(guests.stay)) for _ in range(2)]
        await guests.full.wait()
        alone = asyncio.create_task(gate.alone(guests.alone))
        await asyncio.sleep(0)
        waited = not alone.done()
        guests.leave.set()
        await asyncio.gather(*staying)
        return waited, await alone

    assert asyncio.run(party()) == (True, 0)


def test_places_are_free_again_after_a_wait_to_be_alone_was_given_up() -> None:
    async def party() -> int:
        gate, guests = Gate(2), Guests()
        first = asyncio.create_task(gate.among_others(guests.stay))
        await asyncio.sleep(0)
        alone = asyncio.create_task(gate.alone(guests.alone))
        await asyncio.sleep(0)
        alone.cancel()
        guests.leave.set()
        await asyncio.gather(first, alone, return_exceptions=True)
        return await gate.alone(guests.alone)

    assert asyncio.run(party()) == 0


def test_the_background_ends_what_still_runs() -> None:
    background, before = Background(), threading.active_count()
    endless = background.start(asyncio.Event().wait())

    background.close()

    with pytest.raises(CancelledError):
        endless.result()
    assert threading.active_count() == before - 1


def test_a_suite_tries_each_probe_once(started: Servers) -> None:
    with Background() as background:
        bench = background.run(benched(started, "reference"))
        suite = Suite(bench, "suite", background)
        suite.start([("chat", "text"), ("chat", "text")])

        first = suite.trying("chat", "text")
        assert first is suite.trying("chat", "text")
        assert first.result().again is None
        assert first.result().first["stream"].nonce == "suite-0.stream"
        background.run(left(bench))


def test_what_a_clock_had_a_part_in_is_tried_again_alone(started: Servers) -> None:
    async def tried() -> Tried:
        bench = await benched(started, "buffers_whole_stream", Limits(patience=0.1))
        told = await attempt(bench, "chat", "incremental-text", "alone-0", Gate(4))
        await left(bench)
        return told

    told = asyncio.run(tried())

    assert told.again is not None
    assert [e.nonce for e in told.again.exchanges.values()] == [
        e.nonce.replace("alone-0", "alone-0.again") for e in told.first.exchanges.values()
    ]


@pytest.mark.parametrize(
    ("status", "journal", "chance"),
    [(503, (), True), (502, (), True), (503, ({},), False), (500, (), False), (200, (), False)],
)
def test_an_error_of_the_routers_own_may_be_chance_where_nobody_was_asked(
    status: int, journal: tuple[Json, ...], chance: bool
) -> None:
    answer = Exchange("chat", "stream", status=status, journal=journal)

    assert driving.chance(Trial("text", {"stream": answer})) is chance


@pytest.mark.parametrize(
    ("provider", "client", "after", "chance"),
    [
        ("peer-fin", End.COMPLETE, 0.002, True),
        ("peer-rst", End.CUT, 0.002, True),
        ("peer-fin", End.COMPLETE, 1.5, False),
        ("cut", End.COMPLETE, 0.002, False),
        ("complete", End.COMPLETE, 0.002, False),
        ("peer-fin", End.LEFT, 0.002, False),
    ],
)
@pytest.mark.parametrize(
    "writes", [[], [[7_000_000, 0, 9, 1]], [[7_000_000, 0, 9, 1], [1_500_000_000, 9, 9, 1]]]
)
def test_a_provider_that_a_router_drops_though_its_client_stays_may_be_chance(
    provider: str, client: End, after: float, chance: bool, writes: list[list[int]]
) -> None:
    end = {"kind": provider, "at": 7_000_000 + int(after * 1e9)}
    entry = {"end": end, "writes": writes, "request": {"at": 7_000_000}}
    stream = Exchange("chat", "stream", status=200, journal=(entry,), end=client)

    assert driving.chance(Trial("text", {"stream": stream})) is chance


async def benched(started: Servers, router: str, limits: Limits | None = None) -> Bench:
    limits = limits or Limits()
    url = f"{started.routers_url}/{router}/v1"
    return Bench(target(url), Client(), Mock(started.control_url), limits)


async def left(bench: Bench) -> None:
    await bench.http.aclose()
    if bench.mock:
        await bench.mock.close()
