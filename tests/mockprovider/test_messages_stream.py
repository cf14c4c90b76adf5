"""What a scenario becomes on the messages surface, natively and by the habits of vendors."""

import json
from collections.abc import Mapping

import pytest

from mockprovider import rendering, scenario
from mockprovider.scenario import schema
from mockprovider.shapes import Json
from mockprovider.slots import Filling
from mockprovider.surfaces import messages
from mockprovider.surfaces.messages.habits import Habits
from mockprovider.surfaces.surface import Ask
from mockprovider.timeline import Hold, Send, Timeline, spelt_out

FILLING = Filling("r1-1-1", "m", 1_770_000_000)
STREAM = Ask(stream=True, usage=True)
PLAIN = Ask(usage=True)
TEXT = (
    '{ say = "Aloe" }, { say = " bay" }, { finish = "stop" }, { usage = { input = 5, output = 2 } }'
)
CALL = '{ call = { id = "c1", name = "f", arguments = ["{", "}"] } }, { finish = "tool_calls" }'
CLASSES = (
    '{ say = "A" }, { finish = "stop" }, '
    "{ usage = { input = 20, output = 7, cached = 3, cache_write = 2, reasoning = 4 } }"
)
START = {"type": "content_block_start", "index": 0}
STOP = {"type": "content_block_stop", "index": 0}
PING = {"type": "ping"}


def timeline(steps: str, habits: str = "", ask: Ask = STREAM) -> Timeline:
    document = f'summary = ""\nstep = [{steps}]\n[messages]\n{habits}'
    played = scenario.parsed(document, "x.toml")
    return rendering.render(played, played.scripts[0], messages.SURFACE, ask).filled(FILLING)


def sent(steps: str, habits: str = "", ask: Ask = STREAM) -> list[bytes]:
    found = spelt_out(timeline(steps, habits, ask))
    return [step.data for step in found if isinstance(step, Send)]


def events(steps: str, habits: str = "", ask: Ask = STREAM) -> list[Json]:
    lines = [line for data in sent(steps, habits, ask) for line in data.split(b"\n")]
    return [json.loads(line[6:]) for line in lines if line.startswith(b"data: {")]


def kinds(steps: str, habits: str = "") -> list[str]:
    return [event["type"] for event in events(steps, habits)]


def content(steps: str, habits: str = "") -> list[Json]:
    """Return what the events say about the blocks, pings left out."""
    own = f'ping = "never"\n{habits}'
    return [event for event in events(steps, own) if event["type"].startswith("content_block")]


def delta(index: int = 0, **members: Json) -> Json:
    return {"type": "content_block_delta", "index": index, "delta": members}


def ended(steps: str, habits: str = "", ask: Ask = STREAM) -> Json:
    (event,) = [e for e in events(steps, habits, ask) if e["type"] == "message_delta"]
    return event


def plain(steps: str, habits: str = "", ask: Ask = PLAIN) -> Json:
    return json.loads(sent(steps, habits, ask)[0])


def test_a_text_is_streamed_as_anthropic_streams_it() -> None:
    start = (
        b'event: message_start\ndata: {"type":"message_start","message":{"model":"m",'
        b'"id":"msg_r1-1-1","type":"message","role":"assistant","content":[],"stop_reason":null,'
        b'"stop_sequence":null,"stop_details":null,"usage":{"input_tokens":5,'
        b'"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"cache_creation":'
        b'{"ephemeral_5m_input_tokens":0,"ephemeral_1h_input_tokens":0},"service_tier":"standard",'
        b'"inference_geo":"global","output_tokens":1}}       }\n\n'
    )
    block = b'"index":0,"content_block":{"type":"text","text":""}'
    delta = b'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":'
    end = (
        b'"delta":{"stop_reason":"end_turn","stop_sequence":null,"stop_details":null},"usage":'
        b'{"input_tokens":5,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,'
        b'"output_tokens":2}'
    )

    assert sent(TEXT) == [
        start,
        b'event: content_block_start\ndata: {"type":"content_block_start",%b%14b}\n\n'
        % (block, b""),
        b'event: ping\ndata: {"type": "ping"}\n\n',
        delta + b'{"type":"text_delta","text":"Aloe"}     }\n\n',
        delta + b'{"type":"text_delta","text":" bay"}            }\n\n',
        b'event: content_block_stop\ndata: {"type":"content_block_stop","index":0   }\n\n',
        b'event: message_delta\ndata: {"type":"message_delta",%b          }\n\n' % end,
        b'event: message_stop\ndata: {"type":"message_stop" }\n\n',
    ]


