"""`conformance try`: a real router is installed, started in front of the mock, judged, stopped."""

import argparse
import asyncio
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from conformance import preflight
from conformance.drive.capture import Limits
from conformance.drive.client import Client
from conformance.drive.launch import LaunchFailed
from conformance.drive.pair import mocks
from conformance.drive.target import Target, target
from conformance.drive.trial import Bench
from conformance.exchange import Json
from conformance.exits import Exit, together
from conformance.expected.choosing import Expectations
from conformance.plan import Case, cases, selected
from conformance.probes import PROBES
from conformance.profiles.address import Address
from conformance.profiles.policy import FALLBACK
from conformance.profiles.profile import Profile
from conformance.recipes.installing import NotInstalled
from conformance.recipes.recipe import BadRecipe, Recipe, Route, load, names
from conformance.recipes.rendering import filled
from conformance.recipes.starting import HOST, Ground, started
from conformance.report.excuses import updated
from conformance.report.markdown import markdown
from conformance.report.progress import Progress
from conformance.report.run import FILE
from conformance.report.terminal import summary
from conformance.rules import RULES
from conformance.running import run
from conformance.settings import Settings, WrongUsage, expected, profile

LOAD = "load"  # the family that takes minutes and what memory there is
EXPECTED = "expected-failures.{}.toml"
REPORT = "report.md"
LIMITS = Limits(deadline=30.0, patience=3.0, crowd=20)
#: What makes bytes on one surface, and nothing on another.
OWN_BYTES = frozenset({"raw", "raw_base64", "extra"})
#: What an API with one choice has no words for.
SINGLE = ("messages", "responses")
#: What is said beside a text by each API in its own words; the rest of an `extra` is a vendor's.
SAYABLE = {"tool_calls"}
#: Its calls come whole, in one part.
WHOLE_CALLS = "gemini"
#: Whose answer has no text where a filter blocked it, unless it was streamed before.
SILENT_FILTER, COMPLETE = "gemini", "content.complete"
#: What only one provider can send.
OF_GEMINI = frozenset({"gem.continuation-kept", "gem.prompt-feedback-kept",
                       "gem.thought-signature-kept"})  # fmt: skip


def try_(args: argparse.Namespace) -> int:
    """Install a real router, start it in front of the mock, judge it and stop it.

    A router that is not to be had, or does not come up, is an error and no verdict.
    """
    if args.list or not args.name:
        print("\n".join(listed()))
        return Exit.CONFORMANT
    try:
        recipe = load(args.name)
        routes = [recipe.route(name) for name in args.route] or list(recipe.routes)
        with started(recipe) as ground:
            ends = [_judged(ground, route, args) for route in routes]
    except BadRecipe as error:
        raise WrongUsage(str(error)) from error
    except NotInstalled as error:
        print(f"conformance: {error}", file=sys.stderr)
        return Exit.HARNESS_ERROR
    except LaunchFailed as error:
        raise LaunchFailed(f"{recipe.title}: {error}") from error
    return together(ends)


def listed() -> Iterator[str]:
    for name in names():
        recipe = load(name)
        routes = ", ".join(route.name for route in recipe.routes)
        yield f"{name:16} {recipe.title} {recipe.version}: {routes}"


def _judged(ground: Ground, route: Route, args: argparse.Namespace) -> Exit:
    recipe = ground.recipe
    directory = Path(args.run_dir) / recipe.name / route.name
    settings = _settings(ground, route, directory, args)
    whole = _cases(route)
    wanted = {case.id for case in selected(whole, route.only) if args.load or not _loads(case)}
    chosen = [case for case in selected(whole, args.only) if case.id in wanted]
    title = f"{recipe.title} {recipe.version}, {route.name}"
    if not chosen:
        load = "" if args.load else f"; the family {LOAD} is asked with --load"
        print(f"{title}: no case matches {' '.join(args.only)}{load}", file=sys.stderr)
        return Exit.EMPTY
    print(f"{title}: {len(chosen)} cases", file=sys.stderr)
    asyncio.run(_warmed(settings))
    with Progress(sys.stderr, len(chosen), known=True) as progress:
        told = run(settings, chosen, progress)
    (directory / REPORT).write_text(markdown(told), "utf-8")
    print("\n".join([title, *summary(told, str(directory / FILE)), updated(told, settings), ""]))
    return Exit(told.footer["exit"])


