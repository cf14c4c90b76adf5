"""Which API an exchange belongs to: from its path, or else from what its body says."""

import json
import re
from collections.abc import Callable, Mapping
from itertools import islice
from urllib.parse import urlsplit

from mockprovider.recordings.content import documents, is_json
from mockprovider.shapes import Json

# Whatever a vendor or a gateway puts before them, paths end like this.
PATHS = tuple((re.compile(pattern), surface) for pattern, surface in (
    (r"/chat/completions$", "chat"),
    (r"^(?!.*/threads/).*/messages$", "messages"),
    (r":(?:stream)?[rR]awPredict$", "messages"),
    (r"/messages/count_tokens$", "messages-count"),
    (r"/responses$", "responses"),
    (r"/completions$", "completions"),
    (r"/embeddings$", "embeddings"),
    (r"(?::|%3[Aa])(?:streamGenerateContent|generateContent)$", "gemini"),
    (r"(?::|%3[Aa])countTokens$", "gemini-count"),
))  # fmt: skip
SSE = re.compile(r"(?:^|&)alt=sse(?:&|$)")
STREAMS = ("streamGenerateContent", "streamRawPredict")
MESSAGE_TYPES = re.compile(r"message(?:_start|_delta|_stop)?|content_block_(?:start|delta|stop)")
MODEL = re.compile(rb'"model(?:Version)?"\s*:\s*"([^"\\]{1,200})"')
MODEL_IN_PATH = re.compile(r"/models/([^/:%]+)")
# So many events may pass before one says what they all are.
LOOKED_AT = 20

HOSTS = {
    "api.openai.com": "openai", "api.anthropic.com": "anthropic", "openrouter.ai": "openrouter",
    "generativelanguage.googleapis.com": "gemini", "api.mistral.ai": "mistral",
    "api.groq.com": "groq", "api.deepseek.com": "deepseek", "api.x.ai": "xai",
    "api.together.xyz": "together", "api.fireworks.ai": "fireworks", "api.cerebras.ai": "cerebras",
    "api.perplexity.ai": "perplexity",
}  # fmt: skip
HOST_ENDS = {
    "openai.azure.com": "azure", "aiplatform.googleapis.com": "vertex",
    "services.ai.azure.com": "azure",
}  # fmt: skip


def _chat(said: Mapping[str, Json]) -> bool:
    if str(said.get("object", "")).startswith("chat.completion"):
        return True
    choices = said.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    return isinstance(first, dict) and not first.keys().isdisjoint(("delta", "message"))


def _embeddings(said: Mapping[str, Json]) -> bool:
    data = said.get("data")
    first = data[0] if isinstance(data, list) and data else None
    return isinstance(first, dict) and first.get("object") == "embedding"


BODIES: dict[str, Callable[[Mapping[str, Json]], bool]] = {
    "chat": _chat,
    "completions": lambda said: said.get("object") == "text_completion",
    "responses": lambda said: (
        said.get("object") == "response" or str(said.get("type", "")).startswith("response.")
    ),
    "messages": lambda said: MESSAGE_TYPES.fullmatch(str(said.get("type", ""))) is not None,
    "messages-count": lambda said: said.keys() == {"input_tokens"},
    "gemini": lambda said: not said.keys().isdisjoint(("candidates", "promptFeedback")),
    "gemini-count": lambda said: "totalTokens" in said,
    "embeddings": _embeddings,
}


def of_target(target: str) -> str | None:
    """Return the surface of a request's path and query."""
    path, _, query = target.partition("?")
    surface = next((surface for shape, surface in PATHS if shape.search(path)), None)
    if "streamGenerateContent" in path and not SSE.search(query):
        return "gemini-array"
    return surface


def of_body(body: bytes) -> str | None:
    """Return the surface of an answer that says nothing but itself."""
    for said in islice(documents(body), LOOKED_AT):
        own = (each for each, is_its in BODIES.items() if isinstance(said, dict) and is_its(said))
        if surface := next(own, None):
            array = surface == "gemini" and body.lstrip()[:1] == b"["
            return "gemini-array" if array else surface
    return None


def mode_asked(target: str, request: Json) -> str:
    """Return whether a request asks for a stream."""
    told = isinstance(request, dict) and request.get("stream") is True
    return "stream" if told or any(word in target for word in STREAMS) else "plain"


def mode_of(surface: str, body: bytes) -> str:
    """Return whether an answer is a stream, by itself."""
    return "plain" if is_json(body) and surface != "gemini-array" else "stream"


def model_of(wire: bytes, request: str | None, target: str) -> str:
    """Return the model that answered, or else the one that was asked."""
    asked = json.loads(request) if request else None
    in_request = asked.get("model") if isinstance(asked, dict) else None
    if found := MODEL.search(wire):
        return found[1].decode("utf-8", "replace")
    in_path = MODEL_IN_PATH.search(target)
    return str(in_request or (in_path[1] if in_path else ""))


def provider_of(url: str) -> str:
    """Return who is known to answer at a URL; an unknown host stays unnamed."""
    host = urlsplit(url).hostname or ""
    ends = (name for end, name in HOST_ENDS.items() if host.endswith(end))
    return HOSTS.get(host) or next(ends, "unknown")
