"""The reference router's messages surface in front of the real mock."""

import json
from collections.abc import Iterator
from contextlib import closing

import httpx
import pytest

from conformance.exchange import Json
from conformance.selfcheck.servers import Servers
from tests.conformance.ends import Ends, fresh, named_events


@pytest.fixture(scope="module")
def ends(impatient: Servers) -> Iterator[Ends]:
    with closing(Ends("messages", impatient)) as both:
        yield both


def words(response: httpx.Response) -> str:
    deltas = [value["delta"] for _, value in named_events(response) if "delta" in value]
    return "".join(delta.get("text", "") for delta in deltas)


TEXT = [
    "message_start",
    "content_block_start",
    "ping",
    *["content_block_delta"] * 3,
    "content_block_stop",
    "message_delta",
    "message_stop",
]


def test_a_stream_comes_through_with_its_names_and_pings(ends: Ends) -> None:
    response = ends.ask("text")

    assert [name for name, _ in named_events(response)] == TEXT
    assert [value["type"] for _, value in named_events(response)] == TEXT
    assert words(response) == "Amber birch cedar"
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert response.headers["anthropic-ratelimit-requests-remaining"] == "3999"


def test_each_event_comes_out_before_the_next_exists(ends: Ends) -> None:
    nonce, seen = fresh(), []
    with ends.streaming("holds", nonce) as response:
        body, pieces = "", response.iter_text()
        for hold, word in (("first", "Tansy"), ("second", " umbel"), ("third", " vetch")):
            while word not in body:
                body += next(pieces)
            seen.append(body.count("text_delta"))
            ends.release(nonce, hold)

    assert seen == [1, 2, 3]


def test_an_event_goes_out_as_it_came_and_gets_the_name_it_lacks(ends: Ends) -> None:
    message: Json = {
        "id": "msg_1", "model": "m", "type": "message", "role": "assistant", "content": [],
        "stop_reason": None, "stop_sequence": None,
        "usage": {"input_tokens": 1, "output_tokens": 0},
    }  # fmt: skip
    opening = f'{{"type":"message_start", "message" : {json.dumps(message)}}}   '
    stop = '{ "type":"message_stop" }  '
    response = ends.play([{"raw": f"data: {opening}\n\nevent: message\ndata: {stop}\n\n"}])

    said = f"event: message_start\ndata: {opening}\n\nevent: message_stop\ndata: {stop}\n\n"
    assert response.text == said


def test_a_type_that_only_the_name_says_and_an_identity_that_is_missing_are_added(
    ends: Ends,
) -> None:
    response = ends.play([{"raw": 'event: message_start\ndata: {"message":{}}\n\n'}, END])
    (name, value), *_ = named_events(response)

    assert (name, value["type"], value["message"]["model"]) == (
        "message_start",
        "message_start",
        "m",
    )
    assert value["message"]["id"].startswith("msg_")


END: Json = {"raw": 'event: message_stop\ndata: {"type":"message_stop"}\n\n'}


def test_the_provider_gets_our_key_and_the_clients_version(ends: Ends) -> None:
    nonce = fresh()
    told = {"anthropic-version": "2023-01-01", "anthropic-beta": "a-2026", "cookie": "c"}
    ends.http.post(ends.url(), json=ends.body("text", nonce), headers=told)

    request = ends.entry(nonce)["request"]
    headers = dict(request["headers"])
    assert request["target"] == "/v1/messages"
    assert headers["x-api-key"] == "sk-upstream-of-the-reference"
    assert (headers["anthropic-version"], headers["anthropic-beta"]) == ("2023-01-01", "a-2026")
    assert not {"cookie", "authorization"} & headers.keys()


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"x-api-key": "sk-conformance"}, 200),
        ({"x-api-key": "", "authorization": "Bearer sk-conformance"}, 200),
        ({"x-api-key": "sk-wrong", "authorization": "Bearer sk-conformance"}, 401),
        ({"x-api-key": ""}, 401),
    ],
)
def test_a_client_may_carry_its_key_in_either_header(
    ends: Ends, sent: dict[str, str], status: int
) -> None:
    nonce = fresh()
    answer = ends.http.post(ends.url(), json=ends.body("text", nonce), headers=sent)

    assert answer.status_code == status
    assert ends.unheard(nonce) == (status == 401)
    if status == 401:
        assert answer.json() == {
            "type": "error",
            "error": {
                "type": "authentication_error",
                "message": "incorrect API key",
                "details": {"error_code": "invalid_api_key"},
            },
            "request_id": answer.headers["request-id"],
        }


@pytest.mark.parametrize("mode", ["stream", "plain"])
def test_usage_is_in_the_ledger_with_the_cached_tokens_as_input(ends: Ends, mode: str) -> None:
    response = ends.ask("usage-classes", mode=mode)

    row = ends.row(response)
    assert row["upstream_request_id"] == response.headers["x-upstream-request-id"]
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


def test_a_plain_answer_is_a_message(ends: Ends) -> None:
    answer = ends.ask("text", mode="plain").json()

    assert (answer["type"], answer["stop_reason"]) == ("message", "end_turn")
    assert [block["text"] for block in answer["content"]] == ["Amber birch cedar"]


SAID: list[Json] = [{"say": "Sage"}]
OVERLOADED: Json = {"error": {"message": "no more", "type": "overloaded_error", "status": 529}}

