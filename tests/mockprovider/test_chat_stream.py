"""What a scenario becomes on the chat surface, natively and by the habits of vendors."""

import json
import tomllib
from collections.abc import Mapping

import pytest

from mockprovider import rendering, scenario
from mockprovider.scenario import Scenario
from mockprovider.shapes import Json
from mockprovider.slots import Filling
from mockprovider.surfaces import chat
from mockprovider.surfaces.chat.habits import Habits
from mockprovider.surfaces.surface import Ask
from mockprovider.timeline import Head, Hold, Send, Timeline

FILLING = Filling("r1-1-1", "m", 1_770_000_000)
STREAM = Ask(stream=True)
TEXT = (
    '{ say = "Aloe" }, { say = " bay" }, { finish = "stop" }, { usage = { input = 5, output = 2 } }'
)
CALL = '{ call = { id = "c1", name = "f", arguments = ["{", "}"] } }, { finish = "tool_calls" }'


def script(steps: str, habits: str = "") -> Scenario:
    return scenario.parsed(f'summary = ""\nstep = [{steps}]\n[chat]\n{habits}', "x.toml")


def timeline(steps: str, habits: str = "", ask: Ask = STREAM) -> Timeline:
    played = script(steps, habits)
    return rendering.render(played, played.scripts[0], chat.SURFACE, ask).filled(FILLING)


def sent(steps: str, habits: str = "", ask: Ask = STREAM) -> list[bytes]:
    return [step.data for step in timeline(steps, habits, ask) if isinstance(step, Send)]


def chunks(steps: str, habits: str = "", ask: Ask = STREAM) -> list[Json]:
    data = sent(steps, habits, ask)
    return [json.loads(event[6:]) for event in data if event.startswith(b"data: {")]


def choices(steps: str, habits: str = "", ask: Ask = STREAM) -> list[Json]:
    found = chunks(steps, habits, ask)
    return [choice for chunk in found for choice in chunk.get("choices") or ()]


def deltas(steps: str, habits: str = "", ask: Ask = STREAM) -> list[Json]:
    return [choice.get("delta") for choice in choices(steps, habits, ask)]


def plain(steps: str, habits: str = "", ask: Ask = Ask()) -> Json:  # noqa: B008
    return json.loads(sent(steps, habits, ask)[0])


def test_a_text_is_streamed_as_openai_streams_it() -> None:
    head = (
        b'data: {"id":"chatcmpl-r1-1-1","object":"chat.completion.chunk","created":1770000000,'
        b'"model":"m","service_tier":"default","system_fingerprint":"fp_mock000001","choices":['
    )
    tail = b'"logprobs":null,"finish_reason":null}],"usage":null}\n\n'
    details = (
        b'"prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},"completion_tokens_details":'
        b'{"reasoning_tokens":0,"audio_tokens":0,"accepted_prediction_tokens":0,'
        b'"rejected_prediction_tokens":0}}}\n\n'
    )

    assert sent(TEXT, ask=Ask(stream=True, usage=True)) == [
        head + b'{"index":0,"delta":{"role":"assistant","content":"","refusal":null},' + tail,
        head + b'{"index":0,"delta":{"content":"Aloe"},' + tail,
        head + b'{"index":0,"delta":{"content":" bay"},' + tail,
        head + b'{"index":0,"delta":{},' + tail.replace(b'n":null}]', b'n":"stop"}]'),
        head + b'],"usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7,' + details,
        b"data: [DONE]\n\n",
    ]


