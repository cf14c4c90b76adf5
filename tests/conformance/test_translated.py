"""What a client may expect whose router asks the provider in another API."""

import pytest

from conformance.exchange import Exchange, Json, Request
from conformance.protocols import read
from conformance.protocols.outcome import Call
from conformance.rules.charges import tokens
from conformance.rules.usage_classes import counted

CALL: Json = {"call": {"id": "c", "name": "herb", "arguments": '{ "name":"dill" }'}, "choice": 0}
BOTH: Json = {
    "step": [
        {"refuse": "No.", "choice": 0},
        {"say": "Mint", "choice": 1},
        CALL,
        {"finish": "stop"},
    ],
}


def asked_in(*surfaces: str, of: str = "chat", scenario: Json = BOTH) -> Exchange:
    request = Request("POST", "http://router/v1/chat/completions", (), {"n": 2})
    journal = tuple({"surface": name} for name in surfaces)
    return Exchange(of, "stream", request, status=200, scenario=scenario, journal=journal)


@pytest.mark.parametrize(
    ("surfaces", "texts", "arguments"),
    [
        ((), [("", "No."), ("Mint", "")], '{ "name":"dill" }'),
        (("chat",), [("", "No."), ("Mint", "")], '{ "name":"dill" }'),
        (("messages",), [("No.", "")], '{"name":"dill"}'),
        (("gemini", "gemini"), [("No.", ""), ("Mint", "")], '{"name":"dill"}'),
    ],
)
def test_nobody_says_more_than_the_api_of_the_provider(
    surfaces: tuple[str, ...], texts: list[tuple[str, str]], arguments: str
) -> None:
    said = read.scripted(asked_in(*surfaces)).choices

    assert [(choice.text, choice.refusal) for choice in said] == texts
    assert said[0].calls == (Call("herb", arguments),)


@pytest.mark.parametrize(
    ("provider", "finish"),
    [("messages", "content_filter"), ("chat", None), ("responses", None), ("gemini", "stop")],
)
def test_how_a_refusal_ends_is_open_where_the_provider_called_it_a_turn(
    provider: str, finish: str | None
) -> None:
    refused: Json = {"step": [{"refuse": "No."}, {"finish": "stop"}]}

    choice, *_ = read.scripted(asked_in(provider, of="messages", scenario=refused)).choices

    assert (choice.text, choice.finish) == ("No.", finish)


@pytest.mark.parametrize(("provider", "written"), [("messages", 211), ("chat", 211), ("gemini", 0)])
def test_what_went_into_a_cache_is_no_word_of_gemini(provider: str, written: int) -> None:
    used: Json = {"step": [{"usage": {"input": 1009, "output": 60, "cache_write": 211}}]}
    exchange = asked_in(provider, of="messages", scenario=used)

    assert counted(exchange, "cache_write") == tokens(exchange)["cache_write"] == written
