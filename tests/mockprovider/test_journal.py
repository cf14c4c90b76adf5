"""Journal entries: what they hold, how long they are kept, and what is written to a file."""

import asyncio
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from jsonschema import Draft202012Validator

from mockprovider.entry import Entry
from mockprovider.inbox import Request
from mockprovider.journal import Journal
from mockprovider.scenario import fixtures_dir

if TYPE_CHECKING:
    from tests.mockprovider.conftest import Mock, StartMock

SCHEMA = json.loads((fixtures_dir() / "schemas" / "journal.schema.json").read_text())


def ended(journal: Journal, nonce: str | None, request: Request | None = None) -> Entry:
    entry = journal.open(request or Request(), (1, 1), nonce)
    journal.close(entry, "complete", 5, 0)
    return entry


def numbers(entries: Sequence[Entry]) -> list[int]:
    return [entry.id for entry in entries]


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("script", ["text", "holds", "cut", "reset", "error-429", "txt"])
@pytest.mark.parametrize("stream", [True, False])
def test_an_entry_fits_its_schema(mock: "Mock", script: str, stream: bool) -> None:
    nonce = mock.nonce()
    mock.start(script, nonce, stream=stream)

    early = mock.entry(nonce, "started")
    mock.release(nonce)
    late = mock.entry(nonce)

    for entry in (early, late):
        Draft202012Validator(SCHEMA).validate(entry)


def test_an_entry_holds_the_request_as_it_came(mock: "Mock") -> None:
    nonce = mock.nonce()
    client = mock.connect()
    request = mock.request("text", nonce).replace(b"host: mock", b"Host: mock\r\nX-A: 1\r\nx-a: 2")
    client.send(request.replace(b"/completions", b"/completions?q=%20"))
    client.read()

    told = mock.entry(nonce)["request"]

    assert (told["method"], told["target"]) == ("POST", "/v1/chat/completions?q=%20")
    assert told["headers"][:3] == [["Host", "mock"], ["X-A", "1"], ["x-a", "2"]]
    assert told["body"] == request.partition(b"\r\n\r\n")[2].decode()


def test_a_body_that_is_no_text_is_kept_in_base64(mock: "Mock") -> None:
    client = mock.connect()
    client.send(mock.post(b"\xff[[mock:text#binary-1]]"))
    client.read()

    told = mock.entry("binary-1")["request"]

    assert told["body_base64"] == "/1tbbW9jazp0ZXh0I2JpbmFyeS0xXV0="
    assert "body" not in told


def test_writes_add_up(mock: "Mock") -> None:
    nonce = mock.nonce()
    answer = mock.ask("text", nonce)

    entry = mock.entry(nonce)

    offset = 0
    for _, at, length, _ in entry["writes"]:
        assert at == offset
        offset += length
    times = [entry["request"]["at"], *(write[0] for write in entry["writes"]), entry["end"]["at"]]
    assert times == sorted(times)
    assert [write[3] for write in entry["writes"]] == [0, 1, 2, 3, 3, 3]
    assert entry["sent"] == {"bytes": len(answer.body), "events": 6, "tokens": 3}
    assert entry["end"]["events"] == 6


def test_a_plain_answer_has_its_tokens(mock: "Mock") -> None:
    nonce = mock.nonce()
    mock.ask("tool-call", nonce, stream=False)

    assert mock.entry(nonce)["sent"]["tokens"] == 3


def test_requests_without_a_marker_have_no_nonce(mock: "Mock") -> None:
    mock.ask("")

    entry = mock.call("GET", "/journal")["entries"][-1]

    assert (entry["nonce"], entry["run"], entry["scenario"]) == (None, None, None)
    Draft202012Validator(SCHEMA).validate(entry)


def test_bytes_that_are_no_request_have_an_entry(mock: "Mock") -> None:
    client = mock.connect()
    client.send(b"nonsense\r\n\r\n")
    client.rest()

    entry = mock.call("GET", "/journal")["entries"][-1]

    assert (entry["status"], entry["objections"][0]["where"]) == (400, "http")


def test_a_file_gets_each_entry_without_its_credentials(
    start_mock: "StartMock", tmp_path: Path
) -> None:
    path = tmp_path / "journal.jsonl"
    with start_mock("--journal", str(path)) as mock:
        for secret in ("authorization", "x-api-key", "cookie"):
            client = mock.connect()
            request = mock.request("text", f"{secret}-1")
            client.send(request.replace(b"host: mock", f"{secret}: hush".encode()))
            client.read()

    entries = [json.loads(line) for line in path.read_text().splitlines()]

    assert [entry["run"] for entry in entries] == ["authorization", "x-api-key", "cookie"]
    assert "hush" not in path.read_text()
    assert entries[1]["request"]["headers"][0] == ["x-api-key", "[redacted]"]
    for entry in entries:
        Draft202012Validator(SCHEMA).validate(entry)


def test_attempts_of_a_nonce_are_counted() -> None:
    journal = Journal()

    assert [ended(journal, nonce).attempt for nonce in ("a-1", "a-2", "a-1", "a-1")] == [1, 1, 2, 3]


def test_only_so_many_entries_are_kept() -> None:
    journal = Journal(max_entries=2)
    for nonce in ("a-1", "a-2", "b-1"):
        ended(journal, nonce)

    assert numbers(journal.entries()) == [2, 3]
    assert numbers(journal.entries(("run", "a"))) == [2]
    assert numbers(journal.entries(("nonce", "a-1"))) == []


def test_only_so_many_bytes_are_kept() -> None:
    journal = Journal(max_bytes=10_000)
    for _ in range(5):
        ended(journal, "a-1", Request(body=b"x" * 2_000))

    assert numbers(journal.entries()) == [4, 5]


def test_an_entry_that_was_dropped_while_open_does_not_count_later() -> None:
    journal = Journal(max_entries=1, max_bytes=10_000)
    early = journal.open(Request(body=b"x" * 9_000), (1, 1), "a-1")
    ended(journal, "a-2")

    journal.close(early, "complete", 5, 0)
    ended(journal, "a-3")

    assert numbers(journal.entries()) == [3]


def test_a_run_can_be_forgotten() -> None:
    journal = Journal()
    for nonce in ("a-1", "b-1", "a-2", "a-1"):
        ended(journal, nonce)

    assert journal.forget("a") == ["a-1", "a-2"]
    assert numbers(journal.entries()) == [2]
    assert journal.forget("a") == []


def test_a_file_is_written_line_by_line() -> None:
    file = io.StringIO()

    ended(Journal(file), "a-1")

    assert json.loads(file.getvalue())["nonce"] == "a-1"


def test_a_wait_sees_what_happens_meanwhile() -> None:
    async def waited() -> list[int]:
        journal = Journal()
        ready = asyncio.create_task(
            journal.wait(("run", "a"), lambda entries: len(entries) == 2, timeout_ms=5_000)
        )
        for nonce in ("b-1", "a-1", "a-2"):
            await asyncio.sleep(0)
            ended(journal, nonce)
        return numbers(await ready)

    assert asyncio.run(waited()) == [2, 3]
