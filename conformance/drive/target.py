"""Where the router is and how its surfaces are asked."""

from dataclasses import dataclass, replace
from urllib.parse import urlsplit

import httpx

from conformance.drive.asking import ASKING
from conformance.exchange import Headers, Request
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
    asked = ASKING[surface](target.url, target.key, target.model, send, prompt)
    return replace(asked, headers=(*asked.headers, *target.headers, *send.headers))
