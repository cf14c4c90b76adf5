"""The Python client: every call of the control plane, and what it says when one fails."""

import socket
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from mockprovider.client import Client, MockError
from mockprovider.shapes import Json

if TYPE_CHECKING:
    from tests.mockprovider.conftest import Mock, StartMock

HELD = 'summary = ""\nstep = [{ say = "Aloe" }, { hold = "h" }, { say = "bay" }]'
DOCUMENT: Json = {"summary": "", "step": [{"say": "Aloe"}]}


@pytest.fixture
def client(mock: "Mock") -> Iterator[Client]:
    with Client(mock.told["control_url"]) as opened:
        yield opened


def test_a_stream_is_armed_held_released_and_read_about(mock: "Mock", client: Client) -> None:
    nonce = mock.nonce()

    armed = client.arm(nonce, HELD)
    stream = mock.start("armed", nonce)
    (waiting,) = client.journal(nonce, wait="hold:h")
    released = client.release(nonce, "h")
    stream.read()
    (ended,) = client.journal(nonce, wait="ended")

    assert (armed, released) == (nonce, ["h"])
    assert (waiting["end"], [held["name"] for held in waiting["holds"]]) == (None, ["h"])
    assert ended["end"] is not None
    assert (ended["end"]["kind"], ended["sent"]["tokens"]) == ("complete", 2)


def test_a_document_is_armed_as_well_as_toml(mock: "Mock", client: Client) -> None:
    nonce = mock.nonce()

    client.arm(nonce, DOCUMENT)

    assert b"Aloe" in mock.ask("armed", nonce).body


def test_a_stream_is_aborted(mock: "Mock", client: Client) -> None:
    nonce = mock.nonce()
    stream = mock.start("stall", nonce)
    stream.read(until=b"fern")

    aborted = client.abort(nonce, "rst")
    stream.rest()

    assert (aborted, stream.answer.end) == (1, "rst")


def test_a_run_is_read_and_forgotten(mock: "Mock", client: Client) -> None:
    nonce = mock.nonce()
    run = nonce.rpartition("-")[0]
    mock.start("holds", nonce)
    before = client.journal(run=run, wait="started")

    ended = client.forget(run)

    assert ([entry["nonce"] for entry in before], ended) == ([nonce], 1)
    assert client.journal(run=run) == []


def test_the_whole_journal_is_read(mock: "Mock", client: Client) -> None:
    nonce = mock.nonce()
    mock.ask("text", nonce)
    client.journal(nonce, wait="ended")

    assert client.journal()[-1]["nonce"] == nonce


def test_it_tells_of_the_mock_itself(mock: "Mock", client: Client) -> None:
    assert client.health()["data_url"] == mock.told["data_url"]
    assert client.metrics()["resident_bytes"] > 0
    assert client.scenarios()["text"] == "Three text deltas, a stop, the usage asked for."


@pytest.mark.parametrize(
    ("call", "status", "message"),
    [
        (
            lambda client: client.arm("x-1", "summary ="), 400,
            "PUT {url}/_mock/armed/x-1: 400: armed: Invalid value",
        ),
        (
            lambda client: client.abort("x-1", "softly"), 400,
            "POST {url}/_mock/abort/x-1: 400: how is 'softly'; it can be 'fin' or 'rst'",
        ),
        (
            lambda client: client.journal("x-1", wait="done"), 400,
            "GET {url}/_mock/journal: 400: wait is 'done'; it can be started, hold:NAME, blocked",
        ),
    ],
)  # fmt: skip
def test_what_the_mock_refuses_is_raised(
    client: Client, call: Callable[[Client], Json], status: int, message: str
) -> None:
    with pytest.raises(MockError) as raised:
        call(client)

    assert raised.value.status == status
    assert str(raised.value).startswith(message.format(url=client.control_url))


def test_a_port_where_nothing_listens_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"

    with Client(url) as client, pytest.raises(MockError) as raised:
        client.health()

    told = f"GET {url}/_mock/health: no mock provider answers there ([Errno 111] Connection refused"
    assert raised.value.status is None
    assert str(raised.value).startswith(told)


def test_a_url_that_is_none_is_named() -> None:
    with (
        Client("127.0.0.1:9101") as client,
        pytest.raises(MockError, match=r"127\.0\.0\.1:9101/_mock"),
    ):
        client.health()


def test_the_data_port_is_not_the_control_port(mock: "Mock") -> None:
    with Client(mock.told["data_url"]) as client, pytest.raises(MockError) as raised:
        client.health()

    assert raised.value.status == 404
    assert str(raised.value).endswith(
        "which no control plane says; the control port is the one to ask, not the data port"
    )


def test_a_token_is_shown_where_one_is_set(start_mock: "StartMock") -> None:
    with start_mock("--token", "open-sesame") as guarded:
        url = guarded.told["control_url"]
        with Client(url, token="open-sesame") as client:  # noqa: S106  (no secret)
            health = client.health()
        with Client(url) as client, pytest.raises(MockError) as raised:
            client.health()

    assert health["ok"]
    assert raised.value.status == 401
