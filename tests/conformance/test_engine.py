"""Cases in, judged cases out; what breaks down is our fault and says so."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.drive.capture import Limits
from conformance.drive.target import target
from conformance.engine import BLACK_BOX, CONTROLLED, Engine, Ground
from conformance.exchange import Trial
from conformance.findings import Finding, Level
from conformance.plan import Case
from conformance.probes import PROBES
from conformance.probes.probe import Probe
from conformance.profiles.profile import load
from conformance.rules import RULES
from conformance.rules.rule import comparison
from conformance.selfcheck.servers import Servers
from conformance.settings import Settings
from conformance.verdicts import Kind, Verdict, settle

RULE, PROBE = RULES["done.present"], PROBES["text"]


@comparison("done.breaks", Level.MUST, on="chat.stream", cites="x", probes="healthy", needs="")
def breaks(trial: Trial) -> Iterator[Finding]:
    """Breaks down."""
    yield Finding(str(trial["nothing"]))


@pytest.mark.parametrize(
    ("router", "rule", "kind", "said"),
    [
        ("reference", RULE, Kind.PASS, ""),
        ("drops_done", RULE, Kind.FAIL, ""),
        ("reference", breaks, Kind.HARNESS_ERROR, "rule done.breaks broke down: KeyError"),
    ],
)  # fmt: skip
def test_a_case_gets_its_verdict(
    started: Servers, router: str, rule: object, kind: Kind, said: str
) -> None:
    case = Case(rule, PROBE, "chat")  # type: ignore[arg-type]
    with Engine(settings(started, router), grounded(started)) as engine:
        verdict = engine.judge(case).verdict

    assert verdict.kind == kind
    assert verdict.reason.startswith(said)


def test_a_trial_that_breaks_down_is_a_harness_error(started: Servers) -> None:
    told = settings(started, "reference")
    impossible = replace(told, target=replace(told.target, headers=(("x-é", "\udc80"),)))
    with Engine(impossible, grounded(started)) as engine:
        verdict = engine.judge(Case(RULE, PROBE, "chat")).verdict

    assert verdict.kind == Kind.HARNESS_ERROR
    assert verdict.reason.startswith("the trial broke down: UnicodeEncodeError: ")


def test_a_mock_that_is_gone_is_a_harness_error(started: Servers) -> None:
    gone = replace(grounded(started), control_url="http://127.0.0.1:1")
    with Engine(settings(started, "reference"), gone) as engine:
        verdict = engine.judge(Case(RULE, PROBE, "chat")).verdict

    assert verdict.kind == Kind.HARNESS_ERROR
    assert "GET http://127.0.0.1:1/_mock/journal: no answer of a mock provider" in verdict.reason


def test_a_black_box_is_asked_questions_only(started: Servers) -> None:
    silent = Probe("silent", "healthy", "text")
    with Engine(settings(started, "reference"), Ground(BLACK_BOX, "box")) as engine:
        asked = engine.judge(Case(RULE, PROBE, "chat"))
        unasked = engine.judge(Case(RULE, silent, "chat"))

    assert asked.verdict.kind == Kind.PASS
    assert unasked.trial is None
    assert unasked.verdict == Verdict(Kind.UNTESTABLE, "needs a provider that plays the scenario")


PASS, FAIL = Verdict(Kind.PASS), Verdict(Kind.FAIL, findings=(Finding("late"),))


@pytest.mark.parametrize(
    ("first", "again", "settled"),
    [
        (FAIL, None, FAIL),
        (FAIL, Verdict(Kind.FAIL), FAIL),
        (
            FAIL,
            PASS,
            Verdict(Kind.INCONCLUSIVE, "fail among others, pass when tried once more alone",
                    (Finding("late"),)),
        ),
        (
            PASS,
            FAIL,
            Verdict(Kind.INCONCLUSIVE, "pass among others, fail when tried once more alone",
                    (Finding("late"),)),
        ),
    ],
)  # fmt: skip
def test_two_verdicts_that_disagree_are_inconclusive(
    first: Verdict, again: Verdict | None, settled: Verdict
) -> None:
    assert settle(first, again) == settled


def settings(started: Servers, router: str) -> Settings:
    url = f"{started.routers_url}/{router}/v1"
    return Settings(target(url), load("generic"), Limits(), Path())


def grounded(started: Servers) -> Ground:
    return Ground(CONTROLLED, "engine", started.control_url)
