"""Each rule on Messages: events that break it, events that do not, and what it says."""

import json
from dataclasses import replace

import pytest

from conformance.exchange import Exchange, HoldSeen, Json, Request
from conformance.rules import anth, anth_blocks, anth_kept
from tests.conformance.made import Case, label, script, told, unbroken
from tests.conformance.made_messages import (
    HELLO,
    MESSAGE,
    OVER,
    PING,
    bare,
    begin,
    block,
    delta,
    end,
    named,
    pass_in,
    plain,
    say,
    signed,
    stop,
    stream,
    think,
    thought,
    tool,
    whole,
)

SIGNATURE = "c2lnbmVk"
MARKED = f"router:{SIGNATURE}"
SIGNED = script({"think": "Hm"}, {"think": ".", "signature": SIGNATURE}, {"say": "Hello"})
UNSIGNED = {**script({"think": "Hm"}, {"say": "Hello"}), "messages": {"signature": "absent"}}
LEFT_TO_IT = script({"think": "Hm"}, {"say": "Hello"})
DETAILED: Json = {"chat": {"reasoning": ["reasoning_details"]}}
REDACTED = script({"think": "cmVk", "redacted": True}, {"say": "Hello"})
REDACTION = [block(type="redacted_thinking", data="cmVk"), stop()]
TWO = script(
    {"call": {"id": "a", "name": "get_weather", "arguments": '{"city":"Rome"}'}},
    {"call": {"id": "b", "name": "get_time", "arguments": '{"zone":"CET"}'}},
    {"finish": "tool_calls"},
)
MERGED = (
    """1 tool_use blocks with ['{"city":"Rome"}{"zone":"CET"}'], the provider sent """
    """['{"city":"Rome"}', '{"zone":"CET"}']"""
)
SPLIT = (
    """2 tool_use blocks with ['{"city":', '"Rome"}'], the provider sent """
    """['{"city":"Rome"}']"""
)
SIGNED_THOUGHT = {"type": "thinking", "thinking": "Hm.", "signature": SIGNATURE}
HIDDEN = {"type": "redacted_thinking", "data": "cmVk"}
BROUGHT = (SIGNED_THOUGHT, HIDDEN)
THOUGHT = {"type": "thinking", "thinking": "Hm."}
ROME = [tool(), pass_in('{"city":"Rome"}'), stop()]
CET = [tool(1, "get_time"), pass_in('{"zone":"CET"}', 1), stop(1)]
APART = [tool(), pass_in('{"city":'), stop(), tool(1), pass_in('"Rome"}', 1), stop(1)]


def thinking(*signatures: str, scenario: Json) -> Exchange:
    """Return a stream of a thought with its signature in these pieces."""
    return whole(think(), thought("Hm."), *map(signed, signatures), stop(), scenario=scenario)


def translated(answer: Exchange, api: str = "responses") -> Exchange:
    """Return an answer of a provider that was asked in another API."""
    return replace(answer, journal=({"surface": api, "request": {"body": "{}"}},))


def next_turn(*heard: Json, status: int = 200) -> Exchange:
    """Return a request that brings thoughts of an earlier turn, and what the provider got."""
    request = Request("POST", "", (), asking(*BROUGHT))
    entry = {"request": {"body": json.dumps(asking(*heard)), "headers": []}}
    return replace(whole(*HELLO, scenario=script()), request=request, journal=(entry,),
                   status=status)  # fmt: skip


def asking(*content: Json) -> Json:
    return {"messages": [{"role": "user", "content": "Hi"},
                         {"role": "assistant", "content": list(content)}]}  # fmt: skip


def held(*lags: int) -> Exchange:
    """Return a stream that was held after text and then after each of some pings."""
    words = ("Umbrella", *["\n"] * len(lags[1:]))
    holds = zip(words, lags, strict=True)
    return whole(holds=tuple(HoldSeen(f"h{n}", *each) for n, each in enumerate(holds)))


def without(value: Json, *names: str) -> Json:
    return {name: member for name, member in value.items() if name not in names}