def test_no_usage_is_said_unless_asked_for() -> None:
    assert all("usage" not in chunk for chunk in chunks(TEXT))


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (
            CALL,
            [
                {
                    "role": "assistant", "content": None,
                    "tool_calls": [{"index": 0, "id": "c1", "type": "function",
                                    "function": {"name": "f", "arguments": ""}}],
                },
                {"tool_calls": [{"index": 0, "function": {"arguments": "{"}}]},
                {"tool_calls": [{"index": 0, "function": {"arguments": "}"}}]},
                {},
            ],
        ),
        (
            ('{ call = { id = "a", name = "f" } }, { call = { id = "b", name = "g" } },'
            '{ arguments = "1", of = "a" }, { arguments = "2", of = "b" }'),
            [
                {"role": "assistant", "content": None, "refusal": None},
                {"tool_calls": [{"index": 0, "id": "a", "type": "function",
                                 "function": {"name": "f", "arguments": ""}}]},
                {"tool_calls": [{"index": 1, "id": "b", "type": "function",
                                 "function": {"name": "g", "arguments": ""}}]},
                {"tool_calls": [{"index": 0, "function": {"arguments": "1"}}]},
                {"tool_calls": [{"index": 1, "function": {"arguments": "2"}}]},
            ],
        ),
        (
            '{ refuse = "No" }',
            [{"role": "assistant", "content": None, "refusal": None}, {"refusal": "No"}],
        ),
        (
            '{ think = "Hm" }, { say = "A" }',
            [
                {"role": "assistant", "content": None, "refusal": None},
                {"reasoning_content": "Hm"},
                {"content": "A"},
            ],
        ),
        (
            '{ cite = { url = "u", title = "t", start = 1, end = 2 } }',
            [
                {"role": "assistant", "content": None, "refusal": None},
                {"annotations": [{"type": "url_citation", "url_citation": {
                    "start_index": 1, "end_index": 2, "url": "u", "title": "t"}}]},
            ],
        ),
        (
            '{ say = "ab", times = 3, extra = { note = 1 } }, { finish = "stop", say = "!" }',
            [
                {"role": "assistant", "content": "", "refusal": None},
                {"content": "ababab", "note": 1},
                {"content": "!"},
            ],
        ),
    ],
)  # fmt: skip
def test_steps_become_deltas(steps: str, expected: list[Json]) -> None:
    assert deltas(steps) == expected


# habit -> the steps it is seen on, and what is seen
HABITS: Mapping[str, tuple[str, Json]] = {
    'role = "every"': (
        TEXT,
        [
            {"role": "assistant", "content": "", "refusal": None},
            {"role": "assistant", "content": "Aloe"},
            {"role": "assistant", "content": " bay"},
            {},
        ],
    ),
    'role = "never"': (TEXT, [{"content": "Aloe"}, {"content": " bay"}, {}]),
    'role = "null-later"': (
        TEXT,
        [
            {"role": "assistant", "content": "", "refusal": None},
            {"role": None, "content": "Aloe"},
            {"role": None, "content": " bay"},
            {},
        ],
    ),
    'opening = "joined"': (
        TEXT,
        [{"role": "assistant", "content": "Aloe"}, {"content": " bay"}, {}],
    ),
    'opening_content = "absent"': (
        '{ say = "A" }',
        [{"role": "assistant"}, {"content": "A"}],
    ),
    'opening_content = "null"': (
        '{ say = "A" }',
        [{"role": "assistant", "content": None}, {"content": "A"}],
    ),
    'content = "null"': (
        '{ think = "A" }',
        [
            {"role": "assistant", "content": None, "refusal": None},
            {"content": None, "reasoning_content": "A"},
        ],
    ),
    'finish_delta = "null-content"': ('{ finish = "stop" }', [{"content": None}]),
    'finish_delta = "absent"': ('{ finish = "stop" }', [None]),
    "finish_twice = true": ('{ finish = "stop" }', [{}, {}]),
    'reasoning = ["reasoning", "reasoning_details"]\nopening = "joined"\nrole = "never"': (
        '{ think = "A", signature = "s" }, { think = "B", redacted = true }',
        [
            {
                "reasoning": "A",
                "reasoning_details": [
                    {"type": "reasoning.text", "text": "A", "signature": "s", "index": 0}
                ],
            },
            {"reasoning_details": [{"type": "reasoning.encrypted", "data": "B", "index": 0}]},
        ],
    ),
    "delta_extra = { token_id = 7 }\nopening = 'joined'": (
        '{ say = "A" }',
        [{"role": "assistant", "content": "A", "token_id": 7}],
    ),
}


@pytest.mark.parametrize("habit", HABITS)
def test_a_habit_changes_the_deltas(habit: str) -> None:
    steps, expected = HABITS[habit]

    assert deltas(steps, habit) == expected


