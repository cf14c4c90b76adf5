"""What the official Python SDKs make of bytes: event by event, and put together."""

import json
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import anthropic
import httpx2
import openai
from google import genai
from google.genai import errors, types

from conformance.exchange import Json

HELLO: Any = [{"role": "user", "content": "Hello?"}]
KEY = "sk-witness"
ENDS = ("response.completed", "response.incomplete", "response.failed")


def told(read: Callable[[], Json], api: type[Exception]) -> Json:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return read()
    # An SDK may throw whatever it likes: that it does is what is measured.
    except Exception as error:  # noqa: BLE001
        return {"error": f"{type(error).__name__}: {error}"[:90], "api": isinstance(error, api)}


@contextmanager
def answering(body: bytes) -> Iterator[httpx2.Client]:
    headers = {"content-type": "text/event-stream"}
    transport = httpx2.MockTransport(lambda _: httpx2.Response(200, content=body, headers=headers))
    with httpx2.Client(transport=transport) as http:
        yield http


def chat(body: bytes) -> Json:
    with (
        answering(body) as http,
        openai.OpenAI(api_key=KEY, base_url="http://it", http_client=http) as client,
    ):
        return {
            "chunks": told(lambda: _chat_chunks(client), openai.APIError),
            "whole": told(lambda: _chat_whole(client), openai.APIError),
        }


def _chat_chunks(client: openai.OpenAI) -> Json:
    choices: dict[int, Json] = {}
    usage = None
    for chunk in client.chat.completions.create(model="m", messages=HELLO, stream=True):
        for choice in chunk.choices or []:
            said = choices.setdefault(choice.index, {"text": "", "finish": None})
            said["text"] += choice.delta.content or ""
            said["finish"] = choice.finish_reason or said["finish"]
        usage = chunk.usage.total_tokens if chunk.usage else usage
    return {"choices": [choices[at] for at in sorted(choices)], "usage": usage}


def _chat_whole(client: openai.OpenAI) -> Json:
    with client.chat.completions.stream(model="m", messages=HELLO) as stream:
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


def responses(body: bytes) -> Json:
    with (
        answering(body) as http,
        openai.OpenAI(api_key=KEY, base_url="http://it", http_client=http) as client,
    ):
        return {
            "events": told(lambda: _responses_events(client), openai.APIError),
            "whole": told(lambda: _responses_whole(client), openai.APIError),
        }


def _responses_events(client: openai.OpenAI) -> Json:
    said: Json = {"text": "", "finish": None}
    usage = None
    stream: Any = client.responses.create(model="m", input="Hello?", stream=True)
    for event in stream:
        if event.type == "response.output_text.delta":
            said["text"] += event.delta
        elif event.type in ENDS:
            said["finish"] = event.response.status
            usage = event.response.usage.total_tokens if event.response.usage else None
    return {"choices": [said], "usage": usage}


def _responses_whole(client: openai.OpenAI) -> Json:
    with client.responses.stream(model="m", input="Hello?") as stream:
        whole: Any = stream.get_final_response()
    calls = [
        [item.call_id, item.name, item.arguments]
        for item in whole.output
        if item.type == "function_call"
    ]
    said = {"text": whole.output_text, "finish": whole.status, "calls": calls}
    return {"choices": [said], "usage": whole.usage.total_tokens if whole.usage else None}


def messages(body: bytes) -> Json:
    with (
        answering(body) as http,
        anthropic.Anthropic(api_key=KEY, base_url="http://it", http_client=http) as client,
    ):
        return {
            "events": told(lambda: _messages_events(client), anthropic.APIError),
            "whole": told(lambda: _messages_whole(client), anthropic.APIError),
        }


def _messages_events(client: anthropic.Anthropic) -> Json:
    said: Json = {"text": "", "finish": None}
    usage = None
    stream: Any = client.messages.create(model="m", max_tokens=9, messages=HELLO, stream=True)
    for event in stream:
        if event.type == "content_block_delta" and event.delta.type == "text_delta":
            said["text"] += event.delta.text
        elif event.type == "message_delta":
            said["finish"] = event.delta.stop_reason or said["finish"]
            usage = event.usage.output_tokens
    return {"choices": [said], "usage": usage}


def _messages_whole(client: anthropic.Anthropic) -> Json:
    with client.messages.stream(model="m", max_tokens=9, messages=HELLO) as stream:
        whole: Any = stream.get_final_message()
    calls = [
        [block.id, block.name, json.dumps(block.input, separators=(",", ":"))]
        for block in whole.content
        if block.type == "tool_use"
    ]
    text = "".join(block.text for block in whole.content if block.type == "text")
    said = {"text": text, "finish": whole.stop_reason, "calls": calls}
    return {"choices": [said], "usage": whole.usage.output_tokens}


def gemini(body: bytes) -> Json:
    with answering(body) as http:
        client_of_ours: Any = http
        options = types.HttpOptions(base_url="http://it", httpx_client=client_of_ours)
        client = genai.Client(api_key=KEY, http_options=options)
        return {"events": told(lambda: _gemini_events(client), errors.APIError)}


def _gemini_events(client: genai.Client) -> Json:
    choices: dict[int, Json] = {}
    usage = None
    for event in client.models.generate_content_stream(model="m", contents="Hello?"):
        for at, candidate in enumerate(event.candidates or []):
            key = at if candidate.index is None else candidate.index
            said = choices.setdefault(key, {"text": "", "finish": None, "calls": []})
            content = candidate.content
            for part in (content.parts if content else None) or []:
                _read_part(part, said)
            reason = candidate.finish_reason
            said["finish"] = reason.value if reason else said["finish"]
        counted = event.usage_metadata
        usage = counted.total_token_count if counted else usage
    return {"choices": [choices[at] for at in sorted(choices)], "usage": usage}


def _read_part(part: types.Part, said: Json) -> None:
    if part.text and not part.thought:
        said["text"] += part.text
    if part.function_call:
        call = part.function_call
        arguments = json.dumps(call.args or {}, separators=(",", ":"))
        said["calls"].append([call.id or "", call.name, arguments])


READERS: Mapping[str, Callable[[bytes], Json]] = {
    "chat": chat,
    "responses": responses,
    "messages": messages,
    "gemini": gemini,
}
