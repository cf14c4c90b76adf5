"""The official OpenAI SDKs read the mock's streams and end up with what the scenario says."""

from collections.abc import Callable, Mapping
from typing import Any

import openai
import pytest
from openai.types.chat import ChatCompletion

from conformance.exchange import Json
from conformance.protocols.outcome import scripted
from conformance.resources import scenario

# What a scenario needs of the request to be a conversation a real client would have.
ASK: Mapping[str, Mapping[str, Json]] = {
    "two-choices": {"n": 2},
    "logprobs": {"logprobs": True, "top_logprobs": 2},
}


@pytest.fixture(scope="module")
def base_url(data_url: str) -> str:
    return f"{data_url}/v1"


def expected(name: str) -> Json:
    told = scripted(scenario(name), ASK.get(name, {}).get("n", 1))
    usage = told.usage and [told.usage.input, told.usage.output, told.usage.total]
    choices = [
        {
            "text": choice.text,
            "refusal": choice.refusal,
            "calls": [[call.name, call.arguments] for call in choice.calls],
            "finish": choice.finish,
        }
        for choice in told.choices
    ]
    return {"choices": choices, "usage": usage}


def outcome(completion: ChatCompletion) -> Json:
    usage = completion.usage
    choices = [
        {
            "text": choice.message.content or "",
            "refusal": choice.message.refusal or "",
            "calls": [
                [call.function.name, call.function.arguments]
                for call in choice.message.tool_calls or []
                if call.type == "function"
            ],
            "finish": choice.finish_reason,
        }
        for choice in completion.choices
    ]
    counts = usage and [usage.prompt_tokens, usage.completion_tokens, usage.total_tokens]
    return {"choices": choices, "usage": counts}


def body(name: str) -> Any:  # noqa: ANN401  (the SDK's overloads want literals)
    content = f"[[mock:{name}#witness]]"
    return {
        "model": "mock-model",
        "messages": [{"role": "user", "content": content}],
        **ASK.get(name, {}),
    }


def test_the_python_sdk_reads_a_stream_as_the_scenario_says(base_url: str, name: str) -> None:
    client = openai.OpenAI(base_url=base_url, api_key="sk-witness", max_retries=0)

    asked = body(name) | {"stream_options": {"include_usage": True}}
    with client.chat.completions.stream(**asked) as stream:
        stream.until_done()
        told = stream.current_completion_snapshot

    assert outcome(told) == expected(name)


def test_the_python_sdk_reads_a_plain_answer_as_the_scenario_says(base_url: str, name: str) -> None:
    client = openai.OpenAI(base_url=base_url, api_key="sk-witness", max_retries=0)

    assert outcome(client.chat.completions.create(**body(name))) == expected(name)


def test_the_python_sdk_sees_the_status_and_code_of_an_error(base_url: str) -> None:
    client = openai.OpenAI(base_url=base_url, api_key="sk-witness", max_retries=0)

    with pytest.raises(openai.RateLimitError) as refused:
        client.chat.completions.create(**body("error-429"))

    assert refused.value.status_code == 429
    assert refused.value.code == scenario("error-429")["step"][0]["error"]["code"]


def test_the_python_sdk_raises_the_error_inside_a_stream(base_url: str) -> None:
    client = openai.OpenAI(base_url=base_url, api_key="sk-witness", max_retries=0)
    (said,) = [step["error"] for step in scenario("error-inband")["step"] if "error" in step]

    with pytest.raises(openai.APIError, match=said["message"]):
        list(client.chat.completions.create(**body("error-inband"), stream=True))


@pytest.fixture(scope="module")
def node(
    base_url: str, scenarios: list[str], ask_node: Callable[[str, str, Json], Mapping[str, Json]]
) -> Mapping[str, Json]:
    """Return what the Node SDK makes of every scenario, all asked by one process."""
    cases = [
        {"name": name, "content": f"[[mock:{name}#node]]", "n": 1, "ask": ASK.get(name, {})}
        for name in [*scenarios, "error-429", "error-inband"]
    ]
    return ask_node("openai.mjs", "openai", {"baseURL": base_url, "cases": cases})


def test_the_node_sdk_reads_stream_and_plain_answer_as_the_scenario_says(
    node: Mapping[str, Json], name: str
) -> None:
    assert node[name] == {"name": name, "stream": expected(name), "plain": expected(name)}


def test_the_node_sdk_sees_errors_before_and_inside_a_stream(node: Mapping[str, Json]) -> None:
    (said,) = [step["error"] for step in scenario("error-inband")["step"] if "error" in step]

    assert node["error-429"]["stream"]["error"]["status"] == 429
    assert node["error-429"]["plain"]["error"]["status"] == 429
    assert said["message"] in node["error-inband"]["stream"]["error"]["message"]
