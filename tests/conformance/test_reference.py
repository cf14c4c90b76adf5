"""The reference router in front of the real mock, over real connections."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from conformance.drive.launch import launched, python
from conformance.exchange import Json
from conformance.selfcheck.reference import REFERENCE
from conformance.selfcheck.router.app import app
from conformance.selfcheck.router.relay import Relay
from conformance.selfcheck.router.values import Settings
from conformance.selfcheck.router.wire import Wire
from conformance.selfcheck.servers import Servers
from tests.conformance.ends import Ends, fresh

MIB = 1 << 20
NOBODY = "http://127.0.0.1:9"
USAGE: Json = {"stream_options": {"include_usage": True}}


def events(response: httpx.Response) -> list[Json]:
    """Return the data of a stream's events; the terminator stays text."""
    found = [line[6:] for line in response.text.split("\n") if line.startswith("data: ")]
    return [data if data == "[DONE]" else json.loads(data) for data in found]


def words(response: httpx.Response) -> str:
    said = [event for event in events(response) if event != "[DONE]"]
    deltas = [choice["delta"] for event in said for choice in event.get("choices", ())]
    return "".join(delta.get("content") or "" for delta in deltas)


def error(response: httpx.Response) -> Json:
    return response.json()["error"]


@pytest.fixture(scope="module")
def ends(impatient: Servers) -> Iterator[Ends]:
    with closing(Ends("chat", impatient, **USAGE)) as both:
        yield both


def test_each_event_comes_out_before_the_next_exists(ends: Ends) -> None:
    nonce, seen = fresh(), []
    with ends.streaming("holds", nonce) as response:
        body, pieces = "", response.iter_text()
        for hold, word in (("first", "Tansy"), ("second", " umbel"), ("third", " vetch")):
            while word not in body:
                body += next(pieces)
            seen.append(body.count('"content":"') - 1)
            ends.release(nonce, hold)

    assert seen == [1, 2, 3]


def test_an_event_that_needs_no_repair_goes_out_byte_for_byte(ends: Ends) -> None:
    chunk = '{"id": "c", "object":"chat.completion.chunk" , "created":1,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"\\u00e9é"},"finish_reason":"stop"}]}'  # noqa: E501  (one event is one line)
    response = ends.play([{"raw": f"data: {chunk}\n\n"}])

    assert response.text == f"data: {chunk}\n\ndata: [DONE]\n\n"


def test_a_stream_has_the_headers_that_keep_it_flowing(ends: Ends) -> None:
    headers = ends.ask("text").headers

    assert {name: headers.get(name) for name in HEADERS} == HEADERS
    assert headers["x-request-id"].startswith("req-")
    assert headers["x-upstream-request-id"].startswith("req_reference-")


HEADERS = {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache, no-transform",
    "x-accel-buffering": "no",
    "content-length": None,
    "content-encoding": None,
    "server": None,
    "x-ratelimit-remaining-requests": "9999",
}


def test_the_provider_gets_our_key_and_nothing_of_the_clients(ends: Ends) -> None:
    nonce = fresh()
    secrets = {"cookie": "session=1", "x-router-trace": "t", "x-forwarded-for": "10.0.0.1"}
    body = ends.body("text", nonce, "plain", temperature=0.5, vendor={"a": 1})
    ends.http.post("/chat/completions", json=body, headers=secrets)

    request = ends.entry(nonce)["request"]
    headers = dict(request["headers"])
    assert headers["authorization"] == "Bearer sk-upstream-of-the-reference"
    assert headers["accept-encoding"] == "identity"
    assert not secrets.keys() & headers.keys()
    assert json.loads(request["body"]) == body


@pytest.mark.parametrize("sent", ["", "Bearer sk-wrong", "Basic sk-conformance"])
def test_a_client_without_a_key_of_ours_is_turned_away(ends: Ends, sent: str) -> None:
    nonce = fresh()
    headers = {"authorization": sent}
    answer = ends.http.post("/chat/completions", json=ends.body("text", nonce), headers=headers)

    assert answer.status_code == 401
    assert error(answer)["code"] == "invalid_api_key"
    assert ends.unheard(nonce)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{", "the body is not JSON: Expecting property name"),
        (b"[]", "the body is not a JSON object"),
        (b"\xff", "the body is not JSON: 'utf-8' codec can't decode byte"),
    ],
)
def test_a_body_that_is_no_request_is_refused(ends: Ends, body: bytes, said: str) -> None:
    answer = ends.http.post("/chat/completions", content=body)

    assert answer.status_code == 400
    assert error(answer)["message"].startswith(said)


