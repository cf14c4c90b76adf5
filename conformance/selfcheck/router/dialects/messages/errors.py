"""Errors as the messages surface has them, whatever shape they had."""

from collections.abc import Iterator

from conformance.selfcheck.router.events import Item
from conformance.selfcheck.router.relay import Relay
from conformance.selfcheck.router.stream import named_event
from conformance.selfcheck.router.values import Chunk, Json

#: The type that goes with a status.
TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    409: "conflict_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    504: "timeout_error",
    529: "overloaded_error",
}
STATUSES = {kind: status for status, kind in TYPES.items()}


def error(status: int, message: str, code: str | None) -> Chunk:
    """Return an error of our own."""
    told: Chunk = {"type": TYPES.get(status, "api_error"), "message": message}
    return told if code is None else {**told, "details": {"error_code": code}}


def error_told(told: Json, status: int) -> Chunk:
    """Return an upstream's error with the members a client reads."""
    said = told if isinstance(told, dict) else {"message": told}
    message, kind = said.get("message"), said.get("type")
    return {
        **said,
        "type": kind if isinstance(kind, str) and kind else TYPES.get(status, "api_error"),
        "message": message if isinstance(message, str) and message else "the upstream failed",
    }


def status_of(error: Chunk) -> int:
    return STATUSES.get(error["type"], 502)


def envelope(error: Chunk, relay: Relay) -> Chunk:
    return {"type": "error", "error": error, "request_id": relay.id}


def failing(error: Chunk, relay: Relay) -> Iterator[Item]:
    yield named_event(envelope(error, relay))
