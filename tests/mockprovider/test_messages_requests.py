"""What Anthropic refuses, in its words, and what is merely odd."""

# ruff: noqa: E501  A row of the table is one line; the messages are as long as they are.

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import pytest

from mockprovider.shapes import Json
from mockprovider.surfaces.messages import members
from mockprovider.surfaces.messages.reading import errors, read, read_count
from mockprovider.surfaces.messages.request import ANSWER, BLOCKS
from mockprovider.surfaces.surface import Ask, Objection

if TYPE_CHECKING:
    from tests.mockprovider.conftest import Answer, Mock

OLD, NEW = "2023-06-01 ", "2026-10-21 "
HI = {"role": "user", "content": "hi"}
TOOL = {"name": "f", "input_schema": {"type": "object"}}
USE = {"type": "tool_use", "id": "t1", "name": "f", "input": {}}
RESULT = {"type": "tool_result", "tool_use_id": "t1", "content": "ok"}
THOUGHT = {"type": "thinking", "thinking": "Hm", "signature": members.signature("Hm")}
THINKING = {"type": "enabled", "budget_tokens": 1024}
SPOKEN = "all messages must have non-empty content except for the optional final assistant message"


def user(*blocks: Json) -> Json:
    return {"role": "user", "content": list(blocks)}


def assistant(*blocks: Json) -> Json:
    return {"role": "assistant", "content": list(blocks)}


def text(said: str) -> Json:
    return {"type": "text", "text": said}


def request(**changes: Json) -> Json:
    body = {"model": "m", "max_tokens": 2000, "messages": [HI], **changes}
    return {key: value for key, value in body.items() if value is not ...}


def refused(context: str = OLD, **changes: Json) -> list[tuple[str, str]]:
    found = errors(request(**changes), context, frozenset(ANSWER))
    return [(wrong.where, wrong.message) for wrong in found]


def tags(path: str, tag: str, *known: str) -> str:
    expected = ", ".join(f"'{each}'" for each in known)
    return f"{path}: Input tag {tag} found using 'type' does not match any of the expected tags: {expected}"


