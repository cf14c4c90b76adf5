"""Rules on declared limits: exchanges that outlast one, exchanges that do not."""

from dataclasses import replace

import pytest

from conformance.exchange import End, Exchange, Json, Read, Trial
from conformance.plan import cases
from conformance.probes import PROBES
from conformance.probes.probe import Given
from conformance.profiles.profile import load
from conformance.rules import RULES, limits
from conformance.verdicts import Kind, judge
from tests.conformance.made import (
    REFUSED,
    Case,
    body,
    event,
    label,
    said,
    streamed,
    text,
    told,
    unbroken,
)

DECLARED: Json = {"idle-limit": 2, "keepalive-limit": 1, "request-limit": 3}
WHOLE = text("a", policy=DECLARED)
ERROR = streamed(body(said("a"), event({"error": {"message": "gone silent"}})), policy=DECLARED)
HANGS = replace(WHOLE, end=End.TIMEOUT, error="no end within 7 s")
BROKEN = replace(WHOLE, end=End.CUT)
DROPPED = replace(WHOLE, end=End.REFUSED, error="disconnected")
FAILED = replace(REFUSED, policy=DECLARED)
WAITED = "no end within 7 s, and the declared limit is 2 s"


def coming(*seconds: float) -> Exchange:
    """Return a stream whose pieces came at these times."""
    return replace(WHOLE, reads=tuple(Read(int(at * 1e9), b"x") for at in seconds))


CASES: list[Case] = [
    ("err.stall-detected", "an error event", ERROR, []),
    ("err.stall-detected", "a broken transfer", BROKEN, []),
    ("err.stall-detected", "no connection any more", DROPPED, []),
    ("err.stall-detected", "an error status", FAILED, []),
    ("err.stall-detected", "waited", HANGS, [f"the provider fell silent; {WAITED}"]),
    (
        "err.stall-detected",
        "a success",
        WHOLE,
        ["the provider fell silent; the client's answer ended without an error"],
    ),
    ("err.stall-behind-keepalive", "given up", ERROR, []),
    ("err.stall-behind-keepalive", "ended, which is the other rule's", WHOLE, []),
    (
        "err.stall-behind-keepalive",
        "waited",
        HANGS,
        [f"the provider sent nothing but comments; {WAITED}"],
    ),
    ("http.keepalive-while-idle", "something each second", coming(1, 2, 3, 4), []),
    ("http.keepalive-while-idle", "one late", coming(1, 3.9, 5), []),
    ("http.keepalive-while-idle", "nothing at all is another rule's", coming(), []),
    (
        "http.keepalive-while-idle",
        "a gap",
        coming(1, 2, 6, 7),
        ["nothing came for 4.0 s, the declared limit is 1 s"],
    ),
    ("timeout.idle-not-total", "whole", WHOLE, []),
    (
        "timeout.idle-not-total",
        "an error",
        ERROR,
        ["a steady stream longer than 3 s ended in an error: 'gone silent'"],
    ),
    (
        "timeout.idle-not-total",
        "cut",
        BROKEN,
        ["a steady stream longer than 3 s ended in cut"],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=label)
def test_a_limit_is_kept_or_the_rule_says_so(case: Case) -> None:
    assert told(case) == case[-1]


def test_every_rule_is_broken_by_one_stream_and_not_by_another() -> None:
    assert unbroken(CASES, limits) == set()


@pytest.mark.parametrize("rule", [case[0] for case in CASES])
def test_an_undeclared_limit_makes_a_rule_not_applicable(rule: str) -> None:
    (first, *_) = cases([RULES[rule]], PROBES.values())
    trial = Trial(first.probe.id, {"stream": WHOLE})

    verdict = judge(RULES[rule], trial, load("generic"), frozenset({"upstream"}))

    assert verdict.kind == Kind.NOT_APPLICABLE
    assert verdict.reason == f"the profile declares no {first.probe.limit}"


def test_the_waits_of_a_script_are_stretched_to_the_limit() -> None:
    quiet = PROBES["quiet"]

    for limit in (1.0, 15.0):
        waits = [step["wait_ms"] for step in quiet.document("stream", Given(limit=limit))["step"]
                 if "wait_ms" in step]  # fmt: skip
        assert waits == [4000 * limit]
