"""What a scenario becomes on the Gemini surface, natively and by the habits of vendors."""

import json
from collections.abc import Iterator, Mapping

import pytest

from mockprovider import faults, rendering, scenario
from mockprovider.inbox import Request
from mockprovider.journal import Journal
from mockprovider.shapes import Json
from mockprovider.slots import Filling
from mockprovider.steps import BadScenario
from mockprovider.surfaces import gemini
from mockprovider.surfaces.gemini.habits import Habits
from mockprovider.surfaces.surface import Ask, Surface
from mockprovider.timeline import Close, Head, Hold, Reset, Send, Stall, Timeline

FILLING = Filling("r1-1-1", "m", 1_770_000_000)
STREAM = Ask(stream=True, usage=True)
TEXT = (
    '{ say = "Aloe" }, { say = " bay" }, { finish = "stop" }, { usage = { input = 5, output = 2 } }'
)
CALL = '{ call = { id = "c1", name = "f", arguments = ["{\\"a\\":", "[1]}"] } }'
CALLED = CALL + ', { finish = "tool_calls" }'
ERROR = '{ error = { message = "Full.", status = 503 } }'
CUT = '{ finish = "content_filter" }'
END = '{ finish = "stop" }'


def timeline(
    steps: str, habits: str = "", ask: Ask = STREAM, surface: Surface = gemini.SURFACE
) -> Timeline:
    played = scenario.parsed(f'summary = ""\nstep = [{steps}]\n[gemini]\n{habits}', "x.toml")
    return rendering.render(played, played.scripts[0], surface, ask).filled(FILLING)


def sent(steps: str, habits: str = "", ask: Ask = STREAM) -> list[bytes]:
    return [step.data for step in timeline(steps, habits, ask) if isinstance(step, Send)]


def chunks(steps: str, habits: str = "", ask: Ask = STREAM) -> list[Json]:
    return [json.loads(event.removeprefix(b"data: ")) for event in sent(steps, habits, ask)]


def candidates(steps: str, habits: str = "", ask: Ask = STREAM) -> list[Json]:
    found = (chunk.get("candidates", ()) for chunk in chunks(steps, habits, ask))
    return [candidate for several in found for candidate in several]


def parts(steps: str, habits: str = "", ask: Ask = STREAM) -> list[Json]:
    found = (each.get("content", {}).get("parts", ()) for each in candidates(steps, habits, ask))
    return [part for several in found for part in several]


def usages(steps: str, habits: str = "") -> Iterator[Json]:
    """Yield what each chunk counts: answer, thoughts, total; or nothing."""
    names = ("candidatesTokenCount", "thoughtsTokenCount", "totalTokenCount")
    for chunk in chunks(steps, habits):
        usage = chunk.get("usageMetadata")
        yield None if usage is None else [usage.get(name) for name in names]


def plain(steps: str, habits: str = "", ask: Ask = Ask(usage=True)) -> Json:  # noqa: B008
    return json.loads(sent(steps, habits, ask)[0])


def test_a_text_is_streamed_as_google_streams_it() -> None:
    usage = (
        b'"usageMetadata": {"promptTokenCount": 5,"candidatesTokenCount": %d,"totalTokenCount": %d,'
        b'"promptTokensDetails": [{"modality": "TEXT","tokenCount": 5}]}'
    )
    head = b'data: {"candidates": [{"content": {"parts": [{"text": "%b"}],"role": "model"}%b,'
    head += b'"index": 0}],' + usage + b',"modelVersion": "m","responseId": "r1-1-1"}\r\n\r\n'

    assert sent(TEXT) == [
        head % (b"Aloe", b"", 1, 6),
        head % (b" bay", b"", 2, 7),
        head % (b"", b',"finishReason": "STOP"', 2, 7),
    ]


def test_without_events_a_stream_is_an_array_written_element_by_element() -> None:
    told = timeline(TEXT, surface=gemini.ARRAY)
    pieces = [step for step in told if isinstance(step, Send)]
    body = b"".join(step.data for step in pieces)

    assert json.loads(body) == chunks(TEXT)
    assert [(step.kind, step.events) for step in pieces] == [*[("event", 1)] * 3, ("done", 0)]
    assert [body[:18], pieces[1].data[:20], body[-26:]] == [
        b'[{\n  "candidates":',
        b',\r\n{\n  "candidates":',
        b'"responseId": "r1-1-1"\n}\n]',
    ]