# members -> where it is wrong, and what Anthropic says
WRONG: list[tuple[Json, str, str]] = [
    ({"model": ...}, "model", "model: Field required"),
    ({"model": ""}, "model", "model: String should have at least 1 character"),
    ({"max_tokens": ...}, "max_tokens", "max_tokens: Field required"),
    ({"max_tokens": "many"}, "max_tokens", "max_tokens: Input should be a valid integer"),
    ({"max_tokens": -1}, "max_tokens", "max_tokens: Input should be greater than or equal to 0"),
    ({"messages": ...}, "messages", "messages: Field required"),
    ({"messages": "hi"}, "messages", "messages: Input should be a valid list"),
    ({"messages": []}, "messages", "messages: at least one message is required"),
    ({"messages": ["hi"]}, "messages[0]", "messages.0: Input should be a valid dictionary"),
    ({"messages": [{"role": "user"}]}, "messages[0].content", "messages.0.content: Field required"),
    ({"messages": [HI | {"name": "me"}]}, "messages[0].name", "messages.0.name: Extra inputs are not permitted"),
    ({"messages": [HI | {"content": 5}]}, "messages[0].content", "messages.0.content: Input should be a valid string or a valid list"),
    ({"messages": [HI, {"role": "tool", "content": "x"}]}, "messages[1].role", "messages.1.role: Input should be 'user' or 'assistant'"),
    ({"messages": [{"role": "system", "content": "x"}, HI]}, "messages[0].role", 'messages: Unexpected role "system". The Messages API accepts a top-level `system` parameter, not "system" as an input message role.'),
    ({"messages": [assistant(text("x")), HI]}, "messages[0].role", 'messages: first message must use the "user" role'),
    ({"messages": [HI | {"content": ""}]}, "messages[0]", f"messages.0: {SPOKEN}"),
    ({"messages": [user()]}, "messages[0]", f"messages.0: {SPOKEN}"),
    ({"messages": [user(text(""))]}, "messages[0].content[0]", "messages: text content blocks must be non-empty"),
    ({"messages": [user(text(" "))]}, "messages[0].content[0]", "messages: text content blocks must contain non-whitespace text"),
    ({"messages": [user("hi")]}, "messages[0].content[0]", "messages.0.content.0: Input should be a valid dictionary"),
    ({"messages": [user({"text": "hi"})]}, "messages[0].content[0].type", "messages.0.content.0.type: Field required"),
    ({"messages": [user({"type": "image_url"})]}, "messages[0].content[0]", tags("messages.0.content.0", "'image_url'", *BLOCKS)),
    ({"messages": [user({"type": "text"})]}, "messages[0].content[0].text.text", "messages.0.content.0.text.text: Field required"),
    ({"messages": [user(text("x") | {"id": 1})]}, "messages[0].content[0].text.id", "messages.0.content.0.text.id: Extra inputs are not permitted"),
    ({"messages": [user(USE)]}, "messages[0].content[0]", "messages.0.content.0: `tool_use` blocks can only be in `assistant` messages"),
    ({"messages": [HI, {"role": "assistant", "content": "so "}]}, "messages[1].content", "messages: final assistant content cannot end with trailing whitespace"),
    ({"system": [{"type": "text", "text": ""}]}, "system[0]", "system: text content blocks must be non-empty"),
    ({"system": 5}, "system", "system: Input should be a valid string or a valid list"),
    ({"frequency_penalty": 1}, "frequency_penalty", "frequency_penalty: Extra inputs are not permitted"),
    ({"mcp_servers": []}, "mcp_servers", "mcp_servers: Extra inputs are not permitted"),
    ({"temperature": 1.5}, "temperature", "temperature: Input should be less than or equal to 1"),
    ({"stop_sequences": ["x", "\n"]}, "stop_sequences[1]", "stop_sequences: each stop sequence must contain non-whitespace"),
    ({"service_tier": "flex"}, "service_tier", "service_tier: Input should be 'auto' or 'standard_only'"),
    ({"output_config": {"effort": "none"}}, "output_config.effort", "output_config.effort: Input should be 'low', 'medium', 'high', 'xhigh' or 'max'"),
    ({"system": [text(str(n)) | {"cache_control": {"type": "ephemeral"}} for n in range(5)]}, "", "A maximum of 4 blocks with cache_control may be provided. Found 5."),
    ({"tools": [{"name": "f"}]}, "tools[0].custom.input_schema", "tools.0.custom.input_schema: Field required"),
    ({"tools": [TOOL | {"name": "a b"}]}, "tools[0].custom.name", "tools.0.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'"),
    ({"tools": [TOOL | {"input_schema": {}}]}, "tools[0].custom.input_schema.type", "tools.0.custom.input_schema.type: Field required"),
    ({"tools": [{"type": "function", "function": TOOL}]}, "tools[0]", tags("tools.0", "'function'", "custom", "bash_20250124", "web_search_20250305")),
    ({"tools": [TOOL, TOOL]}, "tools", "tools: Tool names must be unique."),
    ({"tool_choice": "auto"}, "tool_choice", "tool_choice: Input should be a valid dictionary"),
    ({"tool_choice": {"type": "auto"}}, "tool_choice", "tool_choice may only be specified while providing tools."),
    ({"tools": [TOOL], "tool_choice": {"type": "required"}}, "tool_choice", tags("tool_choice", "'required'", "auto", "any", "tool", "none")),
    ({"tools": [TOOL], "tool_choice": {"type": "tool"}}, "tool_choice.tool.name", "tool_choice.tool.name: Field required"),
    ({"tools": [TOOL], "tool_choice": {"type": "tool", "name": "g"}}, "tool_choice.tool.name", "tool_choice.tool.name: Tool 'g' not found in provided tools"),
    ({"thinking": {"type": "deep"}}, "thinking", tags("thinking", "'deep'", "enabled", "adaptive", "disabled", "between_tools")),
    ({"thinking": {"type": "enabled"}}, "thinking.enabled.budget_tokens", "thinking.enabled.budget_tokens: Field required"),
    ({"thinking": THINKING | {"budget_tokens": 100}}, "thinking.enabled.budget_tokens", "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024"),
    ({"thinking": THINKING, "max_tokens": 1024}, "max_tokens", "`max_tokens` must be greater than `thinking.budget_tokens`."),
    ({"thinking": THINKING, "temperature": 0.5}, "temperature", "`temperature` may only be set to 1 when thinking is enabled."),
    ({"thinking": {"type": "adaptive"}, "top_k": 4}, "top_k", "`top_k` must be unset when thinking is enabled."),
    ({"thinking": THINKING, "tools": [TOOL], "tool_choice": {"type": "any"}}, "tool_choice", "Thinking may not be enabled when tool_choice forces tool use."),
]  # fmt: skip
ROWS = [pytest.param(*row, id=f"{number} {row[2][:40]}") for number, row in enumerate(WRONG)]


