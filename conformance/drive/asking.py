"""How a client of each surface asks: the request a probe's `Send` becomes.

A probe says what it asks for in the chat API's words; every surface says the same in its own. What
a surface has no word for is left out: usage, for one, comes unasked on all others.
"""

from collections.abc import Callable, Mapping

from conformance.exchange import Headers, Json, Request
from conformance.probes.probe import Send

ANTHROPIC_VERSION = "2023-06-01"
MAX_TOKENS = 1024  # the Messages API does not go without a limit
#: Members that say the same on every surface.
COMMON = ("stream", "temperature", "top_p")

Body = dict[str, Json]


def chat(url: str, key: str, model: str, send: Send, prompt: str) -> Request:
    body = {
        "model": model,
        "messages": [{"role": "user", "content": prompt}],
        "stream": send.mode == "stream",
        **send.ask,
    }
    return _post(f"{url}/chat/completions", (("authorization", f"Bearer {key}"),), body)


def responses(url: str, key: str, model: str, send: Send, prompt: str) -> Request:
    body = {
        "model": model,
        "input": [{"role": "user", "content": prompt}],
        "stream": send.mode == "stream",
        "tools": [{"type": "function", **_function(tool)} for tool in _tools(send)] or None,
        **_logprobs(send),
        **_common(send),
    }
    return _post(f"{url}/responses", (("authorization", f"Bearer {key}"),), body)


def messages(url: str, key: str, model: str, send: Send, prompt: str) -> Request:
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
    headers = (("x-api-key", key), ("anthropic-version", ANTHROPIC_VERSION))
    return _post(f"{url}/messages", headers, body)


def gemini(url: str, key: str, model: str, send: Send, prompt: str) -> Request:
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
    how = GEMINI[send.mode]
    base = url.removesuffix("/v1")
    return _post(f"{base}/v1beta/models/{model}:{how}", (("x-goog-api-key", key),), body)


#: The method of Gemini's API by the form wanted: its streams are events, or one JSON array.
GEMINI: Mapping[str, str] = {
    "stream": "streamGenerateContent?alt=sse",
    "array": "streamGenerateContent",
    "plain": "generateContent",
}

ASKING: Mapping[str, Callable[[str, str, str, Send, str], Request]] = {
    "chat": chat,
    "responses": responses,
    "messages": messages,
    "gemini": gemini,
}


def _post(url: str, auth: Headers, body: Body) -> Request:
    told = {name: value for name, value in body.items() if value is not None}
    headers = (*auth, ("content-type", "application/json"), ("accept", "application/json"))
    return Request("POST", url, headers, told)


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