def test_a_plain_answer_is_the_message() -> None:
    assert plain(CLASSES) == {
        "model": "m", "id": "msg_r1-1-1", "type": "message", "role": "assistant",
        "content": [{"type": "text", "text": "A"}],
        "stop_reason": "end_turn", "stop_sequence": None, "stop_details": None,
        "usage": {
            "input_tokens": 15, "cache_creation_input_tokens": 2, "cache_read_input_tokens": 3,
            "cache_creation": {"ephemeral_5m_input_tokens": 2, "ephemeral_1h_input_tokens": 0},
            "service_tier": "standard", "inference_geo": "global",
            "output_tokens": 7, "output_tokens_details": {"thinking_tokens": 4},
        },
    }  # fmt: skip


BLOCKS: Mapping[str, tuple[str, list[Json]]] = {
    "a call": (
        CALL,
        [
            START | {"content_block": {"type": "tool_use", "id": "c1", "name": "f", "input": {}}},
            delta(type="input_json_delta", partial_json=""),
            delta(type="input_json_delta", partial_json="{"),
            delta(type="input_json_delta", partial_json="}"),
            STOP,
        ],
    ),
    "thoughts": (
        '{ think = "Hm", signature = "s1" }, { think = "ha" }, { think = "x", redacted = true }',
        [
            START | {"content_block": {"type": "thinking", "thinking": "", "signature": ""}},
            delta(type="thinking_delta", thinking="Hm"),
            delta(type="signature_delta", signature="s1"),
            STOP,
            START | {
                "index": 1, "content_block": {"type": "thinking", "thinking": "", "signature": ""}
            },
            delta(1, type="thinking_delta", thinking="ha"),
            delta(
                1, type="signature_delta",
                signature="c2lnbmVkhpOHPNj4otnHxZZHcYD4UeUl9Or1Wk9je0RctEKl40A=",
            ),
            STOP | {"index": 1},
            START | {"index": 2, "content_block": {"type": "redacted_thinking", "data": "x"}},
            STOP | {"index": 2},
        ],
    ),
    "a citation": (
        '{ say = "Aloe" }, { cite = { url = "u", start = 1, end = 3 } }, { finish = "stop" }',
        [
            START | {"content_block": {"type": "text", "text": ""}},
            delta(type="text_delta", text="Aloe"),
            delta(type="citations_delta", citation={
                "type": "web_search_result_location", "cited_text": "lo", "url": "u",
                "title": None, "encrypted_index": "bW9jaw==",
            }),
            STOP,
        ],
    ),
    "a citation first": (
        '{ cite = { url = "u", title = "t" } }, { say = "A" }, { finish = "stop" }',
        [
            START | {"content_block": {"type": "text", "text": "", "citations": []}},
            delta(type="citations_delta", citation={
                "type": "web_search_result_location", "cited_text": "", "url": "u",
                "title": "t", "encrypted_index": "bW9jaw==",
            }),
            delta(type="text_delta", text="A"),
            STOP,
        ],
    ),
    "repeats, extras, a last word": (
        '{ say = "ab", times = 2, repeat = 2, extra = { a = 1 } }, { finish = "stop", say = "!" }',
        [
            START | {"content_block": {"type": "text", "text": ""}},
            delta(type="text_delta", text="abab", a=1),
            delta(type="text_delta", text="abab", a=1),
            delta(type="text_delta", text="!"),
            STOP,
        ],
    ),
    "an open block when the connection ends": (
        '{ think = "Hm" }, { reset = true }',
        [
            START | {"content_block": {"type": "thinking", "thinking": "", "signature": ""}},
            delta(type="thinking_delta", thinking="Hm"),
        ],
    ),
}  # fmt: skip


@pytest.mark.parametrize("steps", BLOCKS)
def test_steps_become_blocks(steps: str) -> None:
    script, expected = BLOCKS[steps]

    assert content(script) == expected


