"""What a user installs: the wheel, in an empty environment, started from an empty directory."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(ROOT))
    (built,) = out.glob("*.whl")
    return built


def run(*command: str, cwd: Path = ROOT) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_wheel_holds_every_fixture_for_both_programs(wheel: Path) -> None:
    packed = set(zipfile.ZipFile(wheel).namelist())
    told = {
        str(path.relative_to(ROOT / "fixtures"))
        for folder in ("providers", "scenarios", "streams")
        for path in (ROOT / "fixtures" / folder).rglob("*.*")
    }

    missing = {
        f"{program}/fixtures/{name}" for program in ("conformance", "mockprovider") for name in told
    } - packed

    assert told
    assert missing == set()


@pytest.mark.parametrize("program", ["conformance", "mockprovider"])
def test_the_wheel_holds_all_that_lies_beside_the_code(wheel: Path, program: str) -> None:
    beside = {
        str(path.relative_to(ROOT))
        for path in (ROOT / program).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }

    assert beside
    assert beside - set(zipfile.ZipFile(wheel).namelist()) == set()


def test_the_demo_runs_from_the_wheel_in_an_empty_directory(wheel: Path, tmp_path: Path) -> None:
    run(sys.executable, "-m", "venv", str(tmp_path / "env"))
    python = str(tmp_path / "env/bin/python")
    run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", str(wheel))
    empty = tmp_path / "empty"
    empty.mkdir()

    told = run(str(tmp_path / "env/bin/conformance"), "demo", cwd=empty)

    assert "conformant" in told
