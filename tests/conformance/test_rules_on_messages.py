"""Rules that several surfaces share, on Messages: what breaks them, what does not."""

import json
from dataclasses import replace

import pytest

from conformance.exchange import End, Exchange, Json
from tests.conformance.made import Case, label, script, told
from tests.conformance.made_messages import (
    HELLO,
    OVER,
    PING,
    bare,
    begin,
    block,
    delta,
    end,
    fail,
    named,
    pass_in,
    plain,
    refused,
    say,
    stop,
    stream,
    think,
    thought,
    tool,
    whole,
)

FINISH = {"finish": "stop"}
TEXT = script({"say": "Hel"}, {"say": "lo"}, FINISH, {"usage": {"input": 7, "output": 3}})
UNCOUNTED = script({"say": "Hel"}, {"say": "lo"}, FINISH)
CALL = {"call": {"id": "a", "name": "get_weather", "arguments": '{"city":"Rome"}'}}
CALLED = script(CALL, {"finish": "tool_calls"})
ROME = [tool(), pass_in('{"city":'), pass_in('"Rome"}'), stop()]
TIME = {"call": {"id": "b", "name": "get_time", "arguments": '{"zone":"CET"}'}}
BOTH_CALLED = script(CALL, TIME, {"finish": "tool_calls"})
CET = [tool(1, "get_time"), pass_in('{"zone":"CET"}', 1), stop(1)]
JOINED = [*ROME[:-1], pass_in('{"zone":"CET"}'), stop()]
ONE_CALL = (
    """choice 0 has get_weather({"city":"Rome"}{"zone":"CET"}), the provider sent """
    """get_weather({"city":"Rome"}), get_time({"zone":"CET"})"""
)
COUNTED = script(
    {"say": "Hello"},
    FINISH,
    {"usage": {"input": 100, "output": 9, "cached": 40, "cache_write": 20, "reasoning": 4}},
)
CLASSES: Json = {
    "input_tokens": 40,
    "cache_read_input_tokens": 40,
    "cache_creation_input_tokens": 20,
    "output_tokens": 9,
    "output_tokens_details": {"thinking_tokens": 4},
}
OVERLOADED = script({"say": "Hel"}, {"error": {"message": "No room.", "type": "overloaded_error"}})
CITED = script({"say": "Hel", "extra": {"mark": "x"}}, {"cite": {"url": "http://a"}}, FINISH)
CITATION = delta(type="citations_delta", citation={"url": "http://a"})
BROKEN = script({"say": "Hel"}, {"close": "cut"})
CUT = script(
    {"call": {"id": "a", "name": "get_weather", "arguments": ['{"city":', '"Ro']}}, {"close": "cut"}
)
THOUGHT = script({"think": "Hm"}, {"think": "."}, {"say": "Hello"}, FINISH)
ODD = {"finish": "tired"}


def counting(**members: Json) -> Exchange:
    """Return a stream whose usage at the end is as scripted but for these members."""
    usage = {name: value for name, value in {**CLASSES, **members}.items() if value is not None}
    first = {**usage, "output_tokens": 1}
    return stream(begin(usage=first), *HELLO, end(usage=usage), OVER, scenario=COUNTED)


def thinking(*pieces: str) -> Exchange:
    return whole(think(), *map(thought, pieces), stop(), scenario=THOUGHT)


def pair(streamed: Exchange, answer: Exchange, scenario: Json) -> dict[str, Exchange]:
    return {
        "stream": replace(streamed, scenario=scenario),
        "plain": replace(answer, scenario=scenario),
    }


def against(exchange: Exchange) -> dict[str, Exchange]:
    return {"baseline": whole(*HELLO, scenario=TEXT), "odd": exchange}


USED = {"type": "tool_use", "id": "a", "name": "get_weather", "input": {"city": "Rome"}}
HELLO_WHOLE = {"type": "text", "text": "Hello"}
JSON_LABEL = (("content-type", "application/json"),)
FLAT = {"type": "error", "message": "No room."}

