"""The reference router's gemini surface in front of the real mock."""

import json
from collections.abc import Iterator
from contextlib import closing

import httpx
import pytest

from conformance.exchange import Json
from conformance.selfcheck.servers import Servers
from tests.conformance.ends import Ends, fresh

STREAMS = ("stream", "array")


@pytest.fixture(scope="module")
def ends(impatient: Servers) -> Iterator[Ends]:
    with closing(Ends("gemini", impatient)) as both:
        yield both


def chunks(response: httpx.Response) -> list[Json]:
    """Return what a stream says, in either form."""
    if response.headers["content-type"].startswith("application/json"):
        listed: list[Json] = response.json()
        return listed
    return [json.loads(block.removeprefix("data: ")) for block in response.text.split("\n\n")[:-1]]


def words(response: httpx.Response) -> str:
    candidates = [one for chunk in chunks(response) for one in chunk.get("candidates", ())]
    parts = [part for one in candidates for part in one.get("content", {}).get("parts", ())]
    return "".join(part["text"] for part in parts)


def reasons(response: httpx.Response) -> list[str]:
    candidates = [one for chunk in chunks(response) for one in chunk.get("candidates", ())]
    return [one["finishReason"] for one in candidates if "finishReason" in one]


TYPES = {"stream": "text/event-stream", "array": "application/json; charset=UTF-8"}


@pytest.mark.parametrize("mode", STREAMS)
def test_a_stream_comes_through_in_the_form_that_was_asked_for(ends: Ends, mode: str) -> None:
    response = ends.ask("text", mode=mode)

    assert (words(response), reasons(response)) == ("Amber birch cedar", ["STOP"])
    assert response.headers["content-type"] == TYPES[mode]


@pytest.mark.parametrize("mode", STREAMS)
def test_each_chunk_comes_out_before_the_next_exists(ends: Ends, mode: str) -> None:
    nonce, seen = fresh(), []
    with ends.streaming("holds", nonce, mode) as response:
        body, pieces = "", response.iter_text()
        for hold, word in (("first", "Tansy"), ("second", " umbel"), ("third", " vetch")):
            while word not in body:
                body += next(pieces)
            seen.append(body.count("responseId"))
            ends.release(nonce, hold)

    assert seen == [1, 2, 3]


CHUNK = '{"candidates" : [{"finishReason":"STOP"}], "responseId":"r","modelVersion":"m"} '


def test_a_chunk_that_needs_no_repair_goes_out_as_it_came(ends: Ends) -> None:
    events = ends.play([{"raw": f"event: x\r\ndata: {CHUNK}\r\n\r\n: comment\r\n\r\n"}])
    array = ends.play([{"raw": f"[ {CHUNK.rstrip()} , {CHUNK.rstrip()}]"}], "array")

    assert events.text == f"data: {CHUNK}\n\n"
    assert array.text == f"[{CHUNK.rstrip()}\n,\r\n{CHUNK.rstrip()}\n]"


def test_an_identity_that_is_missing_or_changes_is_that_of_the_first_chunk(ends: Ends) -> None:
    raw = 'data: {"modelVersion":"v"}\n\n' + f"data: {CHUNK}\n\n"
    first, second = chunks(ends.play([{"raw": raw}]))

    assert first["modelVersion"] == second["modelVersion"] == "v"
    assert first["responseId"] == second["responseId"] != "r"


TARGETS = {
    "stream": "/v1/models/m:streamGenerateContent?alt=sse",
    "array": "/v1/models/m:streamGenerateContent",
    "plain": "/v1/models/m:generateContent",
}


@pytest.mark.parametrize("mode", TARGETS)
def test_the_provider_gets_our_key_and_the_same_request(ends: Ends, mode: str) -> None:
    nonce = fresh()
    ends.ask("text", nonce, mode)

    request = ends.entry(nonce)["request"]
    headers = dict(request["headers"])
    assert request["target"] == TARGETS[mode]
    assert headers["x-goog-api-key"] == "sk-upstream-of-the-reference"
    assert "authorization" not in headers


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("", {"x-goog-api-key": "sk-conformance"}, 200),
        ("&key=sk-conformance", {}, 200),
        ("", {"authorization": "Bearer sk-conformance"}, 200),
        ("&key=sk-conformance", {"x-goog-api-key": "sk-wrong"}, 401),
        ("", {}, 401),
    ],
)
def test_a_client_may_carry_its_key_in_many_ways(
    ends: Ends, path: str, headers: dict[str, str], status: int
) -> None:
    nonce = fresh()
    carried = {"x-goog-api-key": "", **headers}
    body = ends.body("text", nonce)
    answer = ends.http.post(f"{ends.url()}{path}", json=body, headers=carried)

    assert answer.status_code == status
    assert ends.unheard(nonce) == (status == 401)


def test_an_error_of_ours_is_as_the_surface_has_it(ends: Ends) -> None:
    wrong = {"x-goog-api-key": "sk-wrong"}
    told = {mode: ends.http.post(ends.url(mode), json={}, headers=wrong).json() for mode in TARGETS}

    error = {
        "code": 401,
        "message": "incorrect API key",
        "status": "UNAUTHENTICATED",
        "details": [
            {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": "INVALID_API_KEY",
                "domain": "router",
            }
        ],
    }
    assert told == {
        "stream": {"error": error},
        "array": [{"error": error}],
        "plain": {"error": error},
    }


