"""The pytest plugin, in sessions of pytest of its own."""

import re
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from xml.etree import ElementTree as ET

import pytest

from conformance.drive.launch import launched, python
from conformance.report.run import read
from conformance.selfcheck.mutants import MUTANTS
from conformance.selfcheck.servers import Servers

pytestmark = pytest.mark.slow

Command = Callable[..., CompletedProcess[str]]

TEXT = "done.present[chat-text]"


@pytest.fixture
def against(testing: Command, started: Servers) -> Command:
    """Return what runs the cases against one of the self-check's routers."""

    def runs(router: str, *args: str) -> CompletedProcess[str]:
        url = f"{started.routers_url}/{router}/v1"
        return testing("--router-url", url, "--mock-url", started.control_url, *args)

    return runs


def collected(told: CompletedProcess[str]) -> set[str]:
    return {line for line in told.stdout.splitlines() if line.startswith("conformance::")}


def test_a_good_router_passes(against: Command, tmp_path: Path) -> None:
    told = against("reference", "-m", "done")
    written = read(tmp_path / "streamproof-run" / "run.jsonl")

    assert told.returncode == 0, told.stdout
    assert "profile generic" in told.stdout
    assert re.search(r"the router's upstream has to be http://127.0.0.1:\d+/v1\n", told.stdout)
    assert f"conformant: {len(written.cases)} cases, exit 0\n" in told.stdout
    assert written.damage == ""


def test_a_broken_router_fails_with_the_text_of_the_case(against: Command) -> None:
    told = against("drops_done", "-k", TEXT, "-rf")

    assert told.returncode == 1
    assert "done.present  MUST  fail        probe text, chat, profile generic\n" in told.stdout
    assert "    again: pytest --pyargs conformance --router-url " in told.stdout
    assert f"FAILED conformance::{TEXT}" in told.stdout
    assert "Traceback" not in told.stdout


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        (["-k", TEXT], {TEXT}),
        (["-k", "done.present and chat-text]"], {TEXT}),
        (["-k", "chat-text] and done.present", "-m", "must and done and vendor-doc"], {TEXT}),
        (["-k", TEXT, "-m", "should"], set()),
    ],
)
def test_cases_are_selected_by_name_and_mark(
    against: Command, selection: list[str], expected: set[str]
) -> None:
    told = against("reference", "--collect-only", "-q", "--strict-markers", *selection)

    assert collected(told) == {f"conformance::{name}" for name in expected}
    assert told.returncode == (0 if expected else 5)


def test_marks_tell_levels_apart(against: Command) -> None:
    every, must, other = (
        collected(against("reference", "--collect-only", "-q", *args))
        for args in ((), ("-m", "must"), ("-m", "not must"))
    )

    assert must | other == every
    assert must
    assert not must & other


def test_collecting_alone_sends_nothing(testing: Command, tmp_path: Path) -> None:
    told = testing("--router-url", "http://127.0.0.1:1", "--collect-only", "-q")

    assert told.returncode == 0
    assert f"conformance::{TEXT}" in told.stdout
    assert not (tmp_path / "streamproof-run").exists()


def test_what_failed_last_can_be_run_again_alone(against: Command) -> None:
    against("drops_done", "-k", "chat-text] and done")

    told = against("reference", "-k", "chat-text] and done", "--lf")

    assert "conformant: 1 case, exit 0" in told.stdout


def test_a_selection_of_nothing_is_exit_5(against: Command) -> None:
    assert against("reference", "-k", "nosuchcase").returncode == 5


def test_junit_has_the_family_as_class_and_tells_the_verdict(
    against: Command, tmp_path: Path
) -> None:
    against("drops_done", "-k", "chat-text] and done", "--junitxml", "it.xml")
    cases = {
        case.get("name"): case
        for case in ET.parse(tmp_path / "it.xml").iterfind(".//testcase")  # noqa: S314  (ours)
    }
    failing = cases[TEXT]

    assert {case.get("classname") for case in cases.values()} == {"done"}
    assert [child.tag for child in failing] == ["properties", "failure"]
    assert {p.get("name"): p.get("value") for p in failing.iterfind("properties/property")} == {
        "rule": "done.present", "level": "MUST", "basis": "vendor-doc", "surface": "chat",
        "verdict": "fail",
    }  # fmt: skip


def test_trouble_of_the_harness_is_an_error_and_no_failure(
    testing: Command, started: Servers, tmp_path: Path
) -> None:
    """A rule that breaks down must not be blamed on the router."""
    (tmp_path / "conftest.py").write_text(
        "from dataclasses import replace\n"
        "from conformance.rules import RULES\n"
        "rule = RULES['done.present']\n"
        "RULES['done.present'] = replace(rule, check=lambda trial: 1 / 0)\n"
    )
    url = f"{started.routers_url}/reference/v1"

    told = testing("--router-url", url, "--mock-url", started.control_url, "-k", TEXT,
                   "--rootdir", ".", "--confcutdir", ".", "-p", "conftest",
                   PYTHONPATH=str(tmp_path))  # fmt: skip

    assert told.returncode == 3
    assert "1 error in" in told.stdout
    assert "rule done.present broke down: ZeroDivisionError" in told.stdout


def test_the_first_failure_ends_the_session_if_told_so(against: Command, tmp_path: Path) -> None:
    told = against("drops_done", "-m", "done", "-x")
    footer = read(tmp_path / "streamproof-run" / "run.jsonl").footer

    assert told.returncode == 1
    assert footer["counts"]["fail"] == 1
    assert sum(footer["counts"].values()) < footer["selected"]


