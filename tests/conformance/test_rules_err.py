"""Each rule on errors in the stream: bytes that break it, bytes that do not, what it says."""

import json

import pytest

from conformance.exchange import End, Exchange, Json, Trial
from conformance.rules import RULES

ERROR: Json = {"message": "no saffron", "type": "server_error", "code": None}
TEXT: Json = {"choices": [{"index": 0, "delta": {"role": "assistant", "content": "Hi"}}]}
STOP: Json = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
SAID: Json = {"say": "Hi"}

WHOLE: Json = {"step": [SAID, {"finish": "stop"}]}
CUT: Json = {"step": [SAID, {"close": "cut"}]}
RESET: Json = {"step": [SAID, {"reset": True}]}
FAULTY: Json = {**WHOLE, "fault": [{"cut_after": 2}]}
SHORT: Json = {**WHOLE, "fault": ["cut_after"]}
CLEAN: Json = {"step": [SAID, {"close": "clean"}]}
LATE: Json = {"step": [SAID, {"finish": "stop"}, {"close": "cut"}]}
INBAND: Json = {"step": [SAID, {"error": ERROR}]}


def call(arguments: str) -> Json:
    return {"id": "call_1", "name": "f", "arguments": arguments}


BROKEN_CALL: Json = {"step": [{"call": call('{"city":"Ro')}, {"close": "cut"}]}


def fragment(arguments: str) -> Json:
    function = {"name": "f", "arguments": arguments}
    calls = [{"index": 0, "id": "call_1", "type": "function", "function": function}]
    return {"choices": [{"index": 0, "delta": {"tool_calls": calls}}]}


def stream(scenario: Json, *events: Json, **members: Json) -> Exchange:
    """Return a stream; an event that is text is sent as it is."""
    lines = [event if isinstance(event, str) else json.dumps(event) for event in events]
    body = "".join(f"data: {line}\n\n" for line in lines).encode()
    return made("stream", scenario, body, **members)


def made(mode: str, scenario: Json, body: bytes, **members: Json) -> Exchange:
    members = {"status": 200, **members}
    return Exchange("chat", mode, body=body, scenario=scenario, **members)


def named(event: bytes) -> Exchange:
    return made("stream", INBAND, b"event: error\ndata: " + event + b"\n\n")


DONE = "[DONE]"
TOLD: Json = {"error": ERROR}
REFUSED = made("stream", CUT, json.dumps(TOLD).encode(), status=502)

OBJECTED: Json = {"scenario": None, "objections": [{"message": "seed: extra"}]}

SIZE = len(f"data: {json.dumps(TEXT)}\n\n")
QUIET = "the provider's answer broke off, the client's ended cleanly after"
UNREAD = "the error is not under a top-level member error"

