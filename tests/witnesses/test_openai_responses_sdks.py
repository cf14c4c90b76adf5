"""The official OpenAI SDKs read the mock's Responses and end up with what the scenario says."""

import zlib
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import openai
import pytest
from openai.types.responses import Response, ResponseOutputItem

from conformance.exchange import Json
from conformance.protocols.outcome import scripted
from conformance.resources import scenario

STATUSES = {
    "stop": ["completed", None],
    "tool_calls": ["completed", None],
    "length": ["incomplete", "max_output_tokens"],
    "content_filter": ["incomplete", "content_filter"],
}
# What a scenario needs of the request to be a conversation a real client would have.
ASK: Mapping[str, Mapping[str, Json]] = {
    "logprobs": {"include": ["message.output_text.logprobs"], "top_logprobs": 2},
}
THOUGHTS = """
summary = "Two signed thoughts and one nobody may read, a text, a call, and a text again."
step = [
  { think = "Ne" }, { think = "roli", signature = "c2lnbmVyLW9uZQ==" },
  { think = "b3JyaXM=", redacted = true },
  { think = "Oregano", signature = "c2lnbmVyLXR3bw==" },
  { say = "Pe" }, { call = { id = "c1", name = "f", arguments = ["{", "}"] } }, { say = "ony" },
  { finish = "stop" },
]
"""
THOUGHT = {
    "items": ["reasoning", "reasoning", "reasoning", "message", "function_call", "message"],
    "text": "Peony",
    "reasoning": "NeroliOregano",
    "encrypted": ["c2lnbmVyLW9uZQ==", "b3JyaXM=", "c2lnbmVyLXR3bw=="],
    "refusal": "",
    "calls": [["c1", "f", "{}"]],
    "citations": [],
    "status": ["completed", None],
    "usage": None,
}