@pytest.mark.parametrize(("changes", "where", "message"), ROWS)
def test_what_anthropic_refuses_is_refused(changes: Json, where: str, message: str) -> None:
    assert refused(**changes) == [(f"body.{where}".rstrip("."), message)]


UNANSWERED = "`tool_use` ids were found without `tool_result` blocks immediately after: t1. Each `tool_use` block must have a corresponding `tool_result` block in the next message."
UNCALLED = "unexpected `tool_use_id` found in `tool_result` blocks: t1. Each `tool_result` block must have a corresponding `tool_use` block in the previous message."
NO_THOUGHT = "messages.1.content.0.type: Expected `thinking` or `redacted_thinking`, but found `tool_use`. When `thinking` is enabled, a final `assistant` message must start with a thinking block (preceeding the lastmost set of `tool_use` and `tool_result` blocks). To avoid this requirement, disable `thinking`."
# a second turn -> what is wrong with it
TURNS: Mapping[str, tuple[list[Json], list[str]]] = {
    "a call and its result": ([HI, assistant(USE), user(RESULT)], []),
    "results in two messages in a row": (
        [HI, assistant(USE, USE | {"id": "t2"}), user(RESULT), user(RESULT | {"tool_use_id": "t2"})],
        [],
    ),
    "a call without result": ([HI, assistant(USE), HI], [f"messages.1: {UNANSWERED}"]),
    "a call at the end": ([HI, assistant(USE)], [f"messages.1: {UNANSWERED}"]),
    "a result behind a text": (
        [HI, assistant(USE), user(text("so"), RESULT)],
        [f"messages.1: {UNANSWERED}"],
    ),
    "a result without call": ([user(RESULT)], [f"messages.0.content.0: {UNCALLED}"]),
    "a result of a call long ago": (
        [HI, assistant(USE), user(RESULT), assistant(text("x")), user(RESULT)],
        [f"messages.4.content.0: {UNCALLED}"],
    ),
    "two results of one call": (
        [HI, assistant(USE), user(RESULT, RESULT)],
        ["messages.2.content.1: each tool_use must have a single result. Found several for t1"],
    ),
    "one id twice": (
        [HI, assistant(USE, USE), user(RESULT)],
        ["messages.1: `tool_use` ids must be unique"],
    ),
    "an input that is a text": (
        [HI, assistant(USE | {"input": "{}"}), user(RESULT)],
        ["messages.1.content.0.tool_use.input: Input should be a valid dictionary"],
    ),
    "an id of an odd form": (
        [HI, assistant(USE | {"id": "t 1"}), user(RESULT)],
        ["messages.1.content.0.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'"],
    ),
    "a result that holds what cannot be": (
        [HI, assistant(USE), user(RESULT | {"content": [{"type": "text"}]})],
        ["messages.2.content.0.tool_result.content.0.text.text: Field required"],
    ),
    "a system message behind a user's": (
        [HI, {"role": "system", "content": "Be brief."}, assistant(text("x")), HI],
        [],
    ),
    "a thought without signature": (
        [HI, assistant({"type": "thinking", "thinking": "Hm"}, USE), user(RESULT)],
        ["messages.1.content.0.thinking.signature: Field required"],
    ),
    "a thought with an empty signature": (
        [HI, assistant(THOUGHT | {"signature": ""}, USE), user(RESULT)],
        ["messages.1.content.0: Invalid `signature` in `thinking` block"],
    ),
    "a thought that was changed": (
        [HI, assistant(THOUGHT | {"thinking": "Hmm"}, USE), user(RESULT)],
        ["messages.1.content.0: Invalid `signature` in `thinking` block"],
    ),
    "a thought signed by a scenario": (
        [HI, assistant(THOUGHT | {"signature": "any"}, USE), user(RESULT)],
        [],
    ),
}  # fmt: skip


@pytest.mark.parametrize("turn", TURNS)
def test_what_belongs_together_must_be_together(turn: str) -> None:
    messages, expected = TURNS[turn]

    assert [told for _, told in refused(messages=messages)] == expected