# how the provider's stream ends -> the type and the code of the error event
FAILURES: dict[str, tuple[list[Json], str, str | None]] = {
    "FIN without the last HTTP chunk": ([*SAID, {"close": "cut"}], "api_error", "upstream_cut"),
    "RST": ([*SAID, {"reset": True}], "api_error", "upstream_cut"),
    "silence": ([*SAID, {"stall": True}], "timeout_error", "upstream_stalled"),
    "the end of the body": ([*SAID, {"close": "clean"}], "api_error", "upstream_unfinished"),
    "an error": ([*SAID, OVERLOADED], "overloaded_error", None),
}


@pytest.mark.slow
@pytest.mark.parametrize("how", FAILURES)
def test_a_stream_that_fails_says_so_and_never_looks_complete(ends: Ends, how: str) -> None:
    steps, kind, code = FAILURES[how]
    response = ends.play(steps)

    *before, (name, last) = named_events(response)
    assert words(response) == "Sage"
    assert not {"message_delta", "message_stop", "error"} & {name for name, _ in before}
    assert (name, last["type"], last["error"]["type"]) == ("error", "error", kind)
    assert last["error"].get("details", {}).get("error_code") == code
    assert ends.row(response)["status"] == "failed"


@pytest.mark.parametrize(
    ("steps", "status", "kind"),
    [
        ([OVERLOADED], 529, "overloaded_error"),
        ([{"close": "cut"}], 502, "api_error"),
        ([{"raw": "event: ping\ndata: {}\n\n"}, {"close": "clean"}], 502, "api_error"),
        ([{"raw": "data: nonsense\n\ndata: {}\n\n"}, {"close": "clean"}], 502, "api_error"),
    ],
)
def test_what_fails_ahead_of_the_first_event_gets_a_status(
    ends: Ends, steps: list[Json], status: int, kind: str
) -> None:
    response = ends.play(steps)

    assert (response.status_code, response.json()["error"]["type"]) == (status, kind)


@pytest.mark.parametrize("mode", ["stream", "plain"])
def test_an_error_status_comes_through_with_its_headers(ends: Ends, mode: str) -> None:
    head = {"status": 429, "headers": [["retry-after", "7"]]}
    told = {"message": "slow, sk-upstream-of-the-reference", "type": "rate_limit_error"}
    response = ends.play([{"error": told}], mode, head=head)

    assert (response.status_code, response.headers["retry-after"]) == (429, "7")
    assert response.json()["error"] == {"type": "rate_limit_error", "message": "slow, [redacted]"}


def test_an_error_that_says_nothing_gets_the_type_of_its_status(ends: Ends) -> None:
    response = ends.play([], head={"status": 529, "body": "busy", "content_type": "text/plain"})

    told = {"type": "overloaded_error", "message": "the upstream answered 529"}
    assert (response.status_code, response.json()["error"]) == (529, told)


@pytest.mark.slow
def test_silence_is_filled_with_pings_and_ahead_of_the_answer_with_comments(ends: Ends) -> None:
    begun, silent = ends.play([*SAID, {"stall": True}]), ends.play([{"stall": True}])

    assert begun.text.count('event: ping\ndata: {"type": "ping"}\n\n') >= 3
    assert silent.text.startswith(": keepalive\n\n: keepalive\n\n")
    assert [name for name, _ in named_events(silent)] == ["error"]


@pytest.mark.slow
@pytest.mark.parametrize("how", [{"close": "clean"}, {"stall": True}])
def test_a_message_that_has_its_stop_reason_is_completed(ends: Ends, how: Json) -> None:
    response = ends.play([*SAID, {"finish": "length"}, how])

    told = [event for event in named_events(response) if event[0] != "ping"]
    (_, delta), (name, stop) = told[-2:]
    assert delta["delta"]["stop_reason"] == "max_tokens"
    assert (name, stop) == ("message_stop", {"type": "message_stop"})


def test_a_stream_to_a_plain_request_is_put_together(ends: Ends) -> None:
    streamed = ends.ask("blocks")
    whole = ends.ask("blocks", mode="plain").json()

    head = {"content_type": "text/event-stream", "body": streamed.text}
    made = ends.play([], "plain", head=head)
    members = ("type", "role", "content", "stop_reason", "usage")

    assert made.headers["content-type"] == "application/json"
    assert {name: made.json()[name] for name in members} == {n: whole[n] for n in members}


def test_a_message_to_a_stream_request_is_played(ends: Ends) -> None:
    whole = ends.ask("blocks", mode="plain").json()
    response = ends.play([], head={"json": whole})
    told = named_events(response)

    again = ends.play(
        [], "plain", head={"content_type": "text/event-stream", "body": response.text}
    )

    assert told[0][0] == "message_start"
    assert [name for name, _ in told[-2:]] == ["message_delta", "message_stop"]
    assert again.json()["content"] == whole["content"]


def test_half_a_stream_to_a_plain_request_is_a_failure(ends: Ends) -> None:
    half, _, _ = ends.ask("blocks").text.partition("event: message_delta")
    response = ends.play([], "plain", head={"content_type": "text/event-stream", "body": half})

    assert (response.status_code, response.json()["error"]["type"]) == (502, "api_error")
