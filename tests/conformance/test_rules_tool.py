"""Each rule on tool calls: bytes that break it, bytes that do not, and what it says."""

import json

import pytest

from conformance.exchange import End, Exchange, Json, Trial
from conformance.rules import RULES

ROME = '{"city":"Rome"}'
CALL = {"id": "call_1", "name": "get_weather", "arguments": ROME}
ONE = {"step": [{"call": CALL}, {"finish": "tool_calls"}]}
TWO = {
    "step": [
        {"call": CALL},
        {"call": {"id": "call_2", "name": "get_time", "arguments": ["{}"]}},
        {"finish": "tool_calls"},
    ]
}
BESIDE = {
    "step": [
        {
            "say": "Well",
            "extra": {
                "tool_calls": [
                    {"id": "call_1", "function": {"name": "get_weather", "arguments": ROME}}
                ]
            },
        }
    ]
}


def first(index: Json = 0, id: str = "call_1", name: str = "get_weather", text: Json = "") -> Json:
    function = {"name": name, "arguments": text}
    return {"index": index, "id": id, "type": "function", "function": function}


def more(text: Json, index: Json = 0, **named: Json) -> Json:
    function = {"arguments": text, **({"name": named.pop("name")} if "name" in named else {})}
    return {"index": index, **named, "function": function}


def without(call: Json, *names: str) -> Json:
    return {name: value for name, value in call.items() if name not in names}


def stream(*calls: Json, said: str = "", finish: str = "tool_calls", **members: Json) -> Exchange:
    """Return an answer with one fragment per chunk."""
    choices: list[Json] = [{"tool_calls": [call]} for call in calls] or [{}]
    choices[0] |= {"role": "assistant", **({"content": said} if said else {})}
    return chunks([*choices, finish], **members)


def chunks(deltas: list[Json], **members: Json) -> Exchange:
    *open_, finish = deltas
    told = [{"index": 0, "delta": delta, "finish_reason": None} for delta in open_]
    told.append({"index": 0, "delta": {}, "finish_reason": finish})
    lines = [json.dumps({"choices": [choice]}) for choice in told] + ["[DONE]"]
    body = "".join(f"data: {line}\n\n" for line in lines).encode()
    return Exchange("chat", "stream", status=200, body=body, **members)


REFUSED = Exchange("chat", "stream", status=502, body=b"{}", scenario=TWO)
BROKEN_OFF = Exchange("chat", "stream", status=200, end=End.CUT, scenario=TWO)

