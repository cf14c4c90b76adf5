"""The completions of before chat: text, log probabilities, echo, and what is refused."""

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import pytest

from mockprovider import rendering, scenario
from mockprovider.shapes import Json
from mockprovider.slots import Filling
from mockprovider.surfaces import completions
from mockprovider.surfaces.surface import Ask
from mockprovider.timeline import Hold, Send, Timeline

if TYPE_CHECKING:
    from tests.mockprovider.conftest import Mock

Faults = Callable[[str, Json], dict[str, str]]
FILLING = Filling("r1-1-1", "m", 1_770_000_000)
STREAM = Ask(stream=True)
TEXT = (
    '{ say = "Aloe" }, { say = " bay" }, { finish = "stop" }, { usage = { input = 5, output = 2 } }'
)


def timeline(steps: str, ask: Ask = STREAM) -> Timeline:
    played = scenario.parsed(f'summary = ""\nstep = [{steps}]', "x.toml")
    return rendering.render(played, played.scripts[0], completions.SURFACE, ask).filled(FILLING)


def sent(steps: str, ask: Ask = STREAM) -> list[bytes]:
    return [step.data for step in timeline(steps, ask) if isinstance(step, Send)]


def chunks(steps: str, ask: Ask = STREAM) -> list[Json]:
    return [json.loads(event[6:]) for event in sent(steps, ask) if event.startswith(b"data: {")]


def choices(steps: str, ask: Ask = STREAM) -> list[Json]:
    return [choice for chunk in chunks(steps, ask) for choice in chunk.get("choices", ())]


def plain(steps: str, ask: Ask = Ask()) -> Json:  # noqa: B008
    return json.loads(sent(steps, ask)[0])


def test_a_text_is_streamed() -> None:
    head = (
        b'data: {"id":"cmpl-r1-1-1","object":"text_completion","created":1770000000,"model":"m",'
        b'"system_fingerprint":"fp_mock000001","choices":[{"index":0,"text":'
    )

    assert sent(TEXT) == [
        head + b'"Aloe","logprobs":null,"finish_reason":null}]}\n\n',
        head + b'" bay","logprobs":null,"finish_reason":null}]}\n\n',
        head + b'"","logprobs":null,"finish_reason":"stop"}]}\n\n',
        b"data: [DONE]\n\n",
    ]


def test_every_chunk_fits_the_published_shape(faults: Faults) -> None:
    told = chunks(TEXT, Ask(stream=True, usage=True, logprobs=2))

    assert [faults("openai-completion", chunk) for chunk in told] == [{}] * 4


def test_usage_comes_if_asked_for() -> None:
    told = [chunk["usage"] for chunk in chunks(TEXT, Ask(stream=True, usage=True))]

    assert told[:-1] == [None, None, None]
    assert [told[-1][name] for name in ("prompt_tokens", "total_tokens")] == [5, 7]
    assert "usage" not in chunks(TEXT)[-1]
    assert plain(TEXT)["usage"] == told[-1]
    assert "usage" not in plain('{ say = "A" }')


def test_choices_are_told_apart() -> None:
    steps = (
        '{ say = "A", choice = 0 }, { say = "B", choice = 1, repeat = 2 }, '
        '{ finish = "stop", choice = 0, say = "!" }, { finish = "tool_calls", choice = 1 }'
    )
    told = [(each["index"], each["text"], each["finish_reason"]) for each in choices(
        steps, Ask(stream=True, n=2))]  # fmt: skip
    whole = [(each["index"], each["text"], each["finish_reason"]) for each in plain(
        steps, Ask(n=2))["choices"]]  # fmt: skip

    assert told == [(0, "A", None), (1, "B", None), (0, "!", "stop"), (1, "", "stop")]
    assert whole == [(0, "A!", "stop"), (1, "BB", "stop")]


def test_what_is_no_text_is_not_told() -> None:
    steps = '{ think = "t" }, { refuse = "r" }, { call = { id = "c", name = "f" } }, { say = "A" }'

    assert [choice["text"] for choice in choices(steps)] == ["A"]


@pytest.mark.parametrize("stream", [True, False])
def test_log_probabilities_are_told_with_their_places(stream: bool) -> None:
    ask = Ask(stream=stream, logprobs=1)
    steps = '{ say = "AB", tokens = 2 }, { finish = "stop", say = "C" }'

    told = [each["logprobs"] for each in (choices if stream else whole)(steps, ask)]

    rows = {name: [row for each in told for row in each[name]] for name in told[0]}
    assert rows == {
        "tokens": ["A", "B", "C"],
        "token_logprobs": [-0.25, -0.25, -0.25],
        "top_logprobs": [{"A": -0.25}, {"B": -0.25}, {"C": -0.25}],
        "text_offset": [0, 1, 2],
    }


def whole(steps: str, ask: Ask) -> list[Json]:
    found: list[Json] = plain(steps, ask)["choices"]
    return found


