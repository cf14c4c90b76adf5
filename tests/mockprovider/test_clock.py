"""The wheel: one timer, absolute deadlines, nothing early."""

import asyncio
from collections.abc import Callable
from functools import partial

from mockprovider.clock import TICK, Wheel


def turned(use: Callable[[Wheel, asyncio.Event], None]) -> None:
    """Let a wheel turn until the event is set."""

    async def run() -> None:
        done = asyncio.Event()
        use(Wheel(asyncio.get_running_loop()), done)
        await asyncio.wait_for(done.wait(), 5)

    asyncio.run(run())


def test_calls_come_in_order_of_their_deadlines_and_never_early() -> None:
    called = list[tuple[int, bool]]()

    def use(wheel: Wheel, done: asyncio.Event) -> None:
        def note(name: int, deadline: float) -> None:
            called.append((name, wheel.now() >= deadline))

        start = wheel.now()
        for name, delay in ((3, 0.03), (1, 0.01), (2, 0.02)):
            wheel.at(start + delay, partial(note, name, start + delay))
        wheel.at(start + 0.04, done.set)

    turned(use)

    assert called == [(1, True), (2, True), (3, True)]


def test_a_call_may_ask_for_another() -> None:
    times = list[float]()

    def use(wheel: Wheel, done: asyncio.Event) -> None:
        def again() -> None:
            times.append(wheel.now())
            wheel.at(wheel.now() + TICK, again) if len(times) < 3 else done.set()

        again()

    turned(use)

    assert times[2] - times[0] >= 2 * TICK


def test_a_deadline_that_has_passed_is_met_at_once() -> None:
    turned(lambda wheel, done: wheel.at(wheel.now() - 1, done.set))


def test_soon_is_before_any_deadline() -> None:
    called = list[str]()

    def use(wheel: Wheel, done: asyncio.Event) -> None:
        wheel.at(wheel.now() + 0.01, done.set)
        wheel.soon(lambda: called.append("soon"))

    turned(use)

    assert called == ["soon"]
