"""Each rule on parity: a pair that breaks it, one that does not, and what it says."""

import json

import pytest

from conformance.exchange import Exchange, Json, Request, Trial
from conformance.protocols.outcome import Usage
from conformance.rules import RULES

SCRIPT: Json = {
    "step": [
        {"call": {"id": "call_1", "name": "get_weather", "arguments": "{}"}},
        {"finish": "tool_calls"},
        {"usage": {"input": 7, "output": 3, "cached": 5}},
    ]
}
USAGE: Json = {
    "prompt_tokens": 7,
    "completion_tokens": 3,
    "total_tokens": 10,
    "prompt_tokens_details": {"cached_tokens": 5},
}
CALL: Json = {
    "id": "call_1",
    "type": "function",
    "function": {"name": "get_weather", "arguments": "{}"},
}
OTHER: Json = CALL | {"function": {"name": "get_time", "arguments": "{}"}}
SPACED: Json = CALL | {"function": {"name": "get_weather", "arguments": "{ }"}}
MESSAGE: Json = {"role": "assistant", "content": None, "tool_calls": [CALL]}
PAIRED = [
    rule for rule in RULES if rule in {"parity.usage", "parity.finish-reason", "parity.content"}
]


def exchange(mode: str, body: str, ask: Json = None, **members: Json) -> Exchange:
    request = Request("POST", "http://router/v1/chat/completions", (), ask or {})
    members = {"status": 200, **members}
    return Exchange("chat", mode, request, body=body.encode(), scenario=SCRIPT, **members)


def stream(finish: str = "tool_calls", usage: Json = USAGE, call: Json = CALL) -> Exchange:
    delta = {"role": "assistant", "tool_calls": [{"index": 0, **call}]}
    chunks = [
        {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]},
        {"choices": [{"index": 0, "delta": {}, "finish_reason": finish}]},
        {"choices": [], "usage": usage},
    ]
    return exchange("stream", sse(*map(json.dumps, chunks), "[DONE]"))


def sse(*data: str) -> str:
    return "".join(f"data: {line}\n\n" for line in data)


def plain(
    finish: str = "tool_calls", usage: Json = USAGE, message: Json = MESSAGE, **members: Json
) -> Exchange:
    choice = {"index": 0, "message": message, "finish_reason": finish}
    return exchange("plain", json.dumps({"choices": [choice], "usage": usage}), **members)


REFUSED = plain(status=500)
LOST: Json = {name: value for name, value in USAGE.items() if not name.endswith("details")}

CACHED = Usage(7, 3, 10, 5)
UNCACHED = Usage(7, 3, 10)

# rule, what is wrong, the stream, the plain answer, what the rule says
PAIRS: list[tuple[str, str, Exchange, Exchange, list[str]]] = [
    *((rule, "nothing", stream(), plain(), []) for rule in PAIRED),
    *((rule, "an error is another rule's", stream(), REFUSED, []) for rule in PAIRED),
    (
        "parity.usage",
        "the plain answer",
        stream(),
        plain(usage=LOST),
        [f"usage is {UNCACHED}, streamed it is {CACHED}"],
    ),
    ("parity.usage", "the stream, which is another rule's", stream(usage=LOST), plain(), []),
    (
        "parity.usage",
        "one class of the stream, and another of the plain answer",
        stream(usage=LOST),
        plain(usage=USAGE | {"completion_tokens": 4}),
        [f"usage is {Usage(7, 4, 10, 5)}, streamed it is {UNCACHED}"],
    ),
    ("parity.usage", "a class of 0 that is not stated", stream(usage=LOST), plain(usage=LOST), []),
    (
        "parity.finish-reason",
        "the plain answer",
        stream(),
        plain(finish="stop"),
        ["the finish reasons are ['stop'], streamed they are ['tool_calls']"],
    ),
    ("parity.finish-reason", "the stream, another's", stream(finish="stop"), plain(), []),
    ("parity.finish-reason", "both alike", stream(finish="stop"), plain(finish="stop"), []),
    (
        "parity.finish-reason",
        "each in its way",
        stream(finish="stop"),
        plain(finish="length"),
        ["the finish reasons are ['length'], streamed they are ['stop']"],
    ),
    (
        "parity.content",
        "the plain answer",
        stream(),
        plain(message=MESSAGE | {"tool_calls": [OTHER]}),
        ["the calls are [['get_time({})']], streamed they are [['get_weather({})']]"],
    ),
    ("parity.content", "the stream, another's", stream(call=OTHER), plain(), []),
    (
        "parity.content",
        "spaces",
        stream(),
        plain(message=MESSAGE | {"tool_calls": [SPACED]}),
        ["the calls are [['get_weather({ })']], streamed they are [['get_weather({})']]"],
    ),
    (
        "parity.content",
        "spaces where the provider's arguments are an object",
        stream(),
        plain(message=MESSAGE | {"tool_calls": [SPACED]}, journal=({"surface": "messages"},)),
        [],
    ),
]


