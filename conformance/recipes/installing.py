"""Installs a router into a cache of its own; what is there already is taken as it is."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from conformance.recipes.recipe import Recipe

MARK = "installed.json"
SECONDS = 1800
LAST = 2000  # characters of what an installer said
NUMBER = re.compile(r"\d+(\.\d+)+")


class NotInstalled(RuntimeError):
    """A router that is not to be had; the message says why, and how to get it."""


def cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "streamproof" / "routers"


def place(recipe: Recipe) -> Path:
    """Return where it is installed: one state of a recipe does not replace another that may run."""
    packages = json.dumps(list(recipe.install.packages)).encode()
    return cache() / f"{recipe.home}-{recipe.version}-{sha256(packages).hexdigest()[:8]}"


def installed(recipe: Recipe) -> Path:
    """Return the directory of its programs; installs it if need be."""
    if recipe.install.by == "system":
        if found := shutil.which(recipe.install.binary):
            return Path(found).parent
        hint = f"; {recipe.install.hint}" if recipe.install.hint else ""
        raise NotInstalled(f"{recipe.title}: no {recipe.install.binary} is installed{hint}")
    home, wanted = place(recipe), json.dumps(list(recipe.install.packages))
    mark = home / MARK
    if not (mark.is_file() and mark.read_text("utf-8") == wanted):
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        INSTALLING[recipe.install.by](recipe, home)
        mark.write_text(wanted, "utf-8")
    return home / PROGRAMS[recipe.install.by]


def version(recipe: Recipe, programs: Path) -> str:
    """Return the version a recipe pins, or what the binary of a system says it is."""
    if not recipe.install.asked:
        return recipe.version
    command = [str(programs / recipe.install.binary), *recipe.install.asked]
    done = _ran(recipe, command, programs)
    found = NUMBER.search(done.stdout + done.stderr)
    return found[0] if found else recipe.version


def _pip(recipe: Recipe, home: Path) -> None:
    _run(recipe, [sys.executable, "-m", "venv", str(home)], home)
    _run(recipe, [str(home / "bin/pip"), "install", "--quiet", "--disable-pip-version-check",
                  *recipe.install.packages], home)  # fmt: skip


def _npm(recipe: Recipe, home: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise NotInstalled(f"{recipe.title}: it is installed by npm, and there is none")
    _run(recipe, [npm, "install", "--prefix", str(home), "--no-audit", "--no-fund", "--silent",
                  "--legacy-peer-deps", *recipe.install.packages], home)  # fmt: skip


INSTALLING = {"pip": _pip, "npm": _npm}
PROGRAMS = {"pip": "bin", "npm": "node_modules"}


def _run(recipe: Recipe, command: Sequence[str], home: Path) -> None:
    done = _ran(recipe, command, home)
    if done.returncode:
        said = (done.stderr or done.stdout).strip()[-LAST:]
        raise NotInstalled(f"{recipe.title}: {command[0]} ended with {done.returncode}: {said}")


def _ran(recipe: Recipe, command: Sequence[str], home: Path) -> "subprocess.CompletedProcess[str]":
    try:
        return subprocess.run(  # noqa: S603  (what the recipe says)
            command, cwd=home, capture_output=True, text=True, check=False, timeout=SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotInstalled(f"{recipe.title}: {error}") from error
