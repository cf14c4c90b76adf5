"""What OpenAI refuses in a Responses request, in its words, and what is merely odd."""

# ruff: noqa: E501  A row of the table is one line; the messages are as long as they are.

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import pytest

from mockprovider.shapes import Json
from mockprovider.surfaces import chat, completions, embeddings, responses
from mockprovider.surfaces.responses.reading import errors, oddities, read
from mockprovider.surfaces.surface import Ask, Surface

if TYPE_CHECKING:
    from tests.mockprovider.conftest import Mock

HI = {"role": "user", "content": "hi"}
TOOL = {"type": "function", "name": "f"}
CALLED = {"type": "function_call", "call_id": "c1", "name": "f", "arguments": ""}
RESULT = {"type": "function_call_output", "call_id": "c1", "output": "1"}
NO_INPUT = "One of \"input\" or \"previous_response_id\" or 'prompt' or 'conversation_id' must be provided."


def moved(name: str, to: str) -> str:
    return (
        f"Unsupported parameter: '{name}'. In the Responses API, this parameter has moved to '{to}'. "
        "Try again with the new parameter. See the API documentation for more information: "
        "https://platform.openai.com/docs/api-reference/responses/create."
    )


def refused(**members: Json) -> list[tuple[str, str | None, str | None]]:
    body = {"model": "m", "input": "hi", **members}
    found = errors({key: value for key, value in body.items() if value is not ...})
    return [(error.message, error.param, error.code) for error in found]


