"""Several processes on one data port, seen through their one control plane."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from mockprovider.attempts import SETS, WAYS, Attempts
from mockprovider.cli import main
from mockprovider.shapes import Json
from tests.conftest import Faults

if TYPE_CHECKING:
    from tests.mockprovider.conftest import Client, Mock, StartMock

WORKERS = 3
# The kernel deals connections out by a hash of their ports: so many all at one worker is past luck.
MANY = 60
HELD = {"summary": "", "step": [{"say": "Aloe"}, {"hold": "h"}, {"say": "bay"}]}
ENDLESS = 'summary = ""\nstep = [{ say = "Aloe", times = 10000, repeat = 1000 }]'


@pytest.fixture(scope="module")
def team(start_mock: "StartMock") -> "Iterator[Mock]":
    with start_mock("--workers", str(WORKERS)) as running:
        yield running


def spread(team: "Mock", script: str, nonce: str) -> "list[Client]":
    """Ask for a scenario on one connection after the other until two workers are at it."""
    clients = list["Client"]()
    for _ in range(MANY):
        clients.append(team.start(script, nonce))
        entries = team.entries(nonce, "started")
        while len(entries) < len(clients):
            entries = team.entries(nonce, "started")
        if len({entry["worker"] for entry in entries}) > 1:
            return clients
    raise AssertionError(f"{MANY} connections, and all of them at one worker")


def test_the_workers_are_listed(team: "Mock") -> None:
    listed = team.told["workers"]

    health = team.call("GET", "/health")

    assert [worker["number"] for worker in listed] == [1, 2, 3]
    assert len({worker["pid"] for worker in listed} | {team.told["pid"]}) == WORKERS + 1
    assert health == {
        "ok": True,
        "version": team.told["version"],
        "data_url": team.told["data_url"],
        "pid": team.told["pid"],
        "workers": listed,
    }


def test_scenarios_are_those_of_one(team: "Mock", mock: "Mock") -> None:
    assert team.call("GET", "/scenarios") == mock.call("GET", "/scenarios")


def test_the_journal_is_put_together_in_order(team: "Mock", faults: Faults) -> None:
    nonce = team.nonce()
    for client in spread(team, "text", nonce):
        client.read()

    entries = team.entries(nonce)
    by_run = team.call("GET", f"/journal?run={nonce.partition('-')[0]}")["entries"]

    at = [entry["request"]["at"] for entry in entries]
    assert at == sorted(at)
    assert {entry["end"]["kind"] for entry in entries} == {"complete"}
    assert by_run == entries
    assert [faults("journal", entry) for entry in entries] == [{}] * len(entries)


def test_attempts_are_counted_together_and_forgotten_together(team: "Mock") -> None:
    nonce = team.nonce()
    asked = len(spread(team, "text", nonce))
    attempts = [entry["attempt"] for entry in team.entries(nonce)]

    team.call("DELETE", f"/runs/{nonce.partition('-')[0]}")
    answer = team.ask("text", nonce)

    assert attempts == list(range(1, asked + 1))
    assert answer.headers["x-request-id"] == f"req_{nonce}-1"


def test_what_is_armed_held_and_released_is_so_everywhere(team: "Mock") -> None:
    nonce = team.nonce()
    armed = team.call("PUT", f"/armed/{nonce}", json=HELD)
    clients = spread(team, "armed", nonce)

    held = team.entries(nonce, "hold:h")
    wrong = team.control.post(f"/_mock/release/{nonce}", json={"hold": "x"})
    released = team.release(nonce, "h")
    bodies = [client.read().body for client in clients]

    assert armed == {"armed": nonce}
    assert [entry["end"] for entry in held] == [None] * len(clients)
    told = f"no hold 'x' in the scenario of '{nonce}'; it has h"
    assert (wrong.status_code, wrong.json()) == (404, {"error": told})
    assert released == {"released": ["h"]}
    assert all(b"bay" in body for body in bodies)
    assert all(entry["end"]["kind"] == "complete" for entry in team.entries(nonce, "ended"))


def test_a_hold_is_released_ahead_of_time(team: "Mock") -> None:
    nonce = team.nonce()

    ahead = team.release(nonce)

    assert ahead == {"released": []}
    assert team.ask("holds", nonce).whole


def test_streams_are_aborted_wherever_they_are(team: "Mock") -> None:
    nonce = team.nonce()
    clients = spread(team, "stall", nonce)

    told = team.call("POST", f"/abort/{nonce}", json={"how": "rst"})

    assert told == {"aborted": len(clients)}
    assert {client.rest().end for client in clients} == {"rst"}


def test_a_run_is_forgotten_wherever_it_was(team: "Mock") -> None:
    nonce = team.nonce()
    run = nonce.partition("-")[0]
    clients = spread(team, "holds", nonce)

    told = team.call("DELETE", f"/runs/{run}")

    assert told == {"forgotten": run, "ended": len(clients)}
    assert team.call("GET", f"/journal?run={run}") == {"entries": []}


def test_metrics_are_added_up(team: "Mock") -> None:
    before = team.call("GET", "/metrics")
    clients = spread(team, "holds", team.nonce())

    after = team.call("GET", "/metrics")

    assert after["open_streams"] == before["open_streams"] + len(clients)


def test_who_reads_no_more_is_waited_for(team: "Mock") -> None:
    nonce = team.nonce()
    client = team.start(ENDLESS, nonce)

    (blocked,) = team.entries(nonce, "blocked")
    client.leave("rst")

    assert blocked["blocked"]["since"]
    assert team.entry(nonce)["end"]["kind"] == "peer-rst"


def test_a_wait_ends_with_its_time(team: "Mock") -> None:
    nonce = team.nonce()
    nothing = team.call("GET", f"/journal?nonce={nonce}&wait=started&timeout_ms=5")
    team.start("holds", nonce)
    team.entry(nonce, "hold:first")

    found = team.call("GET", f"/journal?nonce={nonce}&wait=ended&timeout_ms=5")["entries"]

    assert nothing == {"entries": []}
    assert [entry["end"] for entry in found] == [None]


@pytest.mark.parametrize("count", ["1", "2"])
def test_who_waits_when_the_mock_stops_is_answered(start_mock: "StartMock", count: str) -> None:
    with start_mock("--workers", count) as stopping:
        nonce, url = stopping.nonce(), httpx.URL(stopping.told["control_url"])
        stopping.start("holds", nonce)
        stopping.entry(nonce, "hold:first")
        waiting = socket.create_connection((url.host, url.port or 0), timeout=20)
        path = f"/_mock/journal?nonce={nonce}&wait=ended&timeout_ms=60000"
        waiting.sendall(f"GET {path} HTTP/1.1\r\nhost: mock\r\n\r\n".encode())
        # Its turn comes before that of a call that is made after it.
        stopping.call("GET", "/health")

    with waiting:
        answer = waiting.recv(65536)
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize(
    ("call", "options", "message"),
    [
        ("PUT /armed/a b", {"json": HELD}, "nonce is 'a b'; it has 1 to 64 of the characters"),
        ("PUT /armed/x-1", {"json": {"step": []}}, "armed: the document lacks 'summary'"),
        ("PUT /armed/x-1", {"content": b"{"}, "the body is not JSON: Expecting"),
        ("POST /release/x-1", {"json": {}}, "hold must be a name or '*', not None"),
        ("POST /abort/x-1", {"json": {"how": "x"}}, "how is 'x'; it can be 'fin' or 'rst'"),
        ("GET /journal?run=a&wait=x", {}, "wait is 'x'; it can be started, hold:NAME"),
    ],
)
def test_a_wrong_call_is_explained_as_by_one(
    team: "Mock", call: str, options: dict[str, Json], message: str
) -> None:
    method, _, path = call.partition(" ")

    answer = team.control.request(method, f"/_mock{path}", **options)

    assert answer.status_code == 400
    assert answer.json()["error"].startswith(message)


def test_a_worker_answers_for_its_own_part(team: "Mock") -> None:
    nonce = team.nonce()
    client = team.connect()
    client.send(team.request("text", nonce))
    client.read()
    (entry,) = team.entries(nonce)

    parts = {}
    for worker in team.told["workers"]:
        answer = team.control.get(f"{worker['control_url']}/_mock/journal?nonce={nonce}")
        parts[worker["number"]] = answer.json()["entries"]

    assert {number for number, part in parts.items() if part} == {entry["worker"]}


def test_token_and_journal_file_are_shared(start_mock: "StartMock", tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    options = ("--workers", "2", "--token", "open-sesame", "--journal", str(path))
    with start_mock(*options) as guarded:
        without = guarded.control.get("/_mock/metrics").status_code
        guarded.control.headers["authorization"] = "Bearer open-sesame"
        nonce = guarded.nonce()
        clients = spread(guarded, "text", nonce)
        large = guarded.connect()
        large.send(guarded.request("text", nonce, metadata={"long": "x" * 100_000}))
        for client in (*clients, large):
            client.read()

    entries = [json.loads(line) for line in path.read_text().splitlines()]
    assert without == 401
    assert len(entries) == len(clients) + 1
    assert {entry["worker"] for entry in entries} == {1, 2}


COMMAND = (sys.executable, "-m", "mockprovider", "serve", "--print-json", "--control-port", "0")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
def test_a_worker_that_dies_is_named(number: signal.Signals) -> None:
    command = [*COMMAND, "--port", "0", "--workers", "2"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        pid = told["workers"][1]["pid"]

        os.kill(pid, number)
        _, said = process.communicate(timeout=20)

    assert process.returncode == 1
    assert said.decode() == (
        f"mockprovider: worker 2 (pid {pid}) was ended by {number.name}; "
        "the mock stops, for its journal has a gap\n"
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_all_end_well_when_all_are_told_to(number: signal.Signals) -> None:
    command = [*COMMAND, "--port", "0", "--workers", "2"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()

        # As a terminal does: to every process of the group.
        os.killpg(process.pid, number)
        rest = process.communicate(timeout=20)

    assert (process.returncode, rest) == (0, (b"", b""))


def test_workers_end_with_their_parent() -> None:
    command = [*COMMAND, "--port", "0", "--workers", "2"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        process.kill()

    with pytest.raises(ConnectionError):
        connect_until_refused(told["data_url"])


def connect_until_refused(url: str) -> None:
    # Until its socket is closed a connection is taken, and ends when that closes.
    address = ("127.0.0.1", int(url.rpartition(":")[2]))
    while True:
        with socket.create_connection(address, timeout=10) as connection:
            connection.recv(1)


@pytest.mark.parametrize("count", ["2", "1"])
def test_a_shared_port_is_not_shared_with_another_mock(team: "Mock", count: str) -> None:
    port = team.told["data_url"].rpartition(":")[2]

    done = subprocess.run(
        [*COMMAND, "--port", port, "--workers", count], capture_output=True, text=True, check=False
    )

    told = f"mockprovider: cannot listen on 127.0.0.1:{port}: Address already in use\n"
    assert (done.returncode, done.stderr) == (4, told)


@pytest.mark.parametrize("count", ["0", "65", "many", "-1"])
def test_a_wrong_number_of_workers_is_named(capsys: pytest.CaptureFixture[str], count: str) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["serve", f"--workers={count}"])

    told = f"mockprovider serve: argument --workers: {count!r} is no number from 1 to 64\n"
    assert (ended.value.code, capsys.readouterr().err) == (4, told)


def test_attempts_of_a_nonce_are_counted_on_from_the_last() -> None:
    attempts = Attempts()

    counts = [attempts.count(nonce) for nonce in ("a", "b", "a", "a")]
    attempts.forget("a")
    attempts.forget("never")
    so_far = attempts.so_far("a"), attempts.so_far("b")
    after = attempts.count("a"), attempts.count("b")
    attempts.close()

    assert (counts, so_far, after) == ([1, 1, 2, 3], (0, 1), (1, 2))


@pytest.mark.slow
def test_the_attempts_kept_longest_make_room() -> None:
    attempts = Attempts()
    nonces = [str(number) for number in range(SETS * WAYS // 2)]
    for nonce in nonces:
        attempts.count(nonce)

    known = sum(attempts.count(nonce) == 2 for nonce in nonces[-1000:])
    attempts.close()

    assert known > 990


@pytest.mark.parametrize("count", ["0", "many", "-1"])
def test_a_wrong_number_of_entries_is_named(capsys: pytest.CaptureFixture[str], count: str) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["serve", f"--entries={count}"])

    told = f"mockprovider serve: argument --entries: {count!r} is no number above 0\n"
    assert (ended.value.code, capsys.readouterr().err) == (4, told)
