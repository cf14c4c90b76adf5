"""Bills by what a counter of the key has moved: when it counts, and when it does not."""

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal

import pytest

from conformance.drive.meter import Meter
from conformance.drive.rows import NoBill
from conformance.exchange import Bill, Json
from conformance.profiles import bill

TABLE: Json = {
    "source": "key-usage", "url": "{base}/key", "cost": "data.usage", "output": "data.tokens",
    "settle": 0.02, "seconds": 0.5,
}  # fmt: skip


class Key:
    """A counter; `late` is what is added to it after so many readings."""

    def __init__(self, usage: Json = 1.5, *late: tuple[int, float]) -> None:
        self.usage, self.tokens, self.readings = usage, 10, 0
        self._late = list(late)

    def charge(self, usage: float, tokens: int = 1) -> None:
        self.usage += usage
        self.tokens += tokens

    async def read(self) -> Json:
        self.readings += 1
        while self._late and self._late[0][0] <= self.readings:
            self.charge(self._late.pop(0)[1])
        return {"data": {"usage": self.usage, "tokens": self.tokens}}


def charged(
    counter: Key, *work: Callable[[], None], read: Callable[[], Awaitable[Json]] | None = None,
    **told: Json,
) -> list[Bill]:  # fmt: skip
    """Return the bill of each piece of work."""

    async def run() -> list[Bill]:
        meter = Meter(bill.read({**TABLE, **told}))

        async def one(each: Callable[[], None]) -> Bill:
            async with meter.reading(read or counter.read) as billed:
                each()
                return await billed()

        return await asyncio.gather(*map(one, work))

    return asyncio.run(run())


def nothing() -> None:
    pass


def test_the_difference_is_the_bill() -> None:
    key = Key()

    assert charged(key, lambda: key.charge(0.1, 7)) == [Bill(output=7, cost=Decimal("0.1"))]


def test_a_balance_falls() -> None:
    key = Key(20)

    told = charged(key, lambda: key.charge(-3, -2), source="balance")

    assert told == [Bill(output=2, cost=Decimal(3))]


def test_a_counter_that_does_not_move_is_a_charge_of_nothing() -> None:
    assert charged(Key(), nothing) == [Bill(output=0, cost=Decimal(0))]


def test_what_was_charged_before_is_not_on_the_bill() -> None:
    key = Key(1, (2, 5))

    assert charged(key, nothing) == [Bill(output=0, cost=Decimal(0))]


def test_a_charge_may_come_late_and_some_of_it_be_given_back() -> None:
    key = Key(1, (7, 8), (9, -6))

    assert [each.cost for each in charged(key, nothing)] == [Decimal(2)]


def test_rounding_of_binary_fractions_is_not_on_the_bill() -> None:
    key = Key(0.1)

    assert charged(key, lambda: key.charge(0.2))[0].cost == Decimal("0.2")


def test_two_that_are_billed_at_once_have_bills_of_their_own() -> None:
    key = Key()

    told = charged(key, lambda: key.charge(1, 3), lambda: key.charge(2, 5))

    assert told == [Bill(output=3, cost=Decimal(1)), Bill(output=5, cost=Decimal(2))]


def test_a_key_that_nobody_else_has_need_not_be_watched_before() -> None:
    shared, own = Key(), Key()

    charged(shared, nothing, nothing)
    charged(own, nothing, nothing, key="sk-mine")

    assert own.readings < shared.readings


def test_a_counter_that_never_rests_is_said() -> None:
    key = Key(1, *((at, 1.0) for at in range(2, 900)))

    (told,) = charged(key, nothing, seconds=0.1)

    assert told == Bill(trouble="the counter still moves after 0.1 s")


def test_a_counter_that_goes_the_wrong_way_is_said() -> None:
    key = Key()

    (told,) = charged(key, lambda: key.charge(-1, 0))

    why = "data.usage went from 1.5 to 0.5, the wrong way: does anybody else use this key?"
    assert told == Bill(trouble=why)


@pytest.mark.parametrize(
    ("usage", "trouble"),
    [("dear", "data.usage is 'dear', which is no number"),
     (None, "data.usage is None, which is no number")],
)  # fmt: skip
def test_a_counter_that_is_no_number_is_said(usage: Json, trouble: str) -> None:
    assert charged(Key(usage), nothing) == [Bill(trouble=trouble)]


def test_a_counter_that_cannot_be_read_is_said() -> None:
    async def broken() -> Json:
        raise NoBill("http://router/key answered 403")

    told = charged(Key(), nothing, read=broken)

    assert told == [Bill(trouble="http://router/key answered 403")]


def test_a_counter_that_is_not_told_in_time_is_said() -> None:
    async def silent() -> Json:
        await asyncio.Event().wait()

    (told,) = charged(Key(), nothing, read=silent, seconds=0.1)

    assert told == Bill(trouble="nothing was said of it within 0.1 s")
