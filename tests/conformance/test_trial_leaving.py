"""A client of a trial that goes away, between the real reference router and the real mock."""

import asyncio
from uuid import uuid4

import pytest

from conformance.drive import trial as driving
from conformance.drive.capture import Limits
from conformance.drive.client import Client
from conformance.drive.mock import Mock
from conformance.drive.target import target
from conformance.drive.trial import Bench
from conformance.exchange import End, Trial
from conformance.probes import PROBES
from conformance.selfcheck.servers import Servers


def tried(started: Servers, probe: str, crowd: int = 2, router: str = "reference") -> Trial:
    limits = Limits(deadline=10, crowd=crowd)

    async def run() -> Trial:
        mock = Mock(started.control_url)
        async with Client() as http:
            url = f"{started.routers_url}/{router}/v1"
            bench = Bench(target(url), http, mock, limits)
            trial = await driving.run(PROBES[probe], "chat", bench, f"leaving-{uuid4().hex}")
        await mock.close()
        return trial

    return asyncio.run(run())


LEAVING = ["leave", "leave-early", "leave-plain"]


@pytest.mark.parametrize("probe", LEAVING)
def test_the_client_leaves_at_the_hold_and_the_provider_is_told(
    started: Servers, probe: str
) -> None:
    trial = tried(started, probe)

    assert trial.trouble == ""
    for exchange in trial.exchanges.values():
        assert (exchange.end, exchange.form) == (End.LEFT, "left")
        (entry,) = exchange.journal
        assert [held["name"] for held in entry["holds"]] == ["left"]
        assert entry["end"]["kind"] in {"peer-fin", "peer-rst", "half-close"}


def test_what_was_sent_ahead_of_the_hold_has_come_before_the_client_leaves(
    started: Servers,
) -> None:
    trial = tried(started, "leave")

    assert b" basil" in trial["midway"].body
    assert b"Rose" in trial["first"].body


def test_a_crowd_leaves_side_by_side_and_one_comes_after_it(started: Servers) -> None:
    trial = tried(started, "leave-crowd", crowd=12)

    assert {name: exchange.form for name, exchange in trial.exchanges.items()} == {
        "left": "left",
        "left.1": "left",
        "left.2": "left",
        "after": "stream",
    }
    nonces = [exchange.nonce for exchange in trial.exchanges.values()]
    assert len(set(nonces)) == 4


def test_who_stays_is_held_until_the_others_have_left(started: Servers) -> None:
    trial = tried(started, "leave-beside", crowd=12)

    (held,) = trial["beside"].journal[0]["holds"]
    others = [trial[name].journal[0]["holds"][0] for name in ("left", "left.1", "left.2")]
    assert held["released"] > max(other["reached"] for other in others)
    assert b" cinnamon" in trial["beside"].body


def test_half_an_event_is_there_when_the_client_leaves(started: Servers) -> None:
    (entry,) = tried(started, "leave")["inside"].journal

    assert entry["sent"]["tokens"] == 2
    assert entry["end"]["kind"] in {"peer-fin", "peer-rst", "half-close"}


def test_a_client_closes_in_the_moment_the_last_event_is_here(started: Servers) -> None:
    closed = tried(started, "bill-closed")["closed"]

    assert closed.form == "left"
    assert closed.body.endswith(b"data: [DONE]\n\n")


def test_what_runs_on_is_let_go_on_to_its_end(started: Servers) -> None:
    (entry,) = tried(started, "leave", router="reads_on_for_nobody")["midway"].journal
    (held,) = entry["holds"]

    assert held["released"] is not None
    assert (entry["end"]["kind"], entry["sent"]["tokens"]) == ("complete", 8)
