"""Rules on load: exchanges and journals that break each, and that do not."""

from dataclasses import replace

import pytest

from conformance.exchange import End, Exchange, Json
from conformance.rules import load
from tests.conformance.made import REFUSED, Case, label, streamed, text, told, unbroken

MIB = 1 << 20
SERVED = text("a")
LATE = replace(SERVED, end=End.TIMEOUT, error="no end within 20 s")
FAILED = text("a", finish=None, end=b'data: {"error":{"message":"no"}}\n\n')
LEFT = replace(SERVED, end=End.LEFT)


def beside(told: Exchange, alone: Exchange = SERVED) -> dict[str, Exchange]:
    return {"alone": alone, "other": LEFT, "beside": told}


def entry(sent: int, blocked: Json = None, end: Json = None) -> Json:
    return {"sent": {"bytes": sent}, "blocked": blocked, "end": end}


def untaken(*entries: Json, **policy: Json) -> Exchange:
    return streamed(b"", end=End.LEFT, journal=entries, policy=policy)


def endless(mib: int, body: bytes, **members: Json) -> Exchange:
    return streamed(body, journal=(entry(0, None, {"acked": mib * MIB}),), **members)


ERROR = b'data: {"error":{"message":"an event is too long"}}\n\n'
KEPT = "were taken from the provider and not passed on"
CASES: list[Case] = [
    ("load.parallel-streams", "served", beside(SERVED), []),
    (
        "load.parallel-streams",
        "not answered",
        beside(LATE),
        ["no answer: timeout, no end within 20 s; alone such a request is served"],
    ),
    (
        "load.parallel-streams",
        "refused",
        beside(REFUSED),
        ["answered 502; alone such a request is served"],
    ),
    (
        "load.parallel-streams",
        "fails",
        beside(FAILED),
        ["the answer failed; alone such a request is served"],
    ),
    ("load.parallel-streams", "alone it fails too", beside(REFUSED, alone=REFUSED), []),
    ("load.parallel-streams", "the one beside it", {"alone": SERVED, "other": REFUSED}, []),
    (
        "load.slow-client-bounded",
        "the provider waits",
        untaken(entry(96 * MIB, {"since": 1, "absorbed": 48 * MIB})),
        [],
    ),
    (
        "load.slow-client-bounded",
        "all of it is taken",
        untaken(entry(96 * MIB, {"since": None, "absorbed": 90 * MIB}, {"acked": 96 * MIB})),
        [f"96 MiB {KEPT}, its client had read nothing; 16 MiB may be kept"],
    ),
    (
        "load.slow-client-bounded",
        "more than is declared",
        untaken(entry(96 * MIB, {"since": 1, "absorbed": 34 * MIB}), **{"buffer-limit": MIB}),
        [f"34 MiB {KEPT}, its client had read nothing; 1 MiB may be kept"],
    ),
    (
        "load.slow-client-bounded",
        "it is still being taken",
        untaken(entry(60 * MIB, {"since": None, "absorbed": 2 * MIB})),
        [f"60 MiB {KEPT}, its client had read nothing; 16 MiB may be kept"],
    ),
    ("load.unbounded-event", "refused", endless(20, ERROR), []),
    ("load.unbounded-event", "refused with a status", replace(REFUSED, journal=()), []),
    (
        "load.unbounded-event",
        "kept",
        endless(128, ERROR),
        [f"127 MiB {KEPT}, of one event; 64 MiB may be kept"],
    ),
    (
        "load.unbounded-event",
        "kept beyond what is declared",
        endless(40, ERROR, policy={"event-limit": 4 * MIB}),
        [f"39 MiB {KEPT}, of one event; 4 MiB may be kept"],
    ),
    (
        "load.unbounded-event",
        "left out",
        endless(20, SERVED.body),
        ["the provider sent an event without end; the client was not told of an error"],
    ),
    ("load.unbounded-event", "passed on", endless(128, b"", end=End.OVERFLOW), []),
    (
        "load.unbounded-event",
        "passed on slowly",
        endless(20, b"a" * 2 * MIB, end=End.TIMEOUT),
        [],
    ),
    (
        "load.unbounded-event",
        "taken, and nothing said",
        endless(20, b"", end=End.TIMEOUT),
        ["the provider sent an event without end; the client was not told of an error"],
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=label)
def test_what_is_too_much_is_refused_or_the_rule_says_so(case: Case) -> None:
    assert told(case) == case[-1]


def test_every_rule_is_broken_by_one_exchange_and_not_by_another() -> None:
    assert unbroken(CASES, load) == set()
