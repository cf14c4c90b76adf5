"""Runs whose failures are expected, on the command line and as a pytest session."""

from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from xml.etree import ElementTree as ET

import pytest

from conformance.drive.capture import Limits
from conformance.drive.target import target
from conformance.exchange import Json
from conformance.expected.choosing import Expectations
from conformance.profiles.profile import load
from conformance.report.excuses import updated
from conformance.report.run import Run, read
from conformance.selfcheck.servers import Servers
from conformance.settings import Settings

pytestmark = pytest.mark.slow

Command = Callable[..., CompletedProcess[str]]

FILE = "expected-failures.toml"
RUN = Path("streamproof-run") / "run.jsonl"
CASE = "done.present[chat-text]"


def file(where: Path, *patterns: str) -> None:
    listed = ", ".join(f'"{pattern}"' for pattern in patterns)
    rest = 'reason = "why"\nowner = "me"\nexpires = 9999-01-01\n'
    (where / FILE).write_text(f"[[expected]]\npattern = [{listed}]\n{rest}")


def asking(expected: Expectations) -> Settings:
    router = target("http://127.0.0.1:1", "", "")
    return Settings(router, load("generic"), Limits(), Path("run"), expected=expected)


@pytest.fixture
def against(conformance: Command, started: Servers) -> Command:
    def runs(router: str, *args: str) -> CompletedProcess[str]:
        url = f"{started.routers_url}/{router}/v1"
        return conformance("run", url, "--mock-url", started.control_url, *args)

    return runs


@pytest.fixture
def session(testing: Command, started: Servers) -> Command:
    def runs(router: str, *args: str) -> CompletedProcess[str]:
        url = f"{started.routers_url}/{router}/v1"
        return testing("--router-url", url, "--mock-url", started.control_url, *args)

    return runs


def test_a_failure_that_is_expected_leaves_a_router_conformant(
    against: Command, tmp_path: Path, faults: Callable[[str, Json], dict[str, str]]
) -> None:
    file(tmp_path, "done.*[chat-*]")
    told = against("drops_done", "--only", "done.*", "--router-version", "1.8", "--junit", "-")
    run = read(tmp_path / RUN)

    assert told.returncode == 0
    assert "\nconformant but for " in told.stdout
    assert 'type="expected-fail"' in told.stdout
    assert run.footer["counts"]["expected-fail"] > 1
    assert [faults("run", line) for line in (run.header, run.footer, run.cases[0])] == [{}, {}, {}]
    assert (run.header["expected_failures"], run.header["router"]["version"]) == (FILE, "1.8")


def test_an_exact_case_that_passes_is_not_conformant(against: Command, tmp_path: Path) -> None:
    file(tmp_path, CASE)
    told = against("reference", "--only", CASE)

    assert told.returncode == 1
    assert told.stdout.startswith("done.present  MUST  unexpected-pass ")
    assert "    expected to fail: why (no issue; me, until 9999-01-01)\n" in told.stdout


def test_a_pattern_of_which_nothing_failed_is_not_conformant(
    against: Command, tmp_path: Path
) -> None:
    file(tmp_path, "done.present[chat-text*]")
    told = against("reference", "--only", "done.*")

    assert told.returncode == 1
    assert "stale  done.present[chat-text*]: none of its " in told.stdout
    assert read(tmp_path / RUN).footer["stale"][0]["pattern"] == "done.present[chat-text*]"


def test_a_part_of_a_pattern_decides_nothing(against: Command, tmp_path: Path) -> None:
    file(tmp_path, "done.*[chat-*]")

    assert against("reference", "--only", CASE).returncode == 0


def test_a_file_that_is_wrong_ends_the_run_before_it_begins(
    conformance: Command, testing: Command, tmp_path: Path
) -> None:
    file(tmp_path, "done.presnt[chat-text]")
    ours = conformance("run", "http://127.0.0.1:1")
    theirs = testing("--router-url", "http://127.0.0.1:1")
    said = (
        f"{FILE}: entry 1: pattern 'done.presnt[chat-text]' matches no case of the suite; "
        "did you mean 'done.present[chat-text]'?\n"
    )

    assert (ours.returncode, ours.stdout, ours.stderr) == (4, "", f"conformance: {said}")
    assert (theirs.returncode, theirs.stderr) == (4, f"ERROR: {said}\n")


