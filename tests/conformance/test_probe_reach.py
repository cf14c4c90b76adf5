"""What a probe may say of itself: what it asks for, and which rules judge it."""

import pytest

from conformance.drive.target import Target, request
from conformance.exchange import SURFACES
from conformance.plan import cases
from conformance.probes import PROBES
from conformance.probes.probe import Probe, Send
from conformance.rules import RULES


def test_a_member_asked_for_as_none_is_left_out() -> None:
    send = Send("plain", {"stream": None, "n": 2})

    asked = request(Target("http://router/v1"), "chat", send, "Hi")

    assert asked.body == {
        "model": "mock-model",
        "messages": [{"role": "user", "content": "Hi"}],
        "n": 2,
    }


HERB = {"type": "function", "function": {"name": "herb", "parameters": {"type": "object"}}}
ASKED = Send("stream", {"tools": [HERB], "stream_options": {"include_usage": True}, "n": 2})


@pytest.mark.parametrize(
    ("surface", "path", "tools"),
    [
        ("chat", "/v1/chat/completions", [HERB]),
        (
            "responses", "/v1/responses",
            [{"type": "function", "name": "herb", "parameters": {"type": "object"}}],
        ),
        ("messages", "/v1/messages", [{"name": "herb", "input_schema": {"type": "object"}}]),
        (
            "gemini", "/v1beta/models/mock-model:streamGenerateContent?alt=sse",
            [{"functionDeclarations": [HERB["function"]]}],
        ),
    ],
)  # fmt: skip
def test_each_surface_asks_in_its_own_words(surface: str, path: str, tools: object) -> None:
    asked = request(Target("http://router/v1"), surface, ASKED, "Hi")

    assert asked.url == f"http://router{path}"
    assert asked.body["tools"] == tools
    assert ("stream_options" in asked.body) == (surface == "chat")


def test_gemini_is_asked_in_its_own_words_too() -> None:
    answer = {"role": "model", "parts": [{"text": "Ho"}]}
    own = {"contents": [answer], "generationConfig": {"topK": 2}, "temperature": 1}

    asked = request(Target("http://router/v1"), "gemini", Send("plain", own), "Hi")

    assert asked.body == {
        "contents": [{"role": "user", "parts": [{"text": "Hi"}]}, answer],
        "generationConfig": {"topK": 2, "temperature": 1},
    }


@pytest.mark.parametrize(
    ("mode", "method"),
    [
        ("stream", "streamGenerateContent?alt=sse"),
        ("array", "streamGenerateContent"),
        ("plain", "generateContent"),
    ],
)
def test_gemini_has_a_method_for_each_form(mode: str, method: str) -> None:
    asked = request(Target("http://router/v1"), "gemini", Send(mode, {"n": 2}), "Hi")

    assert asked.url == f"http://router/v1beta/models/mock-model:{method}"
    assert asked.body["generationConfig"] == {"candidateCount": 2}


def test_a_form_without_a_surface_is_that_form_on_each() -> None:
    broken = RULES["err.midstream-signalled"]

    assert {kind.partition(".")[0] for kind in broken.on} == set(SURFACES)
    forms = {"stream", "array", "plain", "error"}
    assert {kind.partition(".")[2] for kind in broken.on} == forms
    assert RULES["chunk.role-first"].on == {"chat.stream"}


def test_a_rule_for_every_probe_judges_every_probe() -> None:
    probe = Probe("odd", "tag-of-no-other", "text")

    judging = {case.rule.id for case in cases(RULES.values(), [probe])}

    assert judging == {"http.answered"}


def test_every_rule_has_a_probe_to_judge() -> None:
    judging = {case.rule.id for case in cases(RULES.values(), PROBES.values())}

    assert judging == set(RULES)