# rule, what is sent, the exchange, what the rule says
CASES: list[tuple[str, str, Exchange, list[str]]] = [
    ("tool.index-present", "an index", stream(first(), more(ROME)), []),
    (
        "tool.index-present",
        "none",
        stream(without(first(), "index"), more(ROME, index=None), more("", index=-1)),
        ["a fragment has no index", "a fragment has index None", "a fragment has index -1"],
    ),
    ("tool.index-present", "true", stream(first(True)), ["a fragment has index True"]),
    ("tool.index-distinct", "0 and 1", stream(first(), first(1, "call_2"), more("", 0)), []),
    (
        "tool.index-distinct",
        "two calls on 0",
        stream(first(), first(0, "call_2", "get_time")),
        ["call 'call_2' has index 0, which is that of 'call_1'"],
    ),
    (
        "tool.index-distinct",
        "a first call on 1",
        stream(first(1), first(2, "call_2")),
        ["a call opens with index 1 where 0 was due"],
    ),
    (
        "tool.index-distinct",
        "unknown numbers are another rule's",
        stream(without(first(), "index"), first(1, "call_2")),
        [],
    ),
    ("tool.first-fragment-complete", "all", stream(first(), more(ROME)), []),
    (
        "tool.first-fragment-complete",
        "nothing",
        stream({"index": 0, "type": "", "function": {"name": ""}}),
        ["the first fragment of call 0 has no id and type '' and name ''"],
    ),
    (
        "tool.first-fragment-complete",
        "no function",
        stream({"index": 0, "id": "call_1", "type": "function"}),
        ["the first fragment of call 0 has no name"],
    ),
    ("tool.id-stable", "once", stream(first(), more(ROME)), []),
    ("tool.id-stable", "again", stream(first(), more(ROME, id="call_1")), []),
    ("tool.id-stable", "late", stream(without(first(), "id"), more(ROME, id="call_1")), []),
    (
        "tool.id-stable",
        "another, and none",
        stream(first(), more("", id="call_9"), more("", id="")),
        [
            "a later fragment of call 0 has id 'call_9', the first 'call_1'",
            "a later fragment of call 0 has id '', the first 'call_1'",
        ],
    ),
    ("tool.name-once", "once", stream(first(), more(ROME, name=None)), []),
    (
        "tool.name-once",
        "again, and empty",
        stream(first(), more("", name="get_weather"), more("", name="")),
        [
            "a later fragment of call 0 has name 'get_weather' again",
            "a later fragment of call 0 has name '' again",
        ],
    ),
    ("tool.fragments-join", "index and arguments", stream(first(), more(ROME)), []),
    (
        "tool.fragments-join",
        "the id, nulls",
        stream(
            first(),
            more("", id="call_1"),
            more("", id=None, type=None),
            {"index": 0, "function": None},
        ),
        [
            "a later fragment of call 0 has id 'call_1' again",
            "a later fragment of call 0 has type null",
            "a later fragment of call 0 has function null",
        ],
    ),
    (
        "tool.args-reassemble",
        "as sent",
        stream(first(), more(ROME[:4]), more(ROME[4:]), scenario=ONE),
        [],
    ),
    (
        "tool.args-reassemble",
        "written anew, where the provider's are a value",
        stream(first(text='{"city": "Rome"}'), scenario=ONE, journal=({"surface": "gemini"},)),
        [],
    ),
    (
        "tool.args-reassemble",
        "written anew",
        stream(first(text='{"city": "Rome"}'), scenario=ONE, journal=({"surface": "chat"},)),
        [f'choice 0 has get_weather({{"city": "Rome"}}), the provider sent get_weather({ROME})'],
    ),
    (
        "tool.args-reassemble",
        "one piece lost",
        stream(first(), more(ROME[4:]), scenario=ONE),
        [f"choice 0 has get_weather({ROME[4:]}), the provider sent get_weather({ROME})"],
    ),
    (
        "tool.args-reassemble",
        "no call at all",
        stream(scenario=ONE),
        [f"choice 0 has no call, the provider sent get_weather({ROME})"],
    ),
    (
        "tool.args-reassemble",
        "an object",
        stream(first(text={"city": "Rome"}), scenario=ONE),
        ["arguments are dict, not a text"],
    ),
    (
        "tool.args-reassemble",
        "no list",
        chunks([{"tool_calls": first()}, "tool_calls"], scenario=ONE),
        ["tool_calls is no list"],
    ),
    (
        "tool.args-reassemble",
        "a value of the provider's, written otherwise",
        stream(
            first(text='{"city": "Rome"}'), scenario={**ONE, "chat": {"tool_arguments": "object"}}
        ),
        [],
    ),
    (
        "tool.args-reassemble",
        "fused calls are another rule's",
        stream(first(text=ROME), first(0, "call_2", "get_time", "{}"), scenario=TWO),
        [],
    ),
    ("tool.args-reassemble", "broken off", BROKEN_OFF, []),
    ("tool.args-reassemble", "JSON, no script", stream(first(text=ROME)), []),
    (
        "tool.args-reassemble",
        "no JSON, no script",
        stream(first(text='{"city"')),
        ["the arguments of 'get_weather' are no JSON: Expecting ':' delimiter at character 7"],
    ),
    (
        "tool.args-reassemble",
        "no JSON, but the limit was reached",
        stream(first(text='{"city"'), finish="length"),
        [],
    ),
    (
        "tool.text-and-tool-same-chunk",
        "both",
        stream(first(text=ROME), said="Well", scenario=BESIDE),
        [],
    ),
    (
        "tool.text-and-tool-same-chunk",
        "no text",
        stream(first(text=ROME), scenario=BESIDE),
        ["the text is [''], not ['Well']"],
    ),
    (
        "tool.text-and-tool-same-chunk",
        "no call",
        stream(said="Well", scenario=BESIDE),
        [f"choice 0 has no call, the provider sent get_weather({ROME})"],
    ),
]

# These hold the calls of an answer against the script, each for another oddity of the provider.
ODD = [
    "tool.index-absent-tolerated",
    "tool.empty-id-continuation",
    "tool.args-on-done-only",
    "tool.interleaved-fragments",
]
SENT = f"get_weather({ROME}), get_time({{}})"
ANSWERS: list[tuple[str, Exchange, list[str]]] = [
    (
        "both calls",
        stream(first(text=ROME), first(1, "call_2", "get_time", "{}"), scenario=TWO),
        [],
    ),
    (
        "one call of two",
        stream(first(text=ROME + "{}"), scenario=TWO),
        [f"choice 0 has get_weather({ROME}{{}}), the provider sent {SENT}"],
    ),
    ("an error", REFUSED, ["answered 502 where the provider's calls were due"]),
    ("a broken stream", BROKEN_OFF, ["the stream failed where the provider's calls were due"]),
]


@pytest.mark.parametrize(
    ("rule", "exchange", "said"),
    [pytest.param(rule, *rest, id=f"{rule}: {what}") for rule, what, *rest in CASES]
    + [pytest.param(rule, *rest, id=f"{rule}: {what}") for rule in ODD for what, *rest in ANSWERS],
)
def test_a_rule_says_what_is_wrong_with_the_calls(
    rule: str, exchange: Exchange, said: list[str]
) -> None:
    findings = RULES[rule].check(Trial("made", {"stream": exchange}))

    assert [finding.message for finding in findings] == said


def test_a_finding_is_where_the_chunk_is() -> None:
    exchange = stream(first(), more("", id="call_9"))

    (finding,) = RULES["tool.id-stable"].check(Trial("made", {"stream": exchange}))

    assert finding.span is not None
    assert b"call_9" in exchange.body[slice(*finding.span)]
