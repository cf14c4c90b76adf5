"""The commands, as users type them; every complaint is read here."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from subprocess import PIPE, CompletedProcess

import pytest

from conformance.drive.target import DEFAULT_KEY
from conformance.exchange import Json
from conformance.report.run import Writer, read
from conformance.rules import RULES
from conformance.selfcheck.emulations import EMULATIONS
from conformance.selfcheck.servers import Servers
from conformance.suite import Background

Command = Callable[..., CompletedProcess[str]]
Against = Callable[..., CompletedProcess[str]]


@pytest.fixture
def against(conformance: Command, started: Servers) -> Against:
    """Return what runs the suite against one of the self-check's routers."""

    def runs(router: str, *args: str) -> CompletedProcess[str]:
        url = f"{started.routers_url}/{router}/v1"
        return conformance("run", url, "--mock-url", started.control_url, *args)

    return runs


def test_a_good_router_is_conformant(against: Against, tmp_path: Path) -> None:
    told = against("reference", "--only", "done.*")
    written = read(tmp_path / "streamproof-run" / "run.jsonl")

    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.splitlines()[-1].startswith("conformant: ")
    assert (written.damage, written.footer["exit"]) == ("", 0)
    assert {case["verdict"] for case in written.cases} == {"pass"}


def test_every_line_of_a_run_has_the_published_shape(
    against: Against, tmp_path: Path, faults: Callable[[str, Json], dict[str, str]]
) -> None:
    against("drops_done", "--only", "text", "--only", "incremental-text")
    lines = (tmp_path / "streamproof-run" / "run.jsonl").read_text().splitlines()

    wrong = [found for line in lines if (found := faults("run", json.loads(line)))]
    assert wrong == []
    assert {json.loads(line)["kind"] for line in lines} == {
        "header", "rule", "case", "evidence", "footer",
    }  # fmt: skip


def test_a_broken_router_fails_with_requirement_place_and_commands(against: Against) -> None:
    told = against("drops_done", "--only", "done.present[chat-text]")
    lines = told.stdout.splitlines()

    assert told.returncode == 1
    assert lines[0] == "done.present  MUST  fail        probe text, chat, profile generic"
    assert "the body ended without data: [DONE]" in lines[3] + lines[4]
    assert sum(line.strip().startswith("again: ") for line in lines) == 2
    assert lines[-1] == "not conformant: 1 case, exit 1"


def test_a_case_is_repeated_by_the_command_it_prints(
    against: Against, conformance: Command
) -> None:
    first = against("drops_done", "--only", "done.present[chat-text]")
    command = next(
        line.split("again: conformance ")[1]
        for line in first.stdout.splitlines()
        if "again: conformance " in line
    )

    again = conformance(*(word.strip("'") for word in command.split()))

    assert again.stdout.splitlines()[:5] == first.stdout.splitlines()[:5]


def test_no_key_is_ever_written_down(against: Against, tmp_path: Path) -> None:
    told = against("drops_done", "--only", "text", "--markdown", "it.md", "--junit", "it.xml")
    files = [path for path in tmp_path.rglob("*") if path.is_file()]

    assert len(files) == 3
    assert [path for path in files if DEFAULT_KEY in path.read_text()] == []
    assert DEFAULT_KEY not in told.stdout + told.stderr


def test_reports_are_written_where_they_are_wanted(against: Against, tmp_path: Path) -> None:
    told = against("drops_done", "--only", "done.present", "--markdown", "-", "--junit", "it.xml")

    assert "# Conformance of http://" in told.stdout
    assert (tmp_path / "it.xml").read_text().startswith("<?xml")


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("done.presnt", "'done.presnt'; did you mean 'done.present'?"),
        ("xyz", "'xyz'; `conformance rules` lists the rules"),
    ],
)  # fmt: skip
def test_a_selection_of_what_is_not_there_is_wrong_usage(
    conformance: Command, pattern: str, said: str
) -> None:
    told = conformance("run", "http://127.0.0.1:1", "--only", pattern)

    assert (told.returncode, told.stdout) == (4, "")
    assert told.stderr == f"conformance: no rule, family, probe or case {said}\n"


