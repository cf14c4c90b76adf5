"""Repeats findings as their text says, without the suite: a small provider, the router, requests.

`python -m conformance.manual.repeated [NAME...]` keeps what came of each of them, or of those that
are named, beside the findings. A router that is not to be had leaves what was kept before.
"""

import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from conformance.drive.launch import LaunchFailed
from conformance.drive.router import Ready, free_port, running
from conformance.exits import Exit
from conformance.manual.findings import (
    ANSWERS,
    PROVIDER,
    REPEATED,
    Finding,
    Repeated,
    Setup,
    findings,
    repeated,
    setups,
)
from conformance.recipes.installing import NotInstalled, installed
from conformance.recipes.recipe import Recipe, load

PROGRAM = ANSWERS / "provider.py"
HOST = "127.0.0.1"
NODE = "node_modules"
ANSWER, ASKED = "answer.http", "asked"
SECONDS = 30


def again(finding: Finding, recipe: Recipe, setup: Setup) -> Repeated:
    """Do what the text of a finding says, on ports that are free."""
    programs = installed(recipe)
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        (directory / ANSWER).write_bytes(finding.wire)
        port, upstream = free_port(), free_port()
        ports = {PROVIDER: f"{HOST}:{upstream}", f"{setup.port}": f"{port}"}
        if setup.file:
            (directory / setup.file).write_text(_moved(finding.config, ports), "utf-8")
        if programs.name == NODE:
            (directory / NODE).symlink_to(programs)
        command = shlex.split(_moved(setup.start, ports))
        ready = Ready(f"http://{HOST}:{port}{recipe.start.ready}", recipe.start.seconds)
        environment = _environment(recipe, programs)
        with _provider(directory, upstream), running(command, directory, environment, ready):
            said = "".join(_said(_moved(command, ports)) for command in finding.asks)
        asked = (directory / ASKED).read_text("utf-8")
        back = {now: told for told, now in ports.items()}
        date = datetime.now(UTC).date().isoformat()
        return Repeated(recipe.version, date, _moved(said, back), _moved(asked, back))


@contextmanager
def _provider(directory: Path, port: int) -> Iterator[None]:
    """Run the provider that anyone can run, as long as the block lasts."""
    command = [sys.executable, str(PROGRAM), str(directory / ANSWER), str(port)]
    with (
        (directory / ASKED).open("wb") as asked,
        subprocess.Popen(command, stdout=asked, stderr=subprocess.PIPE) as process,  # noqa: S603  (our own command)
    ):
        try:
            if process.stderr is not None:
                process.stderr.readline()  # that it listens
            yield
        finally:
            process.terminate()


def _environment(recipe: Recipe, programs: Path) -> Mapping[str, str]:
    """Return what keeps a router from asking the network for anything."""
    quiet = {name: value for name, value in recipe.start.env.items() if "{{" not in value}
    shims = [f"-r {path}" for path in recipe.files if path.suffix == ".cjs"]
    return {
        **quiet,
        **({"NODE_OPTIONS": " ".join(shims)} if shims else {}),
        "PATH": f"{programs}:{os.environ['PATH']}",
    }


def _moved(text: str, ports: Mapping[str, str]) -> str:
    for told, now in ports.items():
        # Not within a longer number: answers have times and ids.
        text = re.sub(rf"(?<!\d){re.escape(told)}(?!\d)", now, text)
    return text


def _said(command: str) -> str:
    """Return what a command printed, and how it ended."""
    done = subprocess.run(  # noqa: S603  (what findings.toml says)
        shlex.split(command), capture_output=True, check=False, timeout=SECONDS
    )
    said = done.stdout.decode("utf-8", "backslashreplace").rstrip("\r\n").replace("\r\n", "\n")
    return f"{said}\n\n{shlex.split(command)[0]} ends with {done.returncode}\n"


def main(names: Sequence[str]) -> int:
    kept, code = repeated(), Exit.CONFORMANT
    for finding in findings():
        if names and finding.name not in names:
            continue
        try:
            kept[finding.name] = again(finding, load(finding.recipe), setups()[finding.recipe])
            print(f"{finding.name}: repeated")
        except (NotInstalled, LaunchFailed, subprocess.TimeoutExpired) as error:
            print(f"{finding.name}: not repeated: {error}", file=sys.stderr)
            code = Exit.HARNESS_ERROR
    if kept != repeated():
        rows = {name: asdict(row) for name, row in kept.items()}
        text = json.dumps(rows, indent=1, sort_keys=True, ensure_ascii=False)
        REPEATED.write_text(text + "\n", "utf-8")
    return code


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