# with thinking on: a conversation -> whether its thought is missing
THOUGHTS: Mapping[str, tuple[list[Json], bool]] = {
    "a thought before the call": ([HI, assistant(THOUGHT, USE), user(RESULT)], False),
    "a hidden thought": (
        [HI, assistant({"type": "redacted_thinking", "data": "x"}, USE), user(RESULT)],
        False,
    ),
    "no thought before the call": ([HI, assistant(USE), user(RESULT)], True),
    "a thought before the first of two calls": (
        [HI, assistant(THOUGHT, USE), user(RESULT), assistant(USE | {"id": "t2"}),
         user(RESULT | {"tool_use_id": "t2"})],
        False,
    ),
    "a turn that is over": ([HI, assistant(USE), user(RESULT), assistant(text("x")), HI], False),
}  # fmt: skip


@pytest.mark.parametrize("conversation", THOUGHTS)
def test_thinking_wants_the_thought_a_call_came_from(conversation: str) -> None:
    messages, missing = THOUGHTS[conversation]

    told = [message for _, message in refused(messages=messages, thinking=THINKING)]

    assert told == ([NO_THOUGHT] if missing else [])
    assert refused(messages=messages, thinking={"type": "adaptive"}) == []


def test_interleaved_thinking_may_have_a_budget_beyond_the_answer() -> None:
    told = refused(f"{OLD}interleaved-thinking-2025-05-14", thinking=THINKING, max_tokens=10)

    assert told == []


@pytest.mark.parametrize(
    ("context", "messages"),
    [
        (" ", ["anthropic-version: header is required"]),
        ("2024-01-01 ", ["anthropic-version: '2024-01-01' is not a valid version"]),
        ("2023-01-01 ", []),
        (OLD, []),
        (NEW, []),
    ],
)
def test_the_version_must_be_one_there_is(context: str, messages: list[str]) -> None:
    assert refused(context) == [("header.anthropic-version", message) for message in messages]


CITED = text("x") | {"citations": [{"type": "char_location"}]}
DOCUMENT = {"type": "document", "source": {"type": "text"}}
REMOVED: list[tuple[Json, str]] = [
    ({"temperature": 1}, "temperature: Extra inputs are not permitted"),
    ({"top_p": 0.9}, "top_p: Extra inputs are not permitted"),
    ({"top_k": 4}, "top_k: Extra inputs are not permitted"),
    (
        {"messages": [user(CITED)]},
        "messages.0.content.0.text.citations: Extra inputs are not permitted",
    ),
    (
        {"messages": [HI, assistant(DOCUMENT), HI]},
        "messages.1.content.0: `document` blocks can only be in `user` messages",
    ),
]


@pytest.mark.parametrize(("changes", "message"), REMOVED)
def test_the_newest_version_takes_less_than_those_before(changes: Json, message: str) -> None:
    assert refused(**changes) == []
    assert [told for _, told in refused(NEW, **changes)] == [message]


def test_a_beta_header_opens_members_of_its_own() -> None:
    assert refused(f"{OLD}mcp-client-2025-04-04", mcp_servers=[]) == []


def test_tools_of_the_service_are_taken() -> None:
    assert refused(tools=[TOOL, {"type": "web_search_20250305", "name": "web_search"}]) == []


def test_what_is_asked_is_read() -> None:
    body = request(
        stream=True, stop_sequences=["a", "b"], tools=[TOOL],
        tool_choice={"type": "auto", "disable_parallel_tool_use": True},
        messages=[user(text("one"), text("two"))],
    )  # fmt: skip

    told = read(body, NEW)

    asked = Ask(stream=True, limit=2000, stop=("a", "b"), parallel=False, usage=True)
    assert (told.refusal, told.model, told.ask, told.prompt) == (None, "m", asked, "one two")


@pytest.mark.parametrize("body", [None, [], "text", {"messages": [5]}, {"messages": 5}])
def test_what_is_no_request_is_refused_and_still_read(body: Json) -> None:
    told = read(body, OLD)

    assert told.refusal is not None
    assert (told.model, told.ask, told.prompt) == ("", Ask(usage=True), "")


WHOLE = request(
    system=[text("x")], stop_sequences=["a"], tools=[TOOL], metadata={"user_id": "u"},
    tool_choice={"type": "tool", "name": "f"}, thinking=THINKING,
    messages=[HI, assistant(THOUGHT, USE), user(RESULT | {"content": [text("x")]})],
)  # fmt: skip
ODD: list[Json] = [None, 0, -1, 1.5, True, "", "x", [], [[]], [1], {}, {"type": []}, {"type": "x"}]


