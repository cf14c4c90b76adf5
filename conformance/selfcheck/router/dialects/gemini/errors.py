"""Errors as the gemini surface has them, whatever shape they had."""

from collections.abc import Iterator

from conformance.selfcheck.router.events import Item
from conformance.selfcheck.router.relay import Relay
from conformance.selfcheck.router.stream import as_event
from conformance.selfcheck.router.values import Chunk, Json

#: The word that goes with a status.
WORDS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ABORTED",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
INFO = "type.googleapis.com/google.rpc.ErrorInfo"


def error(status: int, message: str, code: str | None) -> Chunk:
    """Return an error of our own; the code is the reason in its details."""
    told: Chunk = {"code": status, "message": message, "status": WORDS.get(status, "UNKNOWN")}
    if code is None:
        return told
    return {**told, "details": [{"@type": INFO, "reason": code.upper(), "domain": "router"}]}


def error_told(told: Json, status: int) -> Chunk:
    """Return an upstream's error with the members a client reads; its code is a number."""
    said = told if isinstance(told, dict) else {"message": told}
    code, message, word = said.get("code"), said.get("message"), said.get("status")
    code = code if isinstance(code, int) else status
    return {
        **said,
        "code": code,
        "message": message if isinstance(message, str) and message else "the upstream failed",
        "status": word if isinstance(word, str) and word else WORDS.get(code, "UNKNOWN"),
    }


def status_of(error: Chunk) -> int:
    code: int = error["code"]
    return code if 400 <= code < 600 else 502  # noqa: PLR2004  (the error classes)


def envelope(error: Chunk, relay: Relay) -> Json:
    """Return the error; whoever wants an array gets it as the only element of one."""
    told = {"error": error}
    return [told] if relay.dialect.mode(relay) == "array" else told


def failing(error: Chunk, relay: Relay) -> Iterator[Item]:
    """Yield an event with nothing but the error: Google's SDK looks for it in the first place."""
    yield as_event({"error": error})
