"""Errors as the chat surface has them, whatever shape the upstream gave them."""

import json

from conformance.selfcheck.router.relay import Relay
from conformance.selfcheck.router.values import Chunk, Failed, Headers, Json, envelope

#: The status an error would have had, had the upstream not begun with 200.
STATUSES = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "permission_error": 403,
    "not_found_error": 404,
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "insufficient_quota": 429,
    "server_error": 500,
    "api_error": 500,
    "service_unavailable_error": 503,
    "overloaded_error": 503,
}

FORWARDED = ("retry-after", "retry-after-ms", "x-should-retry")
FORWARDED_FAMILIES = ("x-ratelimit-", "openai-processing-")


def error_object(told: Json, relay: Relay) -> Chunk:
    """Return an upstream's error with the four members a client reads, and without our key."""
    said = told if isinstance(told, dict) else {"message": told}
    message, kind = said.get("message"), said.get("type")
    whole = {
        **said,
        "message": message if isinstance(message, str) and message else "the upstream failed",
        "type": kind if isinstance(kind, str) and kind else "upstream_error",
        "param": said.get("param"),
        "code": said.get("code"),
    }
    text = json.dumps(whole).replace(relay.settings.upstream_key, "[redacted]")
    redacted: Chunk = json.loads(text)
    return redacted


def status_of(error: Chunk) -> int:
    for value in (error.get("status"), error.get("code")):
        if isinstance(value, int) and 400 <= value < 600:  # noqa: PLR2004  (the error classes)
            return value
    words = (STATUSES.get(str(error.get(key))) for key in ("type", "code"))
    return next(filter(None, words), 502)


def refused(status: int, body: bytes, relay: Relay) -> Failed:
    """Return what a client gets where the upstream answered with an error status."""
    if status < 400:  # noqa: PLR2004  (a redirect, which is not ours to follow)
        return Failed(502, envelope(f"the upstream answered {status}"))
    try:
        told = json.loads(body)
    except ValueError:
        told = None
    found = told.get("error", told) if isinstance(told, dict) else None
    if not found:
        found = envelope(f"the upstream answered {status}")
    return Failed(status, error_object(found, relay))


def forwarded(relay: Relay) -> Headers:
    """Return what a client may see of the upstream's response headers."""
    kept = tuple(
        (name, value)
        for name, value in relay.upstream.items()
        if name in FORWARDED or name.startswith(FORWARDED_FAMILIES)
    )
    theirs = relay.upstream.get("x-request-id")
    return (*kept, ("x-upstream-request-id", theirs)) if theirs else kept