def test_a_wildcard_that_selects_nothing_is_an_empty_run(conformance: Command) -> None:
    told = conformance("run", "http://127.0.0.1:1", "--only", "xyz*")

    assert (told.returncode, told.stderr) == (5, "conformance: no case matches xyz*\n")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["run"], "conformance: no router to judge: give --router-url http://HOST:PORT/v1\n"),
        (
            ["run", "http://a", "--router-url", "http://a"],
            "conformance: the router's URL is given twice: say it once\n",
        ),
        (
            ["run", "--deadline", "soon"],
            "conformance run: argument --deadline: invalid float value: 'soon'\n",
        ),
        (["explain", "done.presnt"],
         "conformance: no rule 'done.presnt'; did you mean 'done.present'?\n"),
        (["explain", "xyz"], "conformance: no rule 'xyz'; `conformance rules` lists them\n"),
        (["rules", "--family", "don"], "conformance: no family 'don'; did you mean 'done'?\n"),
        (["run", "http://a", "--profile", "generik"],
         "conformance: --router-profile: no profile 'generik'; did you mean 'generic'?\n"),
        (["report", "lost.jsonl"], "conformance: lost.jsonl: No such file or directory\n"),
    ],
)  # fmt: skip
def test_wrong_usage_is_one_line_and_exit_4(
    conformance: Command, args: list[str], said: str
) -> None:
    told = conformance(*args)

    assert (told.returncode, told.stdout, told.stderr) == (4, "", said)


def test_an_unknown_command_is_wrong_usage(conformance: Command) -> None:
    told = conformance("rnu")

    assert told.returncode == 4
    assert "invalid choice: 'rnu'" in told.stderr
    assert len(told.stderr.splitlines()) == 1


def test_a_router_that_cannot_be_reached_is_wrong_usage(conformance: Command) -> None:
    told = conformance("run", "http://127.0.0.1:1/v1", "--mock-port", "0")
    upstream, complaint = told.stderr.splitlines()

    assert (told.returncode, told.stdout) == (4, "")
    assert re.fullmatch(r"the router's upstream has to be http://127.0.0.1:\d+/v1", upstream)
    assert complaint == (
        "conformance: router at http://127.0.0.1:1/v1/chat/completions: no answer (Connection"
        " refused); start the router or correct --router-url"
    )


def test_a_run_directory_that_cannot_be_written_is_wrong_usage(
    against: Against, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")

    told = against("reference", "--run-dir", "file")

    assert told.returncode == 4
    assert told.stderr == "conformance: --run-dir: file/run.jsonl cannot be written: File exists\n"


def test_a_report_that_cannot_be_written_is_wrong_usage(against: Against) -> None:
    told = against("reference", "--only", "done.present[chat-text]", "--markdown", "no/where.md")

    assert told.returncode == 4
    assert told.stderr == "conformance: no/where.md: No such file or directory\n"


def test_a_router_that_does_not_call_the_mock_makes_the_run_incomplete(
    conformance: Command, started: Servers
) -> None:
    url = f"{started.routers_url}/reference/v1"

    told = conformance("run", url, "--mock-port", "0", "--only", "done.present[chat-text]")

    assert told.returncode == 6
    assert "the router did not call the mock at http://127.0.0.1:" in told.stdout


def test_a_black_box_may_be_conformant(conformance: Command, started: Servers) -> None:
    url = f"{started.routers_url}/reference/v1"

    told = conformance("run", url, "--black-box", "--only", "text", "--only", "incremental-text")

    assert told.returncode == 0
    assert "untestable" in told.stdout
    assert "  black-box  " in told.stdout


def test_all_rules_are_listed_and_explained(conformance: Command) -> None:
    listed = conformance("rules").stdout.splitlines()
    as_json = json.loads(conformance("rules", "--json", "--family", "done").stdout)

    assert [line.split()[0] for line in listed] == list(RULES)
    assert {rule["family"] for rule in as_json} == {"done"}
    for name, rule in RULES.items():
        told = conformance("explain", name)
        assert told.returncode == 0
        assert rule.text.splitlines()[0] in told.stdout


def test_a_run_is_shown_again(against: Against, conformance: Command) -> None:
    first = against("drops_done", "--only", "done.present[chat-text]")

    again = conformance("report", "streamproof-run/run.jsonl")
    markdown = conformance("report", "streamproof-run/run.jsonl", "--markdown", "-")

    shown = [line for line in first.stdout.splitlines() if not line.startswith("run: ")]
    assert (again.returncode, again.stdout.splitlines()) == (0, shown)
    assert markdown.stdout.startswith("# Conformance of ")


def test_a_run_that_was_cut_is_shown_and_said_to_be(
    conformance: Command, tmp_path: Path, lines: list[Json]
) -> None:
    with Writer(tmp_path / "run.jsonl") as writer:
        for line in lines:
            writer.write(line)

    told = conformance("report", "run.jsonl")

    assert told.returncode == 3
    assert told.stderr == "conformance: run.jsonl: the run was cut short: there is no footer\n"
    assert told.stdout.splitlines()[-1] == "the run was cut short: there is no footer"


class Hanging:
    """Answers two requests, as many as the preflight sends, and no other."""

    def __init__(self) -> None:
        self.left = 2
        self.hangs = threading.Event()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError):
            while await reader.readuntil(b"\r\n\r\n"):
                self.left -= 1
                if self.left < 0:
                    self.hangs.set()
                    await reader.read()
                    break
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
        writer.close()