def test_an_array_that_breaks_off_has_no_end() -> None:
    told = timeline('{ say = "A", repeat = 3 }, { close = "cut" }', surface=gemini.ARRAY)
    pieces = [(step.data[:1], step.times) for step in told if isinstance(step, Send)]

    assert (pieces, told[-1]) == ([(b"[", 1), (b",", 2)], Close("cut"))


def test_an_array_without_elements_is_empty() -> None:
    told = timeline("{ ping = true }", surface=gemini.ARRAY)

    assert told[1:] == (Send(b"[]", "done", 0), Close())


THOUGHT = '{ think = "Hm", signature = "sig!" }'
CALLS = {"functionCall": {"name": "f", "args": {"a": [1]}, "id": "c1"}}
CALLS_NOTHING = {"functionCall": {"name": "f", "args": {}, "id": "c1"}}
STEPS: Mapping[str, list[Json]] = {
    '{ say = "A" }, { refuse = "No" }': [{"text": "A"}, {"text": "No"}],
    '{ say = "b", times = 2, extra = { x = 1 } }': [{"text": "bb", "x": 1}],
    '{ think = "Hm" }': [{"text": "Hm", "thought": True}],
    # A signature is on the part that follows the thought; what is not base64 becomes it.
    THOUGHT + ', { say = "A" }': [
        {"text": "Hm", "thought": True}, {"text": "A", "thoughtSignature": "c2lnIQ=="},
    ],
    THOUGHT + ', { finish = "stop" }': [
        {"text": "Hm", "thought": True}, {"text": "", "thoughtSignature": "c2lnIQ=="},
    ],
    '{ think = "c2lnIQ==", redacted = true }, ' + CALL: [
        {**CALLS, "thoughtSignature": "c2lnIQ=="},
    ],
    '{ call = { id = "c1", name = "f" } }': [CALLS_NOTHING],
    # Calls whose fragments take turns: each comes with its last fragment.
    '{ call = { id = "c1", name = "f", arguments = "{" } }, { call = { id = "c2", name = "g" } },'
    '{ arguments = "}", of = "c1" }': [
        {"functionCall": {"name": "g", "args": {}, "id": "c2"}},
        CALLS_NOTHING,
    ],
    # What chat says in one delta is said in one content.
    '{ say = "A", extra = { tool_calls = [{ id = "c1", function = { name = "f", arguments = "" } }]'
    " } }": [{"text": "A"}, CALLS_NOTHING],
    '{ finish = "stop", say = "." }': [{"text": "."}],
    '{ finish = "stop", extra = { x = 1 } }': [{"text": "", "x": 1}],
    '{ finish = "stop", extra = { tool_calls = [{ id = "c1", function = { name = "f" } }] } }': [
        CALLS_NOTHING,
    ],
}  # fmt: skip


@pytest.mark.parametrize("steps", STEPS)
def test_steps_become_parts(steps: str) -> None:
    assert parts(steps) == STEPS[steps]


def test_a_call_and_the_text_beside_it_are_one_content() -> None:
    steps = '{ say = "A", extra = { tool_calls = [{ function = { name = "f" } }] } }'

    (candidate,) = candidates(steps)

    assert len(candidate["content"]["parts"]) == 2


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("stop", "STOP"),
        ("tool_calls", "STOP"),
        ("length", "MAX_TOKENS"),
        ("content_filter", "SAFETY"),
        ("MODEL_ARMOR", "MODEL_ARMOR"),
    ],
)
def test_the_finish_reason_is_googles_word(word: str, reason: str) -> None:
    (candidate,) = candidates(f'{{ finish = "{word}" }}')

    assert candidate["finishReason"] == reason
    # What was withheld has no content.
    assert ("content" in candidate) == (reason != "SAFETY")


def test_arguments_that_are_no_object_are_a_malformed_call() -> None:
    steps = '{ call = { id = "c1", name = "f", arguments = "[" } }, { finish = "tool_calls" }'
    ended = {
        "finishReason": "MALFORMED_FUNCTION_CALL",
        "index": 0,
        "finishMessage": "Malformed function call: f([)",
    }

    assert candidates(steps) == [ended]
    assert plain(steps)["candidates"] == [ended]
    assert candidates(steps.replace("tool_calls", "length"))[0]["finishReason"] == "MAX_TOKENS"