def test_a_file_that_was_named_has_to_be_there(conformance: Command) -> None:
    told = conformance("run", "http://127.0.0.1:1", "--expected-failures", "lost.toml")

    assert told.stderr == "conformance: lost.toml: No such file or directory\n"
    assert told.returncode == 4


def test_what_an_update_has_written_is_expected_from_then_on(
    against: Command, tmp_path: Path
) -> None:
    first = against("drops_done", "--only", CASE, "--update-expected", "me")
    again = against("drops_done", "--only", CASE)
    ask = "give each new entry its issue, and its reason in your own words"

    assert first.returncode == 1
    assert first.stdout.splitlines()[-1] == f"{FILE}: 1 added, 0 removed; {ask}"
    assert (tmp_path / FILE).read_text().splitlines()[:3] == [
        "[[expected]]",
        f'pattern = "{CASE}"',
        'reason  = "the body ended without data: [DONE]"',
    ]
    assert again.returncode == 0


def test_an_update_removes_what_passes_and_nothing_that_was_not_judged(
    against: Command, tmp_path: Path
) -> None:
    file(tmp_path, CASE, "done.present[chat-tool-call]")
    told = against("reference", "--only", CASE, "--update-expected", "me")
    again = against("reference", "--only", CASE, "--update-expected", "me")

    assert told.returncode == 1
    assert told.stdout.splitlines()[-1] == f"{FILE}: 0 added, 1 removed"
    assert 'pattern = "done.present[chat-tool-call]"\n' in (tmp_path / FILE).read_text()
    assert again.stdout.splitlines()[-1] == f"{FILE}: nothing to update"


@pytest.mark.parametrize(
    ("code", "why"),
    [(2, "the run was interrupted"), (3, "the harness failed"), (4, "the run was cut short")],
)
def test_a_run_that_did_not_come_to_its_end_updates_nothing(
    tmp_path: Path, run: Callable[..., Run], case: Callable[..., Json], code: int, why: str
) -> None:
    path = tmp_path / FILE
    chosen = asking(Expectations(path, (), "me"))

    assert updated(run(case("fail"), exit=code), chosen) == f"{path}: not updated, {why}"
    assert not path.exists()


def test_a_file_that_cannot_be_written_is_said_to_be_so(
    tmp_path: Path, run: Callable[..., Run], case: Callable[..., Json]
) -> None:
    path = tmp_path / "no" / FILE
    chosen = asking(Expectations(path, (), "me"))

    said = updated(run(case("fail")), chosen)
    assert said == f"{path}: not updated, No such file or directory"


def test_nobody_is_told_of_an_update_that_was_not_asked_for(
    run: Callable[..., Run], case: Callable[..., Json]
) -> None:
    assert updated(run(case("fail")), asking(Expectations())) == ""


def test_pytest_takes_it_for_an_xfail(session: Command, tmp_path: Path) -> None:
    file(tmp_path, CASE)
    told = session("drops_done", "-k", CASE, "-rx", "--junitxml", "it.xml")
    skipped = ET.parse(tmp_path / "it.xml").find(".//skipped")  # noqa: S314  (ours)

    assert told.returncode == 0, told.stdout
    assert f"expected failures are in {FILE}\n" in told.stdout
    assert f"XFAIL conformance::{CASE} - why (no issue; me, until 9999-01-01)\n" in told.stdout
    assert skipped is not None
    assert skipped.get("type") == "pytest.xfail"


def test_pytest_may_be_told_to_expect_nothing(session: Command, tmp_path: Path) -> None:
    file(tmp_path, CASE)

    assert session("drops_done", "-k", CASE, "--runxfail").returncode == 1


def test_workers_expect_the_same_and_the_controller_updates(
    session: Command, tmp_path: Path
) -> None:
    file(tmp_path, CASE)
    told = session("drops_done", "-k", "done and chat-text", "-n", "2", "--update-expected", "me")
    counts = read(tmp_path / RUN).footer["counts"]

    assert told.returncode == 1
    assert counts["expected-fail"] == 1
    assert f"{FILE}: {counts['fail']} added, 0 removed; give each new entry" in told.stdout


def test_a_case_that_should_have_failed_fails_in_pytest(session: Command, tmp_path: Path) -> None:
    file(tmp_path, CASE)
    told = session("reference", "-k", CASE)

    assert told.returncode == 1
    assert "    expected to fail: why (no issue; me, until 9999-01-01)" in told.stdout