@pytest.mark.parametrize(
    ("members", "message", "param", "code"),
    [
        ({"model": ...}, "Missing required parameter: 'model'.", "model", "missing_required_parameter"),
        ({"input": ...}, NO_INPUT, "input", "missing_required_parameter"),
        ({"model": 5}, "Invalid type for 'model': expected a string, but got an integer instead.", "model", "invalid_type"),
        ({"input": 5}, "Invalid type for 'input': expected one of a string or an array, but got an integer instead.", "input", "invalid_type"),
        ({"input": ["hi"]}, "Invalid type for 'input[0]': expected an object, but got a string instead.", "input[0]", "invalid_type"),
        ({"input": [{}]}, "Missing required parameter: 'input[0].type'.", "input[0].type", "missing_required_parameter"),
        ({"input": [{"type": 5}]}, "Invalid type for 'input[0].type': expected a string, but got an integer instead.", "input[0].type", "invalid_type"),
        ({"input": [{"role": "user"}]}, "Missing required parameter: 'input[0].content'.", "input[0].content", "missing_required_parameter"),
        ({"input": [{"role": "tool", "content": ""}]}, "Invalid value: 'tool'. Supported values are: 'user', 'system', 'developer', and 'assistant'.", "input[0].role", "invalid_value"),
        ({"input": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}]}, "Invalid value: 'text'. Supported values are: 'input_text', 'input_image', 'input_file', and 'input_audio'.", "input[0].content[0].type", "invalid_value"),
        ({"input": [{"role": "assistant", "content": [{"type": "input_text", "text": "hi"}]}]}, "Invalid value: 'input_text'. Supported values are: 'output_text' and 'refusal'.", "input[0].content[0].type", "invalid_value"),
        ({"input": [{"role": "user", "content": [{"type": "input_text"}]}]}, "Missing required parameter: 'input[0].content[0].text'.", "input[0].content[0].text", "missing_required_parameter"),
        ({"input": [HI, {"type": "function_call", "call_id": "c1", "name": "f"}]}, "Missing required parameter: 'input[1].arguments'.", "input[1].arguments", "missing_required_parameter"),
        ({"input": [HI, {"type": "reasoning"}]}, "Missing required parameter: 'input[1].summary'.", "input[1].summary", "missing_required_parameter"),
        ({"input": [HI, CALLED | {"call_id": "c" * 65}]}, "Invalid 'input[1].call_id': string too long. Expected a string with maximum length 64, but got a string with length 65 instead.", "input[1].call_id", "string_above_max_length"),
        ({"input": [HI, CALLED | {"id": "call_1"}, RESULT]}, "Invalid 'input[1].id': 'call_1'. Expected an ID that begins with 'fc'.", "input[1].id", "invalid_value"),
        ({"input": [HI, CALLED]}, "No tool output found for function call c1.", "input", None),
        ({"input": [HI, RESULT, HI]}, "No tool call found for function call output with call_id c1.", "input", None),
        ({"temperature": "hot"}, "Invalid type for 'temperature': expected a decimal, but got a string instead.", "temperature", "invalid_type"),
        ({"temperature": 2.5}, "Invalid 'temperature': decimal above maximum value. Expected a value <= 2, but got 2.5 instead.", "temperature", "decimal_above_max_value"),
        ({"top_p": -1}, "Invalid 'top_p': decimal below minimum value. Expected a value >= 0, but got -1 instead.", "top_p", "decimal_below_min_value"),
        ({"max_output_tokens": 15}, "Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16, but got 15 instead.", "max_output_tokens", "integer_below_min_value"),
        ({"top_logprobs": 21}, "Invalid 'top_logprobs': integer above maximum value. Expected a value <= 20, but got 21 instead.", "top_logprobs", "integer_above_max_value"),
        ({"stream": "yes"}, "Invalid type for 'stream': expected a boolean, but got a string instead.", "stream", "invalid_type"),
        ({"stream_options": {"include_usage": True}}, "Unknown parameter: 'stream_options.include_usage'.", "stream_options.include_usage", "unknown_parameter"),
        ({"n": 2}, "Unknown parameter: 'n'.", "n", "unknown_parameter"),
        ({"stop": "x"}, "Unknown parameter: 'stop'.", "stop", "unknown_parameter"),
        ({"messages": [HI]}, moved("messages", "input"), "messages", "unsupported_parameter"),
        ({"max_tokens": 50}, moved("max_tokens", "max_output_tokens"), "max_tokens", "unsupported_parameter"),
        ({"response_format": {}}, moved("response_format", "text.format"), "response_format", "unsupported_parameter"),
        ({"include": ["everything"]}, "Invalid value: 'everything'. Supported values are: 'file_search_call.results', 'web_search_call.results', 'web_search_call.action.sources', 'message.input_image.image_url', 'computer_call_output.output.image_url', 'code_interpreter_call.outputs', 'reasoning.encrypted_content', and 'message.output_text.logprobs'.", "include[0]", "invalid_value"),
        ({"reasoning": {"effort": "huge"}}, "Invalid value: 'huge'. Supported values are: 'none', 'minimal', 'low', 'medium', 'high', 'xhigh', and 'max'.", "reasoning.effort", "invalid_value"),
        ({"text": {"format": {"type": "json_schema", "json_schema": {}}}}, "Missing required parameter: 'text.format.name'.", "text.format.name", "missing_required_parameter"),
        ({"tools": {}}, "Invalid type for 'tools': expected an array, but got an object instead.", "tools", "invalid_type"),
        ({"tools": [{"type": "function", "function": {"name": "f"}}]}, "Missing required parameter: 'tools[0].name'.", "tools[0].name", "missing_required_parameter"),
        ({"tools": [{"type": "function", "name": "a b"}]}, "Invalid 'tools[0].name': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]{1,64}$', but got 'a b' instead.", "tools[0].name", "invalid_value"),
        ({"tool_choice": "maybe"}, "Invalid value: 'maybe'. Supported values are: 'none', 'auto', and 'required'.", "tool_choice", "invalid_value"),
        ({"tools": [TOOL], "tool_choice": {"type": "function", "name": "g"}}, "Tool choice 'function' not found in 'tools' parameter.", "tool_choice", None),
        ({"metadata": {"a": 1}}, "Invalid type for 'metadata.a': expected a string, but got an integer instead.", "metadata.a", "invalid_type"),
        ({"previous_response_id": "resp_elsewhere"}, "Previous response with id 'resp_elsewhere' not found.", "previous_response_id", "previous_response_not_found"),
        ({"previous_response_id": "chatcmpl-1"}, "Invalid 'previous_response_id': 'chatcmpl-1'. Expected an ID that begins with 'resp'.", "previous_response_id", "invalid_value"),
    ],
)  # fmt: skip
def test_a_wrong_request_is_refused(
    members: Mapping[str, Json], message: str, param: str | None, code: str | None
) -> None:
    assert refused(**members)[0] == (message, param, code)


