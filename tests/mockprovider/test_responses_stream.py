"""What a scenario becomes on the Responses surface, natively and by the habits of vendors."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

import pytest

from mockprovider import rendering, scenario
from mockprovider.shapes import Json
from mockprovider.slots import Filling
from mockprovider.steps import BadScenario
from mockprovider.surfaces import responses
from mockprovider.surfaces.responses.habits import Habits
from mockprovider.surfaces.surface import Ask
from mockprovider.timeline import Hold, Send, Timeline

if TYPE_CHECKING:
    from tests.mockprovider.conftest import Mock

FILLING = Filling("r1-1-1", "m", 1_770_000_000, "r1-1")
STREAM = Ask(stream=True, usage=True)
TEXT = (
    '{ say = "Aloe" }, { say = " bay" }, { finish = "stop" }, { usage = { input = 5, output = 2 } }'
)
CALL = '{ call = { id = "c1", name = "f", arguments = ["{", "}"] } }, { finish = "tool_calls" }'
THINK = '{ think = "Hm" }, { say = "A" }, { finish = "stop" }'
ERROR = '{ say = "A" }, { error = { message = "m", type = "t", code = "c" } }, { close = "clean" }'
STATED = ("response", "sequence_number", "item_id", "output_index", "content_index", "logprobs")


def timeline(steps: str, habits: str = "", ask: Ask = STREAM) -> Timeline:
    played = scenario.parsed(f'summary = ""\nstep = [{steps}]\n[responses]\n{habits}', "x.toml")
    return rendering.render(played, played.scripts[0], responses.SURFACE, ask).filled(FILLING)


def sent(steps: str, habits: str = "", ask: Ask = STREAM) -> list[bytes]:
    return [step.data for step in timeline(steps, habits, ask) if isinstance(step, Send)]


def events(steps: str, habits: str = "", ask: Ask = STREAM) -> list[Json]:
    data = [event.partition(b"data: ")[2] for event in sent(steps, habits, ask)]
    return [json.loads(each) for each in data if each.startswith(b"{")]


def kinds(steps: str, habits: str = "", ask: Ask = STREAM) -> list[str]:
    return [event["type"].removeprefix("response.") for event in events(steps, habits, ask)]


def inner(steps: str, habits: str = "") -> list[Json]:
    """Return what happens between the opening and the end, without what every event states."""
    found = [event for event in events(steps, habits) if "response" not in event]
    return [{name: value for name, value in each.items() if name not in STATED} for each in found]


def last(steps: str, habits: str = "", ask: Ask = STREAM) -> Json:
    return events(steps, habits, ask)[-1]["response"]


def plain(steps: str, habits: str = "", ask: Ask = Ask(usage=True)) -> Json:  # noqa: B008
    return json.loads(sent(steps, habits, ask)[0])


def test_a_text_is_streamed_as_openai_streams_it() -> None:
    part = b'{"type":"output_text","text":"%s","annotations":[],"logprobs":[]}'
    item = b'{"id":"msg_0_r1-1-1","status":"%s","type":"message","role":"assistant","content":[%s]}'
    place = b'"item_id":"msg_0_r1-1-1","output_index":0,"content_index":0,'
    told = item % (b"completed", part % b"Aloe")
    events = [
        (b"output_item.added", b'"output_index":0,"item":' + item % (b"in_progress", b"")),
        (b"content_part.added", place + b'"part":' + part % b""),
        (b"output_text.delta", place + b'"delta":"Aloe","logprobs":[],"obfuscation":"aB3dE5"'),
        (b"output_text.done", place + b'"text":"Aloe","logprobs":[]'),
        (b"content_part.done", place + b'"part":' + part % b"Aloe"),
        (b"output_item.done", b'"output_index":0,"item":' + told),
    ]

    assert sent('{ say = "Aloe" }, { finish = "stop" }', ask=Ask(stream=True, obfuscation=True))[
        2:-1
    ] == [
        b'event: response.%s\ndata: {"type":"response.%s","sequence_number":%d,%s}\n\n'
        % (kind, kind, number, members)
        for number, (kind, members) in enumerate(events, 2)
    ]


def test_a_response_is_opened_and_completed_as_openai_does() -> None:
    told = events(TEXT)
    whole = told[-1]["response"]

    assert [event["type"] for event in (*told[:2], told[-1])] == [
        "response.created", "response.in_progress", "response.completed",
    ]  # fmt: skip
    assert told[0]["response"] == told[1]["response"]
    assert {**whole, "output": len(whole["output"])} == {
        "id": "resp_r1-1-1", "object": "response", "created_at": 1770000000,
        "status": "completed", "completed_at": 1770000001, "error": None,
        "incomplete_details": None, "model": "m", "output": 1,
        "usage": {
            "input_tokens": 5, "output_tokens": 2, "total_tokens": 7,
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens_details": {"reasoning_tokens": 0},
        },
        "background": False, "frequency_penalty": 0.0, "instructions": None,
        "max_output_tokens": None, "max_tool_calls": None, "metadata": {}, "moderation": None,
        "parallel_tool_calls": True, "presence_penalty": 0.0, "previous_response_id": None,
        "prompt_cache_key": None, "prompt_cache_retention": None,
        "reasoning": {"effort": None, "summary": None}, "safety_identifier": None,
        "service_tier": "default", "store": True, "temperature": 1.0,
        "text": {"format": {"type": "text"}, "verbosity": "medium"}, "tool_choice": "auto",
        "tools": [], "top_logprobs": 0, "top_p": 1.0, "truncation": "disabled", "user": None,
    }  # fmt: skip
    assert {name: told[0]["response"][name] for name in ("status", "output", "usage")} == {
        "status": "in_progress", "output": [], "usage": None,
    }  # fmt: skip


def test_the_plain_answer_is_what_the_last_event_carries() -> None:
    assert plain(TEXT) == last(TEXT)


def test_what_the_request_says_is_repeated() -> None:
    given = {"metadata": {"a": "b"}, "reasoning": {"effort": "low"}, "service_tier": "flex"}
    ask = Ask(stream=True, given=json.dumps(given))

    assert {name: last(TEXT, ask=ask)[name] for name in given} == {
        "metadata": {"a": "b"},
        "reasoning": {"effort": "low", "summary": None},
        "service_tier": "flex",
    }


ADDED, DONE = "response.output_item.added", "response.output_item.done"
BEGUN = "response.content_part.added"


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (
            CALL,
            [
                {"type": ADDED, "item": {
                    "id": "fc_0_r1-1-1", "status": "in_progress", "type": "function_call",
                    "arguments": "", "call_id": "c1", "name": "f"}},
                {"type": "response.function_call_arguments.delta", "delta": "{"},
                {"type": "response.function_call_arguments.delta", "delta": "}"},
                {"type": "response.function_call_arguments.done", "arguments": "{}"},
                {"type": DONE, "item": {
                    "id": "fc_0_r1-1-1", "status": "completed", "type": "function_call",
                    "arguments": "{}", "call_id": "c1", "name": "f"}},
            ],
        ),
        (
            '{ refuse = "No" }',
            [
                {"type": ADDED, "item": {
                    "id": "msg_0_r1-1-1", "status": "in_progress", "type": "message",
                    "role": "assistant", "content": []}},
                {"type": BEGUN, "part": {"type": "refusal", "refusal": ""}},
                {"type": "response.refusal.delta", "delta": "No"},
            ],
        ),
        (
            '{ think = "Hm", signature = "s" }, { think = "x", redacted = true }',
            [
                {"type": ADDED, "item": {"id": "rs_0_r1-1-1", "type": "reasoning", "summary": []}},
                {"type": "response.reasoning_summary_part.added", "summary_index": 0,
                 "part": {"type": "summary_text", "text": ""}},
                {"type": "response.reasoning_summary_text.delta", "summary_index": 0,
                 "delta": "Hm"},
                {"type": "response.reasoning_summary_text.done", "summary_index": 0, "text": "Hm"},
                {"type": "response.reasoning_summary_part.done", "summary_index": 0,
                 "part": {"type": "summary_text", "text": "Hm"}},
                {"type": DONE, "item": {
                    "id": "rs_0_r1-1-1", "type": "reasoning", "encrypted_content": "s",
                    "summary": [{"type": "summary_text", "text": "Hm"}]}},
                {"type": ADDED, "item": {"id": "rs_1_r1-1-1", "type": "reasoning", "summary": []}},
            ],
        ),
        (
            '{ cite = { url = "u", title = "t", start = 1, end = 2 } }, { cite = { url = "v" } }',
            [
                {"type": ADDED, "item": {
                    "id": "msg_0_r1-1-1", "status": "in_progress", "type": "message",
                    "role": "assistant", "content": []}},
                {"type": BEGUN, "part": {
                    "type": "output_text", "text": "", "annotations": [], "logprobs": []}},
                {"type": "response.output_text.annotation.added", "annotation_index": 0,
                 "annotation": {"type": "url_citation", "start_index": 1, "end_index": 2,
                                "url": "u", "title": "t"}},
                {"type": "response.output_text.annotation.added", "annotation_index": 1,
                 "annotation": {"type": "url_citation", "start_index": 0, "end_index": 0,
                                "url": "v", "title": ""}},
            ],
        ),
    ],
)  # fmt: skip
def test_steps_become_items(steps: str, expected: list[Json]) -> None:
    assert inner(steps) == expected


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ('{ say = "ab", times = 3, repeat = 2, extra = { note = 1 } }', [("ababab", 1)] * 2),
        ('{ finish = "stop", say = "!" }', [("!", None)]),
        ('{ say = "A", choice = 0 }, { say = "B", choice = 1 }', [("A", None)]),
    ],
)
def test_what_chat_says_at_once_is_said_in_turn(steps: str, expected: list[Json]) -> None:
    deltas = [event for event in events(steps) if "delta" in event]

    assert [(event["delta"], event.get("note")) for event in deltas] == expected


def test_a_call_beside_a_text_is_an_item_of_its_own() -> None:
    call = '{ id = "c", function = { name = "f", arguments = "{}" } }'
    steps = f"""
        {{ say = "A", extra = {{ tool_calls = [{call}], note = 1 }} }},
        {{ finish = "stop", extra = {{ tool_calls = [{call}] }} }}
    """

    assert [item["type"] for item in last(steps)["output"]] == [
        "message", "function_call", "function_call",
    ]  # fmt: skip


def test_a_text_after_a_call_is_another_item() -> None:
    steps = f'{{ say = "A" }}, {CALL.partition(", { f")[0]}, {{ say = "B" }}, {{ finish = "stop" }}'
    opened = [event["output_index"] for event in events(steps) if event["type"] in (ADDED, DONE)]

    assert opened == [0, 0, 1, 1, 2, 2]


def test_a_refusal_after_a_text_is_another_part() -> None:
    parts = last('{ say = "A" }, { refuse = "No" }, { finish = "stop" }')["output"][0]["content"]

    assert [part["type"] for part in parts] == ["output_text", "refusal"]


def test_calls_that_take_turns_are_open_at_once() -> None:
    steps = (
        '{ call = { id = "a", name = "f" } }, { call = { id = "b", name = "g" } },'
        '{ arguments = "1", of = "a" }, { arguments = "2", of = "b" }, { say = "x" },'
        '{ arguments = "3", of = "b" }, { finish = "stop" }'
    )
    found = [event for event in events(steps) if "output_index" in event]
    short = {ADDED: "+", DONE: "-", "response.function_call_arguments.delta": "."}

    order = "".join(
        f"{short[event['type']]}{event['output_index']}"
        for event in found
        if event["type"] in short
    )
    assert order == "+0+1.0.1-0+2.1-1-2"
    assert [item.get("arguments") for item in last(steps)["output"]] == ["1", "23", None]


# finish -> status, reason
FINISHES = {
    "stop": ("completed", None),
    "tool_calls": ("completed", None),
    "completed": ("completed", None),
    "length": ("incomplete", {"reason": "max_output_tokens"}),
    "content_filter": ("incomplete", {"reason": "content_filter"}),
    "steered": ("incomplete", {"reason": "steered"}),
}


@pytest.mark.parametrize("finish", FINISHES)
def test_a_finish_becomes_a_status(finish: str) -> None:
    event = events(f'{{ say = "A" }}, {{ finish = "{finish}" }}')[-1]
    told = event["response"]

    assert (told["status"], told["incomplete_details"]) == FINISHES[finish]
    assert event["type"] == f"response.{told['status']}"
    assert told["output"][0]["status"] == told["status"]
    assert (told["completed_at"] is None) == (told["status"] == "incomplete")


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ('{ hold = "a" }, { say = "A" }', 0),
        ('{ finish = "stop" }, { hold = "a" }, { usage = {} }', 2),
        ('{ usage = {} }, { finish = "stop" }, { hold = "a" }', 3),
    ],
)
def test_the_end_is_told_when_finish_and_usage_were(steps: str, expected: int) -> None:
    told = timeline(steps)

    assert sum(isinstance(each, Send) for each in told[: told.index(Hold("a"))]) == expected


def test_an_answer_without_a_finish_is_never_completed() -> None:
    assert kinds('{ say = "A" }')[-1] == "output_text.delta"
    assert plain('{ say = "A" }')["status"] == "in_progress"
    assert sent('{ close = "clean" }') == []


def test_usage_is_told_in_every_class() -> None:
    counts = "input = 100, output = 50, cached = 30, cache_write = 20, reasoning = 10"
    usage = last(f'{{ finish = "stop" }}, {{ usage = {{ {counts} }} }}')["usage"]

    assert usage == {
        "input_tokens": 100, "output_tokens": 50, "total_tokens": 150,
        "input_tokens_details": {"cached_tokens": 30, "cache_write_tokens": 20},
        "output_tokens_details": {"reasoning_tokens": 10},
    }  # fmt: skip


def test_usage_a_provider_does_not_count_is_null() -> None:
    assert last(TEXT, ask=Ask(stream=True))["usage"] is None
    assert last('{ finish = "stop" }')["usage"] is None


def test_what_the_request_limits_is_left_out() -> None:
    cut = last(TEXT, ask=Ask(stream=True, usage=True, limit=1))
    two = f"{CALL.replace('c1', 'c0')}, {CALL}"
    alone = last(two, ask=Ask(stream=True, parallel=False))

    assert (cut["incomplete_details"], cut["usage"]["output_tokens"]) == (
        {"reason": "max_output_tokens"}, 1,
    )  # fmt: skip
    assert cut["output"][0]["content"][0]["text"] == "Aloe"
    assert [item["call_id"] for item in alone["output"]] == ["c0"]


def test_log_probabilities_are_told_where_openai_tells_them() -> None:
    told = events(
        '{ say = "AB", tokens = 2 }, { finish = "stop" }', ask=Ask(stream=True, logprobs=1)
    )
    part = told[-1]["response"]["output"][0]["content"][0]
    tokens = [
        [row["token"] for row in event.get("logprobs", event.get("part", {}).get("logprobs", ()))]
        for event in told
        if "content_index" in event
    ]

    assert tokens == [[], ["A", "B"], ["A", "B"], []]
    assert part["logprobs"][1] == {
        "token": "B", "logprob": -0.25, "bytes": [66],
        "top_logprobs": [{"token": "B", "logprob": -0.25, "bytes": [66]}],
    }  # fmt: skip


def test_obfuscation_is_on_every_delta_but_a_refusals() -> None:
    steps = f'{{ think = "t" }}, {{ say = "A" }}, {{ refuse = "r" }}, {CALL}'
    told = events(steps, ask=Ask(stream=True, obfuscation=True))

    assert [event.get("obfuscation") for event in told if "delta" in event] == [
        "aB3dE5", "aB3dE5", None, "aB3dE5", "aB3dE5",
    ]  # fmt: skip


# habit -> the steps it is seen on, and the kinds of events that are left
KINDS: Mapping[str, tuple[str, list[str]]] = {
    'opening = "created"': ("{ ping = true }", ["created", "keepalive"]),
    'opening = "queued"': ("{ ping = true }", ["created", "queued", "in_progress", "keepalive"]),
    'opening = "none"': ("{ ping = true }", ["keepalive"]),
    'ping = "comment"': ("{ ping = true }", ["created", "in_progress"]),
    'reasoning = "text"': (THINK, [
        "output_item.added", "content_part.added", "reasoning_text.delta", "reasoning_text.done",
        "content_part.done", "output_item.done",
    ]),
    'reasoning = "part"': (THINK, [
        "output_item.added", "reasoning_part.added", "reasoning_text.delta", "reasoning_text.done",
        "reasoning_part.done", "output_item.done",
    ]),
    'reasoning = "item"': (THINK, ["output_item.added", "output_item.done"]),
    'arguments = "whole"': (CALL, [
        "output_item.added", "function_call_arguments.delta", "function_call_arguments.done",
        "output_item.done",
    ]),
    'arguments = "done"': (CALL, [
        "output_item.added", "function_call_arguments.done", "output_item.done",
    ]),
    'arguments = "item"': (CALL, ["output_item.added", "output_item.done"]),
    'error = ["nested"]': (ERROR, ["error"]),
    'error = ["flat", "failed"]': (ERROR, ["error", "failed"]),
    'error = ["failed"]': (ERROR, ["failed"]),
    "error = []": (ERROR, []),
}  # fmt: skip


@pytest.mark.parametrize("habit", KINDS)
def test_a_habit_changes_which_events_there_are(habit: str) -> None:
    steps, expected = KINDS[habit]
    start = {THINK: 2, CALL: 2, ERROR: 5}.get(steps, 0)

    assert kinds(steps, habit)[start:][: len(expected) or None] == expected


@pytest.mark.parametrize(
    ("habit", "content", "summary"),
    [
        ("summary", None, "Hm"),
        ("item", None, "Hm"),
        ("text", "Hm", None),
        ("part", "Hm", None),
    ],
)
def test_reasoning_is_in_the_item_however_it_was_streamed(
    habit: str, content: str | None, summary: str | None
) -> None:
    item = last(THINK, f'reasoning = "{habit}"')["output"][0]

    assert [part["text"] for part in item.get("content", ())] == [content] * bool(content)
    assert [part["text"] for part in item["summary"]] == [summary] * bool(summary)


# habit -> the steps it is seen on, the event, the path to a member, and what it is then
MEMBERS: Mapping[str, tuple[str, int, str, Json]] = {
    'sequence = "from-one"': (TEXT, 0, "sequence_number", 1),
    'sequence = "absent"': (TEXT, 0, "sequence_number", ...),
    'id = "rotating"': (TEXT, 1, "response.id", "resp_r1-1-1-2"),
    'item_id = "rotating"': (TEXT, 4, "item_id", "msg_0_r1-1-1-5"),
    'item_id = "changing"': (TEXT, -2, "item.id", "msg_0_r1-1-1-1"),
    'item_status = "every"': (THINK, 2, "item.status", "in_progress"),
    'item_status = "absent"': (TEXT, 2, "item.status", ...),
    "arguments_name = true": (CALL, -3, "name", "f"),
    "content_index = 1": (TEXT, 4, "content_index", 1),
    'logprobs = "null"': (TEXT, 4, "logprobs", None),
    'logprobs = "absent"': (TEXT, 3, "part.logprobs", ...),
    'output = "empty"': (TEXT, -1, "response.output", []),
    'output = "null"': (TEXT, -1, "response.output", None),
    'output = "absent"': (TEXT, -1, "response.output", ...),
    'usage = "null"': (TEXT, -1, "response.usage", None),
    'usage = "absent"': (TEXT, -1, "response.usage", ...),
    'usage = "bare"': (TEXT, -1, "response.usage", {
        "input_tokens": 5, "output_tokens": 2, "total_tokens": 7}),
    'usage = "chat"': (TEXT, -1, "response.usage", {
        "prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}),
    "usage_extra = { cost = 1 }": (TEXT, -1, "response.usage.cost", 1),
    'service_tier = "null"': (TEXT, -1, "response.service_tier", None),
    "response_extra = { moderation = 5 }": (TEXT, 0, "response.moderation", 5),
    "item_extra = { phase = 'final' }": (TEXT, 2, "item.phase", "final"),
    "event_extra = { region = 'x' }": (TEXT, 4, "region", "x"),
}  # fmt: skip


@pytest.mark.parametrize("habit", MEMBERS)
def test_a_habit_changes_a_member(habit: str) -> None:
    steps, at, path, expected = MEMBERS[habit]
    found: Json = events(steps, habit)[at]
    for name in path.split("."):
        found = found.get(name, ...)

    assert found == expected


def test_a_vendor_may_leave_the_names_of_events_out_and_add_a_terminator() -> None:
    told = sent(TEXT, "event_names = false\ndone = true")

    assert all(event.startswith(b"data: ") for event in told)
    assert told[-1] == b"data: [DONE]\n\n"


@pytest.mark.parametrize("steps", [ERROR, f"{TEXT}, {{ reset = true }}"])
def test_the_terminator_does_not_come_after_an_end(steps: str) -> None:
    assert b"data: [DONE]\n\n" not in sent(steps, "done = true")


@pytest.mark.parametrize(
    ("habit", "expected"),
    [
        (
            ["nested"],
            (
                b'event: error\ndata: {"type":"error","sequence_number":5,'
                b'"error":{"message":"m","type":"t","param":null,"code":"c"}}\n\n'
            ),
        ),
        (
            ["flat"],
            (
                b'event: error\ndata: {"type":"error","sequence_number":5,'
                b'"code":"c","message":"m","param":null}\n\n'
            ),
        ),
        (["bare"], b'data: {"error":{"message":"m","type":"t","param":null,"code":"c"}}\n\n'),
    ],
)
def test_an_error_in_the_stream_has_the_vendors_shape(habit: list[str], expected: bytes) -> None:
    assert sent(ERROR, f"error = {habit}")[-1] == expected


@pytest.mark.parametrize(
    ("members", "code"), [('code = "c"', "c"), ('type = "t"', "t"), ("", None)]
)
def test_a_failed_response_tells_the_error_and_no_output(members: str, code: str | None) -> None:
    comma = ", " if members else ""
    told = last(f'{{ say = "A" }}, {{ error = {{ message = "m"{comma}{members} }} }}')

    assert (told["status"], told["output"], told["usage"]) == ("failed", [], None)
    assert told["error"] == {"code": code or "server_error", "message": "m"}


@pytest.mark.parametrize(
    ("habit", "piece"),
    [("spaced", b'"delta": "\xc3\xa9"'), ("ascii", b'"delta":"\\u00e9"')],
)
def test_json_is_written_in_the_vendors_style(habit: str, piece: bytes) -> None:
    assert piece in b"".join(sent('{ say = "é" }', f'json = "{habit}"'))


def test_what_is_no_answer_passes_through() -> None:
    steps = '{ comment = "c" }, { raw = "x" }, { hold = "h" }, { raw_base64 = "/w==" }'

    assert timeline(steps)[1:-1] == (
        Send(b": c\n\n", "comment", 0),
        Send(b"x", "raw", 0),
        Hold("h"),
        Send(b"\xff", "raw", 0),
    )


def test_a_ping_can_be_a_comment() -> None:
    assert sent("{ ping = true }", 'ping = "comment"')[-1] == b": ping\n\n"


@pytest.mark.parametrize(
    ("habits", "expected"),
    [
        ("", [0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 2, 1, 0, 0, 0, 0, 1, 1, 0, 0, 0]),
        (
            'reasoning = "item"\narguments = "done"',
            [0, 0, 0, 3, 0, 0, 2, 1, 0, 0, 0, 0, 2, 0, 0],
        ),
        (
            'arguments = "item"',
            [0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 2, 1, 0, 0, 0, 0, 2, 0],
        ),
        (
            'arguments = "whole"',
            [0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 2, 1, 0, 0, 0, 0, 2, 0, 0, 0],
        ),
    ],
)
def test_tokens_are_counted_with_the_events_that_carry_them(
    habits: str, expected: list[int]
) -> None:
    steps = f'{{ think = "t", tokens = 3 }}, {{ say = "A", tokens = 2 }}, {{ say = "B" }}, {CALL}'
    counts = [step.tokens for step in timeline(steps, habits) if isinstance(step, Send)]

    assert counts == expected


def test_tokens_nobody_may_read_come_with_the_item() -> None:
    told = timeline('{ think = "x", redacted = true, tokens = 3 }, { finish = "stop" }')

    assert [step.tokens for step in told if isinstance(step, Send)] == [0, 0, 0, 3, 0]


def test_the_terminal_event_is_what_faults_know_as_the_terminator() -> None:
    assert [step.kind for step in timeline(TEXT) if isinstance(step, Send)][-2:] == [
        "event",
        "done",
    ]


def test_every_habit_is_in_the_schema_and_in_no_other() -> None:
    known = scenario.schema()["$defs"]["responses"]["properties"]

    assert list(known) == list(Habits.__dataclass_fields__)


def test_a_habit_that_is_none_is_refused() -> None:
    with pytest.raises(BadScenario) as refused:
        timeline(TEXT, 'sequence = "from-two"')

    assert str(refused.value) == (
        "x.toml: responses.sequence is 'from-two'; did you mean 'from-one'?"
    )


@pytest.mark.parametrize("prefix", ["/v1", ""])
def test_a_scenario_is_played_over_the_wire(mock: "Mock", prefix: str) -> None:
    nonce = mock.nonce()
    marker = mock.marker("text", nonce)
    body = {"model": "gpt", "stream": True, "instructions": marker, "input": "hi"}
    client = mock.connect()

    client.send(mock.post(json.dumps(body).encode(), path=f"{prefix}/responses"))
    answer = client.read()
    entry = mock.entry(nonce)

    assert answer.headers["x-request-id"] == f"req_{nonce}-1"
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    told = answer.events[-1]["response"]
    assert [told[name] for name in ("id", "model", "instructions")] == [
        f"resp_{nonce}-1", "gpt", marker,
    ]  # fmt: skip
    assert [entry[name] for name in ("surface", "mode", "scenario")] == [
        "responses", "stream", "text",
    ]  # fmt: skip
    assert entry["sent"]["tokens"] == 3
