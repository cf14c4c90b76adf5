"""Anthropic's Messages, and the count of a prompt's tokens beside it."""

import re
from collections.abc import Mapping
from dataclasses import replace

from mockprovider.inbox import Request
from mockprovider.shapes import Json
from mockprovider.slots import slot
from mockprovider.steps import Error
from mockprovider.surfaces.messages import members, plain, reading, stream
from mockprovider.surfaces.surface import Route, Surface
from mockprovider.timeline import Head

MODELS = ("mock-model", "mock-model-mini")
RESET = "2030-01-01T00:00:00Z"
LIMITS = {
    "requests": (4000, 3999),
    "tokens": (480_000, 479_000),
    "input-tokens": (400_000, 399_000),
    "output-tokens": (80_000, 80_000),
}


def head(streamed: bool) -> Head:
    """Return the headers Anthropic sends."""
    media = "text/event-stream; charset=utf-8" if streamed else "application/json"
    limits = [
        (f"anthropic-ratelimit-{what}-{name}", value)
        for what, (limit, remaining) in LIMITS.items()
        for name, value in (("limit", limit), ("remaining", remaining), ("reset", RESET))
    ]
    return Head(200, (
        ("date", slot("date")),
        ("content-type", media),
        *([("cache-control", "no-cache")] if streamed else ()),
        ("anthropic-organization-id", "00000000-0000-4000-8000-000000000000"),
        *((name, str(value)) for name, value in limits),
        ("request-id", members.REQUEST_ID),
    ))  # fmt: skip


def asks(request: Request) -> bool:
    """Tell whether a request for what other APIs have too is Anthropic's."""
    return any(request.header(name) for name in ("anthropic-version", "x-api-key"))


def models(params: Mapping[str, str]) -> tuple[int, Mapping[str, Json]]:
    """Answer for the list of models, all on one page."""
    listed = [_model(name) for name in MODELS]
    return 200, {
        "data": listed, "has_more": False, "first_id": MODELS[0], "last_id": MODELS[-1],
    }  # fmt: skip


def model(params: Mapping[str, str]) -> tuple[int, Mapping[str, Json]]:
    """Answer for one model; the mock plays any."""
    return 200, _model(params["model"])


def _model(name: str) -> Mapping[str, Json]:
    return {
        "type": "model",
        "id": name,
        "display_name": name,
        "created_at": "2026-01-01T00:00:00Z",
        "lifecycle": "active",
        "deprecated_at": None,
        "retires_at": None,
        "line": None,
        "capabilities": None,
        "max_input_tokens": 200_000,
        "max_tokens": 64_000,
    }


SURFACE = Surface(
    name="messages",
    routes=(Route("POST", re.compile(r"(?:/v1)?/messages")),),
    credential=reading.key,
    read=reading.read,
    head=head,
    stream=stream.stream,
    plain=plain.plain,
    envelope=members.envelope,
    context=reading.context,
    refusals={
        "no-key": Error("x-api-key header is required", status=401),
        "wrong-key": Error("invalid x-api-key", status=401),
        "not-json": Error("The request body is not valid JSON", status=400),
    },
)
COUNT = replace(
    SURFACE,
    name="messages-count",
    routes=(Route("POST", re.compile(r"(?:/v1)?/messages/count_tokens")),),
    read=reading.read_count,
    plain=plain.count,
)
# OpenAI and Google have these paths too; they go to whoever's headers come with them.
STABLE = replace(
    SURFACE,
    routes=(
        Route("GET", re.compile(r"(?:/v1)?/models"), answer=models),
        Route("GET", re.compile(r"(?:/v1)?/models/(?P<model>[^/]+)"), answer=model),
    ),
)
