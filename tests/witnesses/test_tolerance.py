"""Where an official SDK breaks over a stream, or silently loses something, a rule says so."""

import warnings
from collections.abc import Callable, Mapping
from typing import Any

import httpx2
import openai
import pytest

from conformance.exchange import Json
from tests.witnesses import malformed_chat
from tests.witnesses.malformed import Case, findings, harm

ASK: Mapping[str, Json] = {
    "model": "m",
    "messages": [{"role": "user", "content": "Hello?"}],
}


def chat(case: Case) -> Json:
    """Return what the Python SDK makes of a stream, chunk by chunk and put together."""
    transport = httpx2.MockTransport(lambda _: httpx2.Response(200, content=case.body))
    with (
        httpx2.Client(transport=transport) as http,
        openai.OpenAI(api_key="sk-witness", base_url="http://it", http_client=http) as client,
    ):
        return {
            "chunks": told(lambda: chat_chunks(client), openai.APIError),
            "whole": told(lambda: chat_whole(client), openai.APIError),
        }


def told(read: Callable[[], Json], api: type[Exception]) -> Json:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return read()
    # An SDK may throw whatever it likes: that it does is what is measured.
    except Exception as error:  # noqa: BLE001
        return {"error": f"{type(error).__name__}: {error}"[:90], "api": isinstance(error, api)}


def chat_chunks(client: openai.OpenAI) -> Json:
    """Read as the SDK's own examples do."""
    choices: dict[int, Json] = {}
    usage = None
    stream: Any = client.chat.completions.create(**ASK, stream=True)
    for chunk in stream:
        for choice in chunk.choices or []:
            said = choices.setdefault(choice.index, {"text": "", "finish": None})
            said["text"] += choice.delta.content or ""
            said["finish"] = choice.finish_reason or said["finish"]
        usage = chunk.usage.total_tokens if chunk.usage else usage
    return {"choices": [choices[at] for at in sorted(choices)], "usage": usage}


def chat_whole(client: openai.OpenAI) -> Json:
    with client.chat.completions.stream(**ASK) as stream:
        stream.until_done()
        whole: Any = stream.current_completion_snapshot
    choices = [
        {
            "text": choice.message.content or "",
            "finish": choice.finish_reason,
            "calls": [
                [call.id, call.function.name, call.function.arguments]
                for call in choice.message.tool_calls or []
            ],
        }
        for choice in whole.choices
    ]
    return {"choices": choices, "usage": whole.usage.total_tokens if whole.usage else None}


def asked(case: Case) -> Json:
    choices = {"n": len(case.meant.choices)} if len(case.meant.choices) > 1 else {}
    options = {"stream_options": {"include_usage": True}} if case.meant.usage else {}
    return {**ASK, "stream": True, **choices, **options}


@pytest.mark.parametrize("case", malformed_chat.CASES, ids=lambda case: case.name)
def test_what_harms_the_python_sdk_is_found_on_chat(case: Case) -> None:
    harmed = harm(chat(case), case.meant)
    found = findings("chat", case.body, asked(case))

    assert found or not harmed or case.legal, harmed
    assert not case.legal or (harmed and not found), "it is not as its reason says"
