"""OpenAI's embeddings: small vectors that depend on nothing but the input."""

import json
import math
import re
import struct
from base64 import b64encode
from collections.abc import Mapping
from hashlib import shake_128

from mockprovider.requests import refusal
from mockprovider.shapes import Json, mismatches
from mockprovider.slots import slot
from mockprovider.steps import Steps, Usage
from mockprovider.surfaces import openai
from mockprovider.surfaces.openai import TEXT, TEXT_OR_NULL, number, typed
from mockprovider.surfaces.surface import Ask, Reading, Route, Surface
from mockprovider.surfaces.writing import written
from mockprovider.timeline import Close, Send, Timeline

DIMENSIONS = 8
SPREAD = 1 << 15
REQUEST: dict[str, Json] = {
    "type": "object",
    "required": ["model", "input"],
    "properties": {
        "model": TEXT,
        "input": {
            "anyOf": [
                TEXT | {"minLength": 1},
                {
                    "type": "array",
                    "minItems": 1,
                    "maxItems": 2048,
                    "items": {"type": ["string", "integer", "array"]},
                },
            ]
        },
        "encoding_format": {"type": ["string", "null"], "enum": ["float", "base64", None]},
        "dimensions": number(1, 3072, "integer"),
        "user": TEXT_OR_NULL,
    },
    "additionalProperties": False,
}


def read(body: Json, context: str = "") -> Reading:
    """Understand a request as strictly as OpenAI does."""
    wrong = [refusal(each) for each in mismatches(REQUEST, body, root=REQUEST)]
    known = body if isinstance(body, dict) else {}
    asked = {name: known.get(name) for name in ("input", "encoding_format")}
    asked["dimensions"] = max(0, typed(known, "dimensions", int) or 0)
    prompt = str(inputs(known.get("input"))[-1] or "")
    return openai.understood(known, wrong, Ask(given=json.dumps(asked)), prompt)


def plain(steps: Steps, ask: Ask, habits: Mapping[str, Json]) -> bytes:
    """Answer with a vector for each input; of the steps only the usage counts."""
    asked = json.loads(ask.given)
    told, coded = inputs(asked.get("input")), asked.get("encoding_format") == "base64"
    vectors = [vector(each, asked.get("dimensions") or DIMENSIONS) for each in told]
    data = [
        {"object": "embedding", "index": index, "embedding": packed(each) if coded else each}
        for index, each in enumerate(vectors)
    ]
    bill = next((step.input for step in steps if isinstance(step, Usage)), 0)
    usage = {"prompt_tokens": bill, "total_tokens": bill}
    body = {"object": "list", "data": data, "model": slot("model"), "usage": usage}
    return written(body, "compact")


def stream(steps: Steps, ask: Ask, habits: Mapping[str, Json]) -> Timeline:
    """Answer with one body all the same: nothing is streamed here."""
    return Send(plain(steps, ask, habits), "body", 0), Close()


def inputs(told: Json) -> list[Json]:
    """Return each input of a request: texts, or lists of tokens."""
    many = isinstance(told, list) and told and not isinstance(told[0], int)
    return told if many else [told]


def vector(told: Json, dimensions: int) -> list[float]:
    """Return a vector of length 1, each number exact in 32 bits."""
    digest = shake_128(json.dumps(told).encode()).digest(2 * dimensions)
    # Never 0, so that the vector has a length.
    raw = [half - SPREAD + 0.5 for half in struct.unpack(f"<{dimensions}H", digest)]
    length = math.hypot(*raw)
    floats = struct.pack(f"<{dimensions}f", *(number / length for number in raw))
    return list(struct.unpack(f"<{dimensions}f", floats))


def packed(numbers: list[float]) -> str:
    """Return a vector as the Python SDK asks for it: little-endian floats in base64."""
    return b64encode(struct.pack(f"<{len(numbers)}f", *numbers)).decode()


SURFACE = Surface(
    name="embeddings",
    routes=(Route("POST", re.compile(r"(?:/v1)?/embeddings")),),
    credential=openai.bearer,
    read=read,
    head=openai.head,
    stream=stream,
    plain=plain,
    envelope=openai.envelope,
)