def test_an_interrupted_run_keeps_what_it_had(tmp_path: Path) -> None:
    router = Hanging()
    with Background() as background:
        server = background.run(asyncio.start_server(router, "127.0.0.1", 0))
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        command = [sys.executable, "-m", "conformance", "run", url, "--black-box"]
        with subprocess.Popen(command, cwd=tmp_path, stdout=PIPE, stderr=PIPE) as running:
            assert router.hangs.wait(60)
            running.send_signal(signal.SIGINT)
            out, err = running.communicate(timeout=60)
        server.close()

    assert (running.returncode, err) == (2, b"")
    assert out.splitlines()[-1].startswith(b"interrupted: ")
    assert read(tmp_path / "streamproof-run" / "run.jsonl").footer["exit"] == 2


def test_a_reader_that_leaves_is_no_traceback(tmp_path: Path) -> None:
    command = f"{sys.executable} -m conformance rules --json | head -c 1"

    told = subprocess.run(
        ["/bin/sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert (told.stdout, told.stderr) == ("[", "")


def test_what_a_terminal_cannot_show_is_an_escape(tmp_path: Path) -> None:
    (tmp_path / "it.sse").write_bytes("data: é\n\n".encode())
    command = [sys.executable, "-m", "conformance", "lint", "--surface", "chat", "it.sse"]

    told = subprocess.run(
        command, cwd=tmp_path, capture_output=True, check=False,
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
    )  # fmt: skip

    assert (told.returncode, told.stderr) == (1, b"")
    assert rb"\xabdata: \xe9\n\n\xbb" in told.stdout


def test_help_names_every_command(conformance: Command) -> None:
    told = conformance("--help")

    assert told.returncode == 0
    for command in ("run", "demo", "lint", "rules", "explain", "coverage", "selfcheck", "report"):
        assert re.search(rf"^    {command}\b", told.stdout, re.MULTILINE)


@pytest.mark.slow
def test_the_demo_shows_a_good_router_and_a_broken_one(process: Command, tmp_path: Path) -> None:
    told = process("demo")

    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.count("conformant: ") == 2
    assert told.stdout.count("not conformant: ") == 1
    assert (tmp_path / "streamproof-run" / "drops_done" / "report.md").is_file()


@pytest.mark.slow
@pytest.mark.parametrize("name", EMULATIONS)
def test_the_demo_plays_a_named_router(name: str, process: Command) -> None:
    told = process("demo", "--as", name)

    assert (told.returncode, told.stderr) == (0, "")
    assert f"controlled  profile {name}" in told.stdout
    assert "\nconformant: " in told.stdout


def test_the_demo_plays_only_whom_it_knows(conformance: Command) -> None:
    told = conformance("demo", "--as", "fluxruoter")

    assert (told.returncode, told.stdout) == (4, "")
    known = ", ".join(EMULATIONS)
    assert told.stderr == f"conformance: --as 'fluxruoter': nobody plays it; there are {known}\n"
