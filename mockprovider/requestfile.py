"""A file in, a request out: a body alone, or method, path, headers and body."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mockprovider.inbox import Headers, Request
from mockprovider.shapes import Json

CHAT = "/v1/chat/completions"
ANTHROPIC = ("system", "stop_sequences", "thinking", "top_k", "anthropic_version")
# What any surface accepts, for a body without headers.
HEADERS = {
    "content-type": "application/json",
    "authorization": "Bearer KEY",
    "anthropic-version": "2023-06-01",
}
ENVELOPE = frozenset(
    ("method", "path", "target", "headers", "body", "body_base64", "version", "at")
)


class Unreadable(ValueError):
    """A file that holds no request; the message says why."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A request, and what was assumed to make one of the file."""

    request: Request
    assumed: str = ""


def load(path: Path) -> Subject:
    """Read a request: a body alone, or method, path, headers and body."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Unreadable(f"{path}: cannot be read: {error}") from None
    except RecursionError:
        raise Unreadable(f"{path}: cannot be read: it is nested too deep") from None
    if not isinstance(document, dict):
        raise Unreadable(f"{path}: a request is an object, not {json.dumps(document)[:60]}")
    try:
        return subject(document)
    except Unreadable as error:
        raise Unreadable(f"{path}: {error}") from None


def subject(document: Mapping[str, Json]) -> Subject:
    """Make a request of a document; a journal entry's `request` is one too."""
    if document.keys() - ENVELOPE or not document.keys() & {"method", "path", "target"}:
        path = guessed(document)
        request = _request("POST", path, HEADERS, document)
        return Subject(request, f"a body alone is taken for POST {path}, with headers that fit")
    path = document.get("target", document.get("path", CHAT))
    headers = document.get("headers", _fitting(path))
    return Subject(_request(document.get("method", "POST"), path, headers, document.get("body")))


def guessed(body: Mapping[str, Json]) -> str:
    """Return the path a body was probably meant for, told by its members."""
    if "contents" in body:
        return "/v1beta/models/mock-model:generateContent"
    if "input" in body:
        embeds = "embed" in str(body.get("model"))
        return "/v1/embeddings" if embeds else "/v1/responses"
    if "prompt" in body:
        return "/v1/completions"
    return "/v1/messages" if any(name in body for name in ANTHROPIC) else CHAT


def _request(method: Json, target: Json, headers: Json, body: Json) -> Request:
    for name, value in (("method", method), ("path", target)):
        if not isinstance(value, str):
            raise Unreadable(f"{name} must be a text, not {value!r}")
    if not (body is None or isinstance(body, str | dict | list)):
        raise Unreadable(f"body must be a text or an object, not {body!r}")
    data = body if isinstance(body, str) else "" if body is None else json.dumps(body)
    return Request(method, target, "1.1", _headers(headers), data.encode(), complete=True)


def _fitting(path: str) -> dict[str, str]:
    """Return headers that do, with nothing that says of the path whose it is."""
    own = () if "/messages" in path else ("anthropic-version",)
    return {name: value for name, value in HEADERS.items() if name not in own}


def _headers(headers: Json) -> Headers:
    pairs = list(headers.items()) if isinstance(headers, dict) else headers
    if not isinstance(pairs, list):
        raise Unreadable(f"headers must be a table or a list of pairs, not {headers!r}")
    for pair in pairs:
        if not (isinstance(pair, list | tuple) and [type(part) for part in pair] == [str, str]):
            raise Unreadable(f"headers: {pair!r} is no pair of texts")
    return tuple((name, value) for name, value in pairs)