def test_the_second_choice_is_a_candidate_of_its_own() -> None:
    steps = '{ say = "A", choice = 0 }, { say = "B", choice = 1 }, { finish = "stop" }'
    ask = Ask(stream=True, n=2)

    found = candidates(steps, ask=ask)

    assert [(each["index"], each.get("finishReason")) for each in found] == [
        (0, None), (1, None), (0, "STOP"), (1, "STOP"),
    ]  # fmt: skip


CITE = '{ say = "Öl" }, { cite = { url = "u", title = "t", end = 2 } }, { cite = { url = "v" } }'
CHUNKS = [{"web": {"uri": "u", "title": "t"}}, {"web": {"uri": "v", "title": ""}}]
SUPPORTS = [
    # A segment is counted in bytes.
    {"segment": {"startIndex": 0, "endIndex": 3, "text": "Öl"}, "groundingChunkIndices": [0]},
    {"segment": {"startIndex": 0, "endIndex": 0, "text": ""}, "groundingChunkIndices": [1]},
]
GROUNDING = {"groundingChunks": CHUNKS, "groundingSupports": SUPPORTS}
SOURCES = {"citations": [
    {"startIndex": 0, "endIndex": 2, "uri": "u", "title": "t"},
    {"startIndex": 0, "endIndex": 0, "uri": "v", "title": ""},
]}  # fmt: skip


@pytest.mark.parametrize(
    ("habit", "member", "told"),
    [
        ("", "groundingMetadata", GROUNDING),
        ('cite = "citation"', "citationMetadata", SOURCES),
    ],
)
def test_the_last_chunk_that_cites_cites_all(habit: str, member: str, told: Json) -> None:
    assert candidates(CITE, habit)[-1][member] == told
    assert plain(CITE, habit)["candidates"][0][member] == told


BILL = "{ usage = { input = 7, output = 5, cached = 3, reasoning = 2 } }"
SPENT = f'{{ think = "Hm", tokens = 2 }}, {{ say = "A", tokens = 3 }}, {END}, {BILL}'
WHOLE = [3, 2, 12]
USAGES: Mapping[str, list[Json]] = {
    "": [[None, 2, 9], WHOLE, WHOLE],
    'usage = "prompt"': [[None, None, 7], [None, None, 7], WHOLE],
    'usage = "last"': [None, None, WHOLE],
    'usage = "own"': [None, None, None, WHOLE],
    'usage = "traffic"': [[None, None, None], [None, None, None], WHOLE],
}


@pytest.mark.parametrize("habit", USAGES)
def test_usage_is_where_the_vendor_puts_it(habit: str) -> None:
    assert list(usages(SPENT, habit)) == USAGES[habit]


@pytest.mark.parametrize(
    ("where", "habit"), [("chunk", ""), ("every", ""), ("finish", "last"), ("no-choices", "own")]
)
def test_a_step_says_where_its_usage_goes(where: str, habit: str) -> None:
    steps = SPENT.replace(BILL, BILL.replace("} }", f'}}, where = "{where}" }}'))

    assert list(usages(steps)) == USAGES[f'usage = "{habit}"' if habit else ""]


def test_usage_has_every_class_google_knows() -> None:
    assert chunks(SPENT)[-1]["usageMetadata"] == {
        "promptTokenCount": 7,
        "candidatesTokenCount": 3,
        "totalTokenCount": 12,
        "cachedContentTokenCount": 3,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 7}],
        "cacheTokensDetails": [{"modality": "TEXT", "tokenCount": 3}],
        "thoughtsTokenCount": 2,
    }


def test_vertex_tells_no_more_than_the_kind_of_traffic_until_the_end() -> None:
    found = [chunk["usageMetadata"] for chunk in chunks(SPENT, 'usage = "traffic"')]

    assert found[:2] == [{"trafficType": "ON_DEMAND"}] * 2
    assert (found[2]["trafficType"], found[2]["totalTokenCount"]) == ("ON_DEMAND", 12)


def test_usage_that_no_end_tells_comes_in_a_chunk_of_its_own() -> None:
    assert list(usages(f'{{ say = "A" }}, {BILL}')) == [[1, None, 8], WHOLE]


def test_no_usage_is_told_if_the_scenario_has_none() -> None:
    assert list(usages(f'{{ say = "A" }}, {END}')) == [None, None]