@pytest.mark.parametrize("body", [[], "text", 5, None])
def test_a_body_that_is_no_object_is_refused(body: Json) -> None:
    reading = read(body)

    assert reading.refusal is not None
    assert reading.refusal.message.startswith("Invalid type for '': expected an object")


@pytest.mark.parametrize(
    "members",
    [
        {"temperature": None, "tools": None, "stream": None, "include": None, "text": None},
        {"input": [{"type": "message", **HI}, {"role": "assistant", "content": "hello", "id": "msg_1"}]},
        {"input": [{"role": "user", "content": [{"type": "input_image", "image_url": "u"}, {"type": "input_text", "text": "x"}]}]},
        {"input": [HI, {"type": "reasoning", "id": "rs_1", "summary": []}, CALLED, RESULT, HI]},
        {"input": [RESULT], "previous_response_id": "resp_r1-1-1"},
        {"input": [RESULT], "conversation": "conv_1"},
        {"input": ..., "prompt": {"id": "pmpt_1"}},
        {"input": [{"type": "item_reference", "id": "x"}, {"type": "web_search_call", "id": "ws_1"}]},
        {"tools": [TOOL, {"type": "web_search"}], "tool_choice": {"type": "function", "name": "f"}},
        {"tools": [TOOL], "tool_choice": {"type": "allowed_tools", "mode": "auto", "tools": []}},
        {"stream": True, "stream_options": {"include_obfuscation": False}, "max_output_tokens": 16},
        {"text": {"format": {"type": "json_schema", "name": "x", "schema": {}}, "verbosity": "low"}},
        {"reasoning": {"effort": "low", "summary": "auto"}, "include": ["reasoning.encrypted_content"]},
        {"metadata": {"a": "b"}, "user": "u", "store": False, "service_tier": "auto"},
    ],
)  # fmt: skip
def test_a_right_request_is_accepted(members: Mapping[str, Json]) -> None:
    assert refused(**members) == []


@pytest.mark.parametrize(
    ("members", "where", "message"),
    [
        ({"stream_options": {"include_obfuscation": False}}, "body.stream_options", "the answer is not streamed"),
        ({"top_logprobs": 2}, "body.top_logprobs", "'include' lacks 'message.output_text.logprobs'"),
        ({"background": True}, "body.background", "the mock stores no response to be fetched later"),
        ({"input": []}, "body.input", "no item"),
    ],
)  # fmt: skip
def test_what_is_odd_is_noted_and_answered(
    members: Mapping[str, Json], where: str, message: str
) -> None:
    reading = read({"model": "m", "input": "hi", **members})

    assert reading.refusal is None
    assert [*oddities(members)] == [*reading.objections] == [(where, message)]


def test_what_is_asked_for_is_understood() -> None:
    body = {
        "model": "m", "stream": True, "max_output_tokens": 50, "top_logprobs": 3,
        "parallel_tool_calls": False, "include": ["message.output_text.logprobs"],
        "stream_options": {"include_obfuscation": False}, "temperature": 0.5, "user": None,
        "input": [HI, {"role": "user", "content": [{"type": "input_text", "text": "two"}]}],
    }  # fmt: skip

    reading = read(body)

    given = {
        "max_output_tokens": 50,
        "parallel_tool_calls": False,
        "temperature": 0.5,
        "top_logprobs": 3,
    }
    assert reading.ask == Ask(
        stream=True, limit=50, logprobs=3, parallel=False, usage=True, given=json.dumps(given)
    )
    assert (reading.model, reading.prompt) == ("m", "two")


@pytest.mark.parametrize(
    ("told", "prompt"), [("hi", "hi"), ([], ""), (5, ""), ([5], ""), ([{"content": 5}], "")]
)
def test_the_prompt_is_the_last_text(told: Json, prompt: str) -> None:
    assert read({"input": told}).prompt == prompt


