"""A request of a probe that stands for several: one for each thing that the profile declares."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from conformance.exchange import Json
from conformance.probes.probe import Probe, Send
from conformance.profiles.address import QUERY, Address
from conformance.profiles.rows import Endpoint

ENDPOINT = "endpoint"


def spread(probe: Probe, surface: str, address: Address, policy: Mapping[str, Json]) -> Probe:
    """Return the probe with the requests that are really sent."""
    if not any(send.each for send in probe.sends.values()):
        return probe
    word = str(policy.get("guard", ""))
    rows: tuple[Endpoint, ...] = policy.get(ENDPOINT, ())
    sends = {
        name: one
        for told, send in probe.sends.items()
        for name, one in _each(told, send, address.ways(surface), rows, len(word))
    }
    return replace(probe, sends=sends)


def _each(
    name: str, send: Send, ways: tuple[str, ...], rows: tuple[Endpoint, ...], letters: int
) -> Iterator[tuple[str, Send]]:
    match send.each:
        case "way":
            for way in ways:
                yield f"{name}.{way.removeprefix(QUERY)}", replace(send, way=way)
        case "endpoint":
            for at, row in enumerate(rows):
                yield f"{at}", replace(send, endpoint=row)
        case "cut":
            for at in range(1, letters):
                yield f"{name}.{at}", replace(send, cut=at)
        case _:
            yield name, send