def test_repeated_chunks_are_counted_by_the_next() -> None:
    steps = f'{{ say = "A", repeat = 5 }}, {{ say = "B" }}, {END}, {{ usage = {{ output = 9 }} }}'
    repeated = timeline(steps)[1]

    assert isinstance(repeated, Send)
    assert (repeated.times, repeated.tokens) == (5, 1)
    assert [count for count, *_ in usages(steps)] == [1, 6, 9]


HIDDEN = Ask(stream=True, usage=True, given='{"thoughts": false}')


def test_thoughts_nobody_asked_for_are_counted_and_not_told() -> None:
    steps = f'{{ think = "Hm", tokens = 2, signature = "sig!" }}, {{ say = "A" }}, {END}, {BILL}'

    assert parts(steps, ask=HIDDEN)[0] == {"text": "A", "thoughtSignature": "c2lnIQ=="}
    assert chunks(steps, ask=HIDDEN)[0]["usageMetadata"]["thoughtsTokenCount"] == 2
    assert parts(steps, 'thoughts = "always"', HIDDEN)[0] == {"text": "Hm", "thought": True}
    assert plain(steps, ask=Ask(given=HIDDEN.given))["candidates"][0]["content"]["parts"] == [
        {"text": "A", "thoughtSignature": "c2lnIQ=="}
    ]


SIGNED = f'{THOUGHT}, {{ say = "A" }}'
PART_HABITS: Mapping[str, tuple[str, list[Json]]] = {
    'signature = "thought"': (
        SIGNED, [{"text": "Hm", "thought": True, "thoughtSignature": "c2lnIQ=="}, {"text": "A"}],
    ),
    'signature = "absent"': (SIGNED, [{"text": "Hm", "thought": True}, {"text": "A"}]),
    'call_id = "absent"': (CALL, [{"functionCall": {"name": "f", "args": {"a": [1]}}}]),
}  # fmt: skip


@pytest.mark.parametrize("habit", PART_HABITS)
def test_a_habit_changes_the_parts(habit: str) -> None:
    steps, expected = PART_HABITS[habit]

    assert parts(steps, habit) == expected


def test_a_call_can_come_argument_by_argument() -> None:
    steps = (
        '{ call = { id = "c", name = "f", arguments = "{\\"a\\":[1,\\"x\\"],\\"b\\":{\\"c\\":null,'
        '\\"d\\":true}}" } }, { finish = "stop" }'
    )
    habit = 'arguments = "partial"\nfinish_message = "given"'
    values: list[tuple[str, str, Json]] = [
        ("$.a[0]", "numberValue", 1), ("$.a[1]", "stringValue", "x"),
        ("$.b.c", "nullValue", "NULL_VALUE"), ("$.b.d", "boolValue", True),
    ]  # fmt: skip

    found = [part.get("functionCall") for part in parts(steps, habit)[:-1]]

    assert found == [
        {"name": "f", "id": "c", "willContinue": True},
        *({"partialArgs": [{"jsonPath": path, kind: value}], "willContinue": True}
          for path, kind, value in values),
        {},
    ]  # fmt: skip
    assert candidates(steps, habit)[-1]["finishMessage"] == "Model generated function call(s)."
    assert plain(steps, habit)["candidates"][0]["content"]["parts"] == [
        {
            "functionCall": {
                "name": "f",
                "args": {"a": [1, "x"], "b": {"c": None, "d": True}},
                "id": "c",
            }
        }
    ]


ENDINGS: Mapping[str, list[Json]] = {
    "": [{"index": 0, "content": {"parts": [{"text": "A"}], "role": "model"}},
         {"index": 0, "content": {"parts": [{"text": ""}], "role": "model"},
          "finishReason": "STOP"}],
    'finish = "bare"': [{"index": 0, "content": {"parts": [{"text": "A"}], "role": "model"}},
                        {"index": 0, "content": {"role": "model"}, "finishReason": "STOP"}],
    'finish = "alone"': [{"index": 0, "content": {"parts": [{"text": "A"}], "role": "model"}},
                         {"index": 0, "finishReason": "STOP"}],
    'finish = "joined"': [{"index": 0, "content": {"parts": [{"text": "A"}], "role": "model"},
                           "finishReason": "STOP"}],
    'finish_reason = "every"': [
        {"index": 0, "content": {"parts": [{"text": each}], "role": "model"},
         "finishReason": "STOP"} for each in ("A", "")],
    'index = "absent"': [{"content": {"parts": [{"text": "A"}], "role": "model"}},
                         {"content": {"parts": [{"text": ""}], "role": "model"},
                          "finishReason": "STOP"}],
    "candidate_extra = { safetyRatings = [] }": [
        {"index": 0, "content": {"parts": [{"text": "A"}], "role": "model"}, "safetyRatings": []},
        {"index": 0, "content": {"parts": [{"text": ""}], "role": "model"}, "safetyRatings": [],
         "finishReason": "STOP"}],
}  # fmt: skip


