"""What a profile's rows say of headers, and what the rules make of answers to that."""

from dataclasses import replace
from typing import Any

import pytest

from conformance.exchange import Exchange, Json, Request, Trial
from conformance.profiles.rows import Header
from conformance.rules import RULES

ROUTED = Header("x-routed", ("stream", "plain"), "required", "true|false")
NO_COST = Header("x-cost", ("stream",), "forbidden")
ASKED = Header("x-asked", equals="request.model")
SERVED = Header("x-served", equals="answer.model")
NAMED = Header("x-name", equals="answer.id")
PINNED = Header("x-routed", match="false", model="pinned")
OF_THE_FEATURE = Header("x-routed", match="false", model="pinned-model")
OF_MESSAGES = Header("x-claude", ("messages", "plain"), "required")

PLAIN = b'{"id": "chatcmpl-1", "model": "basil-2"}'
STREAM = b'data: {"response": {"id": "resp_1", "model": "basil-2"}}\n\n'


def exchange(*rows: Header, body: bytes = PLAIN, **headers: str) -> Exchange:
    """Return a plain answer with these headers, held to these rows."""
    return Exchange(
        "chat",
        "plain",
        Request("POST", "http://router/v1/chat/completions", (), {"model": "basil"}),
        status=200,
        headers=tuple((name.replace("_", "-"), value) for name, value in headers.items()),
        body=body,
        policy={"header": rows},
    )


def streamed(*rows: Header, **headers: str) -> Exchange:
    made = exchange(*rows, body=STREAM, **headers)
    return replace(made, surface="responses", mode="stream")


def at(made: Exchange, **changes: Any) -> Exchange:  # noqa: ANN401  (members of any type)
    return replace(made, **changes)


def asking(model: str, made: Exchange) -> Exchange:
    return replace(made, request=Request("POST", "http://router", (), {"model": model}))


GEMINI = Request("POST", "http://router/v1beta/models/basil:generateContent", (), {})

CASES: list[tuple[str, Exchange, list[str]]] = [
    ("there", exchange(ROUTED, x_routed="true"), []),
    ("missing", exchange(ROUTED), ["no x-routed, which every such answer has"]),
    ("not of this form", at(exchange(ROUTED), status=500), []),
    ("of another surface", exchange(OF_MESSAGES), []),
    (
        "of this surface",
        at(exchange(OF_MESSAGES), surface="messages"),
        ["no x-claude, which every such answer has"],
    ),
    ("forbidden elsewhere", exchange(NO_COST, x_cost="1"), []),
    (
        "forbidden",
        streamed(NO_COST, x_cost="1"),
        ["x-cost is '1', and no such answer has it"],
    ),
    (
        "an array is a stream",
        at(streamed(NO_COST, x_cost="1"), mode="array", surface="gemini", body=b"[]"),
        ["x-cost is '1', and no such answer has it"],
    ),
    (
        "a value in part",
        exchange(ROUTED, x_routed="true, false"),
        ["x-routed is 'true, false', which does not match 'true|false'"],
    ),
    ("the model asked for", exchange(ASKED, x_asked="basil"), []),
    ("the model in the path", at(exchange(ASKED, x_asked="basil"), request=GEMINI), []),
    (
        "another model",
        exchange(ASKED, x_asked="mint"),
        ["x-asked is 'mint', the request has as model 'basil'"],
    ),
    ("the answer's model", exchange(SERVED, x_served="basil-2"), []),
    (
        "not the answer's model",
        streamed(SERVED, x_served="basil"),
        ["x-served is 'basil', the answer has as model 'basil-2'"],
    ),
    (
        "not the answer's id",
        streamed(NAMED, x_name="1"),
        ["x-name is '1', the answer has as id 'resp_1'"],
    ),
    ("an answer that states none", at(exchange(NAMED, x_name="1"), body=b"{}"), []),
    ("of another model", exchange(PINNED, x_routed="true"), []),
    ("of no feature", exchange(OF_THE_FEATURE, x_routed="true"), []),
    (
        "of the model of a feature",
        at(
            exchange(x_routed="true"),
            policy={"header": (OF_THE_FEATURE,), "pinned-model": "basil"},
        ),
        ["x-routed is 'true', which does not match 'false'"],
    ),
    (
        "of this model",
        asking("pinned", exchange(PINNED, x_routed="true")),
        ["x-routed is 'true', which does not match 'false'"],
    ),
]


def told(rule: str, **exchanges: Exchange) -> list[str]:
    return [finding.message for finding in RULES[rule].check(Trial("p", exchanges))]


@pytest.mark.parametrize(("made", "said"), [case[1:] for case in CASES], ids=[c[0] for c in CASES])
def test_a_row_says_what_headers_are_like(made: Exchange, said: list[Json]) -> None:
    assert told("hdr.declared", one=made) == said


def test_the_id_of_a_request_is_where_it_is_declared() -> None:
    declared = exchange(Header("x-flux-request-id", unique=True))

    assert told("hdr.request-id", one=declared) == []
    assert told("hdr.request-id", one=exchange(ROUTED)) == ["no x-request-id"]


def test_where_the_declared_id_is_not_promised_the_usual_one_is_due() -> None:
    declared = exchange(Header("x-flux-request-id", ("stream", "plain"), unique=True))

    assert told("hdr.request-id", one=at(declared, status=500)) == ["no x-request-id"]


def test_a_forbidden_header_is_found_behind_the_body_too() -> None:
    late = at(streamed(NO_COST), trailers=(("X-Cost", "1"),))

    assert told("hdr.declared", one=late) == ["x-cost comes behind the body"]


def test_a_row_may_spell_a_header_in_any_case() -> None:
    late = at(streamed(Header("X-Cost", ("stream",), "forbidden")), trailers=(("x-cost", "1"),))

    assert told("hdr.declared", one=late) == ["X-Cost comes behind the body"]


UNIQUE, STABLE = Header("x-id", unique=True), Header("x-model", stable=True)


def test_a_unique_header_is_never_the_same() -> None:
    first, second = (exchange(UNIQUE, x_id=value) for value in ("1", "2"))

    assert told("hdr.unique", a=first, b=second, c=exchange(UNIQUE), d=exchange(UNIQUE)) == []
    assert told("hdr.unique", a=first, b=second, c=first) == ["x-id is '1', as in the a answer"]


def test_a_stable_header_is_always_the_same() -> None:
    first, second = (exchange(STABLE, x_model=value) for value in ("basil", "mint"))

    assert told("hdr.stable", a=first, b=exchange(STABLE), c=first) == []
    assert told("hdr.stable", a=first, b=second) == [
        "x-model is 'mint', in the first answer it was 'basil'"
    ]