TOOL_HABITS: Mapping[str, Json] = {
    'tool_index = "absent"': [
        {"id": "c1", "type": "function", "function": {"name": "f", "arguments": ""}},
        {"function": {"arguments": "{"}},
        {"function": {"arguments": "}"}},
    ],
    'tool_index = "minus-one"\ntool_arguments = "whole"': [
        {"index": -1, "id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}},
    ],
    'tool_index = "null"\ntool_arguments = "object"': [
        {"index": None, "id": "c1", "type": "function", "function": {"name": "f", "arguments": {}}},
    ],
    'tool_arguments = "first-piece"': [
        {"index": 0, "id": "c1", "type": "function", "function": {"name": "f", "arguments": "{"}},
        {"index": 0, "function": {"arguments": "}"}},
    ],
    'tool_later = "empty"\ntool_id = "empty"': [
        {"index": 0, "id": "", "type": "function", "function": {"name": "f", "arguments": ""}},
        {"index": 0, "id": "", "type": "function", "function": {"name": "", "arguments": "{"}},
        {"index": 0, "id": "", "type": "function", "function": {"name": "", "arguments": "}"}},
    ],
    'tool_later = "repeat"\ntool_type = "absent"': [
        {"index": 0, "id": "c1", "function": {"name": "f", "arguments": ""}},
        {"index": 0, "id": "c1", "function": {"name": "f", "arguments": "{"}},
        {"index": 0, "id": "c1", "function": {"name": "f", "arguments": "}"}},
    ],
    'tool_later = "null"\ntool_id = "absent"': [
        {"index": 0, "type": "function", "function": {"name": "f", "arguments": ""}},
        {"index": 0, "id": None, "type": None, "function": {"name": None, "arguments": "{"}},
        {"index": 0, "id": None, "type": None, "function": {"name": None, "arguments": "}"}},
    ],
}


@pytest.mark.parametrize("habit", TOOL_HABITS)
def test_a_habit_changes_the_fragments_of_calls(habit: str) -> None:
    fragments = [call for delta in deltas(CALL, habit) for call in delta.get("tool_calls", ())]

    assert fragments == TOOL_HABITS[habit]


MEMBER_HABITS: Mapping[str, tuple[str, list[Json]]] = {
    'id = "empty"': ("id", ["", "", "", ""]),
    'id = "rotating"': (
        "id",
        ["chatcmpl-r1-1-1", "chatcmpl-r1-1-1-1", "chatcmpl-r1-1-1-2", "chatcmpl-r1-1-1-3"],
    ),
    'id = "absent"': ("id", [..., ..., ..., ...]),
    'created = "growing"': ("created", [1770000000, 1770000001, 1770000002, 1770000003]),
    'created = "zero"': ("created", [0, 0, 0, 0]),
    'created = "absent"': ("created", [..., ..., ..., ...]),
    'object = "absent"': ("object", [..., ..., ..., ...]),
    'object = "empty"': ("object", ["", "", "", ""]),
    'service_tier = "null"': ("service_tier", [None, None, None, None]),
    'fingerprint = "absent"': ("system_fingerprint", [..., ..., ..., ...]),
    'usage_null = "always"': ("usage", [None, None, None, None]),
    "chunk_extra = { provider = 'p' }": ("provider", ["p", "p", "p", "p"]),
}


@pytest.mark.parametrize("habit", MEMBER_HABITS)
def test_a_habit_changes_a_member_of_every_chunk(habit: str) -> None:
    member, expected = MEMBER_HABITS[habit]

    assert [chunk.get(member, ...) for chunk in chunks(TEXT, habit)] == expected


CHOICE_HABITS: Mapping[str, tuple[str, list[Json]]] = {
    'finish_before = "absent"': ("finish_reason", [..., ..., ..., "stop"]),
    'finish_before = "empty"': ("finish_reason", ["", "", "", "stop"]),
    'logprobs = "absent"': ("logprobs", [..., ..., ..., ...]),
    "choice_extra = { seed = 1 }": ("seed", [1, 1, 1, 1]),
}


@pytest.mark.parametrize("habit", CHOICE_HABITS)
def test_a_habit_changes_a_member_of_every_choice(habit: str) -> None:
    member, expected = CHOICE_HABITS[habit]

    assert [choice.get(member, ...) for choice in choices(TEXT, habit)] == expected


# usage habit -> (choices, completion tokens) of the chunks that have usage
PLACES: Mapping[str, list[Json]] = {
    "chunk": [(0, 2)],
    "finish": [(1, 2)],
    "both": [(1, 2), (0, 2)],
    "every": [(1, 0), (1, 1), (1, 2), (1, 2)],
    "repeat-choice": [(1, 2)],
    "no-choices": [(None, 2)],
}


@pytest.mark.parametrize("place", PLACES)
def test_usage_is_where_the_vendor_puts_it(place: str) -> None:
    found = chunks(TEXT, f'usage = "{place}"\nusage_unasked = true\nusage_extra = {{ cost = 1 }}')

    seen = [
        (len(chunk["choices"]) if "choices" in chunk else None, usage["completion_tokens"])
        for chunk in found
        if (usage := chunk.get("usage"))
    ]
    assert seen == PLACES[place]
    assert all(chunk["usage"]["cost"] == 1 for chunk in found if "usage" in chunk)


def test_usage_can_be_inside_a_choice() -> None:
    usages = [
        choice.get("usage") for choice in choices(TEXT, 'usage = "choice"\nusage_unasked = true')
    ]

    assert [usage and usage["total_tokens"] for usage in usages] == [None, None, None, None, 7]


@pytest.mark.parametrize(
    ("where", "seen"), [("chunk", 4), ("finish", 3), ("every", 0), ("no-choices", 4)]
)
def test_a_step_says_where_its_usage_goes(where: str, seen: int) -> None:
    steps = TEXT.replace("output = 2 } }", f'output = 2 }}, where = "{where}", unasked = true }}')
    first = next(at for at, chunk in enumerate(chunks(steps)) if chunk.get("usage"))

    assert first == seen


@pytest.mark.parametrize(("word", "value"), [("empty", []), ("null", None), ("absent", ...)])
def test_a_chunk_without_choices_says_so_in_three_ways(word: str, value: Json) -> None:
    ask = Ask(stream=True, usage=True)

    assert chunks(TEXT, f'empty_choices = "{word}"', ask)[-1].get("choices", ...) == value


def test_azure_sends_a_chunk_of_its_own_first() -> None:
    assert chunks(TEXT, 'first_chunk = "azure"')[0] == {
        "choices": [], "created": 0, "id": "", "model": "", "object": "",
        "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": {}}],
    }  # fmt: skip


