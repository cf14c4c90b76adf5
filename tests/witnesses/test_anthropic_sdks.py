"""The official Anthropic SDKs read the mock's streams and end up with what the scenario says."""

import json
import zlib
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import anthropic
import pytest
from anthropic.types import Message

from conformance.exchange import Json
from conformance.protocols.outcome import scripted
from conformance.resources import scenario

STOP_REASONS = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use",
                "content_filter": "refusal"}  # fmt: skip
THOUGHTS = """
summary = "Two signed thoughts, one nobody may read, and a text with its source."
step = [
  { think = "Ne" }, { think = "roli", signature = "c2lnbmVyLW9uZQ==" },
  { think = "b3JyaXM=", redacted = true },
  { think = "Oregano", signature = "c2lnbmVyLXR3bw==" },
  { say = "Peony" }, { cite = { url = "https://example.org/peony" } },
  { finish = "stop" },
]
"""
THOUGHTS_MARKER = f"inline:{urlsafe_b64encode(zlib.compress(THOUGHTS.encode())).decode()}"
REQUESTS = {"thoughts": THOUGHTS_MARKER}


@pytest.fixture(scope="module")
def client(data_url: str) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(base_url=data_url, api_key="sk-witness", max_retries=0) as made:
        yield made


def test_the_sdk_lists_the_models(client: anthropic.Anthropic) -> None:
    listed = [each.id for each in client.models.list()]
    one = client.models.retrieve("mock-model")

    assert listed == ["mock-model", "mock-model-mini"]
    assert (one.id, one.type, one.lifecycle) == ("mock-model", "model", "active")


def body(name: str) -> Any:  # noqa: ANN401  (the SDK's overloads want literals)
    content = f"[[mock:{REQUESTS.get(name, name)}#witness]]"
    return {
        "model": "mock-model",
        "max_tokens": 1024,
        "messages": [{"role": "user", "content": content}],
    }


def expected(name: str) -> Json:
    told, steps = scripted(scenario(name), 1), scenario(name)["step"]
    choice = told.choices[0]
    finish = STOP_REASONS[choice.finish or ""]
    usage: Json = next((step["usage"] for step in scenario(name)["step"] if "usage" in step), {})
    written, read = usage.get("cache_write", 0), usage.get("cached", 0)
    return {
        "text": choice.text + choice.refusal,
        "reasoning": choice.reasoning,
        "redacted": [step["think"] for step in steps if step.get("redacted")],
        "citations": [step["cite"]["url"] for step in scenario(name)["step"] if "cite" in step],
        "calls": [[call.id, call.name, json.loads(call.arguments)] for call in choice.calls],
        "finish": "refusal" if choice.refusal else finish,
        "usage": [usage.get("input", 0) - written - read, written, read, usage.get("output", 0)],
    }


def outcome(message: Message) -> Json:
    blocks, usage = message.content, message.usage
    return {
        "text": "".join(block.text for block in blocks if block.type == "text"),
        "reasoning": "".join(block.thinking for block in blocks if block.type == "thinking"),
        "signatures": [block.signature for block in blocks if block.type == "thinking"],
        "redacted": [block.data for block in blocks if block.type == "redacted_thinking"],
        "citations": [
            getattr(citation, "url", None)
            for block in blocks
            if block.type == "text"
            for citation in block.citations or ()
        ],
        "calls": [
            [block.id, block.name, block.input] for block in blocks if block.type == "tool_use"
        ],
        "finish": message.stop_reason,
        "usage": [
            usage.input_tokens,
            usage.cache_creation_input_tokens,
            usage.cache_read_input_tokens,
            usage.output_tokens,
        ],
    }  # fmt: skip


def signed(told: Json) -> Json:
    """Take the signatures out of an outcome: a scenario seldom says them, the API always does."""
    signatures = told.pop("signatures")
    assert all(signatures)
    assert bool(signatures) == bool(told["reasoning"])
    return told


def streamed(client: anthropic.Anthropic, name: str) -> Message:
    with client.messages.stream(**body(name)) as stream:
        return stream.get_final_message()


def test_the_python_sdk_reads_a_stream_as_the_scenario_says(
    client: anthropic.Anthropic, name: str
) -> None:
    assert signed(outcome(streamed(client, name))) == expected(name)


