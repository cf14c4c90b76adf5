"""What Google refuses in a Gemini request, what it takes, and what is noted about either."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from mockprovider.shapes import Json
from mockprovider.surfaces.gemini import reading
from mockprovider.surfaces.surface import Ask, Reading

if TYPE_CHECKING:
    from tests.mockprovider.conftest import Client, Mock

PATH = "/v1beta/models/m:generateContent"
USER: Json = {"role": "user", "parts": [{"text": "Hi"}]}
MODEL: Json = {"role": "model", "parts": [{"text": "Yes?"}]}
CALL: Json = {"role": "model", "parts": [{"functionCall": {"name": "f", "args": {}}}]}
ANSWER: Json = {"role": "user", "parts": [{"functionResponse": {"name": "f", "response": {}}}]}
FIRST_CALL = (
    "Please ensure that function call turn comes immediately after a user turn or after a function "
    "response turn."
)
LONE_RESPONSE = (
    "Please ensure that function response turn comes immediately after a function call turn."
)
UNEQUAL = (
    "Please ensure that the number of function response parts is equal to the number of function "
    "call parts of the function call turn."
)
NO_DATA = "required oneof field 'data' must have one initialized field"
PACKAGE = "type.googleapis.com/google.ai.generativelanguage.v1beta."


def message(body: Json, path: str = PATH) -> str | None:
    refusal = reading.read(body, path).refusal
    assert refusal is None or (refusal.status, refusal.type) == (400, "INVALID_ARGUMENT")
    return None if refusal is None else refusal.message


def asking(**members: Json) -> Json:
    return {"contents": [USER], **members}


def config(**members: Json) -> Json:
    return asking(generationConfig=members)


def tool(**members: Json) -> Json:
    return asking(tools=[{"functionDeclarations": [{"name": "f", **members}]}])


def unknown(name: str, at: str = "") -> str:
    return f'Invalid JSON payload received. Unknown name "{name}"{at}: Cannot find field.'


UNREADABLE: list[tuple[Json, str]] = [
    (asking(messages=[]), unknown("messages")),
    (asking(stream=True), unknown("stream")),
    (config(max_tokens=1), unknown("max_tokens", " at 'generation_config'")),
    (
        asking(contents=[{"role": "user", "content": "Hi"}]),
        unknown("content", " at 'contents[0]'"),
    ),
    # JSON Schema is not the schema of this API.
    (
        tool(parameters={"type": "object", "properties": {"a": {}, "b": {"const": 1}}}),
        unknown("const", " at 'tools[0].function_declarations[0].parameters.properties[1].value'"),
    ),
    (
        tool(parameters={"type": ["string", "null"]}),
        ('Invalid JSON payload received. Unknown name "type" at '
        "'tools[0].function_declarations[0].parameters': Proto field is not repeating, cannot "
        "start list."),
    ),
    (
        tool(description={"en": "Hi"}),
        ("Invalid value at 'tools[0].function_declarations[0]' (description), Starting an object "
        "on a scalar field"),
    ),
    (config(temperature="hot"),
     "Invalid value at 'generation_config.temperature' (TYPE_FLOAT), \"hot\""),
    (config(seed=2**31), "Invalid value at 'generation_config.seed' (TYPE_INT32), 2147483648"),
    (config(topK="1.5x"), "Invalid value at 'generation_config.top_k' (TYPE_FLOAT), \"1.5x\""),
    (config(maxOutputTokens="1.5"),
     "Invalid value at 'generation_config.max_output_tokens' (TYPE_INT32), \"1.5\""),
    (config(responseLogprobs="yes"),
     "Invalid value at 'generation_config.response_logprobs' (TYPE_BOOL), \"yes\""),
    (asking(contents="Hi"), f"Invalid value at 'contents[0]' ({PACKAGE}Content), \"Hi\""),
    (asking(contents=[{"parts": [{"text": 5}]}]),
     "Invalid value at 'contents[0].parts[0].text' (TYPE_STRING), 5"),
    (asking(serviceTier=4), f"Invalid value at 'service_tier' ({PACKAGE}ServiceTier), 4"),
    (asking(toolConfig={"functionCallingConfig": {"mode": "SOME"}}),
     ("Invalid value at 'tool_config.function_calling_config.mode' "
     f'({PACKAGE}FunctionCallingConfig.Mode), "SOME"')),
    (asking(contents=[{"parts": [{"inlineData": {"mimeType": "image/png", "data": "?"}}]}]),
     ("Invalid value at 'contents[0].parts[0].inline_data.data' (TYPE_BYTES), Base64 decoding "
     'failed for "?"')),
]  # fmt: skip


@pytest.mark.parametrize(("body", "expected"), UNREADABLE)
def test_what_cannot_be_read_is_refused_in_protobufs_words(body: Json, expected: str) -> None:
    assert message(body) == expected


@pytest.mark.parametrize("body", [[], "text", 5, None])
def test_a_body_that_is_no_object_is_refused(body: Json) -> None:
    assert message(body) == (
        'Invalid JSON payload received. Unknown name "": Root element must be a message.'
    )


def nested(levels: int) -> Json:
    """Return a request that is so many levels deep at its deepest."""
    value: Json = "x"
    for _ in range(levels - 7):
        value = [value]
    args = {"a": value}
    return asking(contents=[USER, {"parts": [{"functionCall": {"name": "f", "args": args}}]}])


def test_a_body_is_read_only_so_deep() -> None:
    told = reading.read(nested(101), PATH)

    assert message(nested(100)) is None
    assert message(nested(101)) == "Message too deep. Max recursion depth reached for key 'a'"
    assert [each.where for each in told.objections] == ["body"]


WHOLE: Json = {
    "contents": [USER, CALL, ANSWER], "systemInstruction": USER,
    "tools": [{"functionDeclarations": [{"name": "f", "parameters": {
        "type": "OBJECT", "properties": {"a": {"type": "ARRAY", "items": {}}}, "required": ["a"],
    }}]}],
    "toolConfig": {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["f"]}},
    "generationConfig": {
        "temperature": 1, "stopSequences": ["a"], "thinkingConfig": {"includeThoughts": True},
    },
    "labels": {"a": "b"},
}  # fmt: skip
ODD: list[Json] = [
    None, 0, -1, 2**70, 1e300, True, "", "x", "1", "inf", [], [[]], [None], {}, {"": 1}, {"a": []},
]  # fmt: skip


def places(value: Json, path: tuple[Json, ...] = ()) -> Iterator[tuple[Json, ...]]:
    """Yield the path of everything in a document, itself included."""
    yield path
    inside: Json = value.items() if isinstance(value, dict) else ()
    for key, inner in enumerate(value) if isinstance(value, list) else inside:
        yield from places(inner, (*path, key))


def put(value: Json, path: tuple[Json, ...], odd: Json) -> Json:
    """Return a document with something odd at one place."""
    if not path:
        return odd
    changed = dict(value) if isinstance(value, dict) else list(value)
    changed[path[0]] = put(value[path[0]], path[1:], odd)
    return changed


@pytest.mark.parametrize("place", [*places(WHOLE)], ids=lambda path: ".".join(map(str, path)))
@pytest.mark.parametrize("read", [reading.read, reading.read_count])
def test_no_request_is_too_odd_to_be_read(
    place: tuple[Json, ...], read: Callable[[Json, str], Reading]
) -> None:
    told = [read(put(WHOLE, place, odd), PATH) for odd in ODD]

    assert all(each.refusal is None or each.refusal.status == 400 for each in told)


def field(place: str, told: str) -> str:
    return f"* GenerateContentRequest.{place}: {told}\n"


UNFIT: list[tuple[Json, str]] = [
    ({}, field("contents", "contents is not specified")),
    ({"contents": []}, field("contents", "contents is not specified")),
    (asking(contents=[{"role": "user"}]),
     field("contents[0].parts", "contents.parts must not be empty.")),
    (asking(contents=[{"parts": [{}]}]), field("contents[0].parts[0].data", NO_DATA)),
    (asking(systemInstruction={"parts": [{"thought": True}]}),
     field("system_instruction.parts[0].data", NO_DATA)),
    (asking(contents=[{"parts": [{"functionCall": {"args": {}}}]}]),
     field("contents[0].parts[0].function_call.name", "Name cannot be empty.")),
    (config(temperature=5),
     field("generation_config.temperature", "temperature must be in the range [0.0, 2.0].")),
    (config(topP=-1), field("generation_config.top_p", "top_p must be in the range [0.0, 1.0].")),
    (config(candidateCount=9),
     field("generation_config.candidate_count", "candidate_count must be in the range [1, 8].")),
    (config(maxOutputTokens=0),
     field("generation_config.max_output_tokens", "max_output_tokens must be positive.")),
    (config(stopSequences=[*"abcdef"]),
     field("generation_config.stop_sequences", "at most 5 stop sequences are allowed.")),
    (config(responseMimeType="text/html"),
     field("generation_config.response_mime_type", "allowed mimetypes are `text/plain`, "
           "`application/json`, `application/xml`, `application/yaml` and `text/x.enum`.")),
    (config(responseSchema={"type": "ARRAY"}),
     field("generation_config.response_schema.items", "missing field.")),
    (asking(tools=[{}]),
     field("tools[0].tool_type", "required one_of 'tool_type' must have one initialized field")),
    (asking(tools=[{"functionDeclarations": []}]),
     field("tools[0].tool_type", "required one_of 'tool_type' must have one initialized field")),
    (tool(name="1st"),
     field("tools[0].function_declarations[0].name", "Invalid function name. Must start with a "
           "letter or an underscore. Must be alphameric (a-z, A-Z, 0-9), underscores (_), dots "
           "(.), colons (:), or dashes (-), with a maximum length of 64.")),
    (tool(parameters={"type": "object", "properties": {}}),
     field("tools[0].function_declarations[0].parameters.properties",
           "should be non-empty for OBJECT type")),
    (tool(parameters={"type": "ARRAY", "items": {
        "type": "OBJECT", "properties": {"a": {"type": "ARRAY"}}, "required": ["a", "b"]}}),
     field("tools[0].function_declarations[0].parameters.items.required[1]",
           "property is not defined")
     + field("tools[0].function_declarations[0].parameters.items.properties[a].items",
             "missing field.")),
    # Everything of this kind is told at once.
    (config(temperature=-1, topP=2),
     field("generation_config.temperature", "temperature must be in the range [0.0, 2.0].")
     + field("generation_config.top_p", "top_p must be in the range [0.0, 1.0].")),
]  # fmt: skip


@pytest.mark.parametrize(("body", "expected"), UNFIT)
def test_what_can_be_read_and_is_not_allowed_is_refused_field_by_field(
    body: Json, expected: str
) -> None:
    assert message(body) == expected


TURNS: list[tuple[list[Json], str | None]] = [
    ([USER, CALL, ANSWER], None),
    ([USER, CALL, ANSWER, CALL, ANSWER], None),
    ([USER, CALL, ANSWER | {"role": "function"}], None),
    ([USER, MODEL, USER], None),
    ([USER, USER], None),
    ([{"parts": [{"text": "Hi"}]}], None),
    ([USER | {"role": "assistant"}], "Please use a valid role: user, model."),
    ([USER, USER | {"role": "system"}], "Please use a valid role: user, model."),
    ([CALL, ANSWER], FIRST_CALL),
    ([USER, MODEL, CALL, ANSWER], FIRST_CALL),
    ([ANSWER], LONE_RESPONSE),
    ([USER, ANSWER], LONE_RESPONSE),
    ([USER, CALL, USER], UNEQUAL),
    ([USER, CALL | {"parts": CALL["parts"] * 2}, ANSWER], UNEQUAL),
    (
        [USER, MODEL],
        "Please ensure that multiturn requests end with a user role or a function response.",
    ),
]


@pytest.mark.parametrize(("contents", "expected"), TURNS)
def test_turns_out_of_order_are_refused(contents: list[Json], expected: str | None) -> None:
    assert message({"contents": contents}) == expected


def forced(**members: Json) -> Json:
    return {"toolConfig": {"functionCallingConfig": {"mode": "ANY", **members}}}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            asking(**forced()),
            "Function calling config is set without function_declarations.",
        ),
        (
            tool() | forced(allowedFunctionNames=["g"]),
            "Function g in allowed_function_names is not declared in tools.",
        ),
        (config(logprobs=2), "Logprobs is set, but response_logprobs is not enabled."),
    ],
)
def test_members_that_do_not_go_together_are_refused(body: Json, expected: str) -> None:
    assert message(body) == expected


ACCEPTED: list[Mapping[str, Json]] = [
    asking(),
    # A lone value stands for a list of one, null for nothing, a text for a number.
    {"contents": {"parts": {"text": "Hi"}}},
    asking(tools=None, generationConfig={"temperature": "0.5", "maxOutputTokens": "5"}),
    # Names in snake case, and the words of enumerations in any.
    asking(
        system_instruction=USER, safety_settings=[
            {"category": "HARM_CATEGORY_HARASSMENT", "threshold": "block_none"}],
        generation_config={"top_p": 1, "thinking_config": {"include_thoughts": True,
                                                           "thinking_level": "low"}},
    ),
    tool(parameters={"type": "object", "properties": {
        "properties": {"type": "string", "nullable": True}, "type": {"type": "STRING"}}}),
    tool(parametersJsonSchema={"$schema": "x", "const": 1, "max_items": None}),
    asking(tools=[{"googleSearch": {}}, {"code_execution": {}}]),
    tool() | forced(allowedFunctionNames=["f"]),
    config(responseSchema={"anyOf": [{"type": "STRING"}, {"type": "NULL"}]},
           responseMimeType="application/json"),
    asking(model="models/m", labels={"a_b": "c"}, serviceTier="flex", store=False),
    asking(contents=[{"parts": [{"thoughtSignature": "QUJD", "text": ""}]}]),
    asking(contents=[USER, {"role": "model", "parts": [{"thoughtSignature": "QUJD"}]}, USER]),
]  # fmt: skip


@pytest.mark.parametrize("body", ACCEPTED)
def test_a_right_request_is_accepted(body: Mapping[str, Json]) -> None:
    assert message(body) is None


@pytest.mark.parametrize(
    ("body", "where", "told"),
    [
        (config(topK="40"), "body.generationConfig.topK", "a number as a text: '40'"),
        (
            asking(safetySettings=[{"category": 10, "threshold": "OFF"}]),
            "body.safetySettings[0].category",
            "a word as a number: 10",
        ),
        (
            config(top_p=1, topP=1),
            "body.generationConfig.topP",
            "written in camel case and in snake case",
        ),
        (
            {"contents": [{"parts": [{"text": "Hi"}]}]},
            "body.contents[0].role",
            "missing; Vertex refuses that",
        ),
        (
            asking(contents=[USER, CALL, ANSWER | {"role": "function"}]),
            "body.contents[2].role",
            "'function' is a former role; it is 'user' now",
        ),
        (
            asking(contents=[{"role": "user", "parts": [{"text": ""}]}]),
            "body.contents[0].parts[0]",
            "an empty text",
        ),
        (
            asking(contents=[{"role": "user", "parts": [{"text": "a", "fileData": {}}]}]),
            "body.contents[0].parts[0]",
            "several kinds of data in one part",
        ),
    ],
)
def test_what_is_accepted_and_odd_is_noted(body: Json, where: str, told: str) -> None:
    found = reading.read(body, PATH)

    assert (found.refusal, list(found.objections)) == (None, [(where, told)])


def test_every_fault_of_a_request_is_noted() -> None:
    found = reading.read(asking(stream=True, generationConfig={"n": 2}), PATH)

    assert [each.where for each in found.objections] == ["body", "body.generation_config"]


def test_what_is_asked_for_is_understood() -> None:
    body = config(
        candidateCount=2, maxOutputTokens=9, stopSequences=["a", "b"], responseLogprobs=True,
        logprobs=3, thinking_config={"includeThoughts": True},
    )  # fmt: skip

    found = reading.read(body, "/v1/models/gemini-9:streamGenerateContent")

    assert (found.model, found.prompt) == ("gemini-9", "Hi")
    assert found.ask == Ask(
        stream=True, n=2, limit=9, stop=("a", "b"), logprobs=3, usage=True,
        given='{"thoughts": true}',
    )  # fmt: skip


@pytest.mark.parametrize(
    ("path", "model"),
    [
        ("/v1beta/models/gemini-9:generateContent", "gemini-9"),
        ("/v1alpha/models/gemini-9%3AgenerateContent", "gemini-9"),
        ("/v1/tunedModels/mine:generateContent", "mine"),
        ("/v1/publishers/google/models/gemini-9:generateContent", "gemini-9"),
        (
            "/v1beta1/projects/p/locations/l/publishers/google/models/gemini-9:generateContent",
            "gemini-9",
        ),
    ],
)
def test_the_model_is_in_the_path(path: str, model: str) -> None:
    assert reading.read(asking(), path).model == model


def test_a_path_of_another_api_says_no_model() -> None:
    with pytest.raises(ValueError, match="'/v1/x' is no path of this API; it ends in :generate"):
        reading.read(asking(), "/v1/x")


def test_a_model_with_a_name_that_is_none_is_refused() -> None:
    path = "/v1beta/models/google/gemini-9:generateContent"

    assert message(asking(), path) == field("model", "unexpected model name format")


def test_a_model_that_does_not_exist_is_refused() -> None:
    refusal = reading.read(asking(), "/v1/models/mock-unknown:countTokens").refusal

    assert refusal is not None
    assert (refusal.status, refusal.message[:86]) == (
        404,
        "models/mock-unknown is not found for API version v1, or is not supported for countToke",
    )


@pytest.mark.parametrize("inner", ["x", [], 5, None])
def test_what_is_wrapped_has_to_be_a_request(inner: Json) -> None:
    found = reading.read_count({"generateContentRequest": inner}, "/v1/models/m:countTokens")

    assert (found.refusal is not None, found.prompt) == (True, "")


@pytest.mark.parametrize("contents", [[], [5], "x", [{"parts": 5}], [{"parts": [5]}]])
def test_a_prompt_that_is_none_is_empty(contents: Json) -> None:
    assert reading.read({"contents": contents}, PATH).prompt == ""


def test_a_question_for_the_length_of_a_prompt_may_wrap_the_request() -> None:
    path = "/v1beta/models/m:countTokens"
    wrapped = {"generateContentRequest": {"model": "models/m", **tool()}}

    found = reading.read_count(wrapped, path)
    empty = reading.read_count({"generateContentRequest": {"contents": []}}, path).refusal

    assert (found.refusal, found.prompt, found.ask.stream) == (None, "Hi", False)
    assert empty is not None
    assert empty.message == field("contents", "contents is not specified")


def post(mock: "Mock", path: str = PATH, body: Json = None, **headers: str) -> httpx.Response:
    named = {"x-goog-api-key": "k"} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    url = mock.told["data_url"] + path
    return httpx.post(url, json=asking() if body is None else body, headers=named, trust_env=False)


def marked(mock: "Mock", script: str, nonce: str, **members: Any) -> Json:  # noqa: ANN401
    text = mock.marker(script, nonce)
    return {"contents": [{"role": "user", "parts": [{"text": text}]}], **members}


@pytest.mark.parametrize("version", ["v1", "v1beta"])
def test_events_come_only_if_asked_for(mock: "Mock", version: str) -> None:
    path, body = f"/{version}/models/m:streamGenerateContent", marked(mock, "text", mock.nonce())
    answers = [post(mock, path + query, body) for query in ("?alt=sse", "", "?alt=json&key=k")]

    assert [(answer.headers["content-type"], answer.text[:8]) for answer in answers] == [
        ("text/event-stream", 'data: {"'),
        ("application/json; charset=UTF-8", '[{\n  "ca'),
        ("application/json; charset=UTF-8", '[{\n  "ca'),
    ]


def test_the_habits_of_a_scenario_hold_for_both_forms_of_a_stream(mock: "Mock") -> None:
    script = 'summary = ""\nstep = [{ say = "A" }]\ngemini = { index = "absent" }'
    path = "/v1/models/m:streamGenerateContent"
    body = marked(mock, script, mock.nonce())

    (element,) = post(mock, path, body).json()
    event = json.loads(post(mock, f"{path}?alt=sse", body).text[6:])

    assert element["candidates"] == event["candidates"]
    assert "index" not in event["candidates"][0]


def next_element(client: "Client", at: int) -> tuple[Json, int]:
    """Read on until the element that begins at a place in the body is whole."""
    while True:
        rest = client.answer.body.decode()[at:]
        # Before each element comes what opens the array, or a comma.
        element = rest.lstrip("[,\r\n")
        try:
            found, length = json.JSONDecoder().raw_decode(element)
        except json.JSONDecodeError:
            assert client.once()
        else:
            return found, at + len(rest) - len(element) + length


def test_an_array_can_be_read_element_by_element(mock: "Mock") -> None:
    """What a hold keeps back is not needed to read what came before it."""
    nonce, path = mock.nonce(), "/v1beta/models/m:streamGenerateContent"
    client, at, seen = mock.connect(), 0, list[str]()
    client.send(mock.post(json.dumps(marked(mock, "holds", nonce)).encode(), path=path))

    for hold in ("first", "second", "third"):
        mock.entry(nonce, f"hold:{hold}")
        element, at = next_element(client, at)
        seen.append(element["candidates"][0]["content"]["parts"][0]["text"])
        mock.release(nonce, hold)

    whole = client.read().json
    assert seen == ["Tansy", " umbel", " vetch"]
    assert [each["candidates"][0].get("finishReason") for each in whole] == [None] * 3 + ["STOP"]


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        (PATH, {"x_goog_api_key": "k"}),
        (f"{PATH}?key=k", {"x_goog_api_key": ""}),
        (f"{PATH}?alt=json&key=k", {"x_goog_api_key": ""}),
        (PATH, {"x_goog_api_key": "", "authorization": "Bearer k"}),
    ],
)
def test_a_key_comes_in_three_ways(mock: "Mock", path: str, headers: dict[str, str]) -> None:
    assert post(mock, path, **headers).status_code == 200


def test_without_a_key_nothing_is_answered(mock: "Mock") -> None:
    answer = post(mock, x_goog_api_key="")

    assert (answer.status_code, answer.json()["error"]["status"]) == (403, "PERMISSION_DENIED")
    assert answer.json()["error"]["message"].startswith("Method doesn't allow unregistered callers")


def test_a_wrong_key_is_a_bad_request(mock: "Mock") -> None:
    answer = post(mock, x_goog_api_key="sk-mock-invalid")

    assert answer.status_code == 400
    assert answer.json() == {
        "error": {
            "code": 400,
            "message": "API key not valid. Please pass a valid API key.",
            "status": "INVALID_ARGUMENT",
            "details": [
                {
                    "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                    "reason": "API_KEY_INVALID",
                    "domain": "googleapis.com",
                }
            ],
        }
    }


def test_a_refusal_names_the_field_and_is_in_the_journal(mock: "Mock") -> None:
    nonce = mock.nonce()
    body = marked(mock, "text", nonce, generationConfig={"temperature": "hot"})
    told = "Invalid value at 'generation_config.temperature' (TYPE_FLOAT), \"hot\""

    answer = post(mock, "/v1/models/m:streamGenerateContent?alt=sse", body)
    entry = mock.entry(nonce)

    assert answer.json()["error"]["details"] == [
        {
            "@type": "type.googleapis.com/google.rpc.BadRequest",
            "fieldViolations": [{"field": "generation_config.temperature", "description": told}],
        }
    ]
    assert (entry["surface"], entry["status"]) == ("gemini", 400)
    assert entry["objections"] == [{"where": "body.generation_config.temperature", "message": told}]


def test_a_refusal_instead_of_an_array_is_an_array_of_it(mock: "Mock") -> None:
    answer = post(mock, "/v1/models/m:streamGenerateContent", asking(stream=True))

    assert (answer.status_code, [each["error"]["code"] for each in answer.json()]) == (400, [400])


def test_a_body_that_is_not_json_is_refused(mock: "Mock") -> None:
    client = mock.connect()
    client.send(mock.post(b"{nope", path=PATH, x_goog_api_key="k"))
    error = client.read().json["error"]

    assert (error["code"], error["message"]) == (
        400, "Invalid JSON payload received. Unexpected token.",
    )  # fmt: skip


def test_a_scenario_may_not_mind(mock: "Mock") -> None:
    script = 'summary = ""\nstep = [{ say = "A" }]\nobey = { validation = false, auth = false }'
    body = marked(mock, script, mock.nonce(), stream=True)

    assert post(mock, body=body, x_goog_api_key="").status_code == 200


def test_a_prompt_is_counted(mock: "Mock") -> None:
    body = marked(mock, "usage-classes", mock.nonce())

    assert post(mock, "/v1beta/models/m:countTokens", body).json()["totalTokens"] == 1009


@pytest.mark.parametrize(
    ("headers", "query", "kind"),
    [
        ({"x-goog-api-key": "k"}, "", "models"),
        ({}, "?key=k", "models"),
        ({"x-goog-api-key": "k", "authorization": "Bearer k"}, "", "models"),
        ({"authorization": "Bearer k"}, "", "object"),
        ({"x-api-key": "k"}, "", "has_more"),
        ({"anthropic-version": "2023-06-01", "authorization": "Bearer k"}, "", "has_more"),
        ({"x-goog-api-key": "k", "x-api-key": "k"}, "", "models"),
        ({"x-goog-api-key": "", "authorization": "Bearer k"}, "?key=", "object"),
        ({}, "", "error"),
    ],
)
def test_a_list_that_three_apis_have_goes_to_whoevers_key_it_is(
    mock: "Mock", headers: dict[str, str], query: str, kind: str
) -> None:
    url = f"{mock.told['data_url']}/v1/models{query}"

    assert kind in httpx.get(url, headers=headers, trust_env=False).json()


def test_models_are_listed_and_any_but_one_is_known(mock: "Mock") -> None:
    with httpx.Client(
        base_url=mock.told["data_url"], headers={"x-goog-api-key": "k"}, trust_env=False
    ) as client:
        listed = client.get("/v1beta/models").json()["models"]
        one = client.get("/v1beta/models/gemini-9").json()
        unknown = client.get("/v1beta/models/mock-unknown")

    assert [each["name"] for each in listed] == ["models/mock-model", "models/mock-model-mini"]
    assert (one["name"], one["supportedGenerationMethods"]) == (
        "models/gemini-9", ["generateContent", "countTokens"],
    )  # fmt: skip
    assert (unknown.status_code, unknown.json()["error"]["status"]) == (404, "NOT_FOUND")


def test_another_method_is_not_allowed(mock: "Mock") -> None:
    url = mock.told["data_url"] + "/v1beta/models/m:streamGenerateContent"
    answer = httpx.put(url, headers={"x-goog-api-key": "k"}, trust_env=False)

    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


def test_the_nonce_is_in_the_body_and_the_model_is_echoed(mock: "Mock") -> None:
    nonce = mock.nonce()

    answer = post(mock, "/v1/models/gemini-9:generateContent", marked(mock, "text", nonce)).json()

    assert (answer["responseId"], answer["modelVersion"]) == (f"{nonce}-1", "gemini-9")
