"""Holds: nothing is written until the harness says so."""

import time
from typing import TYPE_CHECKING

import pytest

from mockprovider.holds import Holds

if TYPE_CHECKING:
    from tests.mockprovider.conftest import Mock, StartMock

HELD = "/journal?run=plain&wait=hold:first"


def test_nothing_is_written_until_the_release(mock: "Mock") -> None:
    nonce = mock.nonce()
    client = mock.start("holds", nonce)
    seen = list[bool]()

    for name, word in (("first", b"Tansy"), ("second", b" umbel"), ("third", b" vetch")):
        mock.entry(nonce, f"hold:{name}")
        client.read(until=word)
        seen.append(client.silent())
        assert mock.release(nonce, name) == {"released": [name]}
    whole = client.read().whole
    holds = mock.entry(nonce)["holds"]

    assert (seen, whole) == ([True, True, True], True)
    assert [hold["name"] for hold in holds] == ["first", "second", "third"]
    assert all(hold["reached"] < hold["released"] for hold in holds)


def test_a_release_ahead_of_time_is_remembered(mock: "Mock") -> None:
    nonce = mock.nonce()

    told = [mock.release(nonce, name) for name in ("first", "second", "third")]

    assert told == [{"released": []}] * 3
    assert mock.ask("holds", nonce).whole
    assert all(hold["reached"] == hold["released"] for hold in mock.entry(nonce)["holds"])


def test_a_star_releases_everything_for_good(mock: "Mock") -> None:
    nonce = mock.nonce()
    client = mock.start("holds", nonce)
    mock.entry(nonce, "hold:first")

    told = mock.release(nonce)

    assert (told, client.read().whole) == ({"released": ["first"]}, True)


def test_a_hold_that_was_never_released_says_so(mock: "Mock") -> None:
    nonce = mock.nonce()
    client = mock.start("holds", nonce)
    mock.entry(nonce, "hold:first")

    client.leave("fin")

    assert mock.entry(nonce)["holds"][0]["released"] is None
    assert mock.release(nonce, "first") == {"released": []}


def test_a_plain_answer_waits_at_all_holds_before_its_head(mock: "Mock") -> None:
    nonce = mock.nonce()
    client = mock.start("holds", nonce, stream=False)
    mock.entry(nonce, "hold:first")

    silent = client.silent()
    mock.release(nonce)

    assert (silent, client.read().json["choices"][0]["finish_reason"]) == (True, "stop")


def test_streams_are_held_one_by_one(mock: "Mock") -> None:
    held, free = mock.nonce(), mock.nonce()
    waiting = mock.start("holds", held)
    mock.entry(held, "hold:first")
    mock.release(free)

    assert mock.ask("holds", free).whole
    assert not waiting.answer.whole


def test_a_paced_stream_does_not_hurry_after_a_hold(mock: "Mock") -> None:
    nonce = mock.nonce()
    script = (
        'summary = ""\npace.every_ms = 15\nchat.opening = "joined"\n'
        'step = [{ say = "A" }, { hold = "h" }, { say = "b" }, { say = "c" }]'
    )
    client = mock.start(script, nonce)
    mock.entry(nonce, "hold:h")
    reached = mock.entry(nonce, "started")["holds"][0]["reached"]
    while time.monotonic_ns() < reached + 40e6:
        mock.call("GET", "/health")

    mock.release(nonce)
    client.read()
    entry = mock.entry(nonce)
    released, third = entry["holds"][0]["released"], entry["writes"][2][0]

    # On a busy machine it may come later than it is due, and never earlier.
    assert third - released > 14e6


@pytest.mark.parametrize("fault", ["", 'fault = ["no_space"]'], ids=["healthy", "faulty"])
def test_a_pace_spreads_what_is_repeated(mock: "Mock", fault: str) -> None:
    nonce = mock.nonce()
    script = (
        f'summary = ""\n{fault}\npace.every_ms = 10\n'
        'chat.opening = "joined"\nchat.done = false\nstep = [{ say = "A", repeat = 4 }]'
    )

    mock.ask(script, nonce)
    entry = mock.entry(nonce)
    begun = entry["request"]["at"]

    # On a busy machine each may come later than it is due, and never earlier.
    assert [at - begun > 10e6 * number for number, (at, *_) in enumerate(entry["writes"])] == (
        [True] * 4
    )


def test_what_is_forgotten_is_gone() -> None:
    holds, gone = Holds(), list[str]()
    holds.release("a-1", "h")
    holds.wait("b-1", "h", lambda: gone.append("b"))

    before = holds.of("a") + holds.of("b")
    holds.forget("a-1")
    holds.forget("b-1")

    assert before == ["a-1", "b-1"]
    assert (holds.open("a-1", "h"), holds.release("b-1", "h"), gone) == (False, [], [])


@pytest.mark.parametrize("workers", [(), ("--workers", "2")], ids=["one", "two"])
@pytest.mark.parametrize(
    ("path", "model", "key"),
    [
        ("/as/holds/v1/chat/completions", "m", "k"),
        ("/v1/chat/completions", "m--mock-holds", "k"),
        ("/v1/chat/completions", "m", "sk-mock-holds"),
    ],
    ids=["path", "model", "key"],
)
def test_a_scenario_named_beside_the_prompt_is_released_by_a_nonce_of_its_own(
    start_mock: "StartMock", workers: tuple[str, ...], path: str, model: str, key: str
) -> None:
    with start_mock(*workers) as mock:
        client = mock.connect()
        request = mock.request(model=model).replace(b"Bearer k", f"Bearer {key}".encode())
        client.send(request.replace(b"/v1/chat/completions", path.encode()))
        (held,) = mock.call("GET", HELD)["entries"]

        released = mock.release(held["nonce"])["released"]
        answer = client.read()

        by_nonce = mock.entry(held["nonce"])
        mock.call("DELETE", "/runs/plain")
        left = mock.call("GET", "/journal?run=plain")["entries"]

    own = held["id"] if not workers else f"{held['worker']}.{held['id']}"
    assert (held["nonce"], held["run"], held["attempt"]) == (f"plain-{own}", "plain", 1)
    assert (released, answer.whole, left) == (["first"], True, [])
    assert answer.headers["x-request-id"] == f"req_{held['nonce']}-1"
    assert (by_nonce["id"], by_nonce["end"]["kind"]) == (held["id"], "complete")


def test_a_request_that_names_no_scenario_has_no_nonce(mock: "Mock") -> None:
    client = mock.connect()
    client.send(mock.request(user="nobody"))
    client.read()

    entry = mock.call("GET", "/journal")["entries"][-1]

    assert (entry["request"]["body"].count("nobody"), entry["nonce"], entry["run"]) == (
        1,
        None,
        None,
    )
