"""Google's Gemini API: generateContent in both forms of a stream, countTokens, the models."""

import re
from collections.abc import Mapping
from dataclasses import replace

from mockprovider.shapes import Json
from mockprovider.slots import slot
from mockprovider.steps import Error
from mockprovider.surfaces.gemini import members, plain, reading, stream
from mockprovider.surfaces.gemini.reading import INVALID, MODELS, UNKNOWN_MODEL, Asked
from mockprovider.surfaces.surface import Route, Surface
from mockprovider.timeline import Head

NAMES = ("mock-model", "mock-model-mini")
LIST = re.compile(r"/(?P<version>v1beta|v1alpha)/models")
ONE = re.compile(LIST.pattern + r"/(?P<model>[^/:]+)")
# `/v1/models` is OpenAI's too, and goes to whoever's key comes with it.
STABLE_LIST = re.compile(r"/(?P<version>v1)/models")
STABLE_ONE = re.compile(STABLE_LIST.pattern + r"/(?P<model>[^/:]+)")
METHODS = ("generateContent", "countTokens")
SSE = re.compile(r"(?:^|&)alt=sse(?:&|$)")
NO_KEY = (
    "Method doesn't allow unregistered callers (callers without established identity). Please use "
    "API Key or other form of API consumer identity to call this API."
)


def head(streamed: bool) -> Head:
    """Return the headers Google sends; none of them names the request."""
    return _head("text/event-stream" if streamed else "application/json; charset=UTF-8")


def array_head(streamed: bool) -> Head:
    """Return the headers of a stream that is one JSON array: the same as of any JSON."""
    return head(False)


def _head(media: str) -> Head:
    disposition = [("content-disposition", "attachment")] if media == "text/event-stream" else []
    return Head(200, (
        ("content-type", media),
        *disposition,
        ("vary", "Origin"), ("vary", "X-Origin"), ("vary", "Referer"),
        ("date", slot("date")),
        ("server", "scaffolding on HTTPServer2"),
        ("x-xss-protection", "0"),
        ("x-frame-options", "SAMEORIGIN"),
        ("x-content-type-options", "nosniff"),
        ("server-timing", "gfet4t7; dur=1"),
    ))  # fmt: skip


def models(params: Mapping[str, str]) -> tuple[int, Mapping[str, Json]]:
    """Answer for the list of models."""
    return 200, {"models": [_model(name) for name in NAMES]}


def model(params: Mapping[str, str]) -> tuple[int, Mapping[str, Json]]:
    """Answer for one model; the mock plays any but one."""
    if params["model"] == UNKNOWN_MODEL:
        wrong = Asked(params["version"], params["model"], "generateContent")
        return members.envelope(reading.unknown_model(wrong))
    return 200, _model(params["model"])


def _model(name: str) -> Mapping[str, Json]:
    return {
        "name": f"models/{name}",
        "version": "001",
        "displayName": name,
        "description": "Plays what it is told to.",
        "inputTokenLimit": 1_048_576,
        "outputTokenLimit": 65_536,
        "supportedGenerationMethods": list(METHODS),
        "temperature": 1,
        "topP": 0.95,
        "topK": 64,
        "maxTemperature": 2,
        "thinking": True,
    }


def _path(method: str) -> re.Pattern[str]:
    return re.compile(MODELS + rf"/(?P<model>[^:]+?)(?::|%3[Aa]){method}")


def array_envelope(step: Error) -> tuple[int, Json]:
    """Return status and body of an error where the answer was to be an array."""
    status, body = members.envelope(step)
    return status, [body]


SURFACE = Surface(
    name="gemini",
    routes=(
        Route("POST", _path("generateContent")),
        Route("POST", _path("streamGenerateContent"), query=SSE),
        Route("GET", LIST, answer=models),
        Route("GET", ONE, answer=model),
    ),
    credential=reading.key,
    read=reading.read,
    head=head,
    stream=stream.events,
    plain=plain.plain,
    envelope=members.envelope,
    context=reading.context,
    refusals={
        "no-key": Error(NO_KEY, status=403),
        "wrong-key": Error(
            "API key not valid. Please pass a valid API key.", INVALID, "API_KEY_INVALID",
            status=400,
        ),
        "not-json": Error(
            "Invalid JSON payload received. Unexpected token.", INVALID, param="", status=400
        ),
    },
)  # fmt: skip
ARRAY = replace(
    SURFACE,
    name="gemini-array",
    routes=(Route("POST", _path("streamGenerateContent")),),
    head=array_head,
    stream=stream.array,
    envelope=array_envelope,
)
COUNT = replace(
    SURFACE,
    name="gemini-count",
    routes=(Route("POST", _path("countTokens")),),
    read=reading.read_count,
    plain=plain.count,
)
STABLE = replace(
    SURFACE,
    routes=(Route("GET", STABLE_LIST, answer=models), Route("GET", STABLE_ONE, answer=model)),
)
# Without `alt=sse` the stream is an array.
SURFACES = (SURFACE, ARRAY, COUNT)
