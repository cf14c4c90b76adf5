"""Rate limits and waits as answers say them."""

import pytest

from conformance.exchange import Exchange, Trial
from conformance.profiles.rows import RateLimit
from conformance.rules import RULES

DATE = "Sat, 21 Nov 2026 18:00:00 GMT"
NOW = 1795284000
COUNTS = {"x-limit": "300", "x-left": "299"}


def answer(row: RateLimit, status: int = 200, **headers: str) -> Exchange:
    told = {"date": DATE, **COUNTS, **{n.replace("_", "-"): v for n, v in headers.items()}}
    return Exchange(
        "chat", "plain", status=status, headers=tuple(told.items()), policy={"rate-limit": (row,)}
    )


def resets(value: str, unit: str = "unix") -> Exchange:
    return answer(limits(unit), x_reset=value)


def limits(unit: str = "unix", *on: str) -> RateLimit:
    return RateLimit("x-limit", "x-left", "x-reset", unit, on)


def told(rule: str, exchange: Exchange) -> list[str]:
    return [finding.message for finding in RULES[rule].check(Trial("p", {"one": exchange}))]


GOOD = [
    resets(f"{NOW + 60}"),
    resets(f"{NOW - 1}"),
    resets("60", "seconds"),
    resets("0.5", "seconds"),
    resets("1m37s", "duration"),
    resets("6ms", "duration"),
    resets("1d2h3m4.5s", "duration"),
    resets("2026-11-21T18:01:00Z", "iso8601"),
    resets("2026-11-21T18:01:00", "iso8601"),
    *(resets(value, "unspecified") for value in (f"{NOW + 60}", "60", "1m", "2026-11-21T18:01Z")),
    answer(limits(), x_left="300"),
    answer(limits("unix", "stream"), x_left="301"),
]
BAD = [
    (resets("60"), "x-reset is '60', which is no moment of the coming month in unix"),
    (
        resets(f"{NOW * 1000}"),
        f"x-reset is '{NOW * 1000}', which is no moment of the coming month in unix",
    ),
    (resets("soon"), "x-reset is 'soon', which is no moment of the coming month in unix"),
    (
        resets(f"{NOW}", "seconds"),
        f"x-reset is '{NOW}', which is no moment of the coming month in seconds",
    ),
    (
        resets("", "duration"),
        "x-reset is '', which is no moment of the coming month in duration",
    ),
    (
        resets("2026-13-01", "iso8601"),
        "x-reset is '2026-13-01', which is no moment of the coming month in iso8601",
    ),
    (
        resets("soon", "unspecified"),
        "x-reset is 'soon', which is no moment of the coming month in any unit",
    ),
    (
        answer(limits(), x_left="301"),
        "x-left is 301, more than x-limit, which is 300",
    ),
    (answer(limits(), x_left="-1"), "x-left is '-1', which is no count"),
    (answer(limits(), x_limit="many"), "x-limit is 'many', which is no count"),
    (answer(limits(), x_limit="9" * 19), f"x-limit is '{'9' * 19}', which is no count"),
    (
        resets("9" * 400, "unix"),
        f"x-reset is '{'9' * 400}', which is no moment of the coming month in unix",
    ),
]


@pytest.mark.parametrize("exchange", GOOD)
def test_limits_that_add_up_are_in_order(exchange: Exchange) -> None:
    assert told("hdr.ratelimit-arithmetic", exchange) == []


@pytest.mark.parametrize(("exchange", "said"), BAD)
def test_limits_that_do_not_add_up_are_told(exchange: Exchange, said: str) -> None:
    assert told("hdr.ratelimit-arithmetic", exchange) == [said]


def test_an_answer_without_a_date_is_held_against_the_clock_on_the_wall() -> None:
    policy = {"rate-limit": (limits(),)}
    undated = Exchange("chat", "plain", status=200, headers=(("x-reset", "1"),), policy=policy)

    assert len(told("hdr.ratelimit-arithmetic", undated)) == 1


WAITS: list[tuple[dict[str, str], dict[str, str], list[str]]] = [
    ({"retry-after": "97"}, {}, []),
    ({"retry-after": DATE}, {}, []),
    ({}, {}, []),
    ({}, {"retry-after": "optional"}, []),
    ({}, {"retry-after": "required-on-429"}, ["a 429 without Retry-After"]),
    (
        {"retry-after": "1.5"}, {},
        ["Retry-After is '1.5', neither a number of seconds nor a date"],
    ),
    (
        {"retry-after": "soon"}, {"retry-after": "required-on-429"},
        ["Retry-After is 'soon', neither a number of seconds nor a date"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("headers", "policy", "said"), WAITS)
def test_a_wait_can_be_read(
    headers: dict[str, str], policy: dict[str, str], said: list[str]
) -> None:
    refused = Exchange("chat", "plain", status=429, headers=tuple(headers.items()), policy=policy)

    assert told("hdr.retry-after-syntax", refused) == said
