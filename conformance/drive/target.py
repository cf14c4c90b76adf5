"""Where the router is and how its surfaces are asked."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx

from conformance.drive.asking import ASKING
from conformance.exchange import Headers, Request
from conformance.probes.probe import Send
from conformance.profiles.address import Address, credential

DEFAULT_KEY = "sk-conformance"
DEFAULT_MODEL = "mock-model"
JSON = (("content-type", "application/json"), ("accept", "application/json"))


class BadTarget(ValueError):
    """A router URL that cannot be one; the message says what is right."""


@dataclass(frozen=True, slots=True)
class Target:
    url: str  # as the official SDKs of chat take it: with /v1
    key: str = DEFAULT_KEY
    model: str = DEFAULT_MODEL
    headers: Headers = ()
    address: Address = field(default_factory=Address)

    @property
    def root(self) -> str:
        return self.address.root(self.url)

    def base(self, surface: str) -> str:
        return self.address.bases(self.url)[surface]


def target(
    url: str, key: str = "", model: str = "", headers: Headers = (), address: Address | None = None
) -> Target:
    """Check a router's URL and say where its surfaces are; chat is at /v1 unless it is told."""
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
    address = address or Address()
    base = address.bases(url)["chat"]
    return Target(base, key or DEFAULT_KEY, model or DEFAULT_MODEL, headers, address)


def request(target: Target, surface: str, send: Send, prompt: str, way: str = "") -> Request:
    """Return the HTTP request by which a client of that surface would ask."""
    asked = ASKING[surface](target.model, send, prompt)
    auth, query = credential(way or target.address.ways(surface)[0], target.key)
    url = target.base(surface) + asked.path
    if query:
        url += ("&" if "?" in url else "?") + query
    body = {name: value for name, value in asked.body.items() if value is not None}
    headers = (*auth, *asked.headers, *JSON, *target.headers, *send.headers)
    return Request("POST", url, headers, body)
