"""Errors that came from the upstream, and headers that come down from it."""

import json

from conformance.selfcheck.router.relay import Relay
from conformance.selfcheck.router.values import Chunk, Failed, Headers, Json, objects

FORWARDED = ("retry-after", "retry-after-ms", "x-should-retry")
FORWARDED_FAMILIES = ("x-ratelimit-", "anthropic-ratelimit-", "openai-processing-")
REQUEST_IDS = ("x-request-id", "request-id")


def error_object(told: Json, relay: Relay, status: int = 502) -> Chunk:
    """Return an upstream's error as the surface has it, and without our key."""
    text = json.dumps(relay.dialect.error_told(told, status))
    redacted: Chunk = json.loads(text.replace(relay.settings.upstream_key, "[redacted]"))
    return redacted


def refused(status: int, body: bytes, relay: Relay) -> Failed:
    """Return what a client gets where the upstream answered with an error status."""
    if status < 400:  # noqa: PLR2004  (a redirect, which is not ours to follow)
        return Failed(502, relay.dialect.error(502, f"the upstream answered {status}", None))
    try:
        told = json.loads(body)
    except ValueError:
        told = None
    told = next(iter(objects(told)), None) if isinstance(told, list) else told
    found = told.get("error", told) if isinstance(told, dict) else None
    if not found:
        found = {"message": f"the upstream answered {status}"}
    return Failed(status, error_object(found, relay, status))


def upstream_id(relay: Relay) -> str | None:
    """Return what the upstream calls the request."""
    return next(filter(None, map(relay.upstream.get, REQUEST_IDS)), None)


def forwarded(relay: Relay) -> Headers:
    """Return what a client may see of the upstream's response headers."""
    kept = tuple(
        (name, value)
        for name, value in relay.upstream.items()
        if name in FORWARDED or name.startswith(FORWARDED_FAMILIES)
    )
    theirs = upstream_id(relay)
    return (*kept, ("x-upstream-request-id", theirs)) if theirs else kept