CASES: list[Case] = [
    ("content.complete", "all of it", whole(*HELLO, scenario=TEXT), []),
    (
        "content.complete",
        "half of it",
        whole(*HELLO[:2], stop(), scenario=TEXT),
        ["the text of choice 0 departs at character 3: the end where 'lo' was expected"],
    ),
    (
        "content.complete",
        "a refusal is text",
        whole(block(), say("No."), stop(), reason="refusal", scenario=script({"refuse": "No."})),
        [],
    ),
    (
        "content.whitespace-exact",
        "a space more",
        whole(block(), say("Hel lo"), stop(), scenario=TEXT),
        [
            (
                "white space in the text of choice 0 departs at character 3: ' lo' where 'lo' was "
                "expected"
            )
        ],
    ),
    ("content.empty-stream-not-success", "an error", stream(fail()), []),
    (
        "content.empty-stream-not-success",
        "nothing",
        stream(),
        ["the provider sent no event at all, and the client was told of no error"],
    ),
    (
        "content.extras-kept",
        "all there",
        whole(
            block(),
            delta(type="text_delta", text="Hel", mark="x"),
            CITATION,
            stop(),
            scenario=CITED,
        ),
        [],
    ),
    (
        "content.extras-kept",
        "text alone",
        whole(*HELLO, scenario=CITED),
        [
            "the provider's mark = 'x' did not arrive",
            "the provider's url = 'http://a' did not arrive",
        ],
    ),
    ("finish.present", "end_turn", whole(*HELLO, scenario=TEXT), []),
    (
        "finish.present",
        "null",
        whole(*HELLO, reason=None, scenario=TEXT),
        ["choice 0 ended without a finish reason"],
    ),
    (
        "finish.present",
        "another",
        whole(*HELLO, reason="max_tokens", scenario=TEXT),
        ["choice 0 ended with 'max_tokens', the provider said 'stop'"],
    ),
    ("finish.tool-calls-value", "tool_use", whole(reason="tool_use", scenario=CALLED), []),
    (
        "finish.tool-calls-value",
        "end_turn",
        whole(scenario=CALLED),
        ["choice 0 ended with 'end_turn', the provider said 'tool_calls'"],
    ),
    (
        "finish.content-filter-kept",
        "end_turn",
        whole(scenario=script({"refuse": "No."}, FINISH)),
        ["choice 0 ended with 'end_turn', the provider said 'content_filter'"],
    ),
    ("finish.enum-value", "a pause", {"baseline": whole(reason="pause_turn")}, []),
    (
        "finish.enum-value",
        "a word of the provider's own",
        against(whole(reason="tired", scenario=script({"say": "Hello"}, ODD))),
        [],
    ),
    (
        "finish.enum-value",
        "a word of the chat API",
        {"baseline": whole(reason="stop")},
        [
            (
                "choice 0 ended with 'stop'; right is one of end_turn, stop_sequence, max_tokens, "
                "model_context_window_exceeded, tool_use, refusal, pause_turn, compaction"
            )
        ],
    ),
    ("tool.args-reassemble", "joined", whole(*ROME, reason="tool_use", scenario=CALLED), []),
    (
        "tool.args-reassemble",
        "spelled otherwise",
        whole(tool(), pass_in('{ "city": "Rome" }'), stop(), reason="tool_use", scenario=CALLED),
        [],
    ),
    (
        "tool.args-reassemble",
        "a piece is lost",
        whole(tool(), pass_in('{"city":'), stop(), reason="tool_use", scenario=CALLED),
        [
            (
                """choice 0 has get_weather({"city":), the provider sent """
                """get_weather({"city":"Rome"})"""
            )
        ],
    ),
    (
        "tool.args-reassemble",
        "no JSON, without the script",
        whole(tool(), pass_in("{"), stop(), reason="tool_use"),
        [
            (
                "the arguments of 'get_weather' are no JSON: Expecting property name enclosed in "
                "double quotes at character 1"
            )
        ],
    ),
    ("tool.index-absent-tolerated", "apart", whole(*ROME, *CET, scenario=BOTH_CALLED), []),
    ("tool.index-absent-tolerated", "joined", whole(*JOINED, scenario=BOTH_CALLED), [ONE_CALL]),
    ("tool.interleaved-fragments", "joined", whole(*JOINED, scenario=BOTH_CALLED), [ONE_CALL]),
    ("tool.args-reassemble", "joined into one", whole(*JOINED, scenario=BOTH_CALLED), []),
    (
        "usage.not-invented",
        "zeros",
        stream(begin(), *HELLO, end(output=0), OVER, scenario=UNCOUNTED),
        [],
    ),
    ("usage.not-invented", "cut", stream(begin(), *HELLO, scenario=UNCOUNTED, end=End.CUT), []),
    (
        "usage.not-invented",
        "a count of its own",
        whole(*HELLO, scenario=UNCOUNTED),
        ["the provider sent no usage, the client got output_tokens 3"],
    ),
    (
        "usage.not-invented",
        "a count of its own, plain",
        replace(plain({"type": "text", "text": "Hello"}), scenario=UNCOUNTED),
        ["the provider sent no usage, the client got input_tokens 7, output_tokens 1"],
    ),
    ("usage.delivered-when-asked", "at the end", whole(scenario=TEXT), []),
    (
        "usage.delivered-when-asked",
        "at the start only",
        stream(begin(), *HELLO, end(usage=None), OVER, scenario=TEXT),
        ["the provider sent usage (7 + 3 tokens), the client got none"],
    ),
    ("usage.upstream-preferred", "every class", counting(), []),
    ("usage.upstream-preferred", "a class is lost", counting(cache_read_input_tokens=None), []),
    (
        "usage.upstream-preferred",
        "another count",
        counting(output_tokens=5),
        ["usage is 100 + 5 tokens, the provider sent 100 + 9 tokens"],
    ),
    (
        "usage.upstream-preferred",
        "a sum that lacks the cached tokens, which is another rule's",
        counting(cache_read_input_tokens=0),
        [],
    ),
    (
        "usage.upstream-preferred",
        "the whole sum, and no word of the cached tokens, which is another rule's",
        counting(input_tokens=100, cache_read_input_tokens=0, cache_creation_input_tokens=None),
        [],
    ),
    ("usage.cache-details-kept", "every class", counting(), []),
    (
        "usage.cache-details-kept",
        "none",
        counting(cache_read_input_tokens=0, cache_creation_input_tokens=None),
        [
            "cache_read_input_tokens is 0, the provider sent 40",
            "cache_creation_input_tokens is absent, the provider sent 20",
        ],
    ),
    ("usage.reasoning-included", "all", counting(), []),
    (
        "usage.reasoning-included",
        "none",
        counting(output_tokens_details=None),
        ["output_tokens_details.thinking_tokens is absent, the provider sent 4"],
    ),
    (
        "usage.merge-across-events",
        "a zero at the end",
        stream(
            begin(),
            *HELLO,
            end(input=0, usage={"input_tokens": 0, "output_tokens": 3}),
            OVER,
            scenario=TEXT,
        ),
        ["usage has input 0 where the provider's is 7"],
    ),
    ("err.midstream-signalled", "told", stream(begin(), fail(), scenario=BROKEN), []),
    ("err.midstream-signalled", "cut", stream(begin(), end=End.CUT, scenario=BROKEN), []),
    (
        "err.midstream-signalled",
        "a clean end",
        stream(begin(), block(), scenario=BROKEN),
        [
            (
                f"the provider's answer broke off, the client's ended cleanly after "
                f"{len(stream(begin(), block()).body)} bytes"
            )
        ],
    ),
    (
        "err.no-synthetic-success",
        "message_stop behind an error",
        stream(begin(), fail(), OVER, scenario=BROKEN),
        [],
    ),
    (
        "err.no-synthetic-success",
        "an end of its own",
        stream(begin(), end(), OVER, scenario=BROKEN),
        [
            "finish reason 'end_turn', and the provider sent none",
            "message_stop, and the provider sent none",
        ],
    ),
    ("err.truncated-tool-args", "as far as it came", whole(*ROME[:2], scenario=CUT), []),
    (
        "err.truncated-tool-args",
        "completed",
        stream(begin(), tool(), pass_in('{"city":"Ro"}'), fail(), scenario=CUT),
        [
            (
                """the arguments of 'get_weather' are '{"city":"Ro"}', the provider got """
                """as far as '{"city":"Ro'"""
            )
        ],
    ),
    ("err.inband-error-forwarded", "told", stream(begin(), fail(), scenario=OVERLOADED), []),
    (
        "err.inband-error-forwarded",
        "kept back",
        stream(begin(), end(), OVER, scenario=OVERLOADED),
        ["the provider sent an error, the client's stream ended without one"],
    ),
    ("err.surface-native-shape", "named", stream(begin(), fail(), scenario=OVERLOADED), []),
    (
        "err.surface-native-shape",
        "without a name",
        stream(begin(), bare(fail()), scenario=OVERLOADED),
        ["the error has no event line; right is event: error"],
    ),
    ("err.detail-kept", "both", stream(fail(), scenario=OVERLOADED), []),
    (
        "err.detail-kept",
        "another type",
        stream(fail(type="api_error"), scenario=OVERLOADED),
        ["the type is 'api_error', the provider's is 'overloaded_error'"],
    ),
    ("pre.error-shape", "of the API", replace(refused(fail()), headers=JSON_LABEL), []),
    (
        "pre.error-shape",
        "flat",
        replace(refused(FLAT), headers=JSON_LABEL),
        ["error is None; right is an object with type and message"],
    ),
    ("reason.passthrough", "all of it", thinking("Hm", "."), []),
    ("reason.passthrough", "lost", thinking(), ["the reasoning 'Hm' did not arrive"]),
    (
        "reason.not-duplicated",
        "twice",
        thinking("Hm", "Hm", "."),
        ["the reasoning 'Hm' came 2 times in the thoughts"],
    ),
    ("parity.content", "the same", pair(whole(*ROME), plain(USED), CALLED), []),
    (
        "parity.content",
        "none",
        pair(whole(*ROME), plain(), CALLED),
        [
            (
                """the calls are [[]], streamed they are """
                """[['get_weather({"city":"Rome"})']]"""
            )
        ],
    ),
    ("parity.answer-shape", "a message", plain(HELLO_WHOLE), []),
    (
        "parity.answer-shape",
        "no type, and a text without text",
        plain({"type": "text"}, type=None),
        [
            "type is None; right is 'message'",
            "text text is missing; right is a text",
        ],
    ),
    ("parity.stream-flag-honoured", "a stream", whole(PING), []),
    (
        "parity.stream-flag-honoured",
        "a message for a stream",
        replace(whole(), body=json.dumps({"type": "message"}).encode()),
        ["one JSON object, stream was true"],
    ),
    ("sse.framing-valid", "whole", whole(*HELLO), []),
    (
        "sse.framing-valid",
        "half an event",
        stream(begin(), named(end())[:-1]),
        [
            (
                'the body ends inside an event: \'{"type": "message_delta", "delta": {"stop_reason"'
                ": \"end_turn'"
            )
        ],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=label)
def test_a_shared_rule_on_messages(case: Case) -> None:
    assert told(case) == case[3]