def test_a_finish_says_what_its_extra_says() -> None:
    assert ended('{ finish = "stop", extra = { note = 1 } }')["delta"]["note"] == 1


HOLD = '{ hold = "h" }'
OPEN_CALLS = '{ call = { id = "a", name = "f" } }, { call = { id = "b", name = "g" } }'


def more(call: str, text: int) -> str:
    return f'{{ arguments = "{text}", of = "{call}" }}'


# Steps as a neutral script may order them, and the same pieces as this API can.
ORDERS: Mapping[str, tuple[str, list[str]]] = {
    "calls take turns": (
        f"{OPEN_CALLS}, {more('a', 1)}, {more('b', 2)}, {more('a', 3)}, {HOLD}, {more('b', 4)}",
        ["a", "", "1", "3", "b", "", "2", "h", "4"],
    ),
    "a text comes before the call is whole": (
        f'{{ call = {{ id = "a", name = "f" }} }}, {{ say = "text" }}, {HOLD}, {more("a", 2)}',
        ["a", "", "h", "2", "text"],
    ),
    "the second call is whole before the first": (
        f'{OPEN_CALLS}, {more("b", 1)}, {HOLD}, {more("a", 2)}, {{ close = "cut" }}',
        ["a", "", "h", "2", "b", "", "1"],
    ),
}


def pieces(steps: str, habits: str = "") -> list[str]:
    """Return what is sent, and the holds, in order."""
    found = list[str]()
    for step in timeline(steps, f'ping = "never"\n{habits}'):
        if isinstance(step, Hold):
            found.append(step.name)
        if isinstance(step, Send) and b"content_block" in step.data:
            event = json.loads(step.data.partition(b"data: ")[2])
            told = event.get("delta") or event.get("content_block") or {}
            found += [told[name] for name in ("partial_json", "text", "id") if told.get(name, "")]
            found += [""] if told.get("partial_json") == "" else []
    return found


@pytest.mark.parametrize("order", ORDERS)
def test_blocks_never_overlap_and_nothing_comes_before_its_step(order: str) -> None:
    steps, expected = ORDERS[order]

    assert pieces(steps) == expected


@pytest.mark.parametrize(
    ("finish", "reason"),
    [
        ("stop", "end_turn"),
        ("length", "max_tokens"),
        ("tool_calls", "tool_use"),
        ("content_filter", "refusal"),
        ("pause_turn", "pause_turn"),
    ],
)
def test_finish_reasons_are_said_in_anthropics_words(finish: str, reason: str) -> None:
    steps = f'{{ say = "A" }}, {{ finish = "{finish}" }}'

    assert ended(steps)["delta"]["stop_reason"] == reason
    assert plain(steps)["stop_reason"] == reason


REFUSED = {"type": "refusal", "category": None, "explanation": None}


def test_a_refusal_is_text_that_stops_as_a_refusal() -> None:
    steps = '{ refuse = "I " }, { refuse = "won\'t" }, { finish = "stop" }'
    told = plain(steps)

    assert ended(steps)["delta"] == {
        "stop_reason": "refusal", "stop_sequence": None, "stop_details": REFUSED,
    }  # fmt: skip
    assert (told["content"], told["stop_details"]) == (
        [{"type": "text", "text": "I won't"}],
        REFUSED,
    )


def test_a_refusal_may_be_told_in_the_details_alone() -> None:
    steps, habit = '{ refuse = "No" }, { finish = "stop" }', 'refusal = "details"'

    assert kinds(steps, habit) == ["message_start", "ping", "message_delta", "message_stop"]
    assert ended(steps, habit)["delta"]["stop_details"] == REFUSED | {"explanation": "No"}


def test_a_stop_sequence_ends_the_message_by_its_name() -> None:
    asked = Ask(stream=True, usage=True, limit=100, stop=("y", "ba"))

    told = ended(TEXT, ask=asked)

    assert [event["delta"].get("text") for event in events(TEXT, ask=asked) if "index" in event
            and "delta" in event] == ["Aloe", " "]  # fmt: skip
    assert told["delta"] == {
        "stop_reason": "stop_sequence", "stop_sequence": "ba", "stop_details": None,
    }  # fmt: skip
    assert told["usage"]["output_tokens"] == 2


