"""The official Google SDKs read the mock's streams and end up with what the scenario says."""

import json
import zlib
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import pytest
from google import genai
from google.genai import errors, types

from conformance.exchange import Json
from conformance.protocols.outcome import scripted
from conformance.resources import scenario

FINISH_REASONS = {"stop": "STOP", "length": "MAX_TOKENS", "tool_calls": "STOP",
                  "content_filter": "SAFETY"}  # fmt: skip
THOUGHTS = """
summary = "A thought that is signed, a hidden one, a call each, and a text with its source."
step = [
  { think = "Ne" }, { think = "roli", signature = "c2lnbmVyIG9uZQ==" },
  { call = { id = "call_flower01", name = "find_flower", arguments = '{"name":"peony"}' } },
  { think = "c2lnbmVyIHR3bw==", redacted = true },
  { call = { id = "call_flower02", name = "find_flower", arguments = "" } },
  { say = "Peony" }, { cite = { url = "https://example.org/peony", title = "Peony", end = 5 } },
  { finish = "tool_calls" },
  { usage = { input = 31, output = 11, cached = 13, reasoning = 3 } },
]
"""
MALFORMED = """
summary = "A call whose arguments are no JSON."
step = [
  { call = { id = "call_weather01", name = "get_weather", arguments = '{"city":' } },
  { finish = "tool_calls" },
]
"""
BLOCKED = """
summary = "A prompt the service will not have."
gemini = { block = "PROHIBITED_CONTENT" }
step = [{ finish = "content_filter" }, { usage = { input = 29 } }]
"""
# What Vertex, older models and relays do differently, and a client need not notice.
HABITS = [
    'line_end = "lf", json = "compact"',
    'json = "ascii", finish = "bare"',
    'finish = "alone", usage = "last"',
    'finish = "joined", usage = "prompt", finish_message = "given"',
    'usage = "own", json = "spaced"',
    'index = "absent", usage = "traffic", chunk_extra = { createTime = "2026-01-01T00:00:00Z" }',
]
OWN = {"thoughts": THOUGHTS, "malformed": MALFORMED, "blocked": BLOCKED} | {
    habit: f"gemini = {{ {habit} }}\n{THOUGHTS}" for habit in HABITS
}
# What a scenario needs of the request to be a conversation a real client would have.
THINKING = ["reasoning", "thinking", "blocks", "usage-classes", "thoughts", *HABITS]
CONFIG: Mapping[str, Mapping[str, Json]] = {
    "two-choices": {"candidateCount": 2},
    "logprobs": {"responseLogprobs": True, "logprobs": 2},
    **{name: {"thinkingConfig": {"includeThoughts": True}} for name in THINKING},
}


@pytest.fixture(scope="module")
def client(data_url: str) -> Iterator[genai.Client]:
    options = types.HttpOptions(base_url=data_url)
    with genai.Client(api_key="sk-witness", http_options=options) as made:
        yield made


def prompt(name: str) -> str:
    packed = urlsafe_b64encode(zlib.compress(OWN.get(name, "").encode())).decode()
    return f"[[mock:{f'inline:{packed}' if name in OWN else name}#witness]]"


def config(name: str) -> types.GenerateContentConfig:
    return types.GenerateContentConfig.model_validate(CONFIG.get(name, {}))


def streamed(client: genai.Client, name: str) -> Iterator[types.GenerateContentResponse]:
    return client.models.generate_content_stream(
        model="mock-model", contents=prompt(name), config=config(name)
    )


def plain(client: genai.Client, name: str) -> types.GenerateContentResponse:
    return client.models.generate_content(
        model="mock-model", contents=prompt(name), config=config(name)
    )


def expected(name: str) -> Json:
    told = scripted(scenario(name), CONFIG.get(name, {}).get("candidateCount", 1))
    steps = scenario(name)["step"]
    usage: Json = next((step["usage"] for step in steps if "usage" in step), None)
    candidates = [
        {
            # A model that refuses says so.
            "text": choice.text + choice.refusal,
            "reasoning": choice.reasoning,
            "signatures": signatures(steps),
            "calls": [[call.id, call.name, json.loads(call.arguments)] for call in choice.calls],
            "sources": [step["cite"]["url"] for step in steps if "cite" in step],
            "logprobs": ["Quince", " rowan", " sorrel"] if name == "logprobs" else [],
            "finish": [FINISH_REASONS[choice.finish or ""]],
        }
        for choice in told.choices
    ]
    return {"candidates": candidates, "usage": usage and counted(usage), "models": ["mock-model"]}


def signatures(steps: Sequence[Json]) -> list[str]:
    """Return what the parts are signed with: each thought's signature is on the part after it."""
    signed, due = list[str](), ""
    for step in steps:
        if "think" in step:
            due = step["think"] if step.get("redacted") else step.get("signature", due)
        elif {"say", "call"} & step.keys():
            signed += [due] if due else []
            due = ""
    return signed


