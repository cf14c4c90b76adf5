"""Before the first case: what is not a router that can be judged is told apart and said so."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress

import pytest

from conformance.drive.capture import Limits
from conformance.drive.target import target
from conformance.engine import BLACK_BOX, CONTROLLED, Ground
from conformance.exchange import End, Exchange, Request
from conformance.opening import ground, surveyed
from conformance.preflight import Reading, complaint, reading
from conformance.profiles.profile import load
from conformance.selfcheck.servers import Servers
from conformance.settings import Settings, WrongUsage
from conformance.suite import Background

ASKED = Request("POST", "http://user:word@host/v1/chat/completions", (), {})
WHERE = "router at http://host/v1/chat/completions: "
HTML = (("content-type", "text/html; charset=utf-8"),)
PORT = "correct the port or the scheme of --router-url"
PATH = "correct the path of --router-url: it is the base URL that the official SDKs take"
MODEL = "give a model the router has with --router-model"
LIMIT = "the router limits requests: raise its limit for the suite"
KEY = "give the router's key with --router-key or in ROUTER_KEY"

Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def answer(status: int | None = 200, body: bytes = b"", **members: object) -> Exchange:
    return Exchange("chat", "stream", ASKED, status, body=body, **members)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (answer(body=b"data: [DONE]\n\n"), ""),
        (answer(400, b"no such model"), f"answered 400, 'no such model'; {MODEL}"),
        (answer(429, b""), f"answered 429, ''; {LIMIT}"),
        (answer(500, b'{"error": {}}'), ""),
        (answer(401, b"{}"), f"answered 401, '{{}}'; {KEY}"),
        (answer(403, b"{}"), f"answered 403, '{{}}'; {KEY}"),
        (answer(401, b"no sk-secret!"), f"answered 401, 'no *********!'; {KEY}"),
        (answer(404, b"no\x1b"), rf"answered 404, 'no\\x1b'; {PATH}; or {MODEL}"),
        (answer(405), f"answered 405, ''; {PATH}"),
        (
            answer(307, headers=(("Location", "https://host/v1"),)),
            "answered 307 to https://host/v1, ''; give the URL it redirects to",
        ),
        (
            answer(headers=HTML, body=b"<p>" + b"x" * 90),
            f"answered 200 with HTML, '<p>{'x' * 77}…'; that is a web page: {PATH}",
        ),
        (answer(502, b" <html>"), f"answered 502 with HTML, ' <html>'; that is a web page: {PATH}"),
        (
            answer(None, end=End.REFUSED, error="refused"),
            "no answer (refused); start the router or correct --router-url",
        ),
        (
            answer(None, end=End.GARBLED, error="illegal status line"),
            f"what came back is not HTTP (illegal status line); {PORT}",
        ),
        (
            answer(None, end=End.TIMEOUT, error="no end within 20 s"),
            "no end within 20 s and not even a status; is it stuck, or its upstream gone?",
        ),
        (
            answer(body=b"data: a\n", end=End.TIMEOUT, error="no end within 20 s"),
            r"no end within 20 s: 8 bytes so far, 'data: a\\n'; an answer must come to an end",
        ),
        (
            answer(body=b"aaa", end=End.OVERFLOW, error="more than 1048576 bytes"),
            "more than 1048576 bytes in answer to one short question: 'aaa'; that is no LLM API",
        ),
    ],
)  # fmt: skip
def test_each_answer_that_cannot_be_judged_has_its_line(given: Exchange, said: str) -> None:
    assert complaint(given, "sk-secret") == (WHERE + said if said else "")


GOOD, LOST = answer(), answer(404)
SEEN = answer(journal=({"end": None},))


@pytest.mark.parametrize(
    ("answers", "read"),
    [
        ([GOOD, GOOD], Reading("", False)),
        ([GOOD, SEEN], Reading("", True)),
        ([GOOD, LOST], Reading("", False)),
        ([LOST, LOST], Reading(complaint(LOST, ""), False)),
        ([GOOD, answer(end=End.TIMEOUT)], Reading(complaint(answer(end=End.TIMEOUT), ""), False)),
    ],
)
def test_one_good_answer_is_enough_unless_the_other_never_ends(
    answers: list[Exchange], read: Reading
) -> None:
    assert reading(answers, "") == read


@pytest.fixture
def background() -> Iterator[Background]:
    with Background() as running:
        yield running


@pytest.fixture
def serving(background: Background) -> Iterator[Callable[[Script], str]]:
    """Yield what starts a server that plays a script to everyone who connects."""
    servers: list[asyncio.Server] = []

    def start(script: Script) -> str:
        async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with suppress(ConnectionError, asyncio.CancelledError):
                await reader.readuntil(b"\r\n\r\n")
                await script(reader, writer)
            writer.close()

        servers.append(background.run(asyncio.start_server(play, "127.0.0.1", 0)))
        return f"http://127.0.0.1:{servers[-1].sockets[0].getsockname()[1]}"

    yield start
    background.run(stopped(servers))


async def stopped(servers: list[asyncio.Server]) -> None:
    for server in servers:
        server.close()


async def html(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    page = b"<!doctype html><title>Welcome</title>"
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: %d\r\n\r\n%b"
                 % (len(page), page))  # fmt: skip


async def refuses_the_key(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    body = b'{"error": "bad key sk-conformance"}'
    writer.write(b"HTTP/1.1 401 No\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))


async def never_answers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def never_ends(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: 1\n\n")
    await asyncio.Event().wait()


async def one_endless_line(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: ")
    while True:
        writer.write(b"a" * 65536)
        await writer.drain()


async def no_http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")


async def closes(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Leaves without a word."""


