"""The pieces of JSON that streamed and plain answers of the chat surface share."""

import json
from collections.abc import Mapping
from itertools import pairwise

from mockprovider.shapes import Json
from mockprovider.slots import slot
from mockprovider.steps import Cite, Error, Think, Usage
from mockprovider.surfaces.chat.habits import ABSENT, SEPARATORS, WORDS, Habits

ERROR_TYPES = {429: "rate_limit_exceeded", 503: "service_unavailable_error"}
FIRST_SERVER_ERROR = 500
OBFUSCATION = "aB3dE5"


def text(value: Json, habits: Habits) -> bytes:
    """Write JSON in the vendor's style."""
    separators = SEPARATORS[habits.json]
    ascii_only = habits.json == "ascii"
    return json.dumps(value, separators=separators, ensure_ascii=ascii_only).encode()


def envelope(kind: str, habits: Habits, *, number: int = 0) -> dict[str, Json]:
    """Return the members every chunk, and the whole answer, begins with."""
    rotating = number if habits.id == "rotating" else 0
    growing = number if habits.created == "growing" else 0
    ids = {"empty": "", "absent": ABSENT}
    return {
        "id": ids.get(habits.id, f"chatcmpl-{slot('id', rotating)}"),
        "object": {"chunk": kind}.get(habits.object, WORDS.get(habits.object)),
        "created": WORDS.get(habits.created, slot("created", growing)),
        "model": slot("model"),
        "service_tier": WORDS.get(habits.service_tier, "default"),
        "system_fingerprint": WORDS.get(habits.fingerprint, "fp_mock000001"),
    }


def usage(step: Usage, habits: Habits) -> dict[str, Json]:
    """Return usage as this API counts it: cached inside prompt, reasoning inside completion."""
    prompt = {"cached_tokens": step.cached, "audio_tokens": 0}
    if step.cache_write:
        prompt["cache_write_tokens"] = step.cache_write
    return {
        "prompt_tokens": step.input,
        "completion_tokens": step.output,
        "total_tokens": step.input + step.output,
        "prompt_tokens_details": prompt,
        "completion_tokens_details": {
            "reasoning_tokens": step.reasoning,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
        **habits.usage_extra,
    }


def reasoning(step: Think, habits: Habits) -> dict[str, Json]:
    """Return a piece of reasoning under each name the vendor uses for it."""
    members = dict[str, Json]()
    for name in habits.reasoning:
        if name == "reasoning_details":
            members[name] = [_detail(step)]
        elif not step.redacted:
            members[name] = step.text
    return members


def _detail(step: Think) -> dict[str, Json]:
    if step.redacted:
        return {"type": "reasoning.encrypted", "data": step.text, "index": 0}
    signed = {} if step.signature is None else {"signature": step.signature}
    return {"type": "reasoning.text", "text": step.text, **signed, "index": 0}


def citation(step: Cite) -> dict[str, Json]:
    span = {"start_index": step.start, "end_index": step.end}
    return {"type": "url_citation", "url_citation": {**span, "url": step.url, "title": step.title}}


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


def error(step: Error) -> dict[str, Json]:
    """Return an error in OpenAI's envelope."""
    kind = step.type
    if kind is None:
        status = step.status or FIRST_SERVER_ERROR
        fallback = "server_error" if status >= FIRST_SERVER_ERROR else "invalid_request_error"
        kind = ERROR_TYPES.get(status, fallback)
    body = {"message": step.message, "type": kind, "param": step.param, "code": step.code}
    return {"error": body}


def refusal_envelope(step: Error) -> tuple[int, Mapping[str, Json]]:
    """Return status and body of an answer that is an error."""
    return step.status or FIRST_SERVER_ERROR, error(step)
