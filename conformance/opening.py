"""Makes the ground a run stands on: the mock is up, the router answers, the mode is settled."""

import asyncio
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace

from conformance import preflight
from conformance.drive.client import Client
from conformance.drive.mock import Mock, MockTrouble
from conformance.drive.trial import Bench
from conformance.drive.upstream import PortTaken, upstream
from conformance.engine import BLACK_BOX, CONTROLLED, Ground
from conformance.preflight import Reading
from conformance.settings import Settings, WrongUsage


@contextmanager
def ground(settings: Settings) -> Iterator[Ground]:
    """Start or find the mock provider; whether the router asks it is not known yet."""
    run = f"r{secrets.token_hex(4)}"
    with ExitStack() as stack:
        if settings.black_box:
            yield Ground(BLACK_BOX, run)
        elif settings.mock_url:
            yield Ground(CONTROLLED, run, settings.mock_url, _base(_found(settings.mock_url)))
        else:
            try:
                started = stack.enter_context(upstream(settings.mock_port))
            except PortTaken as error:
                raise WrongUsage(str(error)) from error
            yield Ground(CONTROLLED, run, started.control_url, _base(started.data_url))


def surveyed(settings: Settings, ground: Ground) -> Ground:
    """Ask the router two questions and return the ground as it turned out to be."""
    told = asyncio.run(_asked(settings, ground))
    if told.complaint:
        raise WrongUsage(told.complaint)
    if ground.mode == CONTROLLED and not told.seen:
        return replace(ground, mode=BLACK_BOX, note=preflight.unseen(ground.upstream_url))
    return ground


async def _asked(settings: Settings, ground: Ground) -> Reading:
    mock = Mock(ground.control_url) if ground.control_url else None
    async with Client() as http:
        bench = Bench(settings.target, http, mock, settings.limits)
        try:
            answers = await preflight.exchanges(bench, settings.surfaces[0], ground.run)
        finally:
            if mock:
                await mock.close()
    return preflight.reading(answers, settings.target.key)


def _base(data_url: str) -> str:
    return data_url.rstrip("/") + "/v1"


def _found(control_url: str) -> str:
    """Return where a running mock plays the provider."""

    async def ask() -> str:
        mock = Mock(control_url)
        try:
            return await mock.data_url()
        finally:
            await mock.close()

    try:
        return asyncio.run(ask())
    except MockTrouble as trouble:
        raise WrongUsage(f"--mock-url: {trouble}") from trouble
