"""Requests that stand for several, and those that are not a surface's."""

from conformance.drive.spread import spread
from conformance.drive.target import Target, request
from conformance.exchange import Request
from conformance.probes import PROBES
from conformance.probes.probe import Probe, Send
from conformance.profiles.address import Address
from conformance.profiles.rows import Endpoint

JSON = (("content-type", "application/json"), ("accept", "application/json"))
ADDRESS = Address({"chat": "/api/v1"}, {"gemini": ("?key", "bearer")})
ROUTER = Target("http://router/api/v1", "sk-mine", address=ADDRESS)
KEY = ("authorization", "Bearer sk-mine")


def test_a_request_is_sent_once_for_each_way_of_the_key() -> None:
    probe = PROBES["each-way-of-the-key"]

    spread_out = spread(probe, "gemini", ADDRESS, {})

    assert {name: send.way for name, send in spread_out.sends.items()} == {
        "stream.key": "?key",
        "stream.bearer": "bearer",
        "plain.key": "?key",
        "plain.bearer": "bearer",
    }


def test_each_way_is_its_own_request() -> None:
    sends = spread(PROBES["each-way-of-the-key"], "gemini", ADDRESS, {}).sends

    asked = [request(ROUTER, "gemini", send, "Hi") for send in sends.values()]

    at = "http://router/v1beta/models/mock-model:"
    assert [each.url for each in asked] == [
        f"{at}streamGenerateContent?alt=sse&key=sk-mine",
        f"{at}streamGenerateContent?alt=sse",
        f"{at}generateContent?key=sk-mine",
        f"{at}generateContent",
    ]
    assert [KEY in each.headers for each in asked] == [False, True, False, True]


def test_a_row_of_the_profile_is_a_request_beside_the_surfaces() -> None:
    rows = (
        Endpoint("/api/v1/models", ("200",)),
        Endpoint("/mcp", ("4xx",), "POST", {"id": 1}, key=False),
    )

    sends = spread(PROBES["endpoints"], "chat", ADDRESS, {"endpoint": rows}).sends

    assert {name: request(ROUTER, "chat", send, "") for name, send in sends.items()} == {
        "0": Request("GET", "http://router/api/v1/models", (KEY, *JSON), None),
        "1": Request("POST", "http://router/mcp", JSON, {"id": 1}),
    }


def test_what_stands_for_itself_is_sent_as_it_is() -> None:
    probe = Probe("mine", "healthy", "text", {"one": Send(), "two": Send(each="way")})

    assert spread(PROBES["text"], "chat", ADDRESS, {}) is PROBES["text"]
    assert list(spread(probe, "chat", ADDRESS, {}).sends) == ["one", "two.bearer"]


def test_a_request_may_go_without_the_key_or_with_another() -> None:
    without = request(ROUTER, "chat", Send(key=""), "Hi")
    another = request(ROUTER, "chat", Send(key="sk-other"), "Hi")

    assert without.headers == JSON
    assert another.headers == (("authorization", "Bearer sk-other"), *JSON)
