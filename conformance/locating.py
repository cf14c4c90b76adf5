"""Finds out where a router's surfaces are and how it wants its key, by asking politely."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from conformance.drive import trial
from conformance.drive.trial import Asking, Bench
from conformance.excerpt import opening
from conformance.exchange import SURFACES, Exchange
from conformance.preflight import PROBE
from conformance.profiles.address import AUTH, BASE, Address
from conformance.protocols import read
from conformance.redact import Redactor

#: Where gateways are known to have them, the place the official SDKs know first.
BASES: Mapping[str, tuple[str, ...]] = {
    "chat": (BASE["chat"], "", "/api/v1", "/openai/v1", "/openai"),
    "responses": (BASE["responses"], "", "/api/v1", "/openai/v1", "/openai"),
    "messages": (BASE["messages"], "/anthropic/v1", "/api/v1", "/anthropic", ""),
    "gemini": (BASE["gemini"], "/gemini/v1beta", "/v1", "/gemini", ""),
}
WAYS: Mapping[str, tuple[str, ...]] = {
    "chat": ("bearer", "x-api-key"),
    "responses": ("bearer", "x-api-key"),
    "messages": ("x-api-key", "bearer"),
    "gemini": ("x-goog-api-key", "?key", "bearer"),
}
ABSENT = frozenset({404, 405})
WRONG_KEY = "sk-this-is-no-key"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a surface is; `trouble` says why it is not spoken there, or nowhere."""

    surface: str
    base: str = ""
    ways: tuple[str, ...] = ()
    keyless: bool = False  # a wrong key is as good
    upstream: str = ""  # the surface on which it asks its provider
    trouble: str = ""


async def place(surface: str, bench: Bench, nonce: str) -> Place:
    """Look for a surface at the likely places; a few requests, each of them short."""
    found = Place(surface, trouble="nothing there")
    for at, base in enumerate(BASES[surface]):
        answers = [
            (way, await _asked(surface, base, way, bench, f"{nonce}.{at}.{number}"))
            for number, way in enumerate(WAYS[surface])
        ]
        if all(answer.status in ABSENT or answer.status is None for _, answer in answers):
            continue
        working = [(way, answer) for way, answer in answers if spoken(answer)]
        if not working:
            found = Place(surface, base, trouble=_said(answers[0][1], bench))
            continue
        wrong = replace(bench, target=replace(bench.target, key=WRONG_KEY))
        anybody = await _asked(surface, base, working[0][0], wrong, f"{nonce}.{at}.wrong")
        ways = tuple(way for way, _ in working)
        return Place(surface, base, ways, spoken(anybody), _upstream(working[0][1]))
    return found


async def _asked(surface: str, base: str, way: str, bench: Bench, nonce: str) -> Exchange:
    address = Address({surface: base}, {surface: (way,)})
    there = replace(bench, target=replace(bench.target, url=bench.target.root, address=address))
    return await trial.exchange(Asking(PROBE, surface, there, nonce), "plain")


def spoken(exchange: Exchange) -> bool:
    """Whether it is an answer of the surface with something in it."""
    return exchange.form == "plain" and any(each.text for each in read.outcome(exchange).choices)


def _said(exchange: Exchange, bench: Bench) -> str:
    if exchange.status is None:
        return exchange.error
    shown = opening(Redactor([bench.target.key]).data(exchange.body))
    return f"answered {exchange.status}, {shown!r}"


def _upstream(exchange: Exchange) -> str:
    return next((str(entry["surface"]) for entry in exchange.journal), "")


def listed(places: Mapping[str, Place]) -> Iterator[str]:
    """Say of each surface what was found, a line each."""
    for surface in SURFACES:
        found = places[surface]
        if found.trouble:
            yield f"{surface:10} no: {found.trouble}" + (f" at {found.base}" if found.base else "")
            continue
        asks = f", asks its provider as {found.upstream}" if found.upstream else ""
        key = "any key" if found.keyless else f"key as {' or '.join(found.ways)}"
        yield f"{surface:10} at {found.base or '/'}, {key}{asks}"


def address(places: Mapping[str, Place]) -> Address:
    found = {name: each for name, each in places.items() if not each.trouble}
    return Address(
        # All of them: without any a path that the official SDKs do not know counts as one.
        {name: each.base for name, each in found.items()},
        {name: each.ways for name, each in found.items() if each.ways != AUTH[name]},
    )
