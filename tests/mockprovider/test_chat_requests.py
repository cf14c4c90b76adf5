"""What OpenAI refuses, in its words, and what is merely odd."""

# ruff: noqa: E501  A row of the table is one line; the messages are as long as they are.

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pytest

from mockprovider.shapes import Json
from mockprovider.surfaces.chat.reading import errors, read
from mockprovider.surfaces.surface import Ask

if TYPE_CHECKING:
    from tests.mockprovider.conftest import Mock

HI = {"role": "user", "content": "hi"}
TOOL = {"type": "function", "function": {"name": "f"}}
CALLING: Json = {
    "role": "assistant",
    "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "f", "arguments": ""}}],
}


def refused(**members: Json) -> list[tuple[str, str | None, str | None]]:
    body = {"model": "m", "messages": [HI], **members}
    found = errors({key: value for key, value in body.items() if value is not ...})
    return [(error.message, error.param, error.code) for error in found]


@pytest.mark.parametrize(
    ("members", "message", "param", "code"),
    [
        ({"model": ...}, "Missing required parameter: 'model'.", "model", "missing_required_parameter"),
        ({"messages": ...}, "Missing required parameter: 'messages'.", "messages", "missing_required_parameter"),
        ({"model": 5}, "Invalid type for 'model': expected a string, but got an integer instead.", "model", "invalid_type"),
        ({"messages": {}}, "Invalid type for 'messages': expected an array, but got an object instead.", "messages", "invalid_type"),
        ({"messages": []}, "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.", "messages", "empty_array"),
        ({"messages": ["hi"]}, "Invalid type for 'messages[0]': expected an object, but got a string instead.", "messages[0]", "invalid_type"),
        ({"messages": [{}]}, "Missing required parameter: 'messages[0].role'.", "messages[0].role", "missing_required_parameter"),
        ({"messages": [HI, {"role": "alien", "content": ""}]}, "Invalid value: 'alien'. Supported values are: 'system', 'developer', 'user', 'assistant', 'tool', and 'function'.", "messages[1].role", "invalid_value"),
        ({"messages": [{"role": "user"}]}, "Missing required parameter: 'messages[0].content'.", "messages[0].content", "missing_required_parameter"),
        ({"messages": [{"role": "user", "content": None}]}, "Invalid type for 'messages[0].content': expected one of a string or an array, but got null instead.", "messages[0].content", "invalid_type"),
        ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, "Missing required parameter: 'messages[0].content[0].text'.", "messages[0].content[0].text", "missing_required_parameter"),
        ({"messages": [{"role": "user", "content": [{"type": "image"}]}]}, "Invalid value: 'image'. Supported values are: 'text', 'image_url', 'input_audio', and 'file'.", "messages[0].content[0].type", "invalid_value"),
        ({"messages": [{"role": "user", "content": [{"text": "hi"}]}]}, "Missing required parameter: 'messages[0].content[0].type'.", "messages[0].content[0].type", "missing_required_parameter"),
        ({"messages": [HI, CALLING | {"tool_calls": [{**CALLING["tool_calls"][0], "id": 5}]}]}, "Invalid type for 'messages[1].tool_calls[0].id': expected a string, but got an integer instead.", "messages[1].tool_calls[0].id", "invalid_type"),
        ({"temperature": "hot"}, "Invalid type for 'temperature': expected a decimal, but got a string instead.", "temperature", "invalid_type"),
        ({"temperature": 2.5}, "Invalid 'temperature': decimal above maximum value. Expected a value <= 2, but got 2.5 instead.", "temperature", "decimal_above_max_value"),
        ({"temperature": True}, "Invalid type for 'temperature': expected a decimal, but got a boolean instead.", "temperature", "invalid_type"),
        ({"max_tokens": -1}, "Invalid 'max_tokens': integer below minimum value. Expected a value >= 1, but got -1 instead.", "max_tokens", "integer_below_min_value"),
        ({"max_tokens": 5, "max_completion_tokens": 5}, "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.", "max_tokens", None),
        ({"n": 0}, "Invalid 'n': integer below minimum value. Expected a value >= 1, but got 0 instead.", "n", "integer_below_min_value"),
        ({"n": 129}, "Invalid 'n': integer above maximum value. Expected a value <= 128, but got 129 instead.", "n", "integer_above_max_value"),
        ({"stop": list("abcde")}, "Invalid 'stop': array too long. Expected an array with maximum length 4, but got an array with length 5 instead.", "stop", "array_above_max_length"),
        ({"stop": 5}, "Invalid type for 'stop': expected one of a string or an array, but got an integer instead.", "stop", "invalid_type"),
        ({"top_logprobs": 2}, "The 'top_logprobs' parameter is only allowed when 'logprobs' is enabled.", "top_logprobs", None),
        ({"stream_options": {}}, "The 'stream_options' parameter is only allowed when 'stream' is enabled.", "stream_options", None),
        ({"stream": True, "stream_options": {"include": 1}}, "Unknown parameter: 'stream_options.include'.", "stream_options.include", "unknown_parameter"),
        ({"stream": "yes"}, "Invalid type for 'stream': expected a boolean, but got a string instead.", "stream", "invalid_type"),
        ({"temprature": 1}, "Unknown parameter: 'temprature'.", "temprature", "unknown_parameter"),
        ({"tools": []}, "Invalid 'tools': empty array. Expected an array with minimum length 1, but got an empty array instead.", "tools", "empty_array"),
        ({"tools": [{"type": "function"}]}, "Missing required parameter: 'tools[0].function'.", "tools[0].function", "missing_required_parameter"),
        ({"tools": [{"type": "function", "function": {"name": "a b"}}]}, "Invalid 'tools[0].function.name': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]{1,64}$', but got 'a b' instead.", "tools[0].function.name", "invalid_value"),
        ({"tool_choice": "auto"}, "'tool_choice' is only allowed when 'tools' are specified.", "tool_choice", None),
        ({"tools": [TOOL], "tool_choice": "maybe"}, "Invalid value: 'maybe'. Supported values are: 'none', 'auto', and 'required'.", "tool_choice", "invalid_value"),
        ({"tools": [TOOL], "tool_choice": {"type": "function", "function": {"name": "g"}}}, "Tool choice 'function g' not found in 'tools' parameter.", "tool_choice", None),
        ({"parallel_tool_calls": True}, "'parallel_tool_calls' is only allowed when 'tools' are specified.", "parallel_tool_calls", None),
        ({"metadata": {str(n): "" for n in range(17)}}, "Invalid 'metadata': too many properties. Expected an object with at most 16 properties, but got an object with 17 properties instead.", "metadata", "object_above_max_properties"),
        ({"messages": [HI, {"role": "tool", "tool_call_id": "c1", "content": "1"}]}, "messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.", "messages[1].role", None),
        ({"messages": [HI, CALLING, HI]}, "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: c1", "messages[1].tool_calls", None),
        ({"messages": [HI, {"role": "assistant", "tool_calls": [{"id": "c", "type": "function", "function": {"name": "f"}}]}]}, "Missing required parameter: 'messages[1].tool_calls[0].function.arguments'.", "messages[1].tool_calls[0].function.arguments", "missing_required_parameter"),
    ],
)  # fmt: skip
def test_a_wrong_request_is_refused(
    members: Mapping[str, Json], message: str, param: str | None, code: str | None
) -> None:
    assert refused(**members) == [(message, param, code)]