@pytest.fixture(scope="module")
def client(data_url: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{data_url}/v1", api_key="sk-witness", max_retries=0) as made:
        yield made


def marker(name: str) -> str:
    inline = f"inline:{urlsafe_b64encode(zlib.compress(THOUGHTS.encode())).decode()}"
    return f"[[mock:{inline if name == 'thoughts' else name}#witness]]"


def body(name: str) -> Any:  # noqa: ANN401  (the SDK's overloads want literals)
    return {"model": "mock-model", "input": marker(name), **ASK.get(name, {})}


def expected(name: str) -> Json:
    told = scripted(scenario(name))
    choice, usage = told.choices[0], told.usage
    items = folded(scenario(name)["step"])
    return {
        "items": [kind for kind, _ in items],
        "text": choice.text,
        "reasoning": choice.reasoning,
        "encrypted": [signature for kind, signature in items if kind == "reasoning"],
        "refusal": choice.refusal,
        "calls": [[call.id, call.name, call.arguments] for call in choice.calls],
        "citations": [step["cite"]["url"] for step in scenario(name)["step"] if "cite" in step],
        "status": STATUSES[choice.finish or ""],
        "usage": usage
        and [usage.input, usage.cached or 0, usage.output, usage.reasoning or 0, usage.total],
    }


def folded(steps: Iterable[Json]) -> list[tuple[str, str | None]]:
    """Return the items of an answer; what follows its like goes on with it, until it is signed."""
    items: list[tuple[str, str | None]] = []
    for step in steps:
        last, signed = items[-1] if items else ("", None)
        if "think" in step:
            hidden = step.get("redacted", False)
            if last == "reasoning" and not signed and not hidden:
                items.pop()
            items.append(("reasoning", step["think"] if hidden else step.get("signature")))
        elif {"say", "refuse"} & step.keys() and last != "message":
            items.append(("message", None))
        elif "call" in step:
            items.append(("function_call", None))
        items += [("function_call", None) for _ in step.get("extra", {}).get("tool_calls", ())]
    return items


def outcome(response: Response) -> Json:
    details, usage, items = response.incomplete_details, response.usage, response.output
    parts = [part for item in items if item.type == "message" for part in item.content]
    thoughts = [item for item in items if item.type == "reasoning"]
    return {
        "items": [item.type for item in items],
        "text": response.output_text,
        "reasoning": "".join(part.text for item in thoughts for part in item.summary),
        "encrypted": [item.encrypted_content for item in thoughts],
        "refusal": "".join(part.refusal for part in parts if part.type == "refusal"),
        "calls": [call for item in items for call in called(item)],
        "citations": [
            getattr(cited, "url", None)
            for part in parts
            if part.type == "output_text"
            for cited in part.annotations
        ],
        "status": [response.status, details and details.reason],
        "usage": usage
        and [
            usage.input_tokens,
            usage.input_tokens_details.cached_tokens,
            usage.output_tokens,
            usage.output_tokens_details.reasoning_tokens,
            usage.total_tokens,
        ],
    }


def called(item: ResponseOutputItem) -> list[list[str]]:
    return [[item.call_id, item.name, item.arguments]] if item.type == "function_call" else []


def streamed(client: openai.OpenAI, name: str) -> Response:
    """Return what the helper has gathered; it gives out no response that is incomplete."""
    with client.responses.stream(**body(name)) as stream:
        last = list(stream)[-1]
        if last.type == "response.incomplete":
            return last.response
        return stream.get_final_response()


def test_the_python_sdk_reads_a_stream_as_the_scenario_says(
    client: openai.OpenAI, name: str
) -> None:
    assert outcome(streamed(client, name)) == expected(name)


def test_the_python_sdk_hears_of_every_piece(client: openai.OpenAI, name: str) -> None:
    texts = dict[str, str]()
    for event in client.responses.create(**body(name), stream=True):
        if hasattr(event, "delta"):
            texts[event.type] = texts.get(event.type, "") + event.delta

    told, kept = expected(name), "response.{}.delta".format
    assert texts.get(kept("output_text"), "") == told["text"]
    assert texts.get(kept("refusal"), "") == told["refusal"]
    assert texts.get(kept("reasoning_summary_text"), "") == told["reasoning"]
    assert len(texts.get(kept("function_call_arguments"), "")) == sum(
        len(arguments) for _, _, arguments in told["calls"]
    )


def test_the_python_sdk_reads_a_plain_answer_as_the_scenario_says(
    client: openai.OpenAI, name: str
) -> None:
    assert outcome(client.responses.create(**body(name))) == expected(name)


def test_the_python_sdk_sees_thoughts_and_what_nobody_may_read(client: openai.OpenAI) -> None:
    assert outcome(streamed(client, "thoughts")) == THOUGHT
    assert outcome(client.responses.create(**body("thoughts"))) == THOUGHT


def test_the_python_sdk_sees_log_probabilities(client: openai.OpenAI) -> None:
    (item,) = streamed(client, "logprobs").output
    assert item.type == "message"
    (part,) = item.content
    assert part.type == "output_text"

    seen = [(row.token, len(row.top_logprobs)) for row in part.logprobs or ()]
    assert seen == [("Quince", 2), (" rowan", 2), (" sorrel", 2)]


@pytest.mark.parametrize("stream", [True, False])
def test_the_python_sdk_raises_the_class_of_a_status(client: openai.OpenAI, stream: bool) -> None:
    with pytest.raises(openai.RateLimitError) as refused:
        client.responses.create(**body("error-429"), stream=stream)

    assert refused.value.code == scenario("error-429")["step"][0]["error"]["code"]
    assert (refused.value.request_id or "").startswith("req_witness-")


def test_the_python_sdk_raises_the_error_inside_a_stream(client: openai.OpenAI) -> None:
    (said,) = [step["error"] for step in scenario("error-inband")["step"] if "error" in step]
    texts = list[str]()

    with (
        pytest.raises(openai.APIError, match=said["message"]),
        client.responses.stream(**body("error-inband")) as stream,
    ):
        texts.extend(event.delta for event in stream if event.type == "response.output_text.delta")

    assert texts == ["Willow"]


def test_the_python_sdk_raises_what_is_wrong_with_a_request(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        client.responses.create(model="m", input="hi", max_output_tokens=5)

    assert (refused.value.param, refused.value.code) == (
        "max_output_tokens",
        "integer_below_min_value",
    )


def test_the_python_sdk_reads_embeddings(client: openai.OpenAI) -> None:
    # Of itself it asks for base64.
    packed = client.embeddings.create(model="m", input=["a", "b"])
    plain = client.embeddings.create(model="m", input=["a", "b"], encoding_format="float")

    assert packed == plain
    assert [len(each.embedding) for each in plain.data] == [8, 8]


def test_the_python_sdk_reads_completions(client: openai.OpenAI) -> None:
    asked: Any = {"model": "m", "prompt": marker("text")}

    plain = client.completions.create(**asked)
    chunks = list(client.completions.create(**asked, stream=True))

    said = "".join(choice.text for chunk in chunks for choice in chunk.choices)
    ends = [choice.finish_reason for chunk in chunks for choice in chunk.choices]
    assert said == plain.choices[0].text == "Amber birch cedar"
    assert (plain.choices[0].finish_reason, ends) == ("stop", [None, None, None, "stop"])
    assert plain.usage is not None
    assert plain.usage.total_tokens == 10


@pytest.fixture(scope="module")
def node(
    data_url: str, scenarios: list[str], ask_node: Callable[[str, str, Json], Mapping[str, Json]]
) -> Mapping[str, Json]:
    """Return what the Node SDK makes of every scenario, all asked by one process."""
    names = [*scenarios, "thoughts", "error-429", "error-inband"]
    question = {
        "baseURL": f"{data_url}/v1",
        "cases": [{"name": name, "body": body(name)} for name in names],
        "prompt": marker("text"),
    }
    return ask_node("openai-responses.mjs", "openai", question)


def test_the_node_sdk_reads_stream_and_plain_answer_as_the_scenario_says(
    node: Mapping[str, Json], name: str
) -> None:
    assert node[name] == {"name": name, "stream": expected(name), "plain": expected(name)}


def test_the_node_sdk_sees_thoughts_and_what_nobody_may_read(node: Mapping[str, Json]) -> None:
    assert node["thoughts"] == {"name": "thoughts", "stream": THOUGHT, "plain": THOUGHT}


def test_the_node_sdk_sees_errors_before_and_inside_a_stream(node: Mapping[str, Json]) -> None:
    (said,) = [step["error"] for step in scenario("error-inband")["step"] if "error" in step]
    refused = [node["error-429"][how]["error"] for how in ("stream", "plain")]

    assert [(each["status"], each["code"]) for each in refused] == [
        (429, "rate_limit_exceeded")
    ] * 2
    assert said["message"] in node["error-inband"]["stream"]["error"]["message"]


def test_the_node_sdk_reads_embeddings_and_completions(node: Mapping[str, Json]) -> None:
    told = node["plain routes"]

    assert told["packed"] == told["plain"]
    assert [len(each) for each in told["plain"]] == [8, 8]
    assert (told["text"], told["streamed"]) == ("Amber birch cedar", "Amber birch cedar")
