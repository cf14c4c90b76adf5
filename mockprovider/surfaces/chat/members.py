"""The pieces of JSON that streamed and plain answers of the chat surface share."""

from mockprovider.shapes import Json
from mockprovider.slots import slot
from mockprovider.steps import Cite, Think, Usage
from mockprovider.surfaces.chat.habits import Habits
from mockprovider.surfaces.writing import ABSENT, WORDS, written


def text(value: Json, habits: Habits) -> bytes:
    """Write JSON in the vendor's style."""
    return written(value, habits.json)


def envelope(kind: str, habits: Habits, *, number: int = 0) -> dict[str, Json]:
    """Return the members every chunk, and the whole answer, begins with."""
    rotating = number if habits.id == "rotating" else 0
    growing = number if habits.created == "growing" else 0
    ids = {"empty": "", "absent": ABSENT}
    return {
        "id": ids.get(habits.id, f"chatcmpl-{slot('id', rotating)}"),
        "object": {"chunk": kind, "done-last": kind}.get(habits.object, WORDS.get(habits.object)),
        "created": WORDS.get(habits.created, slot("created", growing)),
        "model": slot("model"),
        "service_tier": WORDS.get(habits.service_tier, "default"),
        "system_fingerprint": WORDS.get(habits.fingerprint, "fp_mock000001"),
    }


def role(habits: Habits, *, first: bool) -> dict[str, Json]:
    """Return who speaks, where the vendor says so."""
    if habits.role == "never" or (habits.role == "first" and not first):
        return {}
    if habits.role == "null-later" and not first:
        return {"role": None}
    return {"role": "assistant", "content": None} if first else {"role": "assistant"}


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
