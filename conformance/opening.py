"""Makes the ground a run stands on: the mocks are up, the router answers, the mode is settled."""

import asyncio
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace

from conformance import preflight
from conformance.drive.client import Client
from conformance.drive.mock import Mock, MockTrouble
from conformance.drive.pair import mocks
from conformance.drive.trial import Bench
from conformance.drive.upstream import PortTaken, Upstream, upstream
from conformance.engine import BLACK_BOX, CONTROLLED, Ground
from conformance.exchange import SECOND
from conformance.preflight import Reading
from conformance.profiles.policy import FALLBACK
from conformance.settings import Settings, WrongUsage


@contextmanager
def ground(settings: Settings) -> Iterator[Ground]:
    """Start or find the mock providers; whether the router asks them is not known yet."""
    run = f"r{secrets.token_hex(4)}"
    if settings.black_box:
        yield Ground(BLACK_BOX, run)
        return
    with ExitStack() as stack:
        first = stack.enter_context(_provider(settings.mock_url, settings.mock_port))
        told = Ground(CONTROLLED, run, first.control_url, _base(first.data_url))
        if not settings.profile.lacks([FALLBACK]):
            url, port = settings.second_mock_url, settings.second_mock_port
            second = stack.enter_context(_provider(url, port, SECOND))
            told = replace(
                told,
                second_url=second.control_url,
                second_upstream_url=_base(second.data_url),
            )
        yield told


def surveyed(settings: Settings, ground: Ground) -> Ground:
    """Ask the router a few questions and return the ground as it turned out to be."""
    told = asyncio.run(_asked(settings, ground))
    if told.complaint:
        raise WrongUsage(told.complaint)
    if ground.mode == CONTROLLED and not told.seen:
        return replace(ground, mode=BLACK_BOX, note=preflight.unseen(ground.upstream_url))
    if ground.second_url and not told.second_seen:
        note = preflight.unused(ground.second_upstream_url)
        return replace(ground, second_url="", second_upstream_url="", note=note)
    return ground


async def _asked(settings: Settings, ground: Ground) -> Reading:
    mock = mocks(ground.control_url, ground.second_url) if ground.control_url else None
    async with Client() as http:
        bench = Bench(settings.target, http, mock, settings.limits, settings.profile.policy)
        try:
            surface = settings.surfaces[0]
            answers = await preflight.exchanges(bench, surface, ground.run)
            second = ground.second_url and await preflight.fallen_back(bench, surface, ground.run)
        finally:
            if mock:
                await mock.close()
    return preflight.reading(answers, settings.target.key)._replace(second_seen=bool(second))


@contextmanager
def _provider(url: str, port: int, name: str = "") -> Iterator[Upstream]:
    """Run a mock provider, or find the one that is said to run already."""
    if url:
        yield _found(url, name)
        return
    try:
        with upstream(port, name) as started:
            yield started
    except PortTaken as error:
        raise WrongUsage(str(error)) from error


def _base(data_url: str) -> str:
    return data_url.rstrip("/") + "/v1"


def _found(control_url: str, name: str) -> Upstream:
    """Return where a running mock plays the provider."""

    async def ask() -> dict[str, object]:
        mock = Mock(control_url)
        try:
            return await mock.health()
        finally:
            await mock.close()

    flag = f"--{name}-mock-url" if name else "--mock-url"
    try:
        told = asyncio.run(ask())
    except MockTrouble as trouble:
        raise WrongUsage(f"{flag}: {trouble}") from trouble
    if name and told.get("name") != name:
        called = f"is called {told['name']!r}" if "name" in told else "has no name"
        right = f"start it with --name {name}"
        raise WrongUsage(f"{flag} {control_url}: the mock there {called}; {right}")
    return Upstream(control_url, str(told["data_url"]))