@pytest.mark.parametrize("habit", ENDINGS)
def test_a_habit_changes_how_candidates_end(habit: str) -> None:
    assert candidates(f'{{ say = "A" }}, {END}', habit) == ENDINGS[habit]


@pytest.mark.parametrize(
    ("steps", "ends"),
    [
        # Only what comes right before the end of its own candidate can say so.
        (f'{{ say = "A" }}, {{ hold = "h" }}, {END}', [None, "STOP"]),
        (f'{{ say = "A", repeat = 2 }}, {END}', [None, "STOP"]),
        ('{ say = "A" }, { finish = "stop", say = "." }', [None, "STOP"]),
        (f"{CALLED}, {BILL}", ["STOP"]),
        (END, ["STOP"]),
    ],
)
def test_an_end_is_joined_to_what_is_right_before_it(steps: str, ends: list[Json]) -> None:
    found = candidates(steps, 'finish = "joined"')

    assert [each.get("finishReason") for each in found] == ends


def test_a_blocked_prompt_has_no_candidates() -> None:
    blocked = {"blockReason": "OTHER"}
    steps = f'{{ say = "A" }}, {{ finish = "stop" }}, {END}, {{ usage = {{ input = 4 }} }}'
    told = {
        "promptFeedback": blocked,
        "usageMetadata": {
            "promptTokenCount": 4,
            "totalTokenCount": 4,
            "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 4}],
        },
        "modelVersion": "m",
        "responseId": "r1-1-1",
    }

    assert chunks(steps, 'block = "OTHER"') == [told]
    assert plain(steps, 'block = "OTHER"') == told


def test_extra_members_are_where_the_habit_puts_them() -> None:
    habit = 'chunk_extra = { createTime = "t" }\nusage_extra = { serviceTier = "standard" }'

    (first, *_) = chunks(TEXT, habit)

    assert first["createTime"] == "t"
    assert first["usageMetadata"]["serviceTier"] == "standard"


@pytest.mark.parametrize(
    ("habit", "event"),
    [
        ('json = "google"', '[{"text": "é\\u003c\\u003e"}],"role"'),
        ('json = "compact"', '[{"text":"é\\u003c\\u003e"}],"role"'),
        ('json = "spaced"', '[{"text": "é\\u003c\\u003e"}], "role"'),
        ('json = "ascii"', '[{"text":"\\u00e9\\u003c\\u003e"}],"role"'),
    ],
)
def test_json_is_written_in_the_vendors_style(habit: str, event: str) -> None:
    assert event.encode() in sent('{ say = "é<>" }', habit)[0]


def test_lines_can_end_in_lf() -> None:
    assert [event[-3:] for event in sent(TEXT, 'line_end = "lf"')] == [b"}\n\n"] * 3


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ('message = "Full.", status = 503', {"code": 503, "status": "UNAVAILABLE"}),
        ('message = "Full."', {"code": 500, "status": "INTERNAL"}),
        ('message = "Full.", status = 418', {"code": 418, "status": "INVALID_ARGUMENT"}),
        (
            'message = "Full.", status = 400, type = "FAILED_PRECONDITION"',
            {"code": 400, "status": "FAILED_PRECONDITION"},
        ),
        (
            'message = "Full.", status = 429, type = "requests", code = "slow_down"',
            {"code": 429, "status": "RESOURCE_EXHAUSTED", "details": [
                {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "slow_down",
                 "domain": "googleapis.com"},
                {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "1s"},
            ]},
        ),
        (
            'message = "Full.", status = 400, param = "contents"',
            {"code": 400, "status": "INVALID_ARGUMENT", "details": [
                {"@type": "type.googleapis.com/google.rpc.BadRequest",
                 "fieldViolations": [{"field": "contents", "description": "Full."}]},
            ]},
        ),
    ],
)  # fmt: skip
def test_an_error_has_googles_envelope_in_a_stream_and_before_it(told: str, expected: Json) -> None:
    whole = {"error": {**expected, "message": "Full."}}
    steps = f"{{ error = {{ {told} }} }}"

    assert chunks(steps) == [whole]
    assert plain(steps) == whole


