"""A run with two providers: how they are found, whether the router asks both, in which order."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import pytest

from conformance.drive import trial as driving
from conformance.drive.capture import Limits
from conformance.drive.client import Client
from conformance.drive.launch import launched, python
from conformance.drive.pair import Pair, mocks
from conformance.drive.recovery import UNREADY
from conformance.drive.target import target
from conformance.drive.trial import Bench
from conformance.drive.upstream import upstream
from conformance.engine import CONTROLLED, Engine, Ground
from conformance.exchange import SECOND, SECOND_UPSTREAM, Trial
from conformance.opening import ground, surveyed
from conformance.plan import Case
from conformance.probes import PROBES
from conformance.profiles.profile import load
from conformance.rules import RULES
from conformance.selfcheck.servers import Servers
from conformance.settings import Settings, WrongUsage
from conformance.verdicts import Kind, Verdict, judge

PROMISES = load("reference-fallback")
FALLBACK = Case(RULES["retry.fallback-before-commit"], PROBES["fallback"], "chat")
HEALTH = Case(RULES["health.midstream-counted"], PROBES["health-deaths"], "chat")


def settings(started: Servers, router: str, **members: object) -> Settings:
    url = target(f"{started.routers_url}/{router}/v1")
    given = {"mock_url": started.control_url, "second_mock_url": started.second_url, **members}
    return Settings(url, PROMISES, Limits(), None, **given)  # type: ignore[arg-type]


def test_a_router_that_falls_back_is_judged_with_both(started: Servers) -> None:
    told = settings(started, "reference-fallback")
    with ground(told) as found:
        settled = surveyed(told, found)
        with Engine(told, settled) as engine:
            judged = engine.judge(FALLBACK)

    assert settled == found
    assert SECOND_UPSTREAM in settled.have
    assert [line.partition(" has")[0] for line in settled.wanted] == [
        "the router's upstream",
        "the router's second upstream",
    ]
    assert judged.verdict.kind == Kind.PASS


def test_a_router_that_never_asks_the_second_is_not_judged_by_it(started: Servers) -> None:
    told = settings(started, "reference")
    with ground(told) as found:
        settled = surveyed(told, found)
        with Engine(told, settled) as engine:
            judged = engine.judge(FALLBACK)

    assert (settled.mode, sorted(settled.have)) == (CONTROLLED, ["head", "request", "upstream"])
    assert settled.note == (
        f"the router did not fall back to the mock at {found.second_upstream_url}: configure that "
        "as its second upstream, or say of the profile that it declares no fallback"
    )
    assert judged.trial is None
    assert (judged.verdict.kind, judged.verdict.reason) == (
        Kind.UNTESTABLE,
        "needs second-upstream",
    )


def test_a_profile_without_fallback_needs_no_second_mock(started: Servers) -> None:
    told = replace(settings(started, "reference"), profile=load("reference"))
    with ground(told) as found, Engine(told, found) as engine:
        judged = engine.judge(FALLBACK)

    assert found.second_url == ""
    assert (judged.verdict.kind, judged.verdict.reason) == (
        Kind.NOT_APPLICABLE,
        "the profile declares no fallback",
    )


def test_a_second_mock_is_started_where_none_is_given(started: Servers) -> None:
    told = settings(started, "reference-fallback", second_mock_url="", second_mock_port=0)

    with ground(told) as found:
        assert found.second_url not in {"", started.second_url}


@pytest.mark.parametrize(
    ("which", "called"), [("control_url", "has no name"), ("other", "is called 'third'")]
)
def test_a_second_mock_must_be_called_so(started: Servers, which: str, called: str) -> None:
    with upstream(0, "third") as third:
        url = {"control_url": started.control_url, "other": third.control_url}[which]
        told = settings(started, "reference-fallback", second_mock_url=url)

        with pytest.raises(WrongUsage) as error, ground(told):
            pass

    assert str(error.value) == (
        f"--second-mock-url {url}: the mock there {called}; start it with --name second"
    )


def test_a_taken_port_of_the_second_is_said_with_what_to_do(started: Servers) -> None:
    port = int(started.routers_url.rpartition(":")[2])
    told = settings(started, "reference-fallback", second_mock_url="", second_mock_port=port)

    with pytest.raises(WrongUsage) as error, ground(told):
        pass

    assert str(error.value) == (
        f"port {port} for the second mock provider is taken: give another with "
        "--second-mock-port, or the control URL of a running mock with --second-mock-url"
    )


@pytest.fixture(scope="module")
def resting() -> Iterator[Servers]:
    """Routers that leave a provider alone for a moment only."""
    with upstream(0) as first, upstream(0, SECOND) as second:
        where = ("--port", "0", "--print-json", "--rest-ms", "2000")
        both = ("--upstream", f"{first.data_url}/v1", "--second-upstream", f"{second.data_url}/v1")
        with launched(python("conformance.selfcheck.serve", *where, *both)) as told:
            yield Servers(told["url"], first.control_url, second.control_url)


def tried(started: Servers, nonce: str, *probes: str, recovery: float | None = None) -> list[Trial]:
    """Run probes one after the other, as one client of the router that falls back."""

    async def run() -> list[Trial]:
        pair = mocks(started.control_url, started.second_url)
        assert isinstance(pair, Pair)
        pair.recovery = pair.recovery if recovery is None else recovery
        url = target(f"{started.routers_url}/reference-fallback/v1")
        async with Client() as http:
            bench = Bench(url, http, pair, Limits(crowd=6), PROMISES.policy)
            found = [
                await driving.run(PROBES[probe], "chat", bench, f"{nonce}-{at}")
                for at, probe in enumerate(probes)
            ]
        await pair.close()
        return found

    return asyncio.run(run())


def test_who_has_failed_often_rests_and_is_waited_for(resting: Servers) -> None:
    first, second = tried(resting, "rests", "health-deaths", "health-deaths")

    for trial in (first, second):
        assert trial.unready == ""
        assert verdict(HEALTH, trial).kind == Kind.PASS
        assert trial["after.1"].of_first == []


def test_a_router_that_does_not_come_back_is_given_up(started: Servers) -> None:
    _, *later = tried(started, "gone", *3 * ["health-deaths"], recovery=0.0)

    assert [trial.unready for trial in later] == [UNREADY, UNREADY]
    assert [verdict(HEALTH, trial).kind for trial in later] == 2 * [Kind.INCONCLUSIVE]


def verdict(case: Case, trial: Trial) -> Verdict:
    have = Ground(CONTROLLED, "r", "u", second_url="u").have
    return judge(case.rule, trial, PROMISES, have)


def test_the_journals_of_both_are_one_in_the_order_of_time(started: Servers) -> None:
    (trial,) = tried(started, "order", "fallback")

    asked = [entry.get("provider") for entry in trial["5xx"].journal]
    times = [entry["request"]["at"] for entry in trial["5xx"].journal]
    assert asked == [None, "second"]
    assert times == sorted(times)
