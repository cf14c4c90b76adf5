"""Where the router is and how its surfaces are asked."""

from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

from conformance.exchange import Headers, Json, Request
from conformance.probes.probe import Send

DEFAULT_KEY = "sk-conformance"
DEFAULT_MODEL = "mock-model"


class BadTarget(ValueError):
    """A router URL that cannot be one; the message says what is right."""


@dataclass(frozen=True, slots=True)
class Target:
    url: str  # as the official SDKs take it: with /v1 for the OpenAI surfaces
    key: str = DEFAULT_KEY
    model: str = DEFAULT_MODEL
    headers: Headers = ()


def target(url: str, key: str = "", model: str = "", headers: Headers = ()) -> Target:
    """Check a router's URL; without a path it gets the /v1 that the OpenAI SDKs expect."""
    try:
        httpx.URL(url)
        parts = urlsplit(url)
    except (ValueError, httpx.InvalidURL) as error:
        raise BadTarget(f"router URL {url!r}: {error}") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        right = "http://HOST:PORT, with the base path if it is not /v1"
        raise BadTarget(f"router URL {url!r}: not an http or https URL; right would be {right}")
    if parts.query or parts.fragment:
        raise BadTarget(f"router URL {url!r}: a base URL has neither ? nor #")
    base = url.rstrip("/") if parts.path.strip("/") else url.rstrip("/") + "/v1"
    return Target(base, key or DEFAULT_KEY, model or DEFAULT_MODEL, headers)


def request(target: Target, surface: str, send: Send, prompt: str) -> Request:
    """Return the HTTP request by which a client of that surface would ask."""
    return SURFACES[surface](target, send, prompt)


def _chat(target: Target, send: Send, prompt: str) -> Request:
    body: Json = {
        "model": target.model,
        "messages": [{"role": "user", "content": prompt}],
        "stream": send.mode == "stream",
        **send.ask,
    }
    body = {name: value for name, value in body.items() if value is not None}
    headers = (
        ("authorization", f"Bearer {target.key}"),
        ("content-type", "application/json"),
        ("accept", "application/json"),
        *target.headers,
        *send.headers,
    )
    return Request("POST", f"{target.url}/chat/completions", headers, body)


SURFACES = {"chat": _chat}
