"""Clients of a trial that stay, read nothing or ask again, against the reference and the mock."""

import asyncio
from collections.abc import Mapping

import pytest

from conformance.drive import trial as driving
from conformance.drive.capture import Limits
from conformance.drive.client import Client
from conformance.drive.mock import Mock
from conformance.drive.target import target
from conformance.drive.trial import Bench
from conformance.exchange import Exchange, taken
from conformance.probes import PROBES
from conformance.probes.probe import Given, Probe, Send
from conformance.protocols import read
from conformance.selfcheck.servers import Servers

WORD = {"guard": "saffron"}
REST = 0.05


def tried(started: Servers, probe: Probe, crowd: int = 10) -> Mapping[str, Exchange]:
    limits = Limits(deadline=10, patience=0.3, crowd=crowd, rest=REST)

    async def run() -> Mapping[str, Exchange]:
        mock = Mock(started.control_url)
        async with Client() as http:
            url = f"{started.routers_url}/reference/v1"
            bench = Bench(target(url), http, mock, limits, WORD)
            trial = await driving.run(probe, "chat", bench, f"conduct-{probe.id}")
        await mock.close()
        assert trial.trouble == ""
        return trial.exchanges

    return asyncio.run(run())


def said(exchange: Exchange) -> str:
    return read.outcome(exchange).choices[0].text


@pytest.mark.parametrize("probe", ["beside-stalled", "beside-unread-chat"])
def test_a_stream_stays_open_while_others_come_and_go(started: Servers, probe: str) -> None:
    exchanges = tried(started, PROBES[probe])

    forms = {name: exchange.form for name, exchange in exchanges.items()}
    assert forms == {"alone": "stream", "beside": "stream", "plain": "plain", "other": "left"}
    (other,), (beside,) = exchanges["other"].journal, exchanges["beside"].journal
    assert other["request"]["at"] < beside["request"]["at"]
    assert beside["end"]["at"] < other["end"]["at"]
    assert exchanges["other"].body == b""


def test_a_client_that_reads_nothing_leaves_once_nothing_more_is_taken(started: Servers) -> None:
    unread = tried(started, PROBES["unread-chat"])["unread"]

    (entry,) = unread.journal
    assert (unread.form, unread.status, unread.body) == ("left", None, b"")
    assert entry["blocked"]["since"] is not None
    assert 0 < taken(entry) < entry["sent"]["bytes"] + 1


def test_a_request_that_comes_again_is_the_same_and_has_a_journal_of_its_own(
    started: Servers,
) -> None:
    attempts = [{"step": [{"say": word}, {"finish": "stop"}]} for word in ("one", "two")]
    change = {"step": attempts[0]["step"], "attempt": attempts}
    sends = {"first": Send(change=change), "again": Send("plain", again="first")}
    exchanges = tried(started, Probe("again", "", "text", sends))

    first, again = exchanges["first"], exchanges["again"]
    assert (first.asked("messages"), said(first)) == (again.asked("messages"), "one")
    assert (said(again), read.scripted(again).choices[0].text) == ("two", "two")
    assert [entry["attempt"] for entry in (*first.journal, *again.journal)] == [1, 2]
    assert first.nonce != again.nonce


def test_a_crowd_is_made_of_its_parts_and_each_client_has_its_own_mark(started: Servers) -> None:
    exchanges = tried(started, PROBES["crowd"])

    forms = [exchange.form for exchange in exchanges.values()]
    assert (len(forms), forms.count("left")) == (3 + 4 + 2 + 2 + 2, 2)
    for name in ("alone", "text", "text.3", "large.1"):
        assert said(exchanges[name]).startswith(f"{exchanges[name].nonce}/0 ")


def test_a_word_is_cut_at_every_place(started: Servers) -> None:
    cut = Send(change={"step": [{"say": "{head}"}, {"say": "{tail}"}, {"finish": "stop"}]},
               each="cut")  # fmt: skip
    exchanges = tried(started, Probe("cut", "", "text", {"cut": cut}))

    assert {name: said(exchange) for name, exchange in exchanges.items()} == {
        f"cut.{at}": "saffron" for at in range(1, 7)
    }
    steps = exchanges["cut.3"].scenario["step"]  # type: ignore[index]
    assert steps[:2] == [{"say": "saf"}, {"say": "fron"}]


def test_names_in_braces_are_filled_and_other_braces_are_not() -> None:
    script = {"say": "{nonce} {word}", "arguments": '{"city": {other}}', "seed": "{at}"}

    assert Given("r-1", word="saffron", at=3).fill([script]) == [
        {"say": "r-1 saffron", "arguments": '{"city": {other}}', "seed": 3}
    ]


def test_a_router_is_left_alone_ahead_of_a_request_that_is_rested(started: Servers) -> None:
    sends = {"first": Send(), "next": Send(rested=True)}
    exchanges = tried(started, Probe("rested", "", "text", sends))

    (first,), (after,) = exchanges["first"].journal, exchanges["next"].journal
    assert after["request"]["at"] - first["end"]["at"] >= REST * 1e9
