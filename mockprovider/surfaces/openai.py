"""What OpenAI's APIs share: the key, the head, the error envelope, shapes, log probabilities."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from mockprovider.inbox import Request
from mockprovider.shapes import Json
from mockprovider.slots import slot
from mockprovider.steps import Error
from mockprovider.surfaces.surface import Ask, Objection, Reading
from mockprovider.timeline import Head

ERROR_TYPES = {429: "rate_limit_exceeded", 503: "service_unavailable_error"}
FIRST_SERVER_ERROR = 500
OBFUSCATION = "aB3dE5"

TEXT = {"type": "string"}
TEXT_OR_NULL = {"type": ["string", "null"]}
FLAG = {"type": ["boolean", "null"]}
OBJECT = {"type": ["object", "null"]}
METADATA = {"type": ["object", "null"], "maxProperties": 16, "additionalProperties": TEXT}
NAME = {"type": "string", "pattern": "^[a-zA-Z0-9_-]{1,64}$"}


def choice_of(*words: str) -> dict[str, Json]:
    """Return the shape of one of some words, or null."""
    return {"type": ["string", "null"], "enum": [*words, None]}


def number(low: float, high: float, kind: str = "number") -> dict[str, Json]:
    """Return the shape of a number within limits, or null."""
    return {"type": [kind, "null"], "minimum": low, "maximum": high}


def bearer(request: Request) -> str | None:
    """Return the key of the Authorization header."""
    scheme, _, key = (request.header("authorization") or "").partition(" ")
    return (key.strip() or None) if scheme.lower() == "bearer" else None


def head(streamed: bool) -> Head:
    """Return the headers OpenAI sends."""
    media = "text/event-stream; charset=utf-8" if streamed else "application/json"
    return Head(200, (
        ("date", slot("date")),
        ("content-type", media),
        ("access-control-expose-headers", "X-Request-ID"),
        ("openai-organization", "mock-organization"),
        ("openai-processing-ms", "1"),
        ("openai-version", "2020-10-01"),
        ("x-ratelimit-limit-requests", "10000"),
        ("x-ratelimit-limit-tokens", "2000000"),
        ("x-ratelimit-remaining-requests", "9999"),
        ("x-ratelimit-remaining-tokens", "1999990"),
        ("x-ratelimit-reset-requests", "6ms"),
        ("x-ratelimit-reset-tokens", "0s"),
        ("x-request-id", f"req_{slot('id')}"),
    ))  # fmt: skip


def error(step: Error) -> dict[str, Json]:
    """Return an error in OpenAI's envelope."""
    kind = step.type
    if kind is None:
        status = step.status or FIRST_SERVER_ERROR
        fallback = "server_error" if status >= FIRST_SERVER_ERROR else "invalid_request_error"
        kind = ERROR_TYPES.get(status, fallback)
    body = {"message": step.message, "type": kind, "param": step.param, "code": step.code}
    return {"error": body}


def envelope(step: Error) -> tuple[int, Mapping[str, Json]]:
    """Return status and body of an answer that is an error."""
    return step.status or FIRST_SERVER_ERROR, error(step)


def invalid(message: str, param: str | None, code: str | None = None) -> Error:
    """Return what a request is refused with."""
    return Error(message, "invalid_request_error", code, param, 400)


def typed(body: Mapping[str, Json], name: str, kind: type) -> Json:
    """Return a member of a request; one of a wrong type counts as not given."""
    value = body.get(name)
    return value if isinstance(value, kind) and not isinstance(value, bool) else None


def stops(body: Mapping[str, Json]) -> tuple[str, ...]:
    """Return the texts that are to end an answer."""
    stop = body.get("stop")
    listed = stop if isinstance(stop, list) else [stop]
    return tuple(each for each in listed if isinstance(each, str))


def understood(
    body: Json, wrong: Sequence[Error], ask: Ask, prompt: str, odd: Iterable[Objection] = ()
) -> Reading:
    """Return what a request asks; the first thing that is wrong with it is why it is refused."""
    told = [Objection(f"body.{each.param or ''}".rstrip("."), each.message) for each in wrong]
    return Reading(
        model=str(body.get("model", "")) if isinstance(body, dict) else "",
        ask=ask,
        refusal=wrong[0] if wrong else None,
        objections=(*told, *odd),
        prompt=prompt,
    )


def logprobs(said: str, tokens: int, top: int) -> list[dict[str, Json]]:
    """Return made-up, repeatable log probabilities of a text that is so many tokens long."""
    count = max(1, min(tokens, len(said)))
    cuts = [len(said) * part // count for part in range(count + 1)]
    pieces = [said[start:end] for start, end in pairwise(cuts)]
    return [_logprob(piece, top) for piece in pieces if piece]


def _logprob(token: str, top: int) -> dict[str, Json]:
    others = [f"{token}{'~' * rank}" for rank in range(top)]
    rows = [_row(other, -0.25 - rank) for rank, other in enumerate(others)]
    return {**_row(token, -0.25), "top_logprobs": rows}


def _row(token: str, logprob: float) -> dict[str, Json]:
    return {"token": token, "logprob": logprob, "bytes": list(token.encode())}
