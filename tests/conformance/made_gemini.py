"""Gemini streams made by hand, byte for byte, in both forms."""

import json
from collections.abc import Iterable

from conformance.exchange import Exchange, Json, Request

URL = "http://router/v1beta/models/m:"
ENVELOPE: Json = {"modelVersion": "m", "responseId": "r1"}
STOP = "STOP"


def candidate(*parts: Json, finish: str | None = None, **members: Json) -> Json:
    stated = {} if finish is None else {"finishReason": finish}
    return {"content": {"role": "model", "parts": list(parts)}, **stated, **members}


def chunk(*candidates: Json, **members: Json) -> Json:
    return {"candidates": list(candidates), **ENVELOPE, **members}


def counts(prompt: int, said: int, **more: int) -> Json:
    total = prompt + said + more.get("thoughtsTokenCount", 0)
    return {"promptTokenCount": prompt, "candidatesTokenCount": said, "totalTokenCount": total,
            **more}  # fmt: skip


def said(*words: str, finish: str | None = STOP) -> list[Json]:
    """Return the chunks of an answer of text."""
    last = [] if finish is None else [chunk(candidate({"text": ""}, finish=finish))]
    return [*(chunk(candidate({"text": word})) for word in words), *last]


def events(chunks: Iterable[Json]) -> bytes:
    return b"".join(b"data: " + json.dumps(each).encode() + b"\r\n\r\n" for each in chunks)


def elements(chunks: Iterable[Json]) -> bytes:
    return b"[" + b",\r\n".join(json.dumps(each, indent=2).encode() for each in chunks) + b"\n]"


def exchange(data: bytes, mode: str = "stream", ask: Json = None, **members: Json) -> Exchange:
    method = {"stream": "streamGenerateContent?alt=sse", "array": "streamGenerateContent"}
    url = URL + method.get(mode, "generateContent")
    request = Request("POST", url, (), ask or {})
    return Exchange("gemini", mode, request, body=data, **{"status": 200, **members})


def streamed(*chunks: Json, ask: Json = None, **members: Json) -> Exchange:
    return exchange(events(chunks), "stream", ask, **members)


def listed(*chunks: Json, ask: Json = None, **members: Json) -> Exchange:
    return exchange(elements(chunks), "array", ask, **members)


def plain(value: Json, ask: Json = None, **members: Json) -> Exchange:
    return exchange(json.dumps(value).encode(), "plain", ask, **members)


def text(*words: str, finish: str | None = STOP, **members: Json) -> Exchange:
    return streamed(*said(*words, finish=finish), **members)