def against(url: str, deadline: float) -> Ground:
    told = Settings(target(url), load("generic"), Limits(deadline), run_dir=None)  # type: ignore[arg-type]
    return surveyed(told, Ground(BLACK_BOX, "r1"))


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (html, "answered 200 with HTML, '<!doctype html><title>Welcome</title>'"),
        (refuses_the_key, """answered 401, '{"error": "bad key **************"}'"""),
        (never_answers, "no end within 0.2 s and not even a status"),
        (never_ends, r"no end within 0.2 s: 9 bytes so far, 'data: 1\\n\\n'"),
        (one_endless_line, "more than 1048576 bytes in answer to one short question: 'data: aaaa"),
        (no_http, "what came back is not HTTP ("),
        (closes, "no answer (the connection closed ahead of an answer)"),
    ],
)
def test_a_server_that_is_no_router_ends_the_run_with_one_line(
    serving: Callable[[Script], str], script: Script, said: str
) -> None:
    url = serving(script)

    with pytest.raises(WrongUsage) as error:
        against(url, deadline=0.2 if script in (never_answers, never_ends) else 20.0)

    assert str(error.value).startswith(f"router at {url}/v1/chat/completions: {said}")


def test_a_router_that_calls_the_mock_is_controlled(started: Servers) -> None:
    told = router(started)

    with ground(told) as found:
        assert surveyed(told, found) == found
        assert found.mode == CONTROLLED


def test_a_router_that_does_not_call_the_mock_is_judged_as_a_black_box(started: Servers) -> None:
    told = router(started)
    with ground(
        Settings(told.target, told.profile, told.limits, told.run_dir, mock_port=0)
    ) as other:
        found = surveyed(told, other)

    assert found.mode == BLACK_BOX
    assert found.note == (
        f"the router did not call the mock at {other.upstream_url}: configure that as its "
        "upstream, or say --black-box to judge only what the client sees"
    )


def router(started: Servers) -> Settings:
    url = f"{started.routers_url}/reference/v1"
    return Settings(target(url), load("generic"), Limits(), None, mock_url=started.control_url)  # type: ignore[arg-type]


def test_a_control_url_without_a_mock_is_refused(serving: Callable[[Script], str]) -> None:
    url = serving(html)
    told = Settings(target(url), load("generic"), Limits(), None, mock_url=url)  # type: ignore[arg-type]

    with pytest.raises(WrongUsage) as error, ground(told):
        pass

    assert str(error.value).startswith(
        f"--mock-url: GET {url}/_mock/health: no answer of a mock provider"
    )


def test_a_taken_port_is_said_with_what_to_do(serving: Callable[[Script], str]) -> None:
    port = int(serving(html).rpartition(":")[2])
    told = Settings(target("http://host"), load("generic"), Limits(), None, mock_port=port)  # type: ignore[arg-type]

    with pytest.raises(WrongUsage) as error, ground(told):
        pass

    assert str(error.value) == (
        f"port {port} for the mock provider is taken: give another with --mock-port, "
        "or the control URL of a running mock with --mock-url"
    )