def counted(usage: Json) -> Json:
    """Return a scenario's usage as this API counts it: thoughts beside the answer."""
    thoughts, output = usage.get("reasoning", 0), usage.get("output", 0)
    total = usage["input"] + output
    return [usage["input"], output - thoughts, thoughts, usage.get("cached", 0), total]


def outcome(chunks: Sequence[types.GenerateContentResponse]) -> Json:
    """Add up what the SDK, which adds nothing up, has read."""
    found = [candidate for chunk in chunks for candidate in chunk.candidates or ()]
    usages = [chunk.usage_metadata for chunk in chunks if chunk.usage_metadata]
    indexes = sorted({candidate.index or 0 for candidate in found})
    return {
        "candidates": [
            added(candidate for candidate in found if (candidate.index or 0) == index)
            for index in indexes
        ],
        "usage": counts(usages[-1]) if usages else None,
        "ids": sorted({chunk.response_id or "" for chunk in chunks}),
        "models": sorted({chunk.model_version or "" for chunk in chunks}),
    }


def added(candidates: Iterable[types.Candidate]) -> Json:
    own = list(candidates)
    parts = [part for each in own if each.content for part in each.content.parts or ()]
    grounding = [each.grounding_metadata for each in own if each.grounding_metadata]
    logprobs = [each.logprobs_result for each in own if each.logprobs_result]
    calls = [part.function_call for part in parts if part.function_call]
    signatures = [part.thought_signature for part in parts if part.thought_signature]
    return {
        "text": "".join(part.text for part in parts if part.text and not part.thought),
        "reasoning": "".join(part.text for part in parts if part.text and part.thought),
        "signatures": [b64encode(signature).decode() for signature in signatures],
        "calls": [[call.id, call.name, call.args] for call in calls],
        "sources": [
            chunk.web and chunk.web.uri
            for metadata in grounding[-1:]
            for chunk in metadata.grounding_chunks or ()
        ],
        "logprobs": [
            chosen.token for result in logprobs for chosen in result.chosen_candidates or ()
        ],
        "finish": [each.finish_reason.value for each in own if each.finish_reason],
    }


def counts(usage: types.GenerateContentResponseUsageMetadata) -> Json:
    return [
        usage.prompt_token_count,
        usage.candidates_token_count or 0,
        usage.thoughts_token_count or 0,
        usage.cached_content_token_count or 0,
        usage.total_token_count,
    ]


def unnamed(told: Json) -> Json:
    """Take the id out of an outcome: there is one, and no scenario says which."""
    (own,) = told.pop("ids")
    assert own.startswith("witness-")
    return told


def test_the_python_sdk_reads_a_stream_as_the_scenario_says(
    client: genai.Client, name: str
) -> None:
    assert unnamed(outcome([*streamed(client, name)])) == expected(name)


def test_the_python_sdk_reads_a_plain_answer_as_the_scenario_says(
    client: genai.Client, name: str
) -> None:
    assert unnamed(outcome([plain(client, name)])) == expected(name)


def test_the_python_sdk_may_also_ask_the_older_version(data_url: str) -> None:
    options = types.HttpOptions(base_url=data_url, api_version="v1beta")

    with genai.Client(api_key="sk-witness", http_options=options) as client:
        assert unnamed(outcome([*streamed(client, "text")])) == expected("text")


THOUGHT = {
    "candidates": [
        {
            "text": "Peony",
            "reasoning": "Neroli",
            "signatures": ["c2lnbmVyIG9uZQ==", "c2lnbmVyIHR3bw=="],
            "calls": [
                ["call_flower01", "find_flower", {"name": "peony"}],
                ["call_flower02", "find_flower", {}],
            ],
            "sources": ["https://example.org/peony"],
            "logprobs": [],
            "finish": ["STOP"],
        }
    ],
    "usage": [31, 8, 3, 13, 42],
    "models": ["mock-model"],
}


def test_the_python_sdk_sees_thoughts_signatures_and_sources(client: genai.Client) -> None:
    assert unnamed(outcome([*streamed(client, "thoughts")])) == THOUGHT
    assert unnamed(outcome([plain(client, "thoughts")])) == THOUGHT


@pytest.mark.parametrize("habit", HABITS)
def test_the_python_sdk_reads_what_vendors_do_differently_alike(
    client: genai.Client, habit: str
) -> None:
    assert unnamed(outcome([*streamed(client, habit)])) == THOUGHT
    assert unnamed(outcome([plain(client, habit)])) == THOUGHT


