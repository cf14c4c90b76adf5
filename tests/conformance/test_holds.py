"""What the harness waits for before it lets a provider go on."""

import asyncio
from dataclasses import replace

import pytest

from conformance.drive import trial as driving
from conformance.drive.capture import Limits
from conformance.drive.client import Client
from conformance.drive.holds import SIGN, holds
from conformance.drive.mock import Mock
from conformance.drive.target import target
from conformance.drive.trial import Bench
from conformance.exchange import HoldSeen, Json, Trial
from conformance.probes import PROBES
from conformance.probes.probe import Send
from conformance.selfcheck.servers import Servers

CALL = {"id": "call_1", "name": "add", "arguments": ["[3", "]"]}


def test_a_hold_waits_for_the_last_word_ahead_of_it() -> None:
    script = {
        "step": [
            {"say": "Umbel"},
            {"hold": "said"},
            {"call": CALL},
            {"hold": "called"},
            {"arguments": "7", "of": "call_1"},
            {"hold": "went on"},
        ]
    }

    assert holds(script) == [("said", "Umbel"), ("called", "]"), ("went on", "7")]


def test_a_ping_may_come_out_as_anything_and_a_terminator_as_the_end() -> None:
    script = {
        "step": [
            {"ping": True},
            {"hold": "idle"},
            {"raw": 'event: message_stop\ndata: {"type":"message_stop"}\n\n'},
            {"hold": "over"},
        ]
    }

    assert holds(script) == [("idle", SIGN), ("over", None)]


# The provider takes longer to answer than the harness waits for what has been answered.
LATE = Send(
    change={
        "step": [
            {"wait_ms": 1000},
            {"say": "Zucchini"},
            {"finish": "stop"},
            {"raw": "data: [DONE]\n\n"},
            {"hold": "open"},
        ]
    }
)


@pytest.mark.slow
def test_patience_begins_when_the_provider_has_come_to_the_hold(started: Servers) -> None:
    probe = replace(PROBES["done-then-open"], sends={"stream": LATE})

    async def run() -> Trial:
        mock = Mock(started.control_url)
        async with Client() as http:
            router = target(f"{started.routers_url}/reference/v1")
            bench = Bench(router, http, mock, Limits(deadline=10, patience=0.8))
            trial = await driving.run(probe, "chat", bench, "late-1")
        await mock.close()
        return trial

    assert asyncio.run(run())["stream"].holds == (HoldSeen("open", "", 0),)


def test_who_waits_for_long_outwaits_the_usual_patience(started: Servers) -> None:
    async def wait() -> tuple[Json, ...]:
        mock = Mock(started.control_url, patience=0.2)
        try:
            await mock.come("nobody-1", "started", 0.4)
            return await mock.journal("nobody-1")
        finally:
            await mock.close()

    assert asyncio.run(wait()) == ()