def test_usage_reaches_who_asked_and_the_ledger_always(ends: Ends) -> None:
    asked, not_asked = ends.ask("usage-classes", **USAGE), ends.ask("usage-classes")
    counted = [event["usage"] for event in events(asked)[:-1] if event.get("usage")]

    assert [usage["total_tokens"] for usage in counted] == [1069]
    assert not any("usage" in event for event in events(not_asked)[:-1])
    for response in (asked, not_asked):
        assert ends.row(response) == {
            "request_id": response.headers["x-request-id"],
            "upstream_request_id": response.headers["x-upstream-request-id"],
            "model": "m",
            "status": "complete",
            "providers": 1,
            "source": "upstream",
            "input_tokens": 1009,
            "output_tokens": 60,
            "cached_tokens": 401,
            "cache_write_tokens": 211,
            "reasoning_tokens": 29,
            "cost": "0.004982",
        }


def test_a_plain_answer_is_in_the_ledger_too(ends: Ends) -> None:
    response = ends.ask("usage-classes", stream=False)

    assert response.json()["object"] == "chat.completion"
    assert ends.row(response)["output_tokens"] == 60


def test_a_request_nobody_made_is_in_no_ledger(ends: Ends) -> None:
    answer = ends.http.get("/usage/req-none")

    assert (answer.status_code, error(answer)["message"]) == (404, "no request 'req-none'")


SAID: list[Json] = [{"say": "Sage"}]