def test_the_python_sdk_reads_a_plain_answer_as_the_scenario_says(
    client: anthropic.Anthropic, name: str
) -> None:
    assert signed(outcome(client.messages.create(**body(name)))) == expected(name)


def test_a_stream_adds_up_to_the_plain_answer(client: anthropic.Anthropic, name: str) -> None:
    # Of a delta the SDK keeps the members it knows, of a block all.
    unknown: Json = {"id": True, "content": {"__all__": {"vendor_delta"}}}
    stream, plain = streamed(client, name), client.messages.create(**body(name))

    assert stream.model_dump(exclude=unknown) == plain.model_dump(exclude=unknown)


THOUGHT = {
    "text": "Peony",
    "reasoning": "NeroliOregano",
    "signatures": ["c2lnbmVyLW9uZQ==", "c2lnbmVyLXR3bw=="],
    "redacted": ["b3JyaXM="],
    "citations": ["https://example.org/peony"],
    "calls": [],
    "finish": "end_turn",
    "usage": [0, 0, 0, 0],
}


def test_the_python_sdk_sees_thoughts_signatures_and_citations(
    client: anthropic.Anthropic,
) -> None:
    assert outcome(streamed(client, "thoughts")) == THOUGHT
    assert outcome(client.messages.create(**body("thoughts"))) == THOUGHT


def test_the_python_sdk_counts_the_tokens_of_a_prompt(client: anthropic.Anthropic) -> None:
    asked = {name: value for name, value in body("usage-classes").items() if name != "max_tokens"}

    assert client.messages.count_tokens(**asked).input_tokens == 1009


def test_the_python_sdk_raises_the_class_of_a_status(client: anthropic.Anthropic) -> None:
    with pytest.raises(anthropic.RateLimitError) as refused:
        client.messages.create(**body("error-429"))

    assert refused.value.type == "rate_limit_error"
    assert refused.value.request_id == refused.value.body["request_id"]  # type: ignore[index]


def test_the_python_sdk_raises_the_error_inside_a_stream(client: anthropic.Anthropic) -> None:
    (said,) = [step["error"] for step in scenario("error-inband")["step"] if "error" in step]
    texts = list[str]()

    with (
        pytest.raises(anthropic.APIStatusError, match=said["message"]) as raised,
        client.messages.stream(**body("error-inband")) as stream,
    ):
        texts.extend(stream.text_stream)

    assert (texts, raised.value.type) == (["Willow"], "overloaded_error")


@pytest.fixture(scope="module")
def node(
    data_url: str, scenarios: list[str], ask_node: Callable[[str, str, Json], Mapping[str, Json]]
) -> Mapping[str, Json]:
    """Return what the Node SDK makes of every scenario, all asked by one process."""
    cases = [
        {"name": name, "content": body(name)["messages"][0]["content"]}
        for name in [*scenarios, "thoughts", "error-429", "error-inband"]
    ]
    return ask_node("anthropic.mjs", "@anthropic-ai/sdk", {"baseURL": data_url, "cases": cases})


def test_the_node_sdk_reads_stream_and_plain_answer_as_the_scenario_says(
    node: Mapping[str, Json], name: str
) -> None:
    told = node[name]

    assert signed(dict(told["stream"])) == expected(name)
    assert signed(dict(told["plain"])) == expected(name)


def test_the_node_sdk_sees_thoughts_signatures_and_citations(node: Mapping[str, Json]) -> None:
    assert node["thoughts"] == {"name": "thoughts", "stream": THOUGHT, "plain": THOUGHT}


def test_the_node_sdk_sees_errors_before_and_inside_a_stream(node: Mapping[str, Json]) -> None:
    (said,) = [step["error"] for step in scenario("error-inband")["step"] if "error" in step]
    refused = [node["error-429"][how]["error"] for how in ("stream", "plain")]
    broken = node["error-inband"]["stream"]["error"]

    assert [(each["status"], each["type"]) for each in refused] == [(429, "rate_limit_error")] * 2
    assert broken["type"] == "overloaded_error"
    assert said["message"] in broken["message"]