ERROR = '{ say = "A" }, { error = { message = "m", type = "t", code = "c" } }, { close = "clean" }'


@pytest.mark.parametrize(
    ("habit", "event"),
    [
        ("object", b'data: {"error":{"message":"m","type":"t","param":null,"code":"c"}}\n\n'),
        (
            "event",
            b'event: error\ndata: {"error":{"message":"m","type":"t","param":null,"code":"c"}}\n\n',
        ),
        ("flat", b'data: {"message":"m","type":"t","param":null,"code":"c"}\n\n'),
    ],
)
def test_an_error_in_the_stream_has_the_vendors_shape(habit: str, event: bytes) -> None:
    assert sent(ERROR, f'error = "{habit}"')[-1] == event


def test_an_error_can_come_in_a_chunk() -> None:
    last = chunks(ERROR, 'error = "choice"')[-1]

    assert (last["error"]["code"], last["choices"][0]["finish_reason"]) == ("c", "error")


@pytest.mark.parametrize(
    ("habit", "piece"),
    [("spaced", b'"delta": {"content": "\xc3\xa9"}'), ("ascii", b'"delta":{"content":"\\u00e9"}')],
)
def test_json_is_written_in_the_vendors_style(habit: str, piece: bytes) -> None:
    assert piece in b"".join(sent('{ say = "é" }', f'json = "{habit}"'))


@pytest.mark.parametrize(
    ("steps", "habits"),
    [
        (TEXT, "done = false"),
        (ERROR, ""),
        (TEXT + ", { reset = true }", ""),
        ("{ stall = true }", ""),
    ],
)
def test_the_terminator_does_not_come(steps: str, habits: str) -> None:
    assert b"data: [DONE]\n\n" not in sent(steps, habits)


def test_what_is_no_answer_passes_through() -> None:
    steps = (
        '{ comment = "c" }, { ping = true }, { raw = "x" }, { hold = "h" }, { raw_base64 = "/w==" }'
    )

    assert timeline(steps)[1:-2] == (
        Send(b": c\n\n", "comment", 0),
        Send(b": ping\n\n", "comment", 0),
        Send(b"x", "raw", 0),
        Hold("h"),
        Send(b"\xff", "raw", 0),
    )


def test_tokens_are_counted_with_the_events_that_carry_them() -> None:
    steps = (
        '{ think = "t", tokens = 3 }, { say = "A", tokens = 2 }, { refuse = "r" }, '
        f'{CALL}, {{ finish = "stop", say = "." }}'
    )
    counts = [step.tokens for step in timeline(steps) if isinstance(step, Send)]

    assert counts == [0, 3, 2, 1, 0, 1, 1, 0, 1, 0]


def test_log_probabilities_come_with_each_delta() -> None:
    ask = Ask(stream=True, logprobs=1)

    found = [choice["logprobs"] for choice in choices('{ say = "ab cd", tokens = 2 }', ask=ask)]

    assert found[0] == {"content": [], "refusal": None}
    rows = found[1]["content"]
    assert [(row["token"], len(row["top_logprobs"]), row["bytes"]) for row in rows] == [
        ("ab", 1, [97, 98]),
        (" cd", 1, [32, 99, 100]),
    ]


