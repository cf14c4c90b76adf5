"""Where the provider's streams are cut: at every byte, and once or twice in each event."""

import asyncio
from dataclasses import replace
from itertools import accumulate

import pytest

from conformance.drive import trial
from conformance.drive.client import Client
from conformance.drive.mock import Mock
from conformance.drive.target import target
from conformance.drive.trial import Bench
from conformance.exchange import SURFACES, Json
from conformance.probes import PROBES
from conformance.probes.probe import Probe
from conformance.selfcheck.servers import Servers

BRIEF = [("sse-each-byte", surface) for surface in ("chat", "messages", "gemini")]


def journal(probe: Probe, surface: str, name: str, nonce: str, started: Servers) -> Json:
    """Return what the provider did in one of the requests."""

    async def asked() -> Json:
        mock = Mock(started.control_url)
        async with Client() as http:
            bench = Bench(target(f"{started.routers_url}/reference/v1"), http, mock)
            alone = replace(probe, sends={name: probe.sends[name]})
            made = await trial.run(alone, surface, bench, nonce)
        await mock.close()
        return made[name].journal[-1]

    return asyncio.run(asked())


def lengths(entry: Json) -> list[int]:
    return [length for _, _, length, _ in entry["writes"]]


@pytest.mark.parametrize("name", ["chunks", "reads"])
@pytest.mark.parametrize(("id", "surface"), [*BRIEF, ("responses-each-byte", "responses")])
def test_each_byte_of_a_brief_stream_is_written_by_itself(
    id: str, surface: str, name: str, started: Servers
) -> None:
    entry = journal(PROBES[id], surface, name, f"bytes-{surface}", started)

    assert lengths(entry) == [1] * entry["sent"]["bytes"]
    assert entry["end"]["kind"] == "complete"


@pytest.mark.parametrize("surface", SURFACES)
def test_each_byte_of_an_event_is_the_place_of_a_cut(surface: str, started: Servers) -> None:
    probe = PROBES["sse-each-cut"]
    uncut = replace(probe, sends={"apart": probe.sends["baseline"]})

    events = lengths(journal(uncut, surface, "apart", f"cuts-a.{surface}", started))
    cut = lengths(journal(probe, surface, "apart", f"cuts-b.{surface}", started))

    alike = max(events, key=events.count)
    first = list(accumulate(events))[events.index(alike) - 1] if events[0] != alike else 0
    last = first + alike * events.count(alike)
    ends = [end for end in accumulate(cut) if first <= end <= last]
    assert {(end - first) % alike for end in ends} == set(range(alike))
