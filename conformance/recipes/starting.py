"""Starts a router in front of the mock as its recipe says, and asks it for what it needs."""

import secrets
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from conformance.drive.launch import LaunchFailed
from conformance.drive.router import Ready, free_port, running
from conformance.drive.setup import told
from conformance.drive.upstream import Upstream, upstream
from conformance.exchange import SECOND
from conformance.recipes.installing import installed, version
from conformance.recipes.recipe import Recipe
from conformance.recipes.rendering import filled, rendered
from conformance.wire.json import with_texts

HOST = "127.0.0.1"


class Ground(NamedTuple):
    """A router that is up, the mocks behind it, and what its templates were filled with."""

    recipe: Recipe
    mock: Upstream
    second: Upstream  # of routes that fall back
    values: Mapping[str, str]


@contextmanager
def started(recipe: Recipe) -> Iterator[Ground]:
    """Run the mocks and, in front of them, the router."""
    programs = installed(recipe)
    recipe = replace(recipe, version=version(recipe, programs))
    options = ("--lenient",) if recipe.lenient else ()
    with (
        upstream(0, "", *options) as mock,
        upstream(0, SECOND, *options) as second,
        tempfile.TemporaryDirectory() as name,
    ):
        directory = Path(name)
        where = values(recipe, programs, directory, mock, second)
        rendered(recipe.files, where, directory)
        start = recipe.start
        command = [filled(part, where, recipe.name) for part in start.command]
        env = {name: filled(value, where, recipe.name) for name, value in start.env.items()}
        url = f"http://{HOST}:{where['port.' + recipe.ports[0]]}{start.ready}"
        with running(command, directory, env, Ready(url, start.seconds, start.status)):
            yield Ground(recipe, mock, second, set_up(recipe, where))


def values(recipe: Recipe, programs: Path, directory: Path, *mocks: Upstream) -> dict[str, str]:
    """Return what templates and commands may name."""
    urls = dict(zip(("upstream", SECOND), (mock.data_url for mock in mocks), strict=True))
    return {
        "bin": str(programs),
        "dir": str(directory),
        "key": recipe.key or f"sk-{secrets.token_hex(16)}",
        **urls,
        **{f"{name}.host": urlsplit(url).hostname or "" for name, url in urls.items()},
        **{f"{name}.port": str(urlsplit(url).port) for name, url in urls.items()},
        **{f"port.{name}": str(free_port()) for name in recipe.ports},
    }


def set_up(recipe: Recipe, where: Mapping[str, str]) -> Mapping[str, str]:
    """Send what a router is asked once it is up; return what may be named from then on."""
    for at, row in enumerate(recipe.setup):
        fill = partial(filled, values=where, where=f"{recipe.name}: setup[{at}]")
        url = f"http://{HOST}:{where['port.' + recipe.ports[0]]}{fill(row.path)}"
        headers, body = with_texts(row.headers, fill), with_texts(row.body, fill)
        try:
            where = {**where, **told(row.method, url, headers, body, row.keep)}
        except LaunchFailed as error:
            raise LaunchFailed(f"setup[{at}]: {error}") from error
    return where