def _loads(case: Case) -> bool:
    return case.rule.family == LOAD


async def _warmed(settings: Settings) -> None:
    """Ask each surface once for nothing: many a router loads what it needs at the first request."""
    mock = mocks(settings.mock_url, "")
    async with Client() as http:
        bench = Bench(settings.target, http, mock, settings.limits, settings.profile.policy)
        try:
            for surface in settings.surfaces:
                await preflight.exchanges(bench, surface, f"warm-{surface}")
        finally:
            await mock.close()


def _settings(ground: Ground, route: Route, directory: Path, args: argparse.Namespace) -> Settings:
    recipe = ground.recipe
    promised = _promised(recipe, route, ground.values)
    return Settings(
        _target(route, ground.values, promised.address),
        promised,
        LIMITS,
        directory,
        route.surfaces,
        mock_url=ground.mock.control_url,
        second_mock_url=ground.second.control_url,
        clients=args.clients,
        expected=_expected(recipe, route, args),
        command=f"conformance try {recipe.name} --route {route.name}",
    )


def _promised(recipe: Recipe, route: Route, where: Mapping[str, str]) -> Profile:
    """Return its profile; where its bills are may be in what a recipe has rendered."""
    promised = profile(recipe.profile, recipe.name)
    if route.fallback:
        promised = replace(promised, policy={**promised.policy, FALLBACK: route.fallback})
    if promised.bill is None:
        return promised
    found = tuple(filled(part, where, recipe.profile) for part in promised.bill.where)
    return replace(promised, bill=replace(promised.bill, where=found))


def _target(route: Route, where: Mapping[str, str], address: Address) -> Target:
    url = f"http://{HOST}:{where['port.' + route.port]}{route.path}"
    headers = tuple((name, filled(value, where, route.name)) for name, value in route.headers)
    asked = target(url, where["key"], route.model, headers, address)
    return replace(asked, members=route.body)


def _expected(recipe: Recipe, route: Route, args: argparse.Namespace) -> Expectations:
    """A route has a file of its own: what fails on one passes on another.

    Where there is none a recipe has that of whose routes it has; what is of one version says so.
    """
    name = EXPECTED.format(route.name)
    path = recipe.folder / name
    if not path.is_file() and not args.update_expected:
        path = recipe.base / name
    if not path.is_file() and not args.update_expected:
        return Expectations(version=recipe.version)
    return expected(str(path), "", recipe.version, args.update_expected)


def _cases(route: Route) -> list[Case]:
    """Return what can be asked on a route: bytes of one API mean nothing where it is another."""
    return [
        case
        for case in cases(RULES.values(), PROBES.values(), route.surfaces)
        if route.upstream in ("same", case.surface) or portable(case, route.upstream)
    ]


def portable(case: Case, upstream: str) -> bool:
    """Whether a provider of another surface can play it."""
    if case.rule.id in OF_GEMINI and upstream != "gemini":
        return False
    documents = [case.probe.document(name) for name in case.probe.sends]
    if any(_whole(part) for told in documents for part in told.get("attempt", [told])):
        return False
    steps = [step for told in documents for step in _steps(told)]
    if upstream == WHOLE_CALLS and _held_within_a_call(steps):
        return False
    if upstream == SILENT_FILTER and case.rule.id == COMPLETE and _filtered(steps):
        return False
    if upstream in SINGLE and any("choice" in step for step in steps):
        return False
    if upstream in case.probe.surfaces.split():  # the script is one for a provider of it, too
        return all(step.get("extra", {}).keys() <= SAYABLE for step in steps)
    return not any(OWN_BYTES & step.keys() for step in steps)


def _held_within_a_call(steps: Sequence[Json]) -> bool:
    return any("hold" in step for step in steps) and any("arguments" in step for step in steps)


def _filtered(steps: Sequence[Json]) -> bool:
    return any(step.get("finish") == "content_filter" for step in steps)


def _whole(document: Json) -> bool:
    """Whether the script has the very body of an answer; a web page is one wherever it comes."""
    head = document.get("head", {})
    return "json" in head or ("body" in head and "html" not in head.get("content_type", ""))


def _steps(document: Json) -> Iterator[Json]:
    for part in document.get("attempt", [document]):
        yield from part.get("step", [])
