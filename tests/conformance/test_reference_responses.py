"""The reference router's responses surface in front of the real mock."""

from collections.abc import Iterator
from contextlib import closing

import httpx
import pytest

from conformance.exchange import Json
from conformance.selfcheck.servers import Servers
from tests.conformance.ends import Ends, fresh, named_events


@pytest.fixture(scope="module")
def ends(impatient: Servers) -> Iterator[Ends]:
    with closing(Ends("responses", impatient)) as both:
        yield both


def words(response: httpx.Response) -> str:
    return "".join(value.get("delta", "") for _, value in named_events(response))


TEXT = [
    "response.created",
    "response.in_progress",
    "response.output_item.added",
    "response.content_part.added",
    *["response.output_text.delta"] * 3,
    "response.output_text.done",
    "response.content_part.done",
    "response.output_item.done",
    "response.completed",
]


def test_a_stream_comes_through_with_its_names_and_numbers(ends: Ends) -> None:
    told = named_events(response := ends.ask("text"))

    assert [name for name, _ in told] == TEXT
    assert [value["type"] for _, value in told] == TEXT
    assert [value["sequence_number"] for _, value in told] == list(range(len(TEXT)))
    assert words(response) == "Amber birch cedar"


def test_each_event_comes_out_before_the_next_exists(ends: Ends) -> None:
    nonce, seen = fresh(), []
    with ends.streaming("holds", nonce) as response:
        body, pieces = "", response.iter_text()
        for hold, word in (("first", "Tansy"), ("second", " umbel"), ("third", " vetch")):
            while word not in body:
                body += next(pieces)
            seen.append(body.count("event: response.output_text.delta"))
            ends.release(nonce, hold)

    assert seen == [1, 2, 3]


def test_an_event_goes_out_as_it_came_and_gets_the_name_it_lacks(ends: Ends) -> None:
    response = '"response" : {"id":"resp_1","model":"m"}'
    opening = f'{{"type":"response.created", {response}}} '
    ending = f'{{ "type":"response.incomplete", {response}}}'
    came = ends.play([{"raw": f"data: {opening}\n\nevent: message\ndata: {ending}\n\n"}])

    said = f"event: response.created\ndata: {opening}\n\nevent: response.incomplete\n"
    assert came.text == f"{said}data: {ending}\n\n"


def test_an_identity_that_is_missing_is_added(ends: Ends) -> None:
    raw = 'event: response.completed\ndata: {"response":{"id":""}}\n\n'
    ((name, value),) = named_events(ends.play([{"raw": raw}]))

    assert (name, value["type"], value["response"]["model"]) == (name, "response.completed", "m")
    assert value["response"]["id"].startswith("resp_")


def test_the_provider_gets_our_key_and_the_body_as_it_came(ends: Ends) -> None:
    nonce = fresh()
    body = ends.body("text", nonce, temperature=0.5)
    ends.http.post(ends.url(), json=body, headers={"cookie": "session=1"})

    request = ends.entry(nonce)["request"]
    headers = dict(request["headers"])
    assert request["target"] == "/v1/responses"
    assert headers["authorization"] == "Bearer sk-upstream-of-the-reference"
    assert "cookie" not in headers
    assert '"temperature":0.5' in request["body"]


def test_a_client_without_a_key_of_ours_is_turned_away(ends: Ends) -> None:
    nonce = fresh()
    wrong = {"authorization": "Bearer sk-wrong"}
    answer = ends.http.post(ends.url(), json=ends.body("text", nonce), headers=wrong)

    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "invalid_api_key")
    assert ends.unheard(nonce)


@pytest.mark.parametrize("mode", ["stream", "plain"])
def test_usage_is_in_the_ledger(ends: Ends, mode: str) -> None:
    row = ends.row(ends.ask("usage-classes", mode=mode))

    assert {name: value for name, value in row.items() if not name.endswith("request_id")} == {
        "model": "m",
        "status": "complete",
        "source": "upstream",
        "input_tokens": 1009,
        "output_tokens": 60,
        "cached_tokens": 401,
        "cache_write_tokens": 211,
        "reasoning_tokens": 29,
        "cost": "0.004982",
        "providers": 1,
    }


def test_a_plain_answer_is_a_response(ends: Ends) -> None:
    answer = ends.ask("text", mode="plain").json()

    assert (answer["object"], answer["status"]) == ("response", "completed")
    assert answer["output"][0]["content"][0]["text"] == "Amber birch cedar"


def test_a_plain_answer_that_failed_is_passed_on_as_a_failure(ends: Ends) -> None:
    told = {"id": "resp_1", "model": "m", "status": "failed", "error": {"message": "no"}}
    answer = ends.play([], "plain", head={"json": told})

    assert (answer.status_code, answer.json()) == (200, told)
    assert ends.row(answer)["status"] == "failed"


SAID: list[Json] = [{"say": "Sage"}]
ERROR: Json = {"error": {"message": "no more", "type": "server_error", "code": "gone"}}
CLEAN: Json = {"close": "clean"}