def test_the_token_limit_ends_the_message() -> None:
    told = ended(TEXT, ask=Ask(stream=True, usage=True, limit=1))

    assert told["delta"]["stop_reason"] == "max_tokens"
    assert told["usage"]["output_tokens"] == 1


def test_arguments_cut_by_the_limit_leave_no_input() -> None:
    told = plain(CALL, ask=Ask(usage=True, limit=1))

    assert told["content"] == [{"type": "tool_use", "id": "c1", "name": "f", "input": {}}]


def test_usage_is_stated_without_a_finish_too() -> None:
    told = ended('{ say = "A" }, { usage = { input = 3, output = 1 } }')

    assert (told["delta"]["stop_reason"], told["usage"]["input_tokens"]) == (None, 3)


def test_a_ping_a_comment_and_bytes_stay_where_they_are() -> None:
    steps = '{ ping = true }, { comment = "hi" }, { raw = "x\\n\\n" }, { close = "clean" }'

    assert sent(steps)[1:] == [b'event: ping\ndata: {"type": "ping"}\n\n', b": hi\n\n", b"x\n\n"]


def test_an_error_ends_the_stream_and_nothing_follows_it() -> None:
    steps = '{ say = "A" }, { error = { message = "Full", type = "server_error", status = 503 } }'

    assert kinds(steps)[-2:] == ["content_block_delta", "error"]
    assert events(steps)[-1] == {
        "type": "error", "error": {"type": "overloaded_error", "message": "Full"},
        "request_id": "req_r1-1-1",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("status", "type", "expected"),
    [
        (402, None, "billing_error"),
        (413, None, "request_too_large"),
        (418, None, "invalid_request_error"),
        (429, "requests", "rate_limit_error"),
        (502, None, "api_error"),
        (504, None, "timeout_error"),
        (529, None, "overloaded_error"),
        (429, "overloaded_error", "overloaded_error"),
        (404, "invalid_request_error", "not_found_error"),
    ],
)
def test_an_error_has_anthropics_type(status: int, type: str | None, expected: str) -> None:
    named = "" if type is None else f', type = "{type}"'
    steps = f'{{ error = {{ message = "No", code = "why", status = {status}{named} }} }}'
    error = {"type": expected, "message": "No", "details": {"error_code": "why"}}

    assert plain(steps) == {"type": "error", "error": error, "request_id": "req_r1-1-1"}


NO_PING = ["message_start", "content_block_start", "content_block_delta", "content_block_delta",
           "content_block_stop", "message_delta", "message_stop"]  # fmt: skip
PINGS: Mapping[str, list[int]] = {
    "never": [],
    "start": [1],
    "first-block": [2],
    "every-block": [2],
    "every-delta": [3, 5],
    "after-stop": [7],
}


@pytest.mark.parametrize("habit", PINGS)
def test_pings_come_where_the_vendor_sends_them(habit: str) -> None:
    found = kinds(TEXT, f'ping = "{habit}"')

    assert [at for at, kind in enumerate(found) if kind == "ping"] == PINGS[habit]
    assert [kind for kind in found if kind != "ping"] == NO_PING


