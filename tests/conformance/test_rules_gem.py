"""The rules that only the Gemini surface has: what breaks each, and what does not."""

import json

import pytest

from conformance.exchange import Bill, End, Exchange, Json
from conformance.rules import gem, gem_parts
from tests.conformance.made import Case, label, script, told, unbroken
from tests.conformance.made_gemini import (
    candidate,
    chunk,
    counts,
    elements,
    events,
    exchange,
    listed,
    plain,
    said,
    streamed,
    text,
)

RPC: Json = {"code": 503, "message": "no room", "status": "UNAVAILABLE"}
FAILS = script({"say": "a"}, {"error": {"message": "no room", "status": 503}})
REFUSES = {"head": {"status": 429}, "step": [{"error": {"message": "slow down"}}]}
COUNTED = script({"usage": {"input": 7, "output": 2, "cached": 3, "reasoning": 1}})
WHOLE = counts(7, 1, thoughtsTokenCount=1, cachedContentTokenCount=3)
BLOCKED = script({"finish": "content_filter"}, gemini={"block": "SAFETY"})
SIGNED = script(
    {"think": "hm", "signature": "QUJD"},
    {"call": {"id": "c", "name": "herb", "arguments": "{}"}},
    {"finish": "tool_calls"},
)
CALL: Json = {"functionCall": {"name": "herb", "args": {}}, "thoughtSignature": "QUJD"}
TURN: Json = {"contents": [{"role": "model", "parts": [CALL]}]}
CHAT_CALL: Json = {
    "function": {"name": "herb", "arguments": "{}"},
    "extra_content": {"google": {"thought_signature": "QUJD"}},
}
CHAT_TURN: Json = {"messages": [{"role": "assistant", "tool_calls": [CHAT_CALL]}]}
SNAKE_CALL: Json = {"function_call": {"name": "herb"}, "thought_signature": "QUJD"}
SNAKE_TURN: Json = {"contents": [{"role": "model", "parts": [SNAKE_CALL]}]}
OTHER_TURN: Json = {"contents": [{"role": "model", "parts": [{"functionCall": {"name": "herb"}}]}]}


def ended(*parts: Json, scenario: Json = None, **members: Json) -> Exchange:
    return streamed(chunk(candidate(*parts, finish="STOP"), **members), scenario=scenario)


TOKEN: Json = {"continuationToken": "QUJD"}


def continued(finish: str | None, extra: Json = None) -> Exchange:
    scenario = script({"finish": "CONTINUATION"}, gemini={"candidate_extra": TOKEN})
    return streamed(chunk(candidate(finish=finish, **(extra or {}))), scenario=scenario)


def journal(body: Json) -> tuple[Json, ...]:
    return ({"request": {"body": json.dumps(body)}},)


def answered(error: Json, status: int, scenario: Json) -> Exchange:
    return plain({"error": error}, status=status, scenario=scenario)