@pytest.mark.parametrize("body", [[], "text", 5, None])
def test_a_body_that_is_no_object_is_refused(body: Json) -> None:
    reading = read(body)

    assert reading.refusal is not None
    assert reading.refusal.message.startswith("Invalid type for '': expected an object")


@pytest.mark.parametrize(
    "members",
    [
        {"temperature": None, "n": None, "stop": None, "tools": None, "stream": None},
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}]},
        {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "u"}}]}]},
        {"messages": [HI, CALLING, {"role": "tool", "tool_call_id": "c1", "content": "1"}, HI]},
        {"messages": [HI, {"role": "assistant", "content": None, "refusal": "no"}]},
        {"tools": [TOOL], "tool_choice": {"type": "function", "function": {"name": "f"}}},
        {"logprobs": True, "top_logprobs": 0, "logit_bias": {"5": 1}},
        {"response_format": {"type": "json_schema", "json_schema": {"name": "x"}}},
        {"stream": True, "stream_options": {"include_usage": True, "include_obfuscation": False}},
        {"metadata": {"a": "b"}, "user": "u", "store": False, "seed": 5, "service_tier": "auto"},
        {"messages": [{"role": "user", "content": "hi", "tool_calls": [None]}]},
    ],
)  # fmt: skip
def test_a_right_request_is_accepted(members: Mapping[str, Json]) -> None:
    assert refused(**members) == []