# habit -> the steps it is seen on, and the blocks that are seen
BLOCK_HABITS: Mapping[str, tuple[str, list[Json]]] = {
    'block_start = "first-piece"': (
        '{ say = "A" }, { say = "B", repeat = 2 }, { finish = "stop" }',
        [
            START | {"content_block": {"type": "text", "text": "A"}},
            delta(type="text_delta", text="B"),
            delta(type="text_delta", text="B"),
            STOP,
        ],
    ),
    'tool_input = "no-empty"': (
        CALL,
        [
            START | {"content_block": {"type": "tool_use", "id": "c1", "name": "f", "input": {}}},
            delta(type="input_json_delta", partial_json="{"),
            delta(type="input_json_delta", partial_json="}"),
            STOP,
        ],
    ),
    'tool_input = "whole"': (
        '{ call = { id = "c1", name = "f", arguments = "{" } }, { arguments = "}", of = "c1" }',
        [
            START | {"content_block": {"type": "tool_use", "id": "c1", "name": "f", "input": {}}},
            delta(type="input_json_delta", partial_json="{}"),
            STOP,
        ],
    ),
    'tool_input = "start"': (
        '{ call = { id = "c1", name = "f", arguments = ["{\\"a\\":", "1}"] } }',
        [
            START | {
                "content_block": {"type": "tool_use", "id": "c1", "name": "f", "input": {"a": 1}}
            },
            STOP,
        ],
    ),
    'signature = "delta-only"': (
        '{ think = "A", signature = "s" }',
        [
            START | {"content_block": {"type": "thinking", "thinking": ""}},
            delta(type="thinking_delta", thinking="A"),
            delta(type="signature_delta", signature="s"),
            STOP,
        ],
    ),
    'signature = "split"': (
        '{ think = "A", signature = "st" }',
        [
            START | {"content_block": {"type": "thinking", "thinking": "", "signature": ""}},
            delta(type="thinking_delta", thinking="A"),
            delta(type="signature_delta", signature="s"),
            delta(type="signature_delta", signature="t"),
            STOP,
        ],
    ),
    'signature = "absent"': (
        '{ think = "A" }',
        [
            START | {"content_block": {"type": "thinking", "thinking": ""}},
            delta(type="thinking_delta", thinking="A"),
            STOP,
        ],
    ),
}  # fmt: skip


@pytest.mark.parametrize("habit", BLOCK_HABITS)
def test_a_habit_changes_the_blocks(habit: str) -> None:
    steps, expected = BLOCK_HABITS[habit]

    assert content(steps, habit) == expected


INDEXES: Mapping[str, list[Json]] = {
    "contiguous": [0, 1],
    "gaps": [0, 2],
    "from-one": [1, 2],
    "zero": [0, 0],
    "absent": [..., ...],
}


@pytest.mark.parametrize("habit", INDEXES)
def test_a_habit_changes_the_indexes(habit: str) -> None:
    steps = '{ think = "A" }, { say = "B" }'
    found = [event for event in content(steps, f'index = "{habit}"') if "content_block" in event]

    assert [event.get("index", ...) for event in found] == INDEXES[habit]


FULL = {
    "input_tokens": 15, "cache_creation_input_tokens": 2, "cache_read_input_tokens": 3,
    "output_tokens": 7, "output_tokens_details": {"thinking_tokens": 4},
}  # fmt: skip
USAGE: Mapping[str, tuple[Json, Json]] = {
    'start_usage = "counts"': ({"input_tokens": 15, "output_tokens": 0}, FULL),
    'start_usage = "zero"': ({"input_tokens": 0, "output_tokens": 0}, FULL),
    'start_usage = "counts"\ndelta_usage = "counts"': (
        {"input_tokens": 15, "output_tokens": 0},
        {"input_tokens": 15, "output_tokens": 7},
    ),
    'start_usage = "absent"': (..., FULL),
    'start_usage = "zero"\ndelta_usage = "output"': (
        {"input_tokens": 0, "output_tokens": 0},
        {"output_tokens": 7},
    ),
    'start_usage = "absent"\ndelta_usage = "zero-input"': (
        ...,
        {"input_tokens": 0, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0,
         "output_tokens": 7},
    ),
    'start_usage = "absent"\ndelta_usage = "absent"': (..., ...),
    'start_usage = "absent"\ndelta_usage = "output"\nusage_extra = { cost = 1 }': (
        ...,
        {"output_tokens": 7, "cost": 1},
    ),
}  # fmt: skip


@pytest.mark.parametrize("habit", USAGE)
def test_a_habit_changes_what_usage_is_stated_where(habit: str) -> None:
    start, end = USAGE[habit]
    both = [told for told in (start, end) if told is not ...]
    merged = {name: value for told in both for name, value in told.items()}

    assert events(CLASSES, habit)[0]["message"].get("usage", ...) == start
    assert ended(CLASSES, habit).get("usage", ...) == end
    assert plain(CLASSES, habit).get("usage", {}) == merged


def test_a_habit_changes_the_style_of_writing() -> None:
    steps = '{ say = "é" }, { close = "clean" }'
    habit = 'ping = "never"\npadding = false\n'

    told = [sent(steps, f'{habit}json = "{style}"')[-1] for style in ("spaced", "ascii")]

    assert [event.partition(b"text_delta")[2] for event in told] == [
        '", "text": "é"}}\n\n'.encode(),
        b'","text":"\\u00e9"}}\n\n',
    ]


