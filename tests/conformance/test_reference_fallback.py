"""The reference router with two providers, in front of two mocks."""

from collections.abc import Iterator
from contextlib import closing

import httpx
import pytest

from conformance.exchange import SECOND, Json
from conformance.selfcheck.servers import Servers
from conformance.selfcheck.variant import FALLBACK
from tests.conformance.ends import Ends, fresh

ANSWER: Json = {SECOND: {"step": [{"say": "Sorrel"}, {"finish": "stop"}]}}
REFUSED: Json = {"head": {"status": 503}, "step": [{"error": {"message": "caraway"}}]}


@pytest.fixture(scope="module")
def second(impatient: Servers) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{impatient.second_url}/_mock", trust_env=False) as control:
        yield control


@pytest.fixture(scope="module")
def ends(impatient: Servers) -> Iterator[Ends]:
    with closing(Ends("chat", impatient, router=FALLBACK)) as both:
        yield both


def play(ends: Ends, second: httpx.Client, steps: list[Json], **members: Json) -> httpx.Response:
    """Ask for a script of which each provider plays its part."""
    nonce = fresh()
    script = {"summary": "armed", "step": steps, "mock": ANSWER, **members}
    for control in (ends.control, second):
        control.put(f"/armed/{nonce}", json=script).raise_for_status()
    return ends.ask("armed", nonce)


def asked(control: httpx.Client, response: httpx.Response) -> int:
    nonce = response.request.read().decode().partition("#")[2].partition("]")[0]
    return len(control.get("/journal", params={"nonce": nonce}).json()["entries"])


AHEAD: dict[str, list[Json]] = {
    "nothing is said": [{"finish": "stop"}],
    "the connection ends": [{"close": "cut"}],
    "the connection is reset": [{"reset": True}],
    "there is an error": [{"error": {"message": "caraway", "status": 529}}, {"close": "clean"}],
    "nothing comes": [{"stall": True}],
    "a role, then silence": [{"say": ""}, {"stall": True}],
}


@pytest.mark.parametrize("what", AHEAD)
def test_what_fails_ahead_of_content_is_asked_of_the_second(
    ends: Ends, second: httpx.Client, what: str
) -> None:
    answer = play(ends, second, AHEAD[what])

    row = ends.row(answer)
    assert (answer.status_code, "Sorrel" in answer.text) == (200, True)
    assert answer.text.count('"role":"assistant"') == 1
    assert (row["status"], row["providers"]) == ("complete", 2)


def test_an_error_that_does_not_end_is_one_all_the_same(ends: Ends, second: httpx.Client) -> None:
    answer = play(ends, second, REFUSED["step"], head={"status": 500}, fault=[{"stall_after": 10}])

    assert "Sorrel" in answer.text


def test_what_was_refused_as_wrong_is_not_asked_again(ends: Ends, second: httpx.Client) -> None:
    answer = play(ends, second, REFUSED["step"], head={"status": 404})

    assert answer.status_code == 404
    assert asked(second, answer) == 0


def test_nobody_is_asked_once_the_client_has_heard_something(
    ends: Ends, second: httpx.Client
) -> None:
    answer = play(ends, second, [{"say": "Woad"}, {"close": "cut"}])

    assert "Woad" in answer.text
    assert "upstream_cut" in answer.text
    assert asked(second, answer) == 0
    assert ends.row(answer)["status"] == "failed"


def test_where_both_refuse_there_is_a_status(ends: Ends, second: httpx.Client) -> None:
    both = {SECOND: {**REFUSED, "head": {"status": 429}}}
    answer = play(ends, second, [{"say": ""}, {"close": "cut"}], mock=both)

    assert answer.status_code == 429
    assert ends.row(answer)["status"] == "failed"


def test_a_call_that_comes_at_once_is_an_answer(impatient: Servers, second: httpx.Client) -> None:
    call = {"call": {"id": "toolu_1", "name": "find", "arguments": ['{"herb":"mint"}']}}

    with closing(Ends("messages", impatient, router=FALLBACK)) as ends:
        steps = [call, {"finish": "tool_calls"}]
        answer = play(ends, second, steps, messages={"tool_input": "start"})

    assert (answer.status_code, '"mint"' in answer.text) == (200, True)
    assert asked(second, answer) == 0
