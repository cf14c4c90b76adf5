"""What the reference router makes of chunks that are legal and odd."""

import asyncio
import json

import pytest

from conformance.selfcheck.reference import REFERENCE
from conformance.selfcheck.router.dialects.chat.convert import Collected, as_chunks
from conformance.selfcheck.router.dialects.chat.dialect import CHAT, last_chunks
from conformance.selfcheck.router.dialects.chat.errors import status_of
from conformance.selfcheck.router.events import Event
from conformance.selfcheck.router.failures import error_object
from conformance.selfcheck.router.relay import Relay
from conformance.selfcheck.router.stream import json_text, repaired
from conformance.selfcheck.router.upstream import Upstream
from conformance.selfcheck.router.values import Chunk, Json, Settings
from conformance.selfcheck.router.wire import Wire

HEAD = {"id": "c1", "object": "chat.completion.chunk", "created": 7, "model": "m"}
USAGE = {"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9}


def relay(**asked: Json) -> Relay:
    settings = Settings("http://127.0.0.1:9/v1")
    provider = Upstream(settings.upstream, settings.idle)
    return Relay(REFERENCE, CHAT, settings, provider, Wire(asyncio.Transport()), {}, asked=asked)


def chunk(*choices: Json, **members: Json) -> Chunk:
    return {**HEAD, "choices": list(choices), **members}


def choice(delta: Json, finish: Json = None, index: int = 0) -> Json:
    return {"index": index, "delta": delta, "finish_reason": finish}


def call(arguments: str, name: str = "", id: str = "", **index: Json) -> Json:
    function = {"name": name, "arguments": arguments} if name else {"arguments": arguments}
    opening = {"id": id, "type": "function"} if id else {}
    return {**index, **opening, "function": function}


def opened(*choices: Json) -> list[Chunk]:
    return [chunk(choice({"role": "assistant", "content": ""})), *map(chunk, choices)]


def calls(*fragments: Json) -> list[Chunk]:
    return opened(*(choice({"tool_calls": [fragment]}) for fragment in fragments))


# what the provider sends -> what the client gets
REPAIRS: dict[str, tuple[list[Chunk], list[Chunk]]] = {
    "choices null": (
        [chunk() | {"choices": None}],
        [chunk()],
    ),
    "an id that is missing, then another": (
        [chunk() | {"id": "", "created": 0, "model": ""}, chunk() | {"id": "c2"}],
        [chunk() | {"id": "chatcmpl-1", "created": 5, "model": "asked"}] * 2,
    ),
    "no index, delta or finish reason": (
        [chunk({}), chunk({"delta": None, "finish_reason": "stop"})],
        [chunk(choice({"role": "assistant"})), chunk(choice({}, "stop"))],
    ),
    "no role, and roles on every chunk": (
        [chunk(choice({"content": "a"})), *opened(), chunk(choice({}, index=1))],
        [
            chunk(choice({"role": "assistant", "content": "a"})),
            chunk(choice({"content": ""})),
            chunk(choice({"role": "assistant"}, index=1)),
        ],
    ),
    "content in parts": (
        opened(choice({"content": [{"type": "text", "text": "a"}, {"text": "b"}]})),
        opened(choice({"content": "ab"})),
    ),
    "reasoning under two names": (
        opened(choice({"reasoning": "a", "reasoning_content": "a"})),
        opened(choice({"reasoning_content": "a"})),
    ),
    "reasons that are empty, foreign or repeated": (
        opened(choice({}, ""), choice({}, "MAX_TOKENS"), choice({}, "length")),
        opened(choice({}, None), choice({}, "length"), choice({}, None)),
    ),
    "a reason nobody knows": (
        opened(choice({}, "eos")),
        opened(choice({}, "stop")),
    ),
    "a call that ends with stop": (
        [*calls(call("{}", "f", "x", index=0)), chunk(choice({}, "stop"))],
        [*calls(call("{}", "f", "x", index=0)), chunk(choice({}, "tool_calls"))],
    ),
    "calls that all have index 0": (
        calls(call("{}", "f", "x", index=0), call("{}", "g", "y", index=0)),
        calls(call("{}", "f", "x", index=0), call("{}", "g", "y", index=1)),
    ),
    "calls without an index": (
        calls(call("", "f", "x"), call("{}"), call("", "g", "y", index=-1), call("[]", index=None)),
        calls(
            call("", "f", "x", index=0),
            call("{}", index=0),
            call("", "g", "y", index=1),
            call("[]", index=1),
        ),
    ),
    "ids and names said again": (
        calls(
            call("", "f", "x", index=0),
            call("{", "f", "x", index=0),
            call("}", index=0) | {"id": "null", "function": {"name": "", "arguments": "}"}},
        ),
        calls(call("", "f", "x", index=0), call("{", index=0), call("}", index=0)),
    ),
    "arguments that are an object, or null": (
        calls(
            call("", "f", "x", index=0) | {"function": {"name": "f", "arguments": None}},
            call("", index=0) | {"function": {"arguments": {"a": 1}}},
        ),
        calls(call("", "f", "x", index=0), call('{"a": 1}', index=0)),
    ),
    "calls null": (
        opened(choice({"content": "a", "tool_calls": None})),
        opened(choice({"content": "a"})),
    ),
    "usage that was not asked for": (
        [*opened(choice({}, "stop") | {}), chunk(usage=USAGE), chunk(usage=None, moderation={})],
        [*opened(choice({}, "stop")), chunk(moderation={})],
    ),
}


@pytest.mark.parametrize("case", REPAIRS)
def test_the_client_gets_valid_chunks(case: str) -> None:
    sent, expected = REPAIRS[case]
    at = relay(model="asked")
    at.id, at.at = "req-1", 5

    assert [made for one in sent for made in repaired(one, at)] == expected


def test_a_chunk_that_needs_no_repair_is_the_very_one_that_came() -> None:
    at = relay(stream_options={"include_usage": True})
    sent = [
        *calls(call("", "f", "x", index=0), call("{}", index=0)),
        chunk(choice({}, "tool_calls"), usage=None, system_fingerprint="f"),
    ]

    assert [made is one for one in sent for made in repaired(one, at)] == [True] * len(sent)


def test_a_call_that_comes_without_an_id_gets_one() -> None:
    (made,) = repaired(chunk(choice({"tool_calls": [call("", "f", index=0)]})), relay())
    fragment = made["choices"][0]["delta"]["tool_calls"][0]

    assert fragment.pop("id").startswith("call_")
    assert fragment == {**call("", "f", index=0), "type": "function"}


# the provider's usages, wherever they are -> the one the client gets at the end
USAGES: dict[str, tuple[list[Json], Json]] = {
    "none": ([], None),
    "in a chunk of its own": ([USAGE], USAGE),
    "growing": ([{**USAGE, "completion_tokens": 1}, USAGE], USAGE),
    "in parts": ([{"prompt_tokens": 7}, {"prompt_tokens": 0, "completion_tokens": 2}], USAGE),
    "details kept": (
        [{**USAGE, "prompt_tokens_details": {"cached_tokens": 3}},
         {**USAGE, "prompt_tokens_details": {"cached_tokens": 0}}],
        {**USAGE, "prompt_tokens_details": {"cached_tokens": 3}},
    ),
    "a total that is no sum": ([{**USAGE, "total_tokens": 0}], USAGE),
}  # fmt: skip


@pytest.mark.parametrize("case", USAGES)
def test_usage_comes_once_at_the_end_and_only_if_asked_for(case: str) -> None:
    sent, expected = USAGES[case]
    asking, silent = relay(stream_options={"include_usage": True}), relay()
    ends = []
    for at in (asking, silent):
        for usage in sent:
            list(repaired(chunk(usage=usage), at))
        at.first = HEAD
        ends.append(list(last_chunks(at)))

    assert ends == [[] if expected is None else [chunk(usage=expected)], []]


def test_choices_that_the_provider_never_ended_are_ended_by_its_terminator() -> None:
    at = relay()
    for one in (*opened(), *calls(call("", "f", "x", index=0) | {})[1:]):
        list(repaired(one, at))
    list(repaired(chunk(choice({"content": "b"}, index=1)), at))

    assert list(last_chunks(at)) == [
        chunk(choice({}, "tool_calls")),
        chunk(choice({}, "stop", index=1)),
    ]


def test_a_stream_made_of_an_answer_says_what_the_answer_said() -> None:
    message = {
        "role": "assistant",
        "content": "Hi",
        "tool_calls": [
            {"id": "x", "type": "function", "function": {"name": "f", "arguments": "{}"}}
        ],
    }
    answer = {
        **HEAD,
        "choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}],
        "usage": USAGE,
    }
    at, collected = relay(), Collected()
    for one in as_chunks(answer):
        for made in repaired(one, at):
            collected.add(made)

    assert collected.completion(at.usage) == answer


@pytest.mark.parametrize(
    ("told", "expected", "status"),
    [
        ("no luck", {"message": "no luck", "type": "upstream_error"}, 502),
        ({"message": "slow", "type": "rate_limit_exceeded"}, {"message": "slow"}, 429),
        ({"message": "busy", "code": 503}, {"message": "busy", "code": 503}, 503),
        ({}, {"message": "the upstream failed", "type": "upstream_error"}, 502),
        (None, {"message": "the upstream failed", "type": "upstream_error"}, 502),
        ({"message": "key sk-upstream-of-the-reference"}, {"message": "key [redacted]"}, 502),
    ],
)  # fmt: skip
def test_an_error_has_the_shape_of_the_surface_and_none_of_our_secrets(
    told: Json, expected: Chunk, status: int
) -> None:
    error = error_object(told, relay())

    assert expected.items() <= error.items()
    assert set(error) >= {"message", "type", "param", "code"}
    assert status_of(error) == status


def test_half_a_surrogate_pair_stays_the_escape_it_was() -> None:
    assert json_text(json.loads(r'{"a":"\ud83d","b":"é"}')) == r'{"a":"\ud83d","b":"\u00e9"}'
    assert Event(json_text({"b": "é"})) == Event('{"b":"é"}')