def test_workers_share_the_mock_and_the_controller_writes_the_run(
    against: Command, tmp_path: Path
) -> None:
    told = against("drops_done", "-m", "done", "-n", "2")
    written = read(tmp_path / "streamproof-run" / "run.jsonl")

    assert told.returncode == 1
    assert written.damage == ""
    assert len(written.cases) == written.footer["selected"]
    assert {case["rule"] for case in written.cases if case["verdict"] == "fail"} == {"done.present"}


def test_the_mock_is_started_on_its_port_and_ends_with_the_session(testing: Command) -> None:
    """The router is configured with the port before there is a mock."""
    port = free_port()
    command = ("--port", "0", "--upstream", f"http://127.0.0.1:{port}/v1", "--print-json")
    with launched(python("conformance.selfcheck.serve", *command)) as router:
        told = testing("--router-url", f"{router['url']}/reference/v1", "--mock-port", str(port),
                       "-k", TEXT)  # fmt: skip

    assert told.returncode == 0, told.stdout
    assert f"the router's upstream has to be http://127.0.0.1:{port}/v1\n" in told.stdout
    assert free(port)


def test_a_taken_port_is_one_line_and_exit_4(testing: Command) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        told = testing("--router-url", "http://127.0.0.1:1", "--mock-port", str(port))

    assert told.returncode == 4
    assert told.stderr.strip() == (
        f"ERROR: port {port} for the mock provider is taken: give another with --mock-port, "
        "or the control URL of a running mock with --mock-url"
    )


LOST = "http://127.0.0.1:1/v1/chat/completions"
NO_ANSWER = "no answer (Connection refused); start the router or correct --router-url"


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ([], "no router to judge: give --router-url http://HOST:PORT/v1"),
        (["--router-url", "http://a?b"], "router URL 'http://a?b': a base URL has neither ? nor #"),
        (["--router-url", "http://a", "--router-profile", "generik"],
         "--router-profile: no profile 'generik'; did you mean 'generic'?"),
        (["--router-url", "http://127.0.0.1:1", "--mock-port", "0"],
         f"router at {LOST}: {NO_ANSWER}"),
        (["--router-url", "http://127.0.0.1:1", "--mock-port", "0", "-n", "2"],
         f"router at {LOST}: {NO_ANSWER}"),
    ],
)  # fmt: skip
def test_wrong_usage_is_one_line_and_exit_4(testing: Command, args: list[str], said: str) -> None:
    told = testing(*args)

    assert (told.returncode, told.stderr.strip()) == (4, f"ERROR: {said}")


def test_a_run_directory_that_cannot_be_written_is_exit_4(against: Command, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    told = against("reference", "-k", TEXT, "--run-dir", "file")

    assert told.returncode == 4
    assert told.stderr.strip() == (
        "ERROR: --run-dir: file/run.jsonl cannot be written: File exists"
    )


def test_a_router_that_does_not_call_the_mock_makes_the_run_incomplete(
    testing: Command, started: Servers
) -> None:
    url = f"{started.routers_url}/reference/v1"

    told = testing("--router-url", url, "--mock-port", "0", "-k", TEXT)

    assert told.returncode == 6
    assert "the router did not call the mock at http://127.0.0.1:" in told.stdout


def test_what_is_not_judged_is_never_green(testing: Command, started: Servers) -> None:
    url = f"{started.routers_url}/reference/v1"

    told = testing("--router-url", url, "--black-box", "-k", "chat-incremental-text]", "-v")

    assert told.returncode == 6
    assert "PASSED" not in told.stdout
    assert re.search(r" UNTESTABLE .*\n", told.stdout)
    assert re.search(r", \d+ untestable in ", told.stdout)


def test_without_our_cases_the_plugin_is_inert(tmp_path: Path) -> None:
    """It is loaded in every session of its users: cheap, and no part of theirs."""
    (tmp_path / "test_theirs.py").write_text(
        "import sys\n"
        "def test_nothing_of_ours_is_loaded():\n"
        "    loaded = {name for name in sys.modules if name.startswith('conformance')}\n"
        "    assert loaded == {'conformance', 'conformance.options', 'conformance.plugin'}\n"
        "    assert 'httpx' not in sys.modules\n"
    )

    told = subprocess.run(
        [sys.executable, "-m", "pytest", "-q"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert told.returncode == 0, told.stdout


def test_other_tests_may_be_part_of_the_session(against: Command, tmp_path: Path) -> None:
    (tmp_path / "test_theirs.py").write_text("def test_one(): assert 0\n")

    told = against("reference", "-k", f"{TEXT} or test_one", "test_theirs.py")

    assert told.returncode == 1
    assert "1 failed, 1 passed" in told.stdout
    assert "conformant: 1 case, exit 0" in told.stdout


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [([], 0, "1 warned"), (["--strict-should"], 1, "1 failed")],
    ids=["relaxed", "strict"],
)
def test_a_recommendation_fails_only_if_it_is_to(
    against: Command, args: list[str], code: int, words: str
) -> None:
    broken = next(name for name, mutant in MUTANTS.items() if "hdr.request-id" in mutant.breaks)

    told = against(broken, "-k", "hdr.request-id[chat-text]", *args)

    assert told.returncode == code
    assert words in told.stdout


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def free(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) != 0