# how the provider's stream ends -> the code of the error event
FAILURES: dict[str, tuple[list[Json], str | None]] = {
    "FIN without the last HTTP chunk": ([*SAID, {"close": "cut"}], "upstream_cut"),
    "RST": ([*SAID, {"reset": True}], "upstream_cut"),
    "silence": ([*SAID, {"stall": True}], "upstream_stalled"),
    "the end of the body": ([*SAID, {"close": "clean"}], "upstream_unfinished"),
    "the end in the middle of an event": (
        [*SAID, {"finish": "stop"}, {"raw": "data: {"}, {"close": "clean"}],
        "upstream_unfinished",
    ),
    "an error": (
        [*SAID, {"error": {"message": "no more", "type": "server_error", "code": "gone"}},
         {"close": "clean"}],
        "gone",
    ),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("how", FAILURES)
def test_a_stream_that_fails_says_so_and_never_looks_complete(ends: Ends, how: str) -> None:
    steps, code = FAILURES[how]
    response = ends.play(steps)

    *before, last = events(response)
    assert words(response) == "Sage"
    assert [event["choices"][0]["finish_reason"] for event in before][:2] == [None, None]
    assert last["error"]["code"] == code
    assert ends.row(response)["status"] == "failed"


@pytest.mark.slow
def test_an_event_that_comes_slowly_is_no_silence(ends: Ends) -> None:
    chunk = json.dumps({"choices": [{"index": 0, "delta": {"content": "slow"}}]})
    pieces = [f"data: {chunk[:8]}", *chunk[8:20], f"{chunk[20:]}\n\n"]
    paced = [step for piece in pieces for step in ({"raw": piece}, {"wait_ms": 50})]

    assert words(ends.play([*SAID, *paced, {"finish": "stop"}])) == "Sageslow"


@pytest.mark.slow
def test_silence_is_filled_with_comments(ends: Ends) -> None:
    assert ends.play([*SAID, {"stall": True}]).text.count(": keepalive\n\n") >= 2


@pytest.mark.parametrize(
    ("steps", "head", "status", "said"),
    [
        ([{"close": "clean"}], {}, 502, "the upstream ended its stream before the answer was c"),
        ([{"close": "cut"}], {}, 502, "the connection to the upstream broke before the answer"),
        ([{"raw": "data: [DONE]\n\n"}, {"close": "clean"}], {}, 502, "the upstream ended its str"),
        ([{"error": {"message": "full", "type": "rate_limit_exceeded"}}], {}, 429, "full"),
        ([], {"hold": "head"}, 504, "the upstream has gone silent"),
        ([], {"body": '{"id', "content_type": "application/json"}, 502, "the upstream's answer is"),
    ],
)
def test_what_fails_ahead_of_the_first_event_gets_a_status(
    ends: Ends, steps: list[Json], head: Json, status: int, said: str
) -> None:
    response = ends.play(steps, head=head)

    assert response.status_code == status
    assert error(response)["message"].startswith(said)
    assert ends.row(response)["status"] == "failed"


@pytest.mark.slow
def test_an_event_that_is_too_long_is_not_waited_for(started: Servers) -> None:
    steps: list[Json] = [{"raw": "data: "}, *[{"raw": "x" * MIB}] * 17]
    with closing(Ends("chat", started)) as both:
        # Without its opening chunk the long event is the first.
        response = both.play(steps, chat={"role": "never"})

    assert response.status_code == 502
    assert error(response)["message"] == "the upstream sent an event that is too long"


@pytest.mark.slow
def test_a_finish_without_terminator_is_completed_and_a_terminator_without_finish_too(
    ends: Ends,
) -> None:
    closed = ends.play([*SAID, {"finish": "length"}, {"close": "clean"}])
    silent = ends.play([*SAID, {"finish": "length"}, {"stall": True}])
    bare = ends.play(SAID)

    for response, reason in ((closed, "length"), (silent, "length"), (bare, "stop")):
        *_, last, done = events(response)
        assert (last["choices"][0]["finish_reason"], done) == (reason, "[DONE]")


def test_the_stream_ends_with_the_terminator_though_the_provider_keeps_the_line(
    ends: Ends,
) -> None:
    nonce = fresh()
    response = ends.ask("done-then-open", nonce)

    assert events(response)[-1] == "[DONE]"
    assert ends.row(response)["status"] == "complete"
    assert ends.entry(nonce)["end"]["kind"].startswith("peer-")


def test_the_provider_is_left_when_the_client_leaves(ends: Ends) -> None:
    streaming, waiting = fresh(), fresh()
    with ends.streaming("holds", streaming) as response:
        next(response.iter_raw())
    ends.arm(SAID, waiting, head={"hold": "head"})
    with pytest.raises(httpx.ReadTimeout):
        ends.http.post("/chat/completions", json=ends.body("armed", waiting), timeout=0.1)

    for nonce in (streaming, waiting):
        assert ends.entry(nonce)["end"]["kind"].startswith("peer-")
    row = ends.row(response)
    assert (row["status"], row["source"]) == ("cancelled", "delivered")


@pytest.mark.parametrize("stream", [True, False])
def test_an_error_status_comes_through_with_its_headers(ends: Ends, stream: bool) -> None:
    head = {"status": 429, "headers": [["retry-after", "7"], ["set-cookie", "a=b"]]}
    told = {"message": "slow, sk-upstream-of-the-reference", "type": "rate_limit_exceeded"}
    response = ends.ask("armed", ends.arm([{"error": told}], head=head), stream=stream)

    assert (response.status_code, response.headers["retry-after"]) == (429, "7")
    assert "set-cookie" not in response.headers
    assert response.headers["content-type"] == "application/json"
    assert error(response)["message"] == "slow, [redacted]"
    assert error(response)["type"] == "rate_limit_exceeded"


def test_a_body_of_the_wrong_kind_is_converted_or_refused(ends: Ends) -> None:
    streamed = ends.ask("json-for-stream")
    whole = ends.ask("stream-for-plain", stream=False)
    page = ends.ask("web-page")

    assert (words(streamed), events(streamed)[-1]) == ("Lemon balm", "[DONE]")
    assert whole.json()["choices"] == [
        {
            "index": 0,
            "message": {"content": "Mint", "refusal": None, "role": "assistant"},
            "finish_reason": "stop",
        }
    ]
    assert page.status_code == 502
    assert error(page)["message"] == "the upstream answered with 'text/html'"


def test_a_provider_that_compresses_is_read_all_the_same(ends: Ends) -> None:
    response = ends.play([*SAID, {"finish": "stop"}], fault=["gzip"])

    assert words(response) == "Sage"
    assert "content-encoding" not in response.headers


def test_models_are_the_providers(ends: Ends) -> None:
    assert ends.http.get("/models").json()["object"] == "list"


@pytest.mark.slow
def test_a_provider_that_is_not_there_is_a_bad_gateway() -> None:
    nobody = ("--port", "0", "--upstream", f"{NOBODY}/v1", "--print-json")
    server = launched(python("conformance.selfcheck.serve", *nobody))
    with server as told, closing(Ends("chat", Servers(told["url"], NOBODY, NOBODY))) as both:
        http = both.http
        answers = [
            both.ask("text"),
            http.get("/models"),
            http.get(f"{told['url']}/nobody/v1/models"),
            http.get("/nothing"),
        ]

    assert [(answer.status_code, error(answer)["message"]) for answer in answers] == [
        (502, "the connection to the upstream broke"),
        (502, "the upstream does not answer"),
        (404, "no router 'nobody'"),
        (404, "nothing is at /v1/nothing"),
    ]


def test_a_router_that_breaks_down_says_so_as_the_surface_does() -> None:
    def broken(relay: Relay) -> None:
        raise ZeroDivisionError

    routers = {"broken": replace(REFERENCE, admit=broken)}
    inner = app(routers, Settings("http://127.0.0.1:9/v1"))

    async def wired(scope: Scope, receive: Receive, send: Send) -> None:
        await inner({**scope, "state": {"wire": Wire(asyncio.Transport())}}, receive, send)

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(wired, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport) as http:
            return await http.post("http://router/broken/v1/chat/completions", json={})

    answer = asyncio.run(ask())

    assert (answer.status_code, error(answer)["message"]) == (500, "the router broke down")