def test_an_error_is_an_element_of_the_array() -> None:
    steps = f'{{ say = "A" }}, {ERROR}, {{ close = "clean" }}'
    told = timeline(steps, surface=gemini.ARRAY)
    body = b"".join(step.data for step in told if isinstance(step, Send))

    assert json.loads(body + b"]")[1]["error"]["code"] == 503


def test_an_error_instead_of_an_array_is_an_array_of_it() -> None:
    played = scenario.parsed(f'summary = ""\nstep = [{ERROR}]\nhead = {{ status = 503 }}', "x.toml")
    told = rendering.render(played, played.scripts[0], gemini.ARRAY, STREAM).filled(FILLING)
    (body,) = (step.data for step in told if isinstance(step, Send))

    assert [each["error"]["status"] for each in json.loads(body)] == ["UNAVAILABLE"]


@pytest.mark.parametrize(
    ("steps", "end"),
    [
        (TEXT, Close()),
        ('{ say = "A" }, { reset = true }', Reset()),
        ('{ say = "A" }, { stall = true }', Stall()),
    ],
)
def test_nothing_says_that_events_are_over(steps: str, end: object) -> None:
    told = timeline(steps)
    last = told[-2]

    assert isinstance(last, Send)
    assert (last.kind, told[-1]) == ("event", end)


def test_what_is_no_answer_passes_through_and_comments_do_not() -> None:
    steps = (
        '{ comment = "c" }, { ping = true }, { raw = ": c\\r\\n\\r\\n\\n\\n" }, { hold = "h" },'
        '{ raw_base64 = "/w==" }'
    )

    assert timeline(steps)[1:-1] == (
        Send(b": c\r\n\r\n\n\n", "raw", 2),
        Hold("h"),
        Send(b"\xff", "raw", 0),
    )


def test_tokens_are_counted_with_the_events_that_carry_them() -> None:
    steps = (
        '{ think = "t", tokens = 3 }, { say = "A", tokens = 2 }, { refuse = "r" }, '
        f'{CALLED.replace("tool_calls", "stop")[:-2]}, say = "." }}'
    )

    assert [step.tokens for step in timeline(steps) if isinstance(step, Send)] == [3, 2, 1, 2, 1]
    assert [step.tokens for step in timeline(steps, ask=HIDDEN) if isinstance(step, Send)] == [
        5, 1, 2, 1,
    ]  # fmt: skip


def test_log_probabilities_come_with_each_text() -> None:
    steps = f'{{ say = "ab cd", tokens = 2 }}, {{ say = "e" }}, {END}'
    ask = Ask(stream=True, logprobs=1)

    told = [each.get("logprobsResult") for each in candidates(steps, ask=ask)]

    assert told[0] == {
        "topCandidates": [
            {"candidates": [{"token": "ab", "logProbability": -0.25}]},
            {"candidates": [{"token": " cd", "logProbability": -0.25}]},
        ],
        "chosenCandidates": [
            {"token": "ab", "logProbability": -0.25},
            {"token": " cd", "logProbability": -0.25},
        ],
    }
    assert told[2] is None
    whole = plain(steps, ask=Ask(logprobs=1))["candidates"][0]["logprobsResult"]
    assert [each["token"] for each in whole["chosenCandidates"]] == ["ab", " cd", "e"]


def test_the_same_steps_fold_into_one_answer() -> None:
    steps = (
        '{ think = "H" }, { think = "m" }, { say = "A" }, { say = "b", times = 2, repeat = 2 },'
        f'{CALL}, {{ say = "c" }}, {{ finish = "tool_calls", say = "!" }}, {BILL}'
    )

    assert plain(steps) == {
        "candidates": [{
            "content": {
                "parts": [
                    {"text": "Hm", "thought": True},
                    {"text": "Abbbb"},
                    {"functionCall": {"name": "f", "args": {"a": [1]}, "id": "c1"}},
                    {"text": "c!"},
                ],
                "role": "model",
            },
            "finishReason": "STOP",
            "index": 0,
        }],
        "usageMetadata": {
            "promptTokenCount": 7, "candidatesTokenCount": 3, "totalTokenCount": 12,
            "cachedContentTokenCount": 3,
            "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 7}],
            "cacheTokensDetails": [{"modality": "TEXT", "tokenCount": 3}],
            "thoughtsTokenCount": 2,
        },
        "modelVersion": "m",
        "responseId": "r1-1-1",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("steps", "content"),
    [
        (END, {"role": "model"}),
        (f'{{ say = "A" }}, {CUT}', {"parts": [{"text": "A"}], "role": "model"}),
        (CUT, None),
    ],
)  # fmt: skip
def test_a_plain_answer_that_says_nothing_may_have_no_content(steps: str, content: Json) -> None:
    assert plain(steps)["candidates"][0].get("content") == content


