"""How a client of each surface asks: the request a probe's `Send` becomes.

A probe says what it asks for in the chat API's words; every surface says the same in its own. What
a surface has no word for is left out: usage, for one, comes unasked on all others.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from conformance.exchange import Headers, Json
from conformance.probes.probe import Send

ANTHROPIC_VERSION = "2023-06-01"
MAX_TOKENS = 1024  # the Messages API does not go without a limit
#: Members that say the same on every surface.
COMMON = ("stream", "temperature", "top_p")

Body = dict[str, Json]


class Asked(NamedTuple):
    """Path below the surface's base, headers of its own, and body."""

    path: str
    body: Body
    headers: Headers = ()


def chat(model: str, send: Send, prompt: str) -> Asked:
    """Ask with further `messages` behind the prompt where a probe has them."""
    body = {
        "model": model,
        "stream": send.mode == "stream",
        **send.ask,
        "messages": [{"role": "user", "content": prompt}, *send.ask.get("messages", ())],
    }
    return Asked("/chat/completions", body)


def responses(model: str, send: Send, prompt: str) -> Asked:
    body = {
        "model": model,
        "input": [{"role": "user", "content": prompt}],
        "stream": send.mode == "stream",
        "tools": [{"type": "function", **_function(tool)} for tool in _tools(send)] or None,
        **_logprobs(send),
        **_common(send),
    }
    return Asked("/responses", body)


def messages(model: str, send: Send, prompt: str) -> Asked:
    """Ask in that API's words where a probe has them: further `messages`."""
    functions = map(_function, _tools(send))
    body = {
        "model": model,
        "max_tokens": MAX_TOKENS,
        "messages": [{"role": "user", "content": prompt}, *send.ask.get("messages", ())],
        "stream": send.mode == "stream",
        "tools": [_renamed(each, parameters="input_schema") for each in functions] or None,
        **_common(send),
    }
    return Asked("/messages", body, (("anthropic-version", ANTHROPIC_VERSION),))


def gemini(model: str, send: Send, prompt: str) -> Asked:
    """Ask in that API's words where a probe has them: further `contents`, `generationConfig`."""
    declared = [_function(tool) for tool in _tools(send)]
    config = {"temperature": "temperature", "top_p": "topP", "n": "candidateCount",
              "logprobs": "responseLogprobs", "top_logprobs": "logprobs"}  # fmt: skip
    wanted = {config[name]: value for name, value in send.ask.items() if name in config}
    body = {
        "contents": [{"role": "user", "parts": [{"text": prompt}]}, *send.ask.get("contents", ())],
        "tools": [{"functionDeclarations": declared}] if declared else None,
        "generationConfig": {**wanted, **send.ask.get("generationConfig", {})} or None,
        "continuationToken": send.ask.get("continuationToken"),
    }
    return Asked(f"/models/{model}:{GEMINI[send.mode]}", body)


#: The method of Gemini's API by the form wanted: its streams are events, or one JSON array.
GEMINI: Mapping[str, str] = {
    "stream": "streamGenerateContent?alt=sse",
    "array": "streamGenerateContent",
    "plain": "generateContent",
}

ASKING: Mapping[str, Callable[[str, Send, str], Asked]] = {
    "chat": chat,
    "responses": responses,
    "messages": messages,
    "gemini": gemini,
}


def _tools(send: Send) -> list[Json]:
    listed: list[Json] = send.ask.get("tools") or []
    return listed


def _function(tool: Json) -> Body:
    function: Body = tool["function"]
    return function


def _logprobs(send: Send) -> Body:
    if not send.ask.get("logprobs"):
        return {}
    top = send.ask.get("top_logprobs", 0)
    return {"include": ["message.output_text.logprobs"], "top_logprobs": top}


def _common(send: Send) -> Body:
    return {name: value for name, value in send.ask.items() if name in COMMON}


def _renamed(value: Body, **names: str) -> Body:
    return {names.get(name, name): member for name, member in value.items()}