@pytest.mark.parametrize(
    ("rule", "streamed", "whole", "said"),
    [pytest.param(rule, *rest, id=f"{rule}: {what}") for rule, what, *rest in PAIRS],
)
def test_a_rule_says_how_a_plain_answer_departs_from_the_stream(
    rule: str, streamed: Exchange, whole: Exchange, said: list[str]
) -> None:
    findings = RULES[rule].check(Trial("made", {"stream": streamed, "plain": whole}))

    assert [(finding.message, finding.exchange) for finding in findings] == [
        (message, "plain") for message in said
    ]


def message(**members: Json) -> Exchange:
    return plain(message=MESSAGE | members)


def lacking(name: str) -> Exchange:
    return plain(message={key: value for key, value in MESSAGE.items() if key != name})


DONE = sse("[DONE]")

# rule, what is sent, the exchange, what the rule says
CASES: list[tuple[str, str, Exchange, list[str]]] = [
    ("parity.stream-flag-honoured", "a stream", stream(), []),
    ("parity.stream-flag-honoured", "a plain answer", plain(), []),
    ("parity.stream-flag-honoured", "an error", exchange("stream", "{}", status=400), []),
    (
        "parity.stream-flag-honoured",
        "a stream, the flag false",
        exchange("plain", DONE, {"stream": False}),
        ["a stream, stream was false"],
    ),
    (
        "parity.stream-flag-honoured",
        "a stream, no flag",
        exchange("plain", DONE),
        ["a stream, stream was absent"],
    ),
    (
        "parity.stream-flag-honoured",
        "JSON, the flag true",
        exchange("stream", '{"choices": []}', {"stream": True}),
        ["one JSON object, stream was true"],
    ),
    ("parity.answer-shape", "all of it", plain(), []),
    ("parity.answer-shape", "text", message(content="Hi", tool_calls=None), []),
    ("parity.answer-shape", "a stream is another rule's", exchange("plain", DONE), []),
    (
        "parity.answer-shape",
        "no JSON",
        exchange("plain", "Hi"),
        ["the body is no JSON object: b'Hi'"],
    ),
    (
        "parity.answer-shape",
        "no role",
        lacking("role"),
        ["message role is missing; right is 'assistant'"],
    ),
    (
        "parity.answer-shape",
        "no content",
        lacking("content"),
        ["message content is missing; right is null or a text"],
    ),
    (
        "parity.answer-shape",
        "content in parts",
        message(content=["Hi"]),
        ["message content is ['Hi']; right is null or a text"],
    ),
    (
        "parity.answer-shape",
        "calls that are no list",
        message(tool_calls=CALL | {"function": {}}),
        [f"message tool_calls is {str(CALL | {'function': {}})[:60]}; right is a list"],
    ),
    (
        "parity.answer-shape",
        "half a call",
        message(tool_calls=[{"type": "function", "function": {"name": "f", "arguments": {}}}]),
        [
            "call id is missing; right is a text that is not empty",
            "function arguments is {}; right is a text",
        ],
    ),
    (
        "parity.answer-shape",
        "a custom tool",
        message(tool_calls=[{"id": "call_1", "type": "custom", "custom": {}}]),
        [],
    ),
]


@pytest.mark.parametrize(
    ("rule", "answer", "said"),
    [pytest.param(rule, *rest, id=f"{rule}: {what}") for rule, what, *rest in CASES],
)
def test_a_rule_says_what_is_wrong_with_an_answer(
    rule: str, answer: Exchange, said: list[str]
) -> None:
    findings = RULES[rule].check(Trial("made", {"only": answer}))

    assert [finding.message for finding in findings] == said