# how the provider's stream ends -> the code of the error, and the habits that it takes
FAILURES: dict[str, tuple[list[Json], str, Json]] = {
    "FIN without the last HTTP chunk": ([*SAID, {"close": "cut"}], "upstream_cut", {}),
    "RST": ([*SAID, {"reset": True}], "upstream_cut", {}),
    "silence": ([*SAID, {"stall": True}], "upstream_stalled", {}),
    "the end of the body": ([*SAID, CLEAN], "upstream_unfinished", {}),
    "an error": ([*SAID, ERROR, CLEAN], "gone", {}),
    "a flat error": ([*SAID, ERROR, CLEAN], "gone", {"error": ["flat"]}),
    "a bare error": ([*SAID, ERROR, CLEAN], "gone", {"error": ["bare"]}),
    "a failed response alone": ([*SAID, ERROR, CLEAN], "gone", {"error": ["failed"]}),
}


@pytest.mark.slow
@pytest.mark.parametrize("how", FAILURES)
def test_a_stream_that_fails_says_so_and_never_looks_complete(ends: Ends, how: str) -> None:
    steps, code, habits = FAILURES[how]
    response = ends.play(steps, responses=habits)

    *before, (error, told), (failed, last) = named_events(response)
    assert words(response) == "Sage"
    assert not {"error", "response.completed"} & {name for name, _ in before}
    assert (error, told["type"], told["error"]["code"]) == ("error", "error", code)
    assert (failed, last["response"]["status"]) == ("response.failed", "failed")
    assert last["response"]["error"]["code"] == code
    assert last["response"]["id"] == before[0][1]["response"]["id"]
    assert [value["sequence_number"] for _, value in named_events(response)] == [
        *range(len(before) + 2)
    ]
    assert ends.row(response)["status"] == "failed"


@pytest.mark.parametrize(
    ("steps", "status", "code"),
    [
        ([{"close": "cut"}], 502, "upstream_cut"),
        ([{"raw": "data: nonsense\n\ndata: {}\n\n"}, CLEAN], 502, "upstream_unfinished"),
        ([{"raw": 'data: {"error":{"code":503}}\n\n'}, CLEAN], 503, 503),
    ],
)
def test_what_fails_ahead_of_the_first_event_gets_a_status(
    ends: Ends, steps: list[Json], status: int, code: Json
) -> None:
    response = ends.play(steps)

    assert (response.status_code, response.json()["error"]["code"]) == (status, code)


def test_whoever_calls_half_a_response_whole_says_so_in_a_terminal_event(ends: Ends) -> None:
    url = ends.url().replace("/reference/", "/calls_a_cut_a_success/")
    *before, (name, last) = named_events(ends.http.post(url, json=ends.body("cut")))

    assert (name, last["response"]["status"]) == ("response.completed", "completed")
    assert last["sequence_number"] == len(before)


@pytest.mark.slow
def test_silence_is_filled_with_comments_and_its_failure_needs_no_response(ends: Ends) -> None:
    silent = ends.play([{"stall": True}])

    assert silent.text.count(": keepalive\n\n") >= 2
    assert [name for name, _ in named_events(silent)] == ["error"]


def test_an_event_that_comes_again_is_left_out(ends: Ends) -> None:
    twice = [{"duplicate_event": {"at": at}} for at in (4, 2)]
    steps = [{"say": "Amber"}, {"say": " birch"}, {"finish": "stop"}]

    told = named_events(ends.play(steps, fault=twice))

    numbers = [value["sequence_number"] for _, value in told]
    assert numbers == list(range(len(numbers)))


def test_the_terminal_event_lists_what_was_done(ends: Ends) -> None:
    steps = [{"say": "Amber"}, {"finish": "stop"}]

    *_, (name, value) = named_events(ends.play(steps, responses={"output": "empty"}))

    told = [item["content"][0]["text"] for item in value["response"]["output"]]
    assert (name, told) == ("response.completed", ["Amber"])


def test_a_stream_to_a_plain_request_is_what_its_last_event_says(ends: Ends) -> None:
    streamed = ends.ask("text-then-tool")
    head = {"content_type": "text/event-stream", "body": streamed.text}

    made = ends.play([], "plain", head=head)

    assert made.headers["content-type"] == "application/json"
    assert made.json() == named_events(streamed)[-1][1]["response"]


def test_a_response_to_a_stream_request_is_played(ends: Ends) -> None:
    whole = ends.ask("text-then-tool", mode="plain").json()
    told = named_events(ends.play([], head={"json": whole}))

    assert [value["sequence_number"] for _, value in told] == list(range(len(told)))
    assert [name.removeprefix("response.") for name, _ in told] == [
        "created", "in_progress",
        "output_item.added", "content_part.added", "output_text.delta", "output_text.done",
        "content_part.done", "output_item.done",
        "output_item.added", "function_call_arguments.delta", "function_call_arguments.done",
        "output_item.done",
        "completed",
    ]  # fmt: skip
    assert told[-1][1]["response"] == whole


def test_a_response_that_failed_is_no_stream(ends: Ends) -> None:
    told = {"status": "failed", "error": {"code": "server_error", "message": "no room"}}
    response = ends.play([], head={"json": told})

    assert (response.status_code, response.json()["error"]["message"]) == (500, "no room")
