"""What a client may expect whose router asks the provider in another API."""

import pytest

from conformance.exchange import Exchange, Json, Request
from conformance.protocols import read
from conformance.protocols.outcome import Call

CALL: Json = {"call": {"id": "c", "name": "herb", "arguments": '{ "name":"dill" }'}, "choice": 0}
BOTH: Json = {
    "step": [
        {"refuse": "No.", "choice": 0},
        {"say": "Mint", "choice": 1},
        CALL,
        {"finish": "stop"},
    ],
}


def asked_in(*surfaces: str) -> Exchange:
    request = Request("POST", "http://router/v1/chat/completions", (), {"n": 2})
    journal = tuple({"surface": name} for name in surfaces)
    return Exchange("chat", "stream", request, status=200, scenario=BOTH, journal=journal)


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