@pytest.mark.parametrize(
    ("habit", "line"),
    [("absent", b"data"), ("message", b"event: message"), ("given", b"event: ping")],
)
def test_a_habit_changes_the_names_of_events(habit: str, line: bytes) -> None:
    found = sent('{ ping = true }, { close = "clean" }', f'event_names = "{habit}"')[-1]

    assert found.partition(b"\n")[0].startswith(line)


ERROR_HABITS = {
    "event": (b"event: error\n", "request_id"),
    "data-only": (b"data: ", "request_id"),
    "openai": (b"event: error\n", "error"),
}


@pytest.mark.parametrize("habit", ERROR_HABITS)
def test_a_habit_changes_the_form_of_an_error(habit: str) -> None:
    (found,) = sent('{ error = { message = "No" } }', f'error = "{habit}"')
    line, member = ERROR_HABITS[habit]

    assert found.startswith(line)
    assert list(json.loads(found.partition(b"data: ")[2]))[-1] == member


DONE = {
    "message_stop": [("event", b"message_delta"), ("done", b"message_stop")],
    "none": [("event", b"content_block_stop"), ("event", b"message_delta")],
    "sentinel": [("event", b"message_stop"), ("done", b"[DONE]")],
}


@pytest.mark.parametrize("habit", DONE)
def test_a_habit_changes_the_terminator(habit: str) -> None:
    found = [step for step in timeline(TEXT, f'done = "{habit}"') if isinstance(step, Send)][-2:]

    assert [step.kind for step in found] == [kind for kind, _ in DONE[habit]]
    assert all(word in step.data for step, (_, word) in zip(found, DONE[habit], strict=True))


def test_habits_change_members_of_the_message_and_of_every_event() -> None:
    habit = (
        'id = "chatcmpl-"\nstop_details = "absent"\nstop_sequence = "absent"\ndelta_twice = true\n'
        "message_extra = { provider = 'p' }\nevent_extra = { cost = '0' }"
    )
    found = events(TEXT, habit)
    ends = [event for event in found if event["type"] == "message_delta"]

    assert {"id": "chatcmpl-r1-1-1", "provider": "p"}.items() <= found[0]["message"].items()
    assert "stop_details" not in found[0]["message"]
    assert [event["cost"] for event in found] == ["0"] * len(found)
    assert [event["delta"] for event in ends] == [{"stop_reason": "end_turn"}] * 2


TERSE = (
    'padding = false\nsignature = "delta-only"\nstart_usage = "counts"\ndelta_usage = "counts"\n'
    'stop_sequence = "absent"\nstop_details = "absent"\n'
)
# What recorded streams of three vendors have in common, as habits, and the frame that comes of it.
VENDORS: Mapping[str, tuple[str, str, Json, Json]] = {
    "vertex": (
        'id = "msg_vrtx_"\nping = "start"\ndelta_usage = "output"\nstop_details = "absent"',
        "msg_vrtx_r1-1-1",
        {"stop_reason": "end_turn", "stop_sequence": None},
        {"output_tokens": 7},
    ),
    "minimax": (
        f'{TERSE}id = ""\nping = "start"',
        "r1-1-1",
        {"stop_reason": "end_turn"},
        {"input_tokens": 15, "output_tokens": 7},
    ),
    "vllm": (
        f'{TERSE}id = "chatcmpl-"\nping = "never"\ntool_input = "no-empty"',
        "chatcmpl-r1-1-1",
        {"stop_reason": "end_turn"},
        {"input_tokens": 15, "output_tokens": 7},
    ),
}


@pytest.mark.parametrize("vendor", VENDORS)
def test_the_ways_of_a_vendor_can_be_told(vendor: str) -> None:
    habits, named, delta, usage = VENDORS[vendor]
    told = ended(CLASSES, habits)

    assert events(CLASSES, habits)[0]["message"]["id"] == named
    assert (told["delta"], told["usage"]) == (delta, usage)


def test_the_schema_knows_every_habit() -> None:
    known = schema()["$defs"]["messages"]["properties"]

    assert list(known) == list(Habits.__dataclass_fields__)