# A request of each API that has something of everything.
WHOLE: Mapping[str, tuple[Surface, Json]] = {
    "chat": (chat.SURFACE, {
        "model": "m", "stream": True, "stream_options": {"include_usage": True}, "stop": ["x"],
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "hi"}]},
            {"role": "assistant", "tool_calls": [
                {"id": "c", "type": "function", "function": {"name": "f", "arguments": ""}}]},
            {"role": "tool", "tool_call_id": "c", "content": "x"},
        ],
        "tools": [{"type": "function", "function": {"name": "f"}}], "metadata": {"a": "b"},
        "tool_choice": {"type": "function", "function": {"name": "f"}},
    }),
    "responses": (responses.SURFACE, {
        "model": "m", "stream": True, "stream_options": {"include_obfuscation": True},
        "input": [{"role": "user", "content": [{"type": "input_text", "text": "hi"}]},
                  {"type": "reasoning", "id": "rs_1", "summary": []}, CALLED | {"id": "fc"}, RESULT],
        "tools": [TOOL], "tool_choice": {"type": "function", "name": "f"}, "metadata": {"a": "b"},
        "include": ["reasoning.encrypted_content"], "reasoning": {"effort": "low"},
        "text": {"format": {"type": "json_schema", "name": "f", "schema": {}}},
        "previous_response_id": "resp_r-1-1", "top_logprobs": 1,
    }),
    "completions": (completions.SURFACE, {
        "model": "m", "prompt": ["a", "b"], "stream": True, "stop": ["x"], "echo": True,
        "logprobs": 1, "stream_options": {},
    }),
    "embeddings": (embeddings.SURFACE, {
        "model": "m", "input": ["a"], "dimensions": 3, "encoding_format": "float",
    }),
}  # fmt: skip
ODD: tuple[Json, ...] = (
    ..., None, True, 0, -1, 1.5, "x", [], {}, ["x"], [1], [[1]], [{}], {"type": []},
    {"type": "function"}, {"role": []}, {"name": []},
)  # fmt: skip


def places(value: Json, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield path
    listed = enumerate(value) if isinstance(value, list) else ()
    for key, member in value.items() if isinstance(value, dict) else listed:
        yield from places(member, (*path, key))


def changed(value: Json, path: tuple[str | int, ...], odd: Json) -> Json:
    """Return the value with another at a place, or with nothing there."""
    if not path:
        return None if odd is ... else odd
    copy: Json = dict(value) if isinstance(value, dict) else list(value)
    if odd is ... and len(path) == 1:
        del copy[path[0]]
    else:
        copy[path[0]] = changed(copy[path[0]], path[1:], odd)
    return copy


@pytest.mark.parametrize("api", WHOLE)
def test_any_request_is_read_and_can_be_answered(api: str) -> None:
    surface, whole = WHOLE[api]
    bodies = [changed(whole, path, odd) for path in places(whole) for odd in ODD]

    readings = [surface.read(body, "") for body in bodies]

    assert surface.read(whole, "").refusal is None
    assert all(hash(reading.ask) is not None for reading in readings)
    assert all(surface.plain((), reading.ask, {}) for reading in readings)


def test_a_refusal_has_openais_envelope_and_is_in_the_journal(mock: "Mock") -> None:
    nonce = mock.nonce()
    body = {"model": "m", "messages": [{"role": "user", "content": mock.marker("text", nonce)}]}
    client = mock.connect()

    client.send(mock.post(json.dumps(body).encode(), path="/v1/responses"))
    answer = client.read()

    error = answer.json["error"]
    assert (answer.status, error["type"], error["param"]) == (
        400,
        "invalid_request_error",
        "messages",
    )
    assert mock.entry(nonce)["objections"][0]["where"] == "body.messages"


def test_without_a_marker_the_prompt_is_echoed(mock: "Mock") -> None:
    client = mock.connect()
    client.send(mock.post(b'{"model": "m", "input": "two words"}', path="/v1/responses"))

    (item,) = client.read().json["output"]

    assert item["content"][0]["text"] == "You said: two words"


@pytest.mark.parametrize(
    ("script", "status", "code"),
    [
        ("error-429", 429, "rate_limit_exceeded"),
        ("error-500", 500, None),
        ("text", 404, "unknown_url"),
    ],
)
def test_errors_before_the_answer_have_the_envelope(
    mock: "Mock", script: str, status: int, code: str | None
) -> None:
    marker = mock.marker(script, mock.nonce())
    body = json.dumps({"model": "m", "stream": True, "input": marker}).encode()
    client = mock.connect()

    client.send(mock.post(body, path="/v1/responses" if status != 404 else "/v1/responses/nothing"))
    answer = client.read()

    assert (answer.status, answer.json["error"]["code"]) == (status, code)
