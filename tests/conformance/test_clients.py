"""Client programs that read captured answers: who can, who cannot, and who was not asked."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import httpx
import pytest

from conformance.clients.trying import PROGRAMS, Program, Use, readable, uses
from conformance.drive.playing import playing
from conformance.exchange import End, Exchange, Json, Read, Request
from conformance.report.record import client
from conformance.report.run import read
from conformance.report.terminal import verdict_on
from conformance.selfcheck.servers import Servers
from tests.conformance.made import body, choice, chunk, said, streamed

Command = Callable[..., CompletedProcess[str]]

UNGUARDED = next(each for each in PROGRAMS if each.file == "openai_chat.py")
EMPTY = chunk()  # as a chunk that is there for something else than a choice


def used(named: dict[str, Exchange], program: Program = UNGUARDED) -> Use:
    return next(use for use in asyncio.run(uses(named)) if use.program == program)


def test_a_client_that_reads_every_answer_can_use_the_router() -> None:
    use = used({"a": streamed(body(said("Hi", " you"))), "b": streamed(body(said("Ho")))})

    assert use == Use(UNGUARDED, 2, 2)
    assert verdict_on(client(use)) == "can"


def test_a_client_that_breaks_says_over_what() -> None:
    use = used({"a": streamed(body([*said("Hi"), EMPTY])), "b": streamed(body(said("Ho")))})

    assert (use.given, use.read) == (2, 1)
    assert verdict_on(client(use)) == "not all: a: IndexError: list index out of range"


def test_a_client_that_is_shown_less_than_was_sent_says_what_it_read() -> None:
    data = body(said("Hi")) + body(said(" there"))
    use = used({"a": streamed(data)})

    assert verdict_on(client(use)) == "cannot: a: read 'Hi' where 'Hi there' was sent"


def test_a_client_is_not_given_what_it_would_not_have_asked_for() -> None:
    counted: Json = {"stream_options": {"include_usage": True}}
    two = chunk(choice({"content": "a"}), choice({"content": "b"}, index=1))

    assert readable(streamed(body(said("Hi"))))
    assert not readable(streamed(body(said("Hi")), counted))
    assert not readable(streamed(body([two])))
    assert verdict_on(client(used({}))) == "not asked: no such answer was asked for"


def test_a_client_that_is_not_installed_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    node = next(each for each in PROGRAMS if each.file.endswith(".mjs"))

    use = used({"a": streamed(body(said("Hi")))}, node)

    assert verdict_on(client(use)) == ("not asked: node and its package openai are not installed")


def test_what_is_played_is_what_came_piece_by_piece() -> None:
    reads = Read(1, b"data: 1\n"), Read(2, b"\ndata: 2\n\n")
    headers = (("content-type", "text/event-stream"), ("content-encoding", "gzip"))
    whole = Exchange("chat", "stream", Request("POST", "", (), {}), 200, headers,
                     b"".join(read.data for read in reads), reads)  # fmt: skip
    cut = Exchange("chat", "stream", None, 503, (), b"half", end=End.CUT)

    async def ask() -> tuple[httpx.Response, httpx.Response | str]:
        async with playing([whole, cut]) as urls, httpx.AsyncClient() as http:
            first = await http.post(f"{urls[0]}/v1/chat/completions", json={"a": "b" * 9999})
            try:
                return first, await http.post(urls[1])
            except httpx.RemoteProtocolError as error:
                return first, str(error)

    told, broken = asyncio.run(ask())

    assert (told.status_code, told.content) == (200, whole.body)
    assert "content-encoding" not in told.headers
    assert isinstance(broken, str)
    assert "incomplete chunked read" in broken


def test_a_run_says_which_clients_can_use_the_router(
    started: Servers, conformance: Command, tmp_path: Path
) -> None:
    url, mock = f"{started.routers_url}/reference/v1", ("--mock-url", started.control_url)
    only = ("--only", "done.present[chat-text-one-token]")
    done = conformance("run", url, *mock, "--clients", *only)
    shown = conformance("report", "streamproof-run/run.jsonl", "--markdown", "-").stdout

    told = read(tmp_path / "streamproof-run/run.jsonl").clients
    assert done.returncode == 0, done.stderr
    assert [each["title"] for each in told] == [each.title for each in PROGRAMS]
    row = next(line for line in done.stdout.split("\n") if line.startswith(UNGUARDED.title))
    assert row.removeprefix(UNGUARDED.title).split() == ["chat", "1", "of", "1", "can"]
    assert "## Which clients can use this router" in shown
    assert "| OpenAI Python SDK, choices\\[0\\] | chat | 1 of 1 | can |" in shown


def test_under_pytest_the_clients_are_asked_too(
    started: Servers, testing: Command, tmp_path: Path
) -> None:
    url, mock = f"{started.routers_url}/reference/v1", ("--mock-url", started.control_url)
    chosen = ("--router-url", url, *mock, "--clients", "-k", "chat-text", "-m", "done")
    done = testing(*chosen, "-p", "no:cacheprovider")
    both = testing(*chosen, "-n", "2")

    lines = (tmp_path / "streamproof-run/run.jsonl").read_text("utf-8").split("\n")
    assert done.returncode == 0, done.stdout
    assert sum(json.loads(line)["kind"] == "client" for line in lines if line) == len(PROGRAMS)
    assert both.returncode == 4
    assert "--clients and -n exclude each other: give one of them" in both.stderr
