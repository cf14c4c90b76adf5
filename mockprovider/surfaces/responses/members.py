"""The response object, which plain answers are and lifecycle events carry."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from mockprovider.shapes import Json
from mockprovider.slots import slot
from mockprovider.steps import Error, Usage
from mockprovider.surfaces.responses.habits import Habits
from mockprovider.surfaces.writing import WORDS, present

# What the answer repeats of the request, and says where the request says nothing.
REPEATED: Mapping[str, Json] = {
    "background": False,
    "frequency_penalty": 0.0,
    "instructions": None,
    "max_output_tokens": None,
    "max_tool_calls": None,
    "metadata": {},
    "moderation": None,
    "parallel_tool_calls": True,
    "presence_penalty": 0.0,
    "previous_response_id": None,
    "prompt_cache_key": None,
    "prompt_cache_retention": None,
    "reasoning": {"effort": None, "summary": None},
    "safety_identifier": None,
    "service_tier": "auto",
    "store": True,
    "temperature": 1.0,
    "text": {"format": {"type": "text"}, "verbosity": "medium"},
    "tool_choice": "auto",
    "tools": [],
    "top_logprobs": 0,
    "top_p": 1.0,
    "truncation": "disabled",
    "user": None,
}
COMPLETED = ("stop", "tool_calls", "function_call", "completed")
REASONS = {"length": "max_output_tokens"}
ENDED = ("completed", "incomplete", "failed")


class State(NamedTuple):
    """How far a response has come."""

    status: str = "in_progress"
    reason: str | None = None
    error: Error | None = None
    output: Sequence[Json] = ()
    usage: Usage | None = None


def ended(finish: str) -> State:
    """Return the state a finish reason leads to; a word of another API is told as the reason."""
    if finish in COMPLETED:
        return State("completed")
    return State("incomplete", REASONS.get(finish, finish))


def response(
    state: State, given: Mapping[str, Json], habits: Habits, *, number: int = 0
) -> dict[str, Json]:  # fmt: skip
    """Return the response object; `number` tells ids apart where a vendor changes them."""
    own = {
        "id": f"resp_{slot('id', number if habits.id == 'rotating' else 0)}",
        "object": "response",
        "created_at": slot("created"),
        "status": state.status,
        "completed_at": slot("created", 1) if state.status == "completed" else None,
        "error": None if state.error is None else _error(state.error),
        "incomplete_details": None if state.reason is None else {"reason": state.reason},
        "model": slot("model"),
        "output": state.output,
        "usage": counted(state.usage, habits) if state.status in ENDED else None,
    }
    repeated = {name: _merged(name, value, given) for name, value in REPEATED.items()}
    repeated["service_tier"] = _tier(repeated["service_tier"], state, habits)
    return present({**own, **repeated, **habits.response_extra})


def counted(step: Usage | None, habits: Habits) -> Json:
    """Return usage as this API counts it: cached inside input, reasoning inside output."""
    if habits.usage in ("null", "absent"):
        return WORDS[habits.usage]
    if step is None:
        return None
    names = ("prompt", "completion") if habits.usage == "chat" else ("input", "output")
    details: dict[str, Json] = {}
    if habits.usage == "whole":
        cached = {"cached_tokens": step.cached, "cache_write_tokens": step.cache_write}
        details["input_tokens_details"] = cached
        details["output_tokens_details"] = {"reasoning_tokens": step.reasoning}
    return {
        f"{names[0]}_tokens": step.input,
        f"{names[1]}_tokens": step.output,
        "total_tokens": step.input + step.output,
        **details,
        **habits.usage_extra,
    }


def _error(step: Error) -> dict[str, Json]:
    return {"code": str(step.code or step.type or "server_error"), "message": step.message}


def _merged(name: str, default: Json, given: Mapping[str, Json]) -> Json:
    value = given.get(name, default)
    both = isinstance(default, dict) and isinstance(value, dict)
    return {**default, **value} if both else value


def _tier(tier: str, state: State, habits: Habits) -> Json:
    """Return the tier that was asked for, and once it is over the one that served."""
    if habits.service_tier != "given":
        return WORDS[habits.service_tier]
    return "default" if state.status in ENDED and tier == "auto" else tier