@pytest.mark.parametrize("stream", [True, False])
def test_the_prompts_are_told_again_if_asked_for(stream: bool) -> None:
    ask = Ask(stream=stream, n=4, given='["P","Q"]')
    texts = ["", "", "", ""]
    for choice in (choices if stream else whole)('{ say = "A" }', ask):
        texts[choice["index"]] += choice["text"]

    assert texts == ["PA", "PA", "QA", "QA"]


def test_what_is_no_answer_passes_through() -> None:
    steps = (
        '{ comment = "c" }, { ping = true }, { raw = "x" }, { hold = "h" }, '
        '{ error = { message = "m", type = "t" } }, { close = "cut" }'
    )
    error = b'data: {"error":{"message":"m","type":"t","param":null,"code":null}}\n\n'

    assert timeline(steps)[1:-1] == (
        Send(b": c\n\n", "comment", 0),
        Send(b": ping\n\n", "comment", 0),
        Send(b"x", "raw", 0),
        Hold("h"),
        Send(error),
    )


def refused(**members: Json) -> list[tuple[str | None, str | None]]:
    body = {"model": "m", "prompt": "hi", **members}
    told = {key: value for key, value in body.items() if value is not ...}
    reading = completions.read(told)
    wrong = reading.refusal
    assert len(reading.objections) == bool(wrong)
    return [(wrong.param, wrong.code)] if wrong else []


@pytest.mark.parametrize(
    ("members", "param", "code"),
    [
        ({"model": ...}, "model", "missing_required_parameter"),
        ({"prompt": ...}, "prompt", "missing_required_parameter"),
        ({"prompt": 5}, "prompt", "invalid_type"),
        ({"prompt": []}, "prompt", "empty_array"),
        ({"logprobs": 6}, "logprobs", "integer_above_max_value"),
        ({"max_tokens": -1}, "max_tokens", "integer_below_min_value"),
        ({"n": 0}, "n", "integer_below_min_value"),
        ({"temperature": 3}, "temperature", "decimal_above_max_value"),
        ({"messages": []}, "messages", "unknown_parameter"),
        ({"stream_options": {}}, "stream_options", None),
    ],
)
def test_a_wrong_request_is_refused(
    members: Mapping[str, Json], param: str, code: str | None
) -> None:
    assert refused(**members) == [(param, code)]


@pytest.mark.parametrize(
    ("members", "ask"),
    [
        ({}, Ask(given="[]")),
        ({"n": 2, "prompt": ["a", "b"], "echo": True}, Ask(n=4, given='["a", "b"]')),
        ({"prompt": [1, 2]}, Ask(given="[]")),
        ({"prompt": [[1], [2]]}, Ask(n=2, given="[]")),
        (
            {"stream": True, "stream_options": {"include_usage": True}, "stop": ["x", "y"]},
            Ask(stream=True, usage=True, stop=("x", "y"), given="[]"),
        ),
        ({"logprobs": 0, "max_tokens": 5}, Ask(logprobs=0, limit=5, given="[]")),
    ],
)
def test_what_is_asked_for_is_understood(members: Mapping[str, Json], ask: Ask) -> None:
    assert refused(**members) == []
    assert completions.read({"model": "m", "prompt": "hi", **members}).ask == ask


@pytest.mark.parametrize(("prompt", "told"), [("hi", "hi"), (["a", "b"], "b"), (None, "nothing")])
def test_without_a_marker_the_prompt_is_echoed(mock: "Mock", prompt: Json, told: str) -> None:
    client = mock.connect()
    body = json.dumps({"model": "m", "prompt": prompt}).encode()

    client.send(mock.post(body, path="/v1/completions"))

    assert client.read().json["choices"][0]["text"] == f"You said: {told}"


def test_a_scenario_is_played_over_the_wire(mock: "Mock") -> None:
    nonce = mock.nonce()
    body = {"model": "gpt", "prompt": mock.marker("text", nonce), "stream": True, "echo": True}
    client = mock.connect()

    client.send(mock.post(json.dumps(body).encode(), path="/completions"))
    answer = client.read()
    entry = mock.entry(nonce)

    texts = [choice["text"] for chunk in answer.events for choice in chunk["choices"]]
    assert "".join(texts) == f"{body['prompt']}Amber birch cedar"
    assert (entry["surface"], entry["sent"]["tokens"]) == ("completions", 3)


def test_half_a_surrogate_pair_is_noted_and_told_as_a_replacement(mock: "Mock") -> None:
    nonce = mock.nonce()
    text = mock.marker("text", nonce) + "\\ud83d"
    client = mock.connect()
    client.send(mock.post(
        b'{"model": "m", "echo": true, "prompt": "%b"}' % text.encode(), path="/v1/completions"
    ))  # fmt: skip

    told = client.read().json["choices"][0]["text"]

    assert told.startswith(f"{mock.marker('text', nonce)}\N{REPLACEMENT CHARACTER}Amber")
    assert mock.entry(nonce)["objections"] == [
        {"where": "body", "message": "half a surrogate pair, which no UTF-8 can say"}
    ]