CASES: list[Case] = [
    ("anth.message-start-first", "as it should be", whole(*HELLO), []),
    ("anth.message-start-first", "a ping first", stream(PING, begin(), end(), OVER), []),
    ("anth.message-start-first", "nothing at all", stream(), []),
    (
        "anth.message-start-first",
        "a block first",
        stream(*HELLO, begin(), end(), OVER),
        ["content_block_start before message_start"],
    ),
    (
        "anth.message-start-first",
        "never",
        stream(*HELLO, end(), OVER),
        ["content_block_start before message_start"],
    ),
    ("anth.message-start-once", "once", whole(*HELLO), []),
    (
        "anth.message-start-once",
        "twice",
        stream(begin(), begin(), *HELLO, end(), OVER),
        ["a second message_start"],
    ),
    ("anth.message-start-shape", "as it should be", whole(), []),
    (
        "anth.message-start-shape",
        "no content, and a reason",
        stream({"type": "message_start", "message": without(MESSAGE, "content")}),
        ["message content is missing; right is an empty list"],
    ),
    (
        "anth.message-start-shape",
        "a reason",
        stream(begin(stop_reason="end_turn")),
        ["message stop_reason is 'end_turn'; right is null"],
    ),
    (
        "anth.message-start-shape",
        "no count",
        stream(begin(usage={"input_tokens": 7})),
        ["usage output_tokens is missing; right is an integer of 0 or more"],
    ),
    (
        "anth.message-start-shape",
        "no message",
        stream({"type": "message_start"}),
        ["message is missing; right is an object"],
    ),
    ("anth.message-start-usage", "counted", whole(), []),
    (
        "anth.message-start-usage",
        "all of it cached",
        stream(begin(usage={"input_tokens": 0, "cache_read_input_tokens": 7}), end()),
        [],
    ),
    (
        "anth.message-start-usage",
        "told later",
        stream(
            begin(usage={"input_tokens": 0, "output_tokens": 0}),
            end(usage={"input_tokens": 7, "output_tokens": 3}),
        ),
        ["message_start counts 0 tokens of input, the end 7"],
    ),
    ("anth.event-names", "as it should be", whole(*HELLO), []),
    ("anth.event-names", "of an error", stream(begin(), bare({"type": "error"})), []),
    (
        "anth.event-names",
        "none",
        stream(bare(begin()), *map(bare, HELLO[1:3])),
        ["message_start has no event line", "content_block_delta has no event line"],
    ),
    (
        "anth.event-names",
        "another",
        stream(named(begin(), "message")),
        ["message_start has event: message"],
    ),
    ("anth.event-shape", "as it should be", whole(*HELLO, *ROME), []),
    ("anth.event-shape", "a type of later", whole(block(type="new"), delta(type="newer")), []),
    (
        "anth.event-shape",
        "no text",
        whole(block(), say(None), delta(type="text_delta"), stop()),
        ["text_delta text is None; right is a text", "text_delta text is missing; right is a text"],
    ),
    (
        "anth.event-shape",
        "no type",
        whole(delta(text="Hello")),
        ["delta type is missing; right is a text that is not empty"],
    ),
    (
        "anth.event-shape",
        "a call without id",
        whole(block(type="tool_use", name="add", input="")),
        [
            "tool_use id is missing; right is a text that is not empty",
            "tool_use input is ''; right is an object",
        ],
    ),
    (
        "anth.event-shape",
        "no usage",
        stream(begin(), without(end(), "usage")),
        ["usage is missing; right is an object"],
    ),
    (
        "anth.event-shape",
        "names of the chat API",
        stream(begin(), end(usage={"completion_tokens": 3})),
        ["usage output_tokens is missing; right is an integer of 0 or more"],
    ),
    ("anth.block-lifecycle", "as it should be", whole(*HELLO), []),
    (
        "anth.block-lifecycle",
        "left open",
        whole(*HELLO[:3]),
        ["message_delta while block 0 is open"],
    ),
    (
        "anth.block-lifecycle",
        "a delta of another kind",
        whole(block(), pass_in("{}"), stop()),
        ["a input_json_delta in a block of type 'text'"],
    ),
    ("anth.index-contiguous", "as it should be", whole(*HELLO, *CET), []),
    (
        "anth.index-contiguous",
        "from one",
        whole(*CET),
        ["a block starts with index 1, 0 was due"],
    ),
    ("anth.tool-block-not-split", "a block each", whole(*ROME, *CET, scenario=TWO), []),
    (
        "anth.tool-block-not-split",
        "one for both",
        whole(*ROME[:2], pass_in('{"zone":"CET"}'), stop(), scenario=TWO),
        [
            MERGED,
        ],
    ),
    (
        "anth.tool-block-not-split",
        "two for one",
        whole(*APART, scenario=script(TWO["step"][0])),
        [
            SPLIT,
        ],
    ),
    ("anth.tool-block-not-split", "one is lost", whole(*ROME, scenario=TWO), []),
    ("anth.signature-delta-kept", "in one", thinking(SIGNATURE, scenario=SIGNED), []),
    ("anth.signature-delta-kept", "in two", thinking("c2ln", "bmVk", scenario=SIGNED), []),
    ("anth.signature-delta-kept", "its own", thinking("eA==", scenario=LEFT_TO_IT), []),
    (
        "anth.signature-delta-kept",
        "plain",
        replace(plain({**THOUGHT, "signature": SIGNATURE}), scenario=SIGNED),
        [],
    ),
    ("anth.signature-delta-kept", "none where none was", thinking(scenario=UNSIGNED), []),
    (
        "anth.signature-delta-kept",
        "half of it",
        thinking("bmVk", scenario=SIGNED),
        [f"the signature of a thought is 'bmVk', the provider's is {SIGNATURE!r}"],
    ),
    (
        "anth.signature-delta-kept",
        "lost",
        thinking(scenario=LEFT_TO_IT),
        ["the signature of a thought is '', the provider's is one of its own"],
    ),
    (
        "anth.signature-delta-kept",
        "made up",
        thinking("eA==", scenario=UNSIGNED),
        ["the signature 'eA==', and the provider gave none"],
    ),
    ("anth.signature-delta-kept", "marked", translated(thinking(MARKED, scenario=SIGNED)), []),
    (
        "anth.signature-delta-kept",
        "marked, of Messages",
        thinking(MARKED, scenario=SIGNED),
        [f"the signature of a thought is {MARKED!r}, the provider's is {SIGNATURE!r}"],
    ),
    *(
        (
            "anth.signature-delta-kept",
            f"none of {api}, which has no place for it",
            translated(thinking(scenario=SIGNED), api),
            [],
        )
        for api in ("chat", "gemini")
    ),
    (
        "anth.signature-delta-kept",
        "lost of chat, which has a place for it",
        translated(thinking(scenario=SIGNED | DETAILED), "chat"),
        [f"the signature of a thought is '', the provider's is {SIGNATURE!r}"],
    ),
    (
        "anth.signature-delta-kept",
        "unsigned on Messages alone",
        translated(thinking(scenario=SIGNED | {"messages": UNSIGNED["messages"]})),
        [f"the signature of a thought is '', the provider's is {SIGNATURE!r}"],
    ),
    ("anth.signature-delta-kept", "sent back", next_turn(*BROUGHT), []),
    (
        "anth.signature-delta-kept",
        "sent back without it",
        next_turn(THOUGHT, HIDDEN, status=400),
        [f"the provider got thinking {[THOUGHT]}; the client sent {[SIGNED_THOUGHT]}"],
    ),
    ("anth.redacted-thinking-kept", "sent back", next_turn(*BROUGHT), []),
    ("anth.redacted-thinking-kept", "of another API", translated(next_turn()), []),
    (
        "anth.redacted-thinking-kept",
        "not sent back",
        next_turn(SIGNED_THOUGHT),
        [f"the provider got redacted_thinking []; the client sent {[HIDDEN]}"],
    ),
    ("anth.redacted-thinking-kept", "kept", whole(*REDACTION, scenario=REDACTED), []),
    (
        "anth.redacted-thinking-kept",
        "lost",
        whole(*HELLO, scenario=REDACTED),
        ["the data of redacted thinking is [], the provider's is ['cmVk']"],
    ),
    *(
        (
            "anth.redacted-thinking-kept",
            f"none of {api}, which has no place for it",
            translated(whole(*HELLO, scenario=REDACTED), api),
            [],
        )
        for api in ("chat", "gemini")
    ),
    (
        "anth.redacted-thinking-kept",
        "lost of Responses",
        translated(whole(*HELLO, scenario=REDACTED)),
        ["the data of redacted thinking is [], the provider's is ['cmVk']"],
    ),
    ("anth.ping-kept", "a sign each", held(0, 0, 0), []),
    ("anth.ping-kept", "all is late", held(1, 1, 1), []),
    ("anth.ping-kept", "none", held(0, 1, 2), ["nothing came out for the ping ahead of 'h1'"]),
]


@pytest.mark.parametrize("case", CASES, ids=label)
def test_a_rule_on_messages(case: Case) -> None:
    assert told(case) == case[3]


def test_each_rule_has_a_case_on_either_side() -> None:
    assert unbroken(CASES, anth, anth_blocks, anth_kept) == set()
