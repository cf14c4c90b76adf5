"""A router that answers no more is not asked on; one that leaves out an answer now and then is."""

import asyncio
from collections.abc import Sequence

import pytest

from conformance.drive import trial as driving
from conformance.drive.capture import Limits
from conformance.drive.client import Client
from conformance.drive.pulse import GONE, MANY, Pulse
from conformance.drive.target import target
from conformance.drive.trial import Bench
from conformance.exchange import End, Exchange
from conformance.probes import PROBES

ANSWERED = Exchange("chat", "plain", status=200)
CUT = Exchange("chat", "stream", status=200, end=End.TIMEOUT)
LEFT = Exchange("chat", "stream", end=End.LEFT)
HUNG = Exchange("chat", "stream", end=End.TIMEOUT)


@pytest.mark.parametrize(
    ("made", "alive", "gone"),
    [
        ([HUNG] * (MANY - 1), HUNG, False),
        ([HUNG] * MANY, HUNG, True),
        ([HUNG] * MANY, ANSWERED, False),
        ([HUNG, LEFT] * MANY, HUNG, True),
        ([HUNG, ANSWERED] * MANY, HUNG, False),
        ([HUNG, CUT] * MANY, HUNG, False),
    ],
)
def test_who_leaves_many_unanswered_and_a_harmless_one_too_is_gone(
    made: Sequence[Exchange], alive: Exchange, gone: bool
) -> None:
    async def ask() -> Exchange:
        return alive

    async def felt() -> bool:
        pulse = Pulse()
        for each in made:
            await pulse.felt(each, ask)
        return pulse.gone

    assert asyncio.run(felt()) is gone


def test_a_router_that_is_gone_is_sent_nothing_more() -> None:
    asked = 0

    async def closes(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        asked += 1
        await reader.readuntil(b"\r\n\r\n")
        writer.close()

    async def told() -> list[str]:
        server = await asyncio.start_server(closes, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        async with server, Client() as http:
            bench = Bench(target(url), http, None, Limits(deadline=10.0))
            trials = [
                await driving.run(PROBES["text-plain"], "chat", bench, f"gone-{number}")
                for number in range(MANY + 2)
            ]
        return [trial.unready for trial in trials]

    assert asyncio.run(told()) == [""] * MANY + [GONE] * 2
    assert asked == MANY + 1
