"""Where the router is and how its surfaces are asked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx

from conformance.drive.asking import ASKING
from conformance.exchange import Headers, Json, Request
from conformance.probes.probe import Send
from conformance.profiles.address import Address, credential
from conformance.profiles.rows import Endpoint

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
    members: Mapping[str, Json] = field(default_factory=dict)  # of every request

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


def request(target: Target, surface: str, send: Send, prompt: str) -> Request:
    """Return the HTTP request by which a client of that surface would ask."""
    if send.endpoint:
        return _aside(target, surface, send.endpoint)
    asked = ASKING[surface](target.model, send, prompt)
    key = target.key if send.key is None else send.key
    auth, query = _carried(target, surface, key, send.way)
    whole = {**target.members, **asked.body}
    body = {name: value for name, value in whole.items() if value is not None}
    own = (pair for pair in asked.headers if pair[0] not in send.without)
    headers = (*auth, *own, *JSON, *target.headers, *send.headers)
    return Request("POST", _url(target.base(surface) + asked.path, query), headers, body)


def _aside(target: Target, surface: str, row: Endpoint) -> Request:
    """Return the request for what is beside the surfaces."""
    auth, query = _carried(target, surface, target.key if row.key else "")
    url = _url(target.address.root(target.url) + row.path, query)
    return Request(row.method, url, (*auth, *JSON, *target.headers), row.body)


def _carried(target: Target, surface: str, key: str, way: str = "") -> tuple[Headers, str]:
    return credential(way or target.address.ways(surface)[0], key) if key else ((), "")


def _url(url: str, query: str) -> str:
    return f"{url}{'&' if '?' in url else '?'}{query}" if query else url
