"""`conformance probe`: asks a router what it speaks and writes a first profile of it."""

import argparse
import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

from conformance import habits as reading
from conformance.drive import trial
from conformance.drive.client import Client
from conformance.drive.mock import Mock
from conformance.drive.trial import Bench
from conformance.engine import CONTROLLED, Ground
from conformance.exchange import SURFACES
from conformance.exits import Exit
from conformance.habits import Habits
from conformance.locating import Place, address, listed, place
from conformance.opening import ground
from conformance.probes import PROBES
from conformance.profiles import writing
from conformance.redact import bare
from conformance.settings import Settings, WrongUsage, named

FILE = "router.toml"
BASIS = "observed"


@dataclass(frozen=True, slots=True)
class Found:
    places: Mapping[str, Place]
    habits: Habits
    seen: bool  # the router asks our mock

    @property
    def surfaces(self) -> list[str]:
        return [name for name, each in self.places.items() if not each.trouble]


def probe(args: argparse.Namespace) -> int:
    """Find out what a router speaks and what its habits are, and write a first router.toml.

    It is asked a hundred short questions at most. What it does is not yet what it promises: read
    the file, and correct it.
    """
    chosen = named(args)
    path = Path(args.out)
    if path.exists() and not args.force:
        raise WrongUsage(f"--out: {path} exists; give another, or --force to write it anew")
    with ground(chosen) as found:
        told = asyncio.run(_asked(chosen, found))
    print("\n".join(summary(told, found)))
    if not told.surfaces:
        return Exit.NOT_CONFORMANT
    text = "\n".join(document(told, chosen, datetime.now(UTC).date())) + "\n"
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise WrongUsage(f"--out: {path}: {error.strerror}") from error
    print(f"written: {path}; next: conformance run --profile {path}")
    return Exit.CONFORMANT


async def _asked(chosen: Settings, found: Ground) -> Found:
    mock = Mock(found.control_url) if found.mode == CONTROLLED else None
    async with Client() as http:
        bench = Bench(chosen.target, http, mock, chosen.limits)
        try:
            places = {
                surface: await place(surface, bench, f"{found.run}-{surface}")
                for surface in SURFACES
            }
            seen = any(each.upstream for each in places.values())
            target = replace(bench.target, url=bench.target.root, address=address(places))
            trials = await _trials(places, replace(bench, target=target), found.run, seen=seen)
        finally:
            if mock:
                await mock.forget(found.run)
                await mock.close()
    return Found(places, reading.habits(trials), seen)


async def _trials(
    places: Mapping[str, Place], bench: Bench, run: str, *, seen: bool
) -> reading.Trials:
    """Run the probes whose answers show a habit; without our mock only those that are questions."""
    if not seen:
        bench = replace(bench, mock=None)
    wanted = [
        (surface, PROBES[name])
        for surface, each in places.items()
        if not each.trouble
        for name in reading.PROBES
        if surface in PROBES[name].surfaces.split() and (seen or PROBES[name].question)
    ]
    # What is before the last dash is the run, so that none may follow.
    return {
        (surface, each.id): await trial.run(each, surface, bench, f"{run}-{surface}.{number}")
        for number, (surface, each) in enumerate(wanted)
    }


def summary(told: Found, found: Ground) -> Iterator[str]:
    yield from listed(told.places)
    if found.mode == CONTROLLED and told.surfaces and not told.seen:
        yield (
            f"the router did not call the mock at {found.upstream_url}: only what any answer shows"
            " was read; with that as its upstream more would be known"
        )
    if not told.surfaces:
        yield "no surface was found: is the URL its root, and the key and the model right?"


def document(told: Found, chosen: Settings, today: date) -> Iterator[str]:
    """Yield a profile of what was found, line by line."""
    url, where = bare(chosen.target.root), address(told.places)
    yield "# Written by `conformance probe`. It says what the router did, which need not be what it"
    yield "# promises: correct it, and give each value the source that promises it."
    yield ""
    yield from writing.members({
        "title": f"Router at {url}", "source": f"its answers on {today}", "basis": BASIS,
        "url": url, "model": chosen.target.model, "surfaces": told.surfaces,
        "lookahead": told.habits.lookahead,
    })  # fmt: skip
    for surface, each in told.places.items():
        if each.keyless:
            yield f"# {surface} takes any key"
        if each.upstream:
            yield f"# {surface} asks its provider as {each.upstream}"
    yield from writing.table("base", where.base)
    yield from writing.table("auth", where.auth)
    yield from writing.table("policy", told.habits.policy)
    for header in told.habits.headers:
        yield from writing.row("header", header)
    for error in told.habits.errors:
        yield from writing.row("error", error)
    for limit in told.habits.limits:
        yield from writing.row("rate-limit", limit)
