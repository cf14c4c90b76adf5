"""The pieces of JSON that streamed and plain answers of the messages surface share."""

from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import replace
from hashlib import sha256

from mockprovider.requests import INVALID
from mockprovider.shapes import Json
from mockprovider.slots import slot
from mockprovider.steps import Cite, Error, Finish, Refuse, Steps, Usage
from mockprovider.surfaces.messages.habits import Habits
from mockprovider.surfaces.writing import ABSENT, present

STOP_REASONS = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "content_filter": "refusal",
}
ERROR_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    409: "conflict_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    503: "overloaded_error",
    504: "timeout_error",
    529: "overloaded_error",
}
FIRST_ERROR, FIRST_SERVER_ERROR = 400, 500
# What a signature of the mock's own making begins with, in base64.
SIGNED = b64encode(b"signed").decode()
REQUEST_ID = f"req_{slot('id')}"

Stated = tuple[Callable[[Usage], Usage], tuple[str, ...]]
COUNTS = ("input_tokens", "output_tokens")
INPUT = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
SERVED = ("cache_creation", "service_tier", "inference_geo")
FINAL = (*INPUT, "output_tokens", "output_tokens_details")
# What each habit states at the start and at the end: the counts it bases it on, and the members.
AT_START: dict[str, Stated] = {
    "full": (lambda bill: replace(bill, output=min(1, bill.output)), (*INPUT, *SERVED, COUNTS[1])),
    "counts": (lambda bill: replace(bill, output=0), COUNTS),
    "zero": (lambda _: Usage(), COUNTS),
}
AT_END: dict[str, Stated] = {
    "full": (lambda bill: bill, FINAL),
    "counts": (lambda bill: bill, COUNTS),
    "output": (lambda bill: bill, ("output_tokens",)),
    "zero-input": (lambda bill: Usage(output=bill.output), FINAL),
}


def message(habits: Habits) -> dict[str, Json]:
    """Return the members the message has from its start, in a stream or out of one."""
    return {
        "model": slot("model"),
        "id": f"{habits.id}{slot('id')}",
        "type": "message",
        "role": "assistant",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "stop_details": None if habits.stop_details == "given" else ABSENT,
    }


def bill(steps: Steps) -> Usage:
    """Return the usage of a script. The API always states one; of none it is all zero."""
    return next((step for step in steps if isinstance(step, Usage)), Usage())


def start_usage(bill: Usage, habits: Habits) -> Json:
    """Return usage as it is known at the start."""
    return _stated(AT_START.get(habits.start_usage), bill)


def end_usage(bill: Usage, habits: Habits) -> Json:
    """Return usage as it is known at the end; its counts replace those of the start."""
    usage = _stated(AT_END.get(habits.delta_usage), bill)
    return usage if usage is ABSENT else {**usage, **habits.usage_extra}


def _stated(stated: Stated | None, bill: Usage) -> Json:
    if stated is None:
        return ABSENT
    known, names = stated
    counts = _counts(known(bill))
    return present({name: counts[name] for name in names})


def _counts(bill: Usage) -> dict[str, Json]:
    """Count as this API does: what was read from a cache, or written to it, is not in the input."""
    details = {"thinking_tokens": bill.reasoning}
    written = {"ephemeral_5m_input_tokens": bill.cache_write, "ephemeral_1h_input_tokens": 0}
    return {
        "input_tokens": max(0, bill.input - bill.cached - bill.cache_write),
        "cache_creation_input_tokens": bill.cache_write,
        "cache_read_input_tokens": bill.cached,
        "cache_creation": written,
        "output_tokens": bill.output,
        "output_tokens_details": details if bill.reasoning else ABSENT,
        "service_tier": "standard",
        "inference_geo": "global",
    }


def ending(finish: Finish | None, script: Steps, habits: Habits) -> dict[str, Json]:
    """Return why the message ended, as `message_delta` says it."""
    reason = STOP_REASONS.get(finish.reason, finish.reason) if finish else None
    refused = [step.text for step in script if isinstance(step, Refuse)]
    if refused and reason == "end_turn":
        reason = "refusal"
    matched = finish.matched if finish else None
    told = "".join(refused) if refused and habits.refusal == "details" else None
    details = {"type": "refusal", "category": None, "explanation": told}
    return present({
        "stop_reason": reason if matched is None else "stop_sequence",
        "stop_sequence": matched if habits.stop_sequence == "given" or matched else ABSENT,
        "stop_details": _details(details if reason == "refusal" else None, habits),
    })  # fmt: skip


def _details(details: Json, habits: Habits) -> Json:
    return details if habits.stop_details == "given" else ABSENT


def citation(step: Cite, said: str) -> dict[str, Json]:
    """Return a web citation; the source is taken to say what the answer says."""
    return {
        "type": "web_search_result_location",
        "cited_text": said[step.start : step.end],
        "url": step.url,
        "title": step.title or None,
        "encrypted_index": "bW9jaw==",
    }


def signature(thought: str) -> str:
    """Sign a thought, so that a later turn shows whether it came back as it was."""
    return b64encode(b"signed" + sha256(thought.encode()).digest()).decode()


def error(step: Error) -> dict[str, Json]:
    """Return an error in Anthropic's envelope; a type that is not Anthropic's gives way."""
    kind = step.type
    # To OpenAI a request is invalid whatever the status.
    if kind not in ERROR_TYPES.values() or (kind == INVALID and step.status is not None):
        status = step.status or FIRST_SERVER_ERROR
        fallback = FIRST_SERVER_ERROR if status >= FIRST_SERVER_ERROR else FIRST_ERROR
        kind = ERROR_TYPES.get(status, ERROR_TYPES[fallback])
    details = {"details": {"error_code": step.code}} if step.code is not None else {}
    body = {"type": kind, "message": step.message, **details}
    return {"type": "error", "error": body, "request_id": REQUEST_ID}


def envelope(step: Error) -> tuple[int, Mapping[str, Json]]:
    """Return status and body of an answer that is an error."""
    return step.status or FIRST_SERVER_ERROR, error(step)