CASES: list[Case] = [
    ("gem.json-array-or-sse", "events as asked", text("a"), []),
    ("gem.json-array-or-sse", "an array as asked", listed(*said("a")), []),
    (
        "gem.json-array-or-sse", "an array for events", exchange(elements(said("a"))),
        ["a JSON array, alt=sse asked for events"],
    ),
    (
        "gem.json-array-or-sse", "events for an array", exchange(events(said("a")), "array"),
        ["events, and alt=sse was not asked for"],
    ),
    (
        "gem.json-array-or-sse", "one object is another rule's",
        exchange(json.dumps(said("a")[0]).encode(), "array"), [],
    ),
    (
        "gem.json-array-or-sse", "an open array", exchange(elements(said("a"))[:-1], "array"),
        ["the array is not closed"],
    ),
    (
        "gem.json-array-or-sse", "an array that the transfer left open",
        exchange(elements(said("a"))[:-9], "array", end=End.CUT), [],
    ),
    (
        "gem.json-array-or-sse", "an array left open after an error",
        exchange(elements([{"error": RPC}])[:-1], "array"), [],
    ),
    (
        "gem.json-array-or-sse", "commas and junk", exchange(b'[{} {}, "a",]x', "array"),
        [
            "two elements without a comma between them",
            "a comma with no element before or after it",
            "bytes after the end of the array: 'x'",
            "an element that is not a JSON object: '\"a\"'",
        ],
    ),
    ("gem.json-array-or-sse", "a page", exchange(b"<p>", "array"),
     ["what is no JSON array: '<p>'"]),
    ("gem.json-array-or-sse", "nothing", exchange(b"", "array"),
     ["an empty body, which is no array"]),
    (
        "gem.json-array-split", "the last element is lost",
        {"baseline": listed(*said("a", "b")), "cut": listed(*said("a", "b", finish=None))},
        ["choice 0: the finish reason is None, not 'stop', as it is undisturbed"],
    ),
    (
        "gem.json-array-split", "cut and whole",
        {"baseline": listed(*said("a", "b")), "cut": listed(*said("ab"))}, [],
    ),
    (
        "gem.stream-error-structured", "the code is kept",
        streamed({"error": RPC}, scenario=FAILS), [],
    ),
    (
        "gem.stream-error-structured", "another code",
        listed({"error": {**RPC, "code": 500}}, scenario=FAILS),
        ["the code is 500, the provider's is 503"],
    ),
    (
        "gem.stream-error-structured", "more after it",
        streamed({"error": RPC}, *said(), scenario=FAILS), ["a candidate after the error"],
    ),
    ("gem.stream-error-structured", "no error at all", text("a", scenario=FAILS), []),
    (
        "gem.stream-error-structured", "an unreadable one is another rule's",
        streamed({"error": {**RPC, "code": "500"}}, scenario=FAILS), [],
    ),
    (
        "gem.stream-error-structured", "the code is that of HTTP",
        answered({**RPC, "code": 429}, 429, REFUSES), [],
    ),
    (
        "gem.stream-error-structured", "another code in an error answer",
        answered(RPC, 429, REFUSES), ["the code is 503, the provider's is 429"],
    ),
    (
        "gem.stream-error-structured", "another status is another rule's",
        answered(RPC, 500, REFUSES), [],
    ),
    (
        "gem.usage-metadata-counted", "the last usage",
        streamed(chunk(usageMetadata=counts(7, 1)), *said("a"), chunk(usageMetadata=WHOLE),
                 scenario=COUNTED), [],
    ),
    (
        "gem.usage-metadata-counted", "none",
        text("a", scenario=COUNTED),
        ["the provider sent usage (7 + 2 tokens), the client got none"],
    ),
    (
        "gem.usage-metadata-counted", "on the bill, whatever the client got",
        text("a", scenario=COUNTED, bill=Bill(7, 2)), [],
    ),
    (
        "gem.usage-metadata-counted", "not on the bill",
        text("a", scenario=COUNTED, bill=Bill(7)),
        ["no output tokens, the provider counted 2"],
    ),
    (
        "gem.usage-metadata-counted", "the first",
        plain(chunk(usageMetadata=counts(7, 0)), scenario=COUNTED),
        ["usage is 7 + 0 tokens, the provider's is 7 + 2 tokens"],
    ),
    (
        "gem.prompt-feedback-kept", "a block",
        streamed(chunk(promptFeedback={"blockReason": "SAFETY"}), scenario=BLOCKED), [],
    ),
    (
        "gem.prompt-feedback-kept", "a block with a candidate",
        plain(chunk(candidate(finish="SAFETY"), promptFeedback={"blockReason": "SAFETY"}),
              scenario=BLOCKED),
        ["a candidate came where the prompt was blocked"],
    ),
    (
        "gem.prompt-feedback-kept", "an empty answer",
        listed(chunk(usageMetadata=counts(7, 0)), scenario=BLOCKED),
        ["blockReason is None, the provider's is 'SAFETY'"],
    ),
    (
        "gem.prompt-feedback-kept", "an error", answered(RPC, 502, BLOCKED),
        ["answered 502 where the provider said why it blocked"],
    ),
    ("gem.continuation-kept", "with its token", continued("CONTINUATION", TOKEN), []),
    (
        "gem.continuation-kept", "as a stop", continued("STOP", TOKEN),
        ["the finish reason is 'STOP', the provider's is 'CONTINUATION'"],
    ),
    (
        "gem.continuation-kept", "without a reason, which is another rule's",
        continued(None, TOKEN), [],
    ),
    (
        "gem.continuation-kept", "without its token", continued("CONTINUATION"),
        ["the provider's continuationToken 'QUJD' did not arrive"],
    ),
    (
        "gem.continuation-kept", "brought back",
        plain(chunk(), TOKEN, scenario=script(), journal=journal(TOKEN)), [],
    ),
    (
        "gem.continuation-kept", "not brought back",
        plain(chunk(), TOKEN, scenario=script(), journal=journal({})),
        ["the provider got the continuationToken None, the client sent 'QUJD'"],
    ),
    ("gem.continuation-kept", "an error", answered(RPC, 502, script()),
     ["answered 502 where the answer was to go on"]),
    ("gem.identity-stable", "one answer", text("a", "b"), []),
    ("gem.identity-stable", "never stated", streamed({"candidates": []}, {"candidates": []}), []),
    (
        "gem.identity-stable", "an id for each chunk",
        streamed(chunk(), {**chunk(), "responseId": "r2"}, {**chunk(), "responseId": "r3"}),
        ["responseId is 'r2', in earlier chunks it is 'r1'"],
    ),
    ("gem.chunk-shape", "all types", ended({"text": "a", "thought": True}, CALL,
                                           usageMetadata=WHOLE), []),
    ("gem.chunk-shape", "what is not known", ended({"hologram": 1}, x=1), []),
    (
        "gem.chunk-shape", "arguments as text, twice",
        streamed(*[chunk(candidate({"functionCall": {"name": "a", "args": "{}"}}))] * 2),
        ["functionCall args is '{}'; right is an object"],
    ),
    (
        "gem.chunk-shape", "other types",
        plain({"candidates": {}, "usageMetadata": {"totalTokenCount": "9"},
               "promptFeedback": None}),
        ["candidates is {}; right is a list", "promptFeedback is None; right is an object",
         "usageMetadata totalTokenCount is '9'; right is an integer of 0 or more"],
    ),
    (
        "gem.chunk-shape", "names of protocol buffers",
        streamed(chunk({"finish_reason": "STOP", "content": {"role": "assistant"}},
                       usage_metadata={})),
        ["usage_metadata is read by no client; right is usageMetadata",
         "candidate finish_reason is read by no client; right is finishReason",
         "content role is 'assistant'; right is 'model'"],
    ),
    (
        "gem.chunk-shape", "a signature that is no base64",
        ended({"text": "", "thoughtSignature": "a b"}),
        ["part thoughtSignature is 'a b'; right is base64"],
    ),
    ("gem.thought-signature-kept", "on its part", ended(CALL, scenario=SIGNED), []),
    (
        "gem.thought-signature-kept", "lost",
        ended({"functionCall": {"name": "herb", "args": {}}}, scenario=SIGNED),
        ["the signatures are none; the provider's are 'QUJD' on the call of herb"],
    ),
    (
        "gem.thought-signature-kept", "on another part",
        ended({"text": "", "thoughtSignature": "QUJD"}, scenario=SIGNED),
        ["the signatures are 'QUJD' on a text; the provider's are 'QUJD' on the call of herb"],
    ),
    (
        "gem.thought-signature-kept", "brought back",
        plain(chunk(candidate({"text": "a"})), TURN, scenario=script({"say": "a"}),
              journal=journal(TURN)), [],
    ),
    (
        "gem.thought-signature-kept", "brought back in snake case",
        plain(chunk(candidate({"text": "a"})), TURN, scenario=script({"say": "a"}),
              journal=journal(SNAKE_TURN)), [],
    ),
    (
        "gem.thought-signature-kept", "not brought back",
        plain(chunk(candidate({"text": "a"})), TURN, scenario=script({"say": "a"}),
              journal=journal(OTHER_TURN)),
        ["the provider got none; the client sent 'QUJD' on the call of herb"],
    ),
    (
        "gem.thought-signature-kept", "brought back for an array",
        plain(chunk(candidate({"text": "a"})), TURN, scenario=script({"say": "a"}),
              journal=({"surface": "gemini-array", **journal(TURN)[0]},)), [],
    ),
    (
        "gem.thought-signature-kept", "brought back to Gemini's chat API",
        plain(chunk(candidate({"text": "a"})), TURN, scenario=script({"say": "a"}),
              journal=({"surface": "chat", **journal(CHAT_TURN)[0]},)), [],
    ),
    (
        "gem.thought-signature-kept", "brought to an API without a place",
        plain(chunk(candidate({"text": "a"})), TURN, scenario=script({"say": "a"}),
              journal=({"surface": "responses", **journal(TURN)[0]},)),
        ["the provider got none; the client sent 'QUJD' on the call of herb"],
    ),
    ("gem.thought-signature-kept", "refused", answered(RPC, 502, SIGNED),
     ["answered 502 where a signature was due"]),
    ("gem.sdk-readable", "data lines alone", text("a"), []),
    ("gem.sdk-readable", "LF", exchange(events(said("a")).replace(b"\r", b"")), []),
    (
        "gem.sdk-readable", "what the SDKs cannot read",
        exchange(b": hm\n\nid: 1\ndata: {}\n\nretry: 2\n\nevent: x\ndata: {}\n\ndata:{}\n\n"
                 b"data: {\ndata: }\n\n"),
        ["a comment: 'hm'", "a field id", "a field retry", "an event with the name 'x'",
         "data without a space after the colon", "data of 2 lines"],
    ),
    ("gem.sdk-readable", "the standard is the policy",
     exchange(b": hm\n\n", policy={"gemini-framing": "standard"}), []),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=map(label, CASES))
def test_a_rule_says_what_is_wrong_and_nothing_else(case: Case) -> None:
    assert told(case) == case[-1]


def test_every_rule_is_broken_once_and_held_to_once() -> None:
    assert unbroken(CASES, gem, gem_parts) == set()
