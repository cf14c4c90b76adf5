"""Headers that say how much is left, and how long to wait."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from conformance.exchange import Exchange
from conformance.findings import Basis, Finding, Level
from conformance.profiles.rows import RateLimit
from conformance.rules.hdr_rows import ANSWERS, applies
from conformance.rules.rule import rule

TOO_MANY = 429
#: No window is as long as that, and whoever tells milliseconds for seconds says so.
LONGEST = 32 * 86400
SLACK = 2  # seconds by which the clock that dates an answer may differ from the one that counts
COUNT = re.compile(r"[0-9]{1,18}")  # what programs have a number for
DURATION = re.compile(r"(?=\d)(\d+d)?(\d+h)?(\d+m(?!s))?(\d+(\.\d+)?s)?(\d+(\.\d+)?ms)?")

#: How a reset may be told -> the seconds left at a moment, None where it is not told so.
Reading = Callable[[str, float], float | None]


@rule(
    "hdr.ratelimit-arithmetic",
    Level.MUST,
    on=ANSWERS,
    probes="healthy refusal declared",
    needs="head rate-limit",
    basis=Basis.POLICY,
    cites="the profile's rows of rate limits",
)
def limits_add_up(exchange: Exchange) -> Iterator[Finding]:
    """What is left of a rate limit is a number from 0 to the limit, and its reset is to come.

    The reset is told in the declared unit and is not more than a month away.
    """
    for row in exchange.policy.get("rate-limit", ()):
        if applies(row.on, exchange):
            yield from _counted(row, exchange)
            yield from _reset(row, exchange)


def _counted(row: RateLimit, exchange: Exchange) -> Iterator[Finding]:
    told = {name: exchange.header(name) for name in (row.limit, row.remaining)}
    counts = {name: _count(value) for name, value in told.items() if value is not None}
    for name, count in counts.items():
        if count is None:
            yield Finding(f"{name} is {told[name]!r}, which is no count", where=f"header {name}")
    limit, remaining = counts.get(row.limit), counts.get(row.remaining)
    if limit is not None and remaining is not None and remaining > limit:
        what = f"{row.remaining} is {remaining}, more than {row.limit}, which is {limit}"
        yield Finding(what, where=f"header {row.remaining}")


def _count(value: str) -> int | None:
    return int(value) if COUNT.fullmatch(value) else None


def _reset(row: RateLimit, exchange: Exchange) -> Iterator[Finding]:
    value = exchange.header(row.reset) if row.reset else None
    if value is None:
        return
    now = _dated(exchange)
    readings = READINGS.values() if row.unit == "unspecified" else [READINGS[row.unit]]
    left = [seconds for read in readings if (seconds := read(value, now)) is not None]
    if not any(-SLACK <= seconds <= LONGEST for seconds in left):
        right = f"in {row.unit}" if row.unit in READINGS else "in any unit"
        what = f"{row.reset} is {value!r}, which is no moment of the coming month {right}"
        yield Finding(what, where=f"header {row.reset}")


def _dated(exchange: Exchange) -> float:
    """Return when the answer was made, by its own clock; this moment where it does not say."""
    made = _date(exchange.header("date") or "")
    return (made or datetime.now(UTC)).timestamp()


def _unix(value: str, now: float) -> float | None:
    count = _count(value)
    return None if count is None else count - now


def _seconds(value: str, now: float) -> float | None:
    return float(value) if re.fullmatch(r"\d+(\.\d+)?", value) else None


def _duration(value: str, now: float) -> float | None:
    """Only that it is one: what is days or minutes in it is within a month."""
    return 0.0 if DURATION.fullmatch(value) else None


def _iso8601(value: str, now: float) -> float | None:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - now


READINGS: Mapping[str, Reading] = {
    "unix": _unix, "seconds": _seconds, "duration": _duration, "iso8601": _iso8601,
}  # fmt: skip


@rule(
    "hdr.retry-after-syntax",
    Level.MUST,
    on="error",
    probes="refusal own-error pre.retry-after-forwarded",
    needs="head",
    basis=Basis.STANDARD,
    cites="RFC 9110 10.2.3: Retry-After is a date or a number of seconds; OpenAI and Anthropic "
    "SDKs: they wait as long as it says",
)
def a_wait_can_be_read(exchange: Exchange) -> Iterator[Finding]:
    """Retry-After is a whole number of seconds or an HTTP date.

    Where the policy `retry-after` is `required-on-429` every answer of that status has one.
    """
    value = exchange.header("retry-after")
    required = exchange.policy.get("retry-after") == "required-on-429"
    if value is None and required and exchange.status == TOO_MANY:
        yield Finding("a 429 without Retry-After", where="header retry-after")
    if value is not None and _count(value) is None and _date(value) is None:
        what = f"Retry-After is {value!r}, neither a number of seconds nor a date"
        yield Finding(what, where="header retry-after")


def _date(value: str) -> datetime | None:
    try:
        return parsedate_to_datetime(value)
    except ValueError:
        return None