def test_what_is_asked_for_is_understood() -> None:
    body = {
        "model": "m", "stream": True, "n": 2, "max_tokens": 5, "stop": "x", "logprobs": True,
        "top_logprobs": 3, "parallel_tool_calls": False,
        "stream_options": {"include_usage": True, "include_obfuscation": True},
        "messages": [HI, {"role": "user", "content": [{"type": "text", "text": "two"}, "odd"]}],
    }  # fmt: skip

    reading = read(body)

    assert reading.ask == Ask(
        stream=True, n=2, limit=5, stop=("x",), logprobs=3, parallel=False, usage=True,
        obfuscation=True,
    )  # fmt: skip
    assert (reading.model, reading.prompt) == ("m", "two")


@pytest.mark.parametrize("messages", [[], [5], "x", [{"content": 5}]])
def test_a_prompt_that_is_none_is_empty(messages: Json) -> None:
    assert read({"messages": messages}).prompt == ""


def envelope(message: str, code: str | None = None, param: str | None = None) -> Json:
    error = {"message": message, "type": "invalid_request_error", "param": param, "code": code}
    return {"error": error}


def test_a_refusal_has_openais_envelope_and_is_in_the_journal(mock: "Mock") -> None:
    nonce = mock.nonce()

    answer = mock.ask("text", nonce, temperature="hot")
    entry = mock.entry(nonce)

    message = "Invalid type for 'temperature': expected a decimal, but got a string instead."
    assert (answer.status, answer.json) == (400, envelope(message, "invalid_type", "temperature"))
    assert entry["objections"] == [{"where": "body.temperature", "message": message}]
    assert (entry["status"], entry["scenario"], entry["mode"]) == (400, None, "plain")


def test_a_scenario_may_not_mind(mock: "Mock") -> None:
    nonce = mock.nonce()
    script = 'summary = ""\nobey.validation = false\nstep = [{ say = "Aloe" }]'

    answer = mock.ask(script, nonce, temperature="hot", future=1)

    assert (answer.status, answer.whole) == (200, True)
    assert [each["where"] for each in mock.entry(nonce)["objections"]] == [
        "body.temperature",
        "body.future",
    ]


def test_a_body_that_is_not_json_is_refused(mock: "Mock") -> None:
    client = mock.connect()
    client.send(mock.post(b"{"))

    answer = client.read()

    assert answer.status == 400
    assert answer.json["error"]["message"].startswith("We could not parse the JSON body")


def test_another_content_type_is_refused(mock: "Mock") -> None:
    client = mock.connect()
    client.send(mock.post(b"{}", content_type="text/plain"))

    answer = client.read()

    assert (answer.status, answer.json["error"]["code"]) == (415, "unsupported_content_type")


@pytest.mark.parametrize(
    ("authorization", "message", "code"),
    [
        ("", "You didn't provide an API key.", None),
        ("Basic abc", "You didn't provide an API key.", None),
        ("Bearer ", "You didn't provide an API key.", None),
        ("Bearer sk-mock-invalid", "Incorrect API key provided: sk-mock-***alid.", "invalid_api_key"),
    ],
)  # fmt: skip
def test_a_key_is_needed(mock: "Mock", authorization: str, message: str, code: str | None) -> None:
    client = mock.connect()
    client.send(mock.post(b"{}", authorization=authorization))

    answer = client.read()

    assert (answer.status, answer.json["error"]["code"]) == (401, code)
    assert answer.json["error"]["message"].startswith(message)


