"""OpenAI's chat completions; beside it the list of models, and what engines tell."""

import re
from collections.abc import Mapping

from mockprovider.shapes import Json
from mockprovider.surfaces import engine, openai
from mockprovider.surfaces.chat import plain, reading, stream
from mockprovider.surfaces.surface import Route, Surface

MODELS = (engine.MODEL, "mock-model-mini")
CREATED = 1_735_689_600


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
        *engine.ROUTES,
    ),
    credential=openai.bearer,
    read=reading.read,
    head=openai.head,
    stream=stream.stream,
    plain=plain.plain,
    envelope=openai.envelope,
)
