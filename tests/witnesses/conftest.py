"""What the witnesses share: the mock they ask, the scenarios they are asked about, Node."""

import fcntl
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from conformance.drive.upstream import upstream
from conformance.exchange import Json
from conformance.resources import FIXTURES, scenario

NODE = Path(__file__).parent / "node"
AskNode = Callable[[str, str, Json], Mapping[str, Json]]


def healthy(name: str) -> bool:
    """No fault, no hold, no odd bytes, one attempt: what any client must be able to read."""
    told = scenario(name)
    odd = {"hold", "raw", "raw_base64", "reset", "close", "stall", "error", "await_close"}
    steps = told.get("step", [])
    return bool(steps) and not (
        {"fault", "attempt", "head"} & told.keys()
        or any(odd & step.keys() for step in steps)
        or not any("finish" in step for step in steps)
    )


SCENARIOS = sorted(
    path.stem for path in (FIXTURES / "scenarios").glob("*.toml") if healthy(path.stem)
)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that wants the name of a scenario for each healthy one."""
    if "name" in metafunc.fixturenames:
        metafunc.parametrize("name", SCENARIOS)


@pytest.fixture(scope="session")
def scenarios() -> list[str]:
    return SCENARIOS


@pytest.fixture(scope="session")
def data_url() -> Iterator[str]:
    with upstream(0) as mock:
        yield mock.data_url


@pytest.fixture(scope="session")
def ask_node() -> AskNode:
    """Return what asks an official Node SDK: one process for all cases, a line for each."""
    if not shutil.which("node") or not shutil.which("npm"):
        pytest.skip("node and npm are not installed, so the official Node SDKs cannot be asked")

    def ask(script: str, package: str, question: Json) -> Mapping[str, Json]:
        installed(package)
        done = subprocess.run(
            ["node", str(NODE / script)],  # noqa: S607
            input=json.dumps(question),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        # Not splitlines(): a scenario says U+2028, which ends no line.
        lines = done.stdout.rstrip("\n").split("\n")
        return {told["name"]: told for told in map(json.loads, lines)}

    return ask


def installed(package: str) -> None:
    """Install the Node packages if need be; of several test processes, one does it."""
    with (NODE / "package.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (NODE / "node_modules" / package).is_dir():
            subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=NODE, check=True)  # noqa: S607