def places(value: Json, path: tuple[Json, ...] = ()) -> Iterator[tuple[Json, ...]]:
    """Yield the path of everything in a document, itself included."""
    yield path
    match value:
        case dict():
            inside = list(value.items())
        case list():
            inside = list(enumerate(value))
        case _:
            inside = []
    for key, inner in inside:
        yield from places(inner, (*path, key))


def put(value: Json, path: tuple[Json, ...], odd: Json) -> Json:
    """Return a document with something odd at one place."""
    if not path:
        return odd
    changed = dict(value) if isinstance(value, dict) else list(value)
    changed[path[0]] = put(value[path[0]], path[1:], odd)
    return changed


@pytest.mark.parametrize("place", [*places(WHOLE)], ids=lambda path: ".".join(map(str, path)))
def test_no_request_is_too_odd_to_be_read(place: tuple[Json, ...]) -> None:
    told = [read(put(WHOLE, place, odd), OLD) for odd in ODD]

    assert all(each.ask.usage for each in told)


def test_a_request_may_be_as_deep_as_its_parser_goes() -> None:
    schema: Json = {"type": "object"}
    for _ in range(5000):
        schema = {"type": "object", "properties": {"a": schema}}

    assert refused(tools=[TOOL | {"input_schema": schema}]) == []


def test_a_null_is_odd_and_no_more() -> None:
    told = read(request(stop_sequences=None, tools=None), OLD)

    assert told.refusal is None
    assert told.objections == (
        Objection("body.stop_sequences", "null; leave it out"),
        Objection("body.tools", "null; leave it out"),
    )


def test_a_count_takes_the_prompt_and_nothing_about_the_answer() -> None:
    asked = read_count(request(max_tokens=...), OLD)
    told = read_count(request(), OLD)

    assert asked.refusal is None
    assert told.refusal is not None
    assert told.refusal.message == "max_tokens: Extra inputs are not permitted"


KEYED = {"authorization": "", "x_api_key": "k", "anthropic_version": "2023-06-01"}


def ask(mock: "Mock", body: Json, path: str = "/v1/messages", **headers: str) -> "Answer":
    client = mock.connect()
    client.send(mock.post(json.dumps(body).encode(), path=path, **(KEYED | headers)))
    return client.read()


def marked(mock: "Mock", script: str, nonce: str, **changes: Json) -> Json:
    return request(messages=[HI | {"content": mock.marker(script, nonce)}], **changes)


def envelope(type: str, message: str, id: str) -> Json:
    return {"type": "error", "error": {"type": type, "message": message}, "request_id": f"req_{id}"}


@pytest.mark.parametrize("path", ["/v1/messages", "/messages", "/v1/messages?beta=true"])
@pytest.mark.parametrize(
    "headers",
    [{}, {"x_api_key": "", "authorization": "Bearer k"}, {"authorization": "Bearer other"}],
)
def test_either_key_opens_either_path(mock: "Mock", path: str, headers: dict[str, str]) -> None:
    nonce = mock.nonce()

    answer = ask(mock, marked(mock, "text", nonce), path, **headers)

    assert (answer.status, answer.json["id"]) == (200, f"msg_{nonce}-1")
    assert answer.headers["request-id"] == f"req_{nonce}-1"
    assert answer.headers["anthropic-ratelimit-tokens-limit"] == "480000"
    assert answer.headers["anthropic-ratelimit-requests-reset"] == "2030-01-01T00:00:00Z"
    assert mock.entry(nonce)["surface"] == "messages"


def test_a_stream_has_the_headers_of_one(mock: "Mock") -> None:
    answer = ask(mock, marked(mock, "text", mock.nonce(), stream=True))

    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.events[-1] == {"type": "message_stop"}


