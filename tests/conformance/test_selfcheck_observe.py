"""Trials of many routers side by side; what breaks down is our fault and ends nothing."""

import asyncio
from collections.abc import Iterator

from conformance.exchange import Trial
from conformance.findings import Finding, Level
from conformance.plan import Case
from conformance.probes import PROBES
from conformance.rules import RULES
from conformance.rules.rule import comparison
from conformance.selfcheck.observe import Job, jobs, observed
from conformance.selfcheck.servers import Servers
from conformance.verdicts import Kind

PAIR = ("done.present", "done.exactly-once")
DONE = [Case(RULES[rule], PROBES["text"], "chat") for rule in PAIR]


@comparison("done.breaks", Level.MUST, on="chat.stream", cites="x", probes="healthy", needs="")
def breaks(trial: Trial) -> Iterator[Finding]:
    """Breaks down."""
    yield Finding(str(trial["nothing"]))


def test_all_cases_of_a_probe_share_one_trial_per_router_of_its_surface() -> None:
    other = Case(RULES["done.present"], PROBES["length"], "chat")

    assert list(jobs({"a": "", "b": "chat", "c": "messages"}, [*DONE, other], "r")) == [
        Job("a", "r.0", "r.0-0", tuple(DONE)),
        Job("a", "r.0", "r.0-1", (other,)),
        Job("b", "r.1", "r.1-0", tuple(DONE)),
        Job("b", "r.1", "r.1-1", (other,)),
    ]


def test_what_did_not_pass_is_reported_and_a_breakdown_is_the_harness(started: Servers) -> None:
    cases = [*DONE, Case(breaks, PROBES["length"], "chat")]
    work = list(jobs({"reference": "", "drops_done": "chat"}, cases, "observe"))
    found = asyncio.run(observed(started, work))

    told = sorted((each.router, each.case.rule.id, each.verdict.kind) for each in found)
    assert told == [
        ("drops_done", "done.breaks", Kind.HARNESS_ERROR),
        ("drops_done", "done.present", Kind.FAIL),
        ("reference", "done.breaks", Kind.HARNESS_ERROR),
    ]
    assert found[-1].line.startswith(
        "done.breaks[chat-length]: harness-error: broke down: KeyError"
    )