# rule, what is sent, the exchange, what the rule says
CASES: list[tuple[str, str, Exchange, list[str]]] = [
    *(
        (rule, what, exchange, [])
        for rule in ("err.midstream-signalled", "err.no-synthetic-success")
        for what, exchange in (
            ("an error event", stream(CUT, TEXT, TOLD)),
            ("an error event and [DONE]", stream(RESET, TEXT, TOLD, DONE)),
            ("a cut for a cut", stream(FAULTY, TEXT, end=End.CUT)),
            ("a reset for a cut", stream(SHORT, TEXT, end=End.RESET)),
            ("a status", REFUSED),
        )
    ),
    ("err.midstream-signalled", "nothing", stream(CUT, TEXT), [f"{QUIET} {SIZE} bytes"]),
    (
        "err.midstream-signalled",
        "nothing, a fault",
        stream(FAULTY, TEXT),
        [f"{QUIET} {SIZE} bytes"],
    ),
    ("err.midstream-signalled", "nothing, plain", made("plain", CUT, b"{}"), [f"{QUIET} 2 bytes"]),
    ("err.midstream-signalled", "success, another's", stream(CUT, TEXT, STOP, DONE), []),
    ("err.midstream-signalled", "nothing, a clean end", stream(CLEAN, TEXT), []),
    (
        "err.midstream-signalled",
        "nothing, a clean end that is an error",
        stream(CLEAN, TEXT, policy={"unfinished": "error"}),
        [f"{QUIET} {SIZE} bytes"],
    ),
    ("err.midstream-signalled", "whole", stream(WHOLE, TEXT, STOP, DONE), []),
    ("err.midstream-signalled", "cut after the finish", stream(LATE, TEXT, STOP, DONE), []),
    (
        "err.midstream-signalled",
        "an error after a whole answer",
        stream(WHOLE, TEXT, STOP, TOLD, DONE),
        ["the provider's answer was complete, the client's ended in an error: 'no saffron'"],
    ),
    (
        "err.midstream-signalled",
        "a cut of a whole answer",
        stream(WHOLE, TEXT, STOP, end=End.CUT),
        ["the provider's answer was complete, the client's ended in the connection cut"],
    ),
    (
        "err.midstream-signalled",
        "an error status for a whole answer",
        made("plain", WHOLE, b"{}", status=500),
        ["the provider's answer was complete, the client's ended in status 500"],
    ),
    (
        "err.midstream-signalled",
        "what the provider refused",
        stream(WHOLE, TOLD, journal=(OBJECTED,), status=502),
        ["the provider refused what it was asked (seed: extra), the client's ended in status 502"],
    ),
    ("err.midstream-signalled", "declined", made("plain", WHOLE, b"{}", status=400), []),
    (
        "err.no-synthetic-success",
        "finish and [DONE]",
        stream(CUT, TEXT, STOP, DONE),
        [
            "finish reason 'stop', and the provider sent none",
            "data: [DONE], and the provider sent none",
        ],
    ),
    (
        "err.no-synthetic-success",
        "finish beside an error",
        stream(CUT, TEXT, STOP, TOLD),
        ["finish reason 'stop', and the provider sent none"],
    ),
    (
        "err.no-synthetic-success",
        "finish reason error",
        stream(CUT, TEXT, TOLD | {"choices": [{"index": 0, "finish_reason": "error"}]}),
        [],
    ),
    ("err.inband-error-forwarded", "the error", stream(INBAND, TEXT, TOLD), []),
    ("err.inband-error-forwarded", "a status", REFUSED, []),
    ("err.inband-error-forwarded", "misshapen, another's", stream(INBAND, TEXT, ERROR), []),
    (
        "err.inband-error-forwarded",
        "nothing",
        stream(INBAND, TEXT, DONE),
        ["the provider sent an error, the client's stream ended without one"],
    ),
    (
        "err.inband-error-forwarded",
        "a cut",
        stream(INBAND, TEXT, end=End.CUT),
        ["the provider sent an error, the client's stream broke off without one"],
    ),
    ("err.surface-native-shape", "the error", stream(INBAND, TEXT, TOLD), []),
    ("err.surface-native-shape", "named", named(json.dumps(TOLD).encode()), []),
    ("err.surface-native-shape", "flat", stream(INBAND, TEXT, ERROR), [UNREAD]),
    ("err.surface-native-shape", "named and flat", named(b'{"code":1}'), [UNREAD]),
    (
        "err.surface-native-shape",
        "bare text",
        stream(INBAND, "no saffron"),
        ["the error is not JSON (Expecting value at character 0): 'no saffron'"],
    ),
    (
        "err.surface-native-shape",
        "bare text that nobody knows to be an error",
        stream({}, "no saffron"),
        [],
    ),
    (
        "err.surface-native-shape",
        "no object",
        stream(INBAND, {"error": "no saffron"}),
        ["error is 'no saffron'; right is an object with message and type"],
    ),
    (
        "err.surface-native-shape",
        "no message",
        stream(INBAND, {"error": {"type": "server_error"}}),
        ["error has no message: {'type': 'server_error'}"],
    ),
    ("err.detail-kept", "the error", stream(INBAND, TEXT, TOLD), []),
    ("err.detail-kept", "none is another rule's", stream(INBAND, TEXT, DONE), []),
    (
        "err.detail-kept",
        "another message",
        stream(INBAND, TEXT, {"error": ERROR | {"message": "upstream error"}}),
        ["the message is 'upstream error', the provider's is 'no saffron'"],
    ),
    (
        "err.detail-kept",
        "more around it",
        stream(INBAND, TEXT, {"error": ERROR | {"message": "mock: no saffron (502)"}}),
        [],
    ),
    (
        "err.detail-kept",
        "another type, by status",
        made("stream", INBAND, b'{"error":{"message":"no saffron","type":"error"}}', status=500),
        ["the type is 'error', the provider's is 'server_error'"],
    ),
    (
        "err.detail-kept",
        "another type, of a provider with other types",
        made(
            "stream",
            INBAND,
            b'{"error":{"message":"no saffron","type":"error"}}',
            status=500,
            journal=({"surface": "messages"},),
        ),
        [],
    ),
    (
        "err.detail-kept",
        "what is for the router",
        made(
            "plain",
            {"head": {"status": 401}, "step": [{"error": ERROR}]},
            b'{"error":{"message":"try later","type":"error"}}',
            status=502,
        ),
        [],
    ),
    (
        "err.detail-kept",
        "what a head says",
        made(
            "plain",
            {"head": {"status": 429, "json": TOLD}, "step": []},
            b'{"error":{"message":"try later","type":"error"}}',
            status=429,
        ),
        ["the message is 'try later', the provider's is 'no saffron'"],
    ),
    (
        "err.truncated-tool-args",
        "as far as they came",
        stream(BROKEN_CALL, fragment('{"city"')),
        [],
    ),
    (
        "err.truncated-tool-args",
        "completed",
        stream(BROKEN_CALL, fragment('{"city":"Ro"}')),
        ["""the arguments of 'f' are '{"city":"Ro"}', the provider got as far as '{"city":"Ro'"""],
    ),
    (
        "err.truncated-tool-args",
        "null",
        stream(BROKEN_CALL, fragment("null")),
        ["""the arguments of 'f' are 'null', the provider got as far as '{"city":"Ro'"""],
    ),
    ("err.wrong-body-kind", "converted", stream(WHOLE, TEXT, STOP, DONE), []),
    ("err.wrong-body-kind", "an error", stream(WHOLE, TOLD), []),
    ("err.wrong-body-kind", "a status", REFUSED, []),
    (
        "err.wrong-body-kind",
        "empty",
        stream(WHOLE, DONE),
        ["200 that reads as []; right is ['Hi']"],
    ),
    (
        "err.wrong-body-kind",
        "a web page",
        made("plain", {"step": []}, b"<html>"),
        ["200 that reads as []; right is an error"],
    ),
    (
        "err.wrong-body-kind",
        "a web page for an error",
        made("plain", {"step": []}, b"<html>", status=502),
        ["502 with b'<html>', which is no error object"],
    ),
]


@pytest.mark.parametrize(
    ("rule", "exchange", "said"),
    [pytest.param(rule, *rest, id=f"{rule}: {what}") for rule, what, *rest in CASES],
)
def test_a_rule_says_what_is_wrong_with_an_error(
    rule: str, exchange: Exchange, said: list[str]
) -> None:
    findings = RULES[rule].check(Trial("made", {"only": exchange}))

    assert [finding.message for finding in findings] == said