@pytest.mark.parametrize(
    ("method", "path", "status", "message"),
    [
        ("GET", "/v1/nothing", 404, "Invalid URL (GET /v1/nothing)"),
        ("POST", "/chat", 404, "Invalid URL (POST /chat)"),
        ("GET", "/v1/chat/completions", 405, "Not allowed to GET on /v1/chat/completions."),
        ("DELETE", "/v1/models", 405, "Not allowed to DELETE on /v1/models."),
    ],
)
def test_a_wrong_path_or_method_is_refused(
    mock: "Mock", method: str, path: str, status: int, message: str
) -> None:
    client = mock.connect()
    client.send(f"{method} {path} HTTP/1.1\r\nhost: m\r\n\r\n".encode())

    answer = client.read()

    assert (answer.status, "allow" in answer.headers) == (status, status == 405)
    assert answer.json["error"]["message"].startswith(message)


@pytest.mark.parametrize("prefix", ["/v1", ""])
def test_models_are_listed(mock: "Mock", prefix: str) -> None:
    listed, single = mock.connect(), mock.connect()
    head = "HTTP/1.1\r\nhost: m\r\nauthorization: Bearer k\r\n\r\n"
    listed.send(f"GET {prefix}/models {head}".encode())
    single.send(f"GET {prefix}/models/org/any {head}".encode())

    names = [model["id"] for model in listed.read().json["data"]]

    assert names == ["mock-model", "mock-model-mini"]
    assert single.read().json == {
        "id": "org/any", "object": "model", "created": 1_735_689_600, "owned_by": "mockprovider",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("header", "objection"),
    [
        ("te: trailers", {"where": "header.te", "message": "hop-by-hop header; it ends at the next hop"}),
        ("host: other", {"where": "header.host", "message": "sent 2 times"}),
        ("x-odd: caf\xe9", {"where": "header.x-odd", "message": "odd value 'caf\xe9'"}),
    ],
)  # fmt: skip
def test_odd_headers_are_noted(mock: "Mock", header: str, objection: Json) -> None:
    nonce = mock.nonce()
    client = mock.connect()
    request = mock.request("text", nonce)
    client.send(request.replace(b"host: mock\r\n", f"host: mock\r\n{header}\r\n".encode("latin-1")))

    answer = client.read()

    assert (answer.status, mock.entry(nonce)["objections"]) == (200, [objection])


def test_a_member_that_comes_twice_is_noted(mock: "Mock") -> None:
    nonce = mock.nonce()
    client = mock.connect()
    body = '{"model": "a", "model": "b", "messages": [{"role": "user", "content": "%s"}]}'
    client.send(mock.post((body % mock.marker("text", nonce)).encode()))

    client.read()

    assert mock.entry(nonce)["objections"] == [
        {"where": "body.model", "message": "member appears twice in one object"}
    ]


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("txt", "no scenario 'txt'; did you mean 'text'?"),
        ("armed", "no scenario is armed for 'NONCE'"),
        ('summary = ""\nstep = [{ sya = "x" }]', "inline: step 1: no verb 'sya'; did you mean 'say'?"),
    ],
)  # fmt: skip
def test_a_marker_that_leads_nowhere_is_refused(mock: "Mock", script: str, message: str) -> None:
    nonce = mock.nonce()

    answer = mock.ask(script, nonce)

    told = message.replace("NONCE", nonce)
    assert (answer.status, answer.json) == (400, envelope(told, "mock_marker"))
    assert mock.entry(nonce)["objections"] == [{"where": "marker", "message": told}]


def test_without_a_marker_the_prompt_is_echoed(mock: "Mock") -> None:
    answer = mock.ask("", stream_options={"include_usage": True})

    texts = [choice["delta"].get("content", "") for e in answer.events for choice in e["choices"]]
    assert "".join(texts) == "You said: say it"
    assert answer.events[-1]["usage"]["completion_tokens"] == 4
