"""OpenAI's chat completions, and the list of models beside it."""

import re
from collections.abc import Mapping

from mockprovider.shapes import Json
from mockprovider.slots import slot
from mockprovider.surfaces.chat import members, plain, reading, stream
from mockprovider.surfaces.surface import Route, Surface
from mockprovider.timeline import Head

MODELS = ("mock-model", "mock-model-mini")
CREATED = 1_735_689_600


def head(streamed: bool) -> Head:
    """Return the headers OpenAI sends."""
    media = "text/event-stream; charset=utf-8" if streamed else "application/json"
    return Head(200, (
        ("date", slot("date")),
        ("content-type", media),
        ("access-control-expose-headers", "X-Request-ID"),
        ("openai-organization", "mock-organization"),
        ("openai-processing-ms", "1"),
        ("openai-version", "2020-10-01"),
        ("x-ratelimit-limit-requests", "10000"),
        ("x-ratelimit-limit-tokens", "2000000"),
        ("x-ratelimit-remaining-requests", "9999"),
        ("x-ratelimit-remaining-tokens", "1999990"),
        ("x-ratelimit-reset-requests", "6ms"),
        ("x-ratelimit-reset-tokens", "0s"),
        ("x-request-id", f"req_{slot('id')}"),
    ))  # fmt: skip


def models(params: Mapping[str, str]) -> tuple[int, Mapping[str, Json]]:
    """Answer for the list of models."""
    return 200, {"object": "list", "data": [_model(name) for name in MODELS]}


def model(params: Mapping[str, str]) -> tuple[int, Mapping[str, Json]]:
    """Answer for one model; the mock plays any."""
    return 200, _model(params["id"])


def _model(name: str) -> Mapping[str, Json]:
    return {"id": name, "object": "model", "created": CREATED, "owned_by": "mockprovider"}


SURFACE = Surface(
    name="chat",
    routes=(
        Route("POST", re.compile(r"(?:/v1)?/chat/completions")),
        Route("GET", re.compile(r"(?:/v1)?/models"), answer=models),
        Route("GET", re.compile(r"(?:/v1)?/models/(?P<id>.+)"), answer=model),
    ),
    credential=reading.bearer,
    read=reading.read,
    head=head,
    stream=stream.stream,
    plain=plain.plain,
    envelope=members.refusal_envelope,
)
