"""Errors as the chat surface has them, whatever shape they had."""

from collections.abc import Iterator

from conformance.selfcheck.router.events import Item
from conformance.selfcheck.router.relay import Relay
from conformance.selfcheck.router.stream import as_event
from conformance.selfcheck.router.values import Chunk, Json

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


def error(status: int, message: str, code: str | None = None) -> Chunk:
    """Return an error of our own."""
    kinds = {500: "server_error", 502: "upstream_error", 504: "upstream_error"}
    kind = kinds.get(status, "invalid_request_error")
    return {"message": message, "type": kind, "param": None, "code": code}


def error_told(told: Json, status: int = 502) -> Chunk:
    """Return an upstream's error with the four members a client reads."""
    said = told if isinstance(told, dict) else {"message": told}
    message, kind = said.get("message"), said.get("type")
    return {
        **said,
        "message": message if isinstance(message, str) and message else "the upstream failed",
        "type": kind if isinstance(kind, str) and kind else "upstream_error",
        "param": said.get("param"),
        "code": said.get("code"),
    }


def status_of(error: Chunk) -> int:
    for value in (error.get("status"), error.get("code")):
        if isinstance(value, int) and 400 <= value < 600:  # noqa: PLR2004  (the error classes)
            return value
    words = (STATUSES.get(str(error.get(key))) for key in ("type", "code"))
    return next(filter(None, words), 502)


def envelope(error: Chunk, relay: Relay) -> Chunk:
    return {"error": error}


def failing(error: Chunk, relay: Relay) -> Iterator[Item]:
    yield as_event(envelope(error, relay))