REFUSALS: Mapping[str, tuple[dict[str, str], Json, int, str, str, str]] = {
    "no key": (
        {"x_api_key": ""}, {}, 401, "authentication_error", "x-api-key header is required",
        "header.authorization",
    ),
    "a wrong key": (
        {"x_api_key": "sk-mock-invalid", "authorization": "Bearer k"}, {}, 401,
        "authentication_error", "invalid x-api-key", "header.authorization",
    ),
    "no version": (
        {"anthropic_version": ""}, {}, 400, "invalid_request_error",
        "anthropic-version: header is required", "header.anthropic-version",
    ),
    "no limit": (
        {}, {"max_tokens": ...}, 400, "invalid_request_error", "max_tokens: Field required",
        "body.max_tokens",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSALS)
def test_a_refusal_has_anthropics_status_envelope_and_id(mock: "Mock", case: str) -> None:
    headers, changes, status, kind, message, where = REFUSALS[case]
    nonce = mock.nonce()

    answer = ask(mock, marked(mock, "text", nonce, **changes), **headers)

    assert (answer.status, answer.json) == (status, envelope(kind, message, f"{nonce}-1"))
    assert answer.headers["request-id"] == answer.json["request_id"]
    assert mock.entry(nonce)["objections"] == [{"where": where, "message": message}]


def test_a_body_that_is_no_json_is_refused(mock: "Mock") -> None:
    client = mock.connect()
    client.send(mock.post(b"{", path="/v1/messages", **KEYED))

    answer = client.read()

    assert answer.status == 400
    assert answer.json["error"] == {
        "type": "invalid_request_error", "message": "The request body is not valid JSON",
    }  # fmt: skip


def test_another_method_is_refused_in_anthropics_envelope(mock: "Mock") -> None:
    client = mock.connect()
    client.send(b"GET /v1/messages HTTP/1.1\r\nhost: mock\r\nx-api-key: k\r\n\r\n")

    answer = client.read()

    assert (answer.status, answer.headers["allow"], answer.json["type"]) == (405, "POST", "error")


def test_a_body_that_is_too_long_is_refused_in_anthropics_envelope(mock: "Mock") -> None:
    client = mock.connect()
    client.send(b"POST /v1/messages HTTP/1.1\r\nhost: mock\r\ncontent-length: 99999999\r\n\r\n")

    answer = client.read()

    assert (answer.status, answer.json["error"]["type"]) == (413, "request_too_large")


def test_a_scenario_may_be_lenient(mock: "Mock") -> None:
    script = (
        'summary = ""\nobey = { validation = false }\nstep = [{ say = "A" }, { finish = "stop" }]'
    )

    answer = ask(mock, marked(mock, script, mock.nonce(), max_tokens=...), anthropic_version="")

    assert (answer.status, answer.json["content"]) == (200, [{"type": "text", "text": "A"}])


def test_an_error_status_has_its_type_and_what_the_scenario_says(mock: "Mock") -> None:
    nonce = mock.nonce()

    answer = ask(mock, marked(mock, "error-429", nonce, stream=True))

    assert (answer.status, answer.headers["retry-after"]) == (429, "1")
    assert answer.json["error"]["type"] == "rate_limit_error"
    assert answer.json["request_id"] == f"req_{nonce}-1"


def test_a_damaged_marker_is_told_in_anthropics_envelope(mock: "Mock") -> None:
    answer = ask(mock, request(messages=[HI | {"content": "[[mock:text]]"}]))

    assert answer.status == 400
    assert answer.json["error"]["details"] == {"error_code": "mock_marker"}


def test_the_tokens_of_a_prompt_are_those_the_usage_will_say(mock: "Mock") -> None:
    path, nonce = "/v1/messages/count_tokens", mock.nonce()

    marked_count = ask(mock, marked(mock, "usage-classes", nonce, max_tokens=...), path)
    plain_count = ask(mock, request(max_tokens=..., messages=[HI | {"content": "x" * 40}]), path)

    assert marked_count.json == {"input_tokens": 1009}
    assert plain_count.json == {"input_tokens": 10}
    assert mock.entry(nonce)["surface"] == "messages-count"


def test_without_a_marker_the_prompt_is_echoed(mock: "Mock") -> None:
    answer = ask(mock, request())

    assert answer.json["content"] == [{"type": "text", "text": "You said: hi"}]
    assert answer.json["stop_reason"] == "end_turn"


def test_the_limit_and_the_stop_texts_of_a_request_are_obeyed(mock: "Mock") -> None:
    short = ask(mock, marked(mock, "text", mock.nonce(), max_tokens=1)).json
    stopped = ask(mock, marked(mock, "text", mock.nonce(), stop_sequences=["ch"])).json

    assert (short["content"][0]["text"], short["stop_reason"]) == ("Amber", "max_tokens")
    assert (stopped["content"][0]["text"], stopped["stop_reason"], stopped["stop_sequence"]) == (
        "Amber bir", "stop_sequence", "ch",
    )  # fmt: skip