def test_obfuscation_comes_if_asked_for() -> None:
    ask = Ask(stream=True, obfuscation=True)

    assert all(chunk["obfuscation"] for chunk in chunks(TEXT, ask=ask))


def test_the_same_steps_fold_into_one_answer() -> None:
    steps = (
        '{ think = "H" }, { think = "m" }, { say = "A" }, { cite = { url = "u" } },'
        '{ say = "b", times = 2, extra = { x = 1 } },'
        '{ call = { id = "c1", name = "f", arguments = "{" } },'
        '{ arguments = "}", of = "c1" }, { finish = "tool_calls", say = "!" },'
        "{ usage = { input = 9, output = 4, cached = 3, reasoning = 2, cache_write = 1 } }"
    )

    assert plain(steps) == {
        "id": "chatcmpl-r1-1-1",
        "object": "chat.completion",
        "created": 1770000000,
        "model": "m",
        "service_tier": "default",
        "system_fingerprint": "fp_mock000001",
        "choices": [{
            "index": 0,
            "message": {
                "role": "assistant", "content": "Abb!", "refusal": None, "x": 1,
                "reasoning_content": "Hm",
                "annotations": [{"type": "url_citation", "url_citation": {
                    "start_index": 0, "end_index": 0, "url": "u", "title": ""}}],
                "tool_calls": [{"id": "c1", "type": "function",
                                "function": {"name": "f", "arguments": "{}"}}],
            },
            "logprobs": None,
            "finish_reason": "tool_calls",
        }],
        "usage": {
            "prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13,
            "prompt_tokens_details": {
                "cached_tokens": 3, "audio_tokens": 0, "cache_write_tokens": 1},
            "completion_tokens_details": {
                "reasoning_tokens": 2, "audio_tokens": 0, "accepted_prediction_tokens": 0,
                "rejected_prediction_tokens": 0},
        },
    }  # fmt: skip


def test_a_call_merged_into_a_delta_has_no_index_in_the_whole_answer() -> None:
    steps = '{ finish = "tool_calls", extra = { tool_calls = [{ index = 0, id = "c" }] } }'

    message = plain(steps)["choices"][0]["message"]
    assert message["tool_calls"] == [{"id": "c"}]


def test_a_plain_refusal_has_no_content() -> None:
    message = plain('{ refuse = "No" }, { finish = "stop" }')["choices"][0]["message"]

    assert (message["content"], message["refusal"]) == (None, "No")


def test_a_plain_answer_has_the_log_probabilities_of_all_deltas() -> None:
    choice = plain('{ say = "A" }, { say = "b" }', ask=Ask(logprobs=0))["choices"][0]

    assert [row["token"] for row in choice["logprobs"]["content"]] == ["A", "b"]


def test_every_habit_of_the_schema_is_a_field_and_its_default_is_native() -> None:
    described = scenario.schema()["$defs"]["chat"]["properties"]

    assert set(described) == set(Habits.__dataclass_fields__)
    assert all(
        getattr(Habits(), name) in shape["enum"]
        for name, shape in described.items()
        if "enum" in shape
    )


@pytest.mark.parametrize(
    ("habit", "value"),
    [
        (name, value)
        for name, shape in scenario.schema()["$defs"]["chat"]["properties"].items()
        for value in shape.get("enum", ())
    ],
)
def test_every_value_of_every_habit_renders(habit: str, value: str) -> None:
    steps = f"{TEXT}, {CALL}, {ERROR}"
    toml = f'{habit} = "{value}"'

    assert sent(steps, toml, Ask(stream=True, usage=True, logprobs=2))
    assert sent(steps.replace(ERROR, '{ say = "x" }'), toml, Ask())


def test_the_head_is_openais() -> None:
    head = timeline(TEXT)[0]
    assert isinstance(head, Head)

    assert head.header("Content-Type") == "text/event-stream; charset=utf-8"
    assert head.header("x-request-id") == "req_r1-1-1"


def test_a_document_may_say_everything_at_once() -> None:
    everything = {
        name: shape["enum"][-1]
        for name, shape in scenario.schema()["$defs"]["chat"]["properties"].items()
        if "enum" in shape
    }
    document = {
        "summary": "",
        "step": tomllib.loads(f"step = [{TEXT}]")["step"],
        "chat": everything,
    }
    built = scenario.built(document, "x")

    rendered = rendering.render(built, built.scripts[0], chat.SURFACE, STREAM)
    assert rendered.filled(FILLING)
