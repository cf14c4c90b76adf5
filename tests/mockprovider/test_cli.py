"""The command line: what it prints, and one clear line for everything that is wrong."""

import json
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mockprovider import __version__
from mockprovider.cli import main

if TYPE_CHECKING:
    from tests.mockprovider.conftest import StartMock

GOOD = 'summary = ""\nstep = [{ say = "Aloe" }]\n'
BAD = 'summary = ""\nstep = [{ sya = "Aloe" }]\n'


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Run a command; return its exit code, and what it said."""
    try:
        code = main(arguments)
    except SystemExit as stop:
        code = int(stop.code or 0)
    said = capsys.readouterr()
    return code, said.out, said.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "mockprovider: the following arguments are required: COMMAND"),
        (["srve"], "mockprovider: argument COMMAND: invalid choice: 'srve'"),
        (["serve", "--prot", "1"], "mockprovider: unrecognized arguments: --prot 1"),
        (
            ["serve", "--port", "x"],
            "mockprovider serve: argument --port: 'x' is no port; it is a number from 0 to 65535",
        ),
        (["serve", "--port", "65536"], "mockprovider serve: argument --port: '65536' is no port"),
        (
            ["serve", "--name", "a b"],
            "mockprovider serve: argument --name: 'a b' is no name; it has letters, digits, _ and",
        ),
        (
            ["serve", "--control-host", "192.0.2.1"],
            "mockprovider: --control-host 192.0.2.1 is not loopback; give it a --token",
        ),
        (["serve", "--scenarios", "/nowhere"], "mockprovider: /nowhere: no such directory"),
        (
            ["serve", "--port", "0", "--control-port", "0", "--journal", "/nowhere/j"],
            "mockprovider: [Errno 2] No such file or directory: '/nowhere/j'",
        ),
        (["serve", "--host", "300.1.1.1"], "mockprovider: cannot listen on 300.1.1.1:9100: "),
        (["show", "txt"], "mockprovider: no scenario 'txt'; did you mean 'text'?"),
        (["show", "text", "--surface", "chit"], "mockprovider: no surface 'chit'; there is chat"),
        (["show", "none.toml"], "mockprovider: none.toml: cannot be read: "),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    code, out, err = told(capsys, *arguments)

    assert (code, out, err.count("\n")) == (4, "", 1)
    assert err.startswith(message)


def test_a_taken_port_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        code, _, err = told(capsys, "serve", "--port", str(port))

    message = f"mockprovider: cannot listen on 127.0.0.1:{port}: Address already in use\n"
    assert (code, err) == (4, message)


def test_a_bad_scenario_in_the_directory_stops_the_start(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "bad.toml").write_text(BAD)

    code, _, err = told(capsys, "serve", "--scenarios", str(tmp_path))

    assert (code, err) == (
        4,
        "mockprovider: bad.toml: step 1: no verb 'sya'; did you mean 'say'?\n",
    )


def test_check_reads_every_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    good, bad = tmp_path / "good.toml", tmp_path / "bad.toml"
    good.write_text(GOOD)
    bad.write_text(BAD)

    code, out, err = told(capsys, "check", str(bad), str(good))

    assert (code, out) == (4, f"{good}: ok\n")
    assert err == "mockprovider: bad.toml: step 1: no verb 'sya'; did you mean 'say'?\n"


def test_check_is_content_with_good_files(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "good.toml").write_text(GOOD)

    assert told(capsys, "check", str(tmp_path / "good.toml"))[0] == 0


def test_show_prints_the_timeline(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text(
        'summary = ""\n'
        'step = [{ say = "Aloe", tokens = 2 }, { hold = "h" }, { wait_ms = 5 }, '
        '{ raw = "x" }, { close = "cut" }]\n[chat]\nrole = "never"\n'
    )

    code, out, _ = told(capsys, "show", str(path))

    lines = [line for line in out.splitlines() if not line.startswith("    ")]
    assert code == 0
    assert lines == [
        "head 200",
        "event 266 bytes, 2 tokens",
        "hold h",
        "wait 5",
        "raw 1 bytes, 0 tokens",
        "close cut",
    ]


def test_show_prints_every_attempt(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text(
        GOOD + '[[attempt]]\n[[attempt]]\nstep = [{ say = "x", repeat = 9 }, { reset = true }]'
    )

    _, out, _ = told(capsys, "show", str(path))

    assert [line for line in out.splitlines() if line.startswith("attempt")] == [
        "attempt 1",
        "attempt 2",
    ]
    assert ", 1 tokens, 9 times" in out


def test_show_prints_a_plain_answer(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = told(capsys, "show", "text", "--plain")

    assert '"content":"Amber birch cedar"' in out
    assert "body " in out


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys, "--version") == (0, f"{__version__}\n", "")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serve_ends_well_when_told_to(number: signal.Signals) -> None:
    command = [sys.executable, "-m", "mockprovider", "serve", "--port", "0", "--control-port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        said = process.stdout.readline().decode()
        process.send_signal(number)
        rest = process.communicate(timeout=10)

    assert (process.returncode, rest) == (0, (b"", b""))
    assert said.startswith("provider on http://127.0.0.1:")
    assert said.endswith("/_mock/\n")


def test_a_stream_that_stalls_when_the_mock_stops_is_stalled(
    start_mock: "StartMock", tmp_path: Path
) -> None:
    path = tmp_path / "journal.jsonl"
    with start_mock("--journal", str(path)) as mock:
        stalled, held = mock.start("stall", "s-1"), mock.start("holds", "s-2")
        stalled.read(until=b"fern")
        held.read(until=b"Tansy")

    entries = [json.loads(line) for line in path.read_text().splitlines()]
    ends = {entry["nonce"]: entry["end"]["kind"] for entry in entries}
    assert ends == {"s-1": "stalled", "s-2": "aborted"}


def test_only_the_keys_given_are_accepted(start_mock: "StartMock") -> None:
    with start_mock("--key", "one", "--key", "two") as mock:
        statuses = []
        for key in ("one", "two", "three"):
            client = mock.connect()
            client.send(mock.request("text", "k-1").replace(b"Bearer k", f"Bearer {key}".encode()))
            statuses.append(client.read().status)

    assert statuses == [200, 200, 401]
