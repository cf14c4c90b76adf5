"""Waits until a router has two providers again: it may leave one alone that has failed before."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from itertools import count

from conformance.drive.pair import Pair
from conformance.exchange import Exchange, Json
from conformance.probes.fallback import FAILING
from conformance.probes.probe import QUESTION, Probe, Send
from conformance.profiles.policy import FALLBACK

Ask = Callable[[Probe, str, str], Awaitable[Exchange]]  # a probe, one of its sends, a nonce

UNREADY = (
    "after earlier failures the router did not ask its first provider again, or not its second"
)
#: What is answered by whoever answers at all.
WELL = Probe("well", "", "text", {"plain": Send("plain")}, question=QUESTION)
PAUSE = 0.25  # seconds between two questions


class Unready(Exception):
    """The router is in no state to be asked; the message says why."""


async def asks_first(probe: Probe, pair: Pair, ask: Ask, nonce: str) -> None:
    """Ask until it is the first provider that is asked."""
    headers = next(iter(probe.sends.values())).headers
    well = replace(WELL, sends={"plain": Send("plain", headers=headers)})
    await _until(
        lambda number: ask(well, "plain", f"{nonce}.well{number}"),
        lambda told: bool(told.of_first),
        pair,
    )


async def asks_second(policy: Mapping[str, Json], pair: Pair, ask: Ask, nonce: str) -> None:
    """Have the first provider fail until the second is asked."""
    if name := quickest(policy):
        await _until(
            lambda number: ask(FAILING, name, f"{nonce}.ill{number}"),
            lambda told: bool(told.of_second),
            pair,
        )


def quickest(policy: Mapping[str, Json]) -> str:
    """Return a failure on which the router declares to fall back, and that takes no time."""
    return next((name for name in FAILING.sends if name in policy[FALLBACK]), "")


async def _until(
    ask: Callable[[int], Awaitable[Exchange]], right: Callable[[Exchange], bool], pair: Pair
) -> None:
    """Ask until it is right; a router that was given up once gets no more time."""
    clock = asyncio.get_running_loop().time
    deadline = clock() + pair.recovery
    for number in count():
        if right(await ask(number)):
            return
        if clock() > deadline:
            break
        await asyncio.sleep(PAUSE)
    pair.recovery = 0
    raise Unready(UNREADY)