def test_a_plain_answer_is_pretty() -> None:
    (body,) = sent('{ say = "<é" }', ask=Ask())

    assert body.startswith(b'{\n  "candidates": [\n    {\n')
    assert '"text": "\\u003cé"'.encode() in body
    assert body.endswith(b"\n}\n")


def test_a_prompt_is_as_long_as_the_usage_says() -> None:
    told = timeline(TEXT, ask=Ask(), surface=gemini.COUNT)
    (body,) = (step.data for step in told if isinstance(step, Send))

    assert json.loads(body) == {
        "totalTokens": 5,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 5}],
    }


def test_every_habit_of_the_schema_is_a_field_and_its_default_is_native() -> None:
    described = scenario.schema()["$defs"]["gemini"]["properties"]

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
        for name, shape in scenario.schema()["$defs"]["gemini"]["properties"].items()
        for value in shape.get("enum", ())
    ],
)
def test_every_value_of_every_habit_renders(habit: str, value: str) -> None:
    steps, toml = f"{SIGNED}, {CALLED}, {BILL}, {CITE}", f'{habit} = "{value}"'

    for surface in (gemini.SURFACE, gemini.ARRAY):
        assert timeline(steps, toml, Ask(stream=True, usage=True, logprobs=2), surface)
    assert plain(steps, toml)["candidates"][0]["finishReason"] == "STOP"


@pytest.mark.parametrize(
    ("habit", "complaint"),
    [
        ('usage = "never"', "gemini.usage is 'never'; did you mean 'every'?"),
        ("index = 0", "gemini.index is 0; it can be given, absent"),
        ("block = true", "gemini.block must be a text, not True"),
        ('finsh = "own"', "unknown member 'gemini.finsh'; did you mean 'finish'?"),
    ],
)
def test_a_habit_nobody_has_is_a_bad_scenario(habit: str, complaint: str) -> None:
    with pytest.raises(BadScenario) as wrong:
        timeline(TEXT, habit)

    assert str(wrong.value) == f"x.toml: {complaint}"


@pytest.mark.parametrize(
    ("surface", "ask", "media"),
    [
        (gemini.SURFACE, STREAM, "text/event-stream"),
        (gemini.SURFACE, Ask(), "application/json; charset=UTF-8"),
        (gemini.ARRAY, STREAM, "application/json; charset=UTF-8"),
        (gemini.COUNT, Ask(), "application/json; charset=UTF-8"),
    ],
)
def test_the_head_is_googles(surface: Surface, ask: Ask, media: str) -> None:
    head = timeline(TEXT, ask=ask, surface=surface)[0]

    assert isinstance(head, Head)
    assert head.header("Content-Type") == media
    assert (head.header("x-request-id"), head.header("server-timing")) == (
        None, "gfet4t7; dur=1",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("entry", "end"),
    [
        ("crlf", b"}\r\n\r\n"),
        ("cr", b"}\r\r"),
        ({"mixed_line_ends": {"ends": ["lf", "crlf"]}}, b"}\n\r\n"),
        ({"no_final_blank": "newline"}, b"}\r\n"),
        ({"no_final_blank": "nothing"}, b"}"),
    ],
)
def test_a_fault_of_the_line_ends_replaces_googles_own(entry: Json, end: bytes) -> None:
    told = faults.fault(entry).apply(timeline('{ say = "A" }'))
    (event,) = (step.data for step in told if isinstance(step, Send))

    assert event[event.rindex(b"}") :] == end


def test_a_key_in_the_query_is_not_written_down() -> None:
    entry = Journal().open(Request(target="/v1/x?alt=sse&key=secret&a=b"), (1, 1), None)

    shown = [entry.document(redacted=redacted)["request"]["target"] for redacted in (True, False)]

    assert shown == ["/v1/x?alt=sse&key=[redacted]&a=b", "/v1/x?alt=sse&key=secret&a=b"]