@pytest.mark.parametrize("mode", TARGETS)
def test_usage_is_in_the_ledger_with_the_thoughts_as_output(ends: Ends, mode: str) -> None:
    row = ends.row(ends.ask("usage-classes", mode=mode))

    assert {name: value for name, value in row.items() if not name.endswith("request_id")} == {
        "model": "m",
        "status": "complete",
        "source": "upstream",
        "input_tokens": 1009,
        "output_tokens": 60,
        "cached_tokens": 401,
        "cache_write_tokens": None,
        "reasoning_tokens": 29,
        "cost": "0.004560",
        "providers": 1,
    }


def test_a_plain_answer_is_one_chunk(ends: Ends) -> None:
    answer = ends.ask("text", mode="plain").json()

    assert answer["candidates"][0]["content"]["parts"] == [{"text": "Amber birch cedar"}]
    assert answer["modelVersion"] == "m"


SAID: list[Json] = [{"say": "Sage"}]
ERROR: Json = {"error": {"message": "no more", "status": 503}}

# how the provider's stream ends -> the code of the error and its reason
FAILURES: dict[str, tuple[list[Json], int, str | None]] = {
    "FIN without the last HTTP chunk": ([*SAID, {"close": "cut"}], 502, "UPSTREAM_CUT"),
    "RST": ([*SAID, {"reset": True}], 502, "UPSTREAM_CUT"),
    "silence": ([*SAID, {"stall": True}], 504, "UPSTREAM_STALLED"),
    "the end of the body": ([*SAID, {"close": "clean"}], 502, "UPSTREAM_UNFINISHED"),
    "the end in the middle of a chunk": (
        [*SAID, {"finish": "stop"}, {"raw": 'data: {"a"'}, {"close": "clean"}],
        502,
        "UPSTREAM_UNFINISHED",
    ),
    "an error": ([*SAID, ERROR, {"close": "clean"}], 503, None),
}


@pytest.mark.slow
@pytest.mark.parametrize("mode", STREAMS)
@pytest.mark.parametrize("how", FAILURES)
def test_a_stream_that_fails_says_so_and_never_looks_complete(
    ends: Ends, how: str, mode: str
) -> None:
    steps, code, reason = FAILURES[how]
    response = ends.play(steps, mode)

    *_, last = chunks(response)
    details = last["error"].get("details") or [{"reason": None}]
    assert words(response) == "Sage"
    assert [*last] == ["error"]
    assert (last["error"]["code"], details[0]["reason"]) == (code, reason)
    assert ends.row(response)["status"] == "failed"


@pytest.mark.parametrize("mode", TARGETS)
def test_what_fails_ahead_of_the_first_chunk_gets_a_status(ends: Ends, mode: str) -> None:
    failed, refused = ends.play([ERROR], mode), ends.play([ERROR], mode, head={"status": 429})

    assert (failed.status_code, refused.status_code) == (503, 429)
    for response in (failed, refused):
        told = response.json()
        error = told[0]["error"] if mode == "array" else told["error"]
        assert (error["code"], error["message"]) == (response.status_code, "no more")


@pytest.mark.slow
@pytest.mark.parametrize("mode", STREAMS)
def test_a_candidate_that_has_its_reason_is_complete_without_the_end(ends: Ends, mode: str) -> None:
    response = ends.play([*SAID, {"finish": "length"}, {"stall": True}], mode)

    assert (words(response), reasons(response)) == ("Sage", ["MAX_TOKENS"])
    assert ends.row(response)["status"] == "complete"


def test_the_last_chunk_of_what_is_called_whole_has_the_reasons(ends: Ends) -> None:
    told = ends.http.post(
        ends.url().replace("/reference/", "/calls_a_cut_a_success/"),
        json=ends.body("cut"),
    )

    assert (words(told), reasons(told)) == ("Yarrow aster", ["STOP"])


def test_a_prompt_that_was_blocked_is_an_answer(ends: Ends) -> None:
    response = ends.play([*SAID, {"finish": "stop"}], gemini={"block": "SAFETY"})
    *_, last = chunks(response)

    assert last["promptFeedback"]["blockReason"] == "SAFETY"
    assert ends.row(response)["status"] == "complete"


def test_candidates_end_one_by_one(ends: Ends) -> None:
    half = [{"say": "a", "choice": 0}, {"say": "b", "choice": 1}, {"finish": "stop", "choice": 0}]
    nonce = ends.arm([*half, {"close": "clean"}])
    response = ends.ask("armed", nonce, generationConfig={"candidateCount": 2})

    assert chunks(response)[-1]["error"]["details"][0]["reason"] == "UPSTREAM_UNFINISHED"


def test_another_method_is_not_found(ends: Ends) -> None:
    answer = ends.http.post(ends.url("plain").replace("generate", "embed"), json={})

    assert answer.status_code == 404