def test_the_python_sdk_sends_back_what_the_mock_takes(client: genai.Client) -> None:
    """The call and its signature return in the next turn as they came."""
    first = plain(client, "thoughts")
    assert first.candidates is not None
    assert first.candidates[0].content is not None
    results = [
        types.Part.from_function_response(name="find_flower", response={"found": True})
        for _ in first.function_calls or ()
    ]
    contents = [
        types.Content(role="user", parts=[types.Part(text="Find it.")]),
        first.candidates[0].content,
        types.Content(role="user", parts=[*results, types.Part(text=prompt("text"))]),
    ]

    second = client.models.generate_content(model="mock-model", contents=contents)

    assert second.text == "Amber birch cedar"


def test_the_python_sdk_sees_a_malformed_call(client: genai.Client) -> None:
    for told in (*streamed(client, "malformed"), plain(client, "malformed")):
        assert told.candidates is not None
        (candidate,) = told.candidates
        # The SDK passes the message beside it on from Vertex only.
        assert candidate.finish_reason == types.FinishReason.MALFORMED_FUNCTION_CALL


def test_the_python_sdk_sees_a_blocked_prompt(client: genai.Client) -> None:
    for told in (*streamed(client, "blocked"), plain(client, "blocked")):
        assert told.candidates is None
        assert told.prompt_feedback is not None
        assert told.prompt_feedback.block_reason == types.BlockedReason.PROHIBITED_CONTENT


def test_the_python_sdk_counts_the_tokens_of_a_prompt(client: genai.Client) -> None:
    told = client.models.count_tokens(model="mock-model", contents=prompt("usage-classes"))

    assert told.total_tokens == 1009


# In version 1 the list is at the path where OpenAI has its own.
@pytest.mark.parametrize("version", ["v1beta", "v1"])
def test_the_python_sdk_lists_models(data_url: str, version: str) -> None:
    options = types.HttpOptions(base_url=data_url, api_version=version)

    with genai.Client(api_key="sk-witness", http_options=options) as client:
        listed = [model.name for model in client.models.list()]
        with pytest.raises(errors.ClientError) as refused:
            client.models.get(model="mock-unknown")

    assert listed == ["models/mock-model", "models/mock-model-mini"]
    assert (refused.value.code, refused.value.status) == (404, "NOT_FOUND")


def test_the_python_sdk_raises_the_class_of_a_status(client: genai.Client) -> None:
    with pytest.raises(errors.ClientError) as limited:
        plain(client, "error-429")
    with pytest.raises(errors.ServerError) as failed:
        next(streamed(client, "error-500"))

    assert (limited.value.code, limited.value.status) == (429, "RESOURCE_EXHAUSTED")
    assert (failed.value.code, failed.value.status) == (500, "INTERNAL")


def test_the_python_sdk_raises_the_error_inside_a_stream(client: genai.Client) -> None:
    (said,) = [step["error"] for step in scenario("error-inband")["step"] if "error" in step]
    texts = list[str | None]()

    with pytest.raises(errors.ServerError, match=said["message"]) as raised:
        texts.extend(chunk.text for chunk in streamed(client, "error-inband"))

    assert (texts, raised.value.status) == (["Willow"], "UNAVAILABLE")


@pytest.fixture(scope="module")
def node(
    data_url: str, scenarios: list[str], ask_node: Callable[[str, str, Json], Mapping[str, Json]]
) -> Mapping[str, Json]:
    """Return what the Node SDK makes of every scenario, all asked by one process."""
    cases = [
        {"name": name, "content": prompt(name), "config": CONFIG.get(name, {})}
        for name in [*scenarios, *HABITS, "thoughts", "error-429", "error-500", "error-inband"]
    ]
    return ask_node("google.mjs", "@google/genai", {"baseUrl": data_url, "cases": cases})


def test_the_node_sdk_reads_stream_and_plain_answer_as_the_scenario_says(
    node: Mapping[str, Json], name: str
) -> None:
    told = node[name]

    assert unnamed(dict(told["stream"])) == expected(name)
    assert unnamed(dict(told["plain"])) == expected(name)


@pytest.mark.parametrize("own", ["thoughts", *HABITS])
def test_the_node_sdk_sees_thoughts_signatures_and_sources(
    node: Mapping[str, Json], own: str
) -> None:
    told = node[own]

    assert unnamed(dict(told["stream"])) == THOUGHT
    assert unnamed(dict(told["plain"])) == THOUGHT


def test_the_node_sdk_sees_errors_before_and_inside_a_stream(node: Mapping[str, Json]) -> None:
    (said,) = [step["error"] for step in scenario("error-inband")["step"] if "error" in step]
    refused = [
        node[name][how]["error"]["status"]
        for name in ("error-429", "error-500")
        for how in ("stream", "plain")
    ]
    broken = node["error-inband"]["stream"]

    assert refused == [429, 429, 500, 500]
    assert (broken["error"]["status"], broken["chunks"]) == (503, 1)
    assert said["message"] in broken["error"]["message"]
