"""The ways of vendors that claim to speak chat, as data; the defaults are OpenAI's own."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from mockprovider.shapes import Json


@dataclass(frozen=True, slots=True)
class Habits:
    """One field per member of the `chat` table; the values are in the scenario schema."""

    role: str = "first"
    opening: str = "own"
    opening_content: str = "native"
    content: str = "absent"
    finish_before: str = "null"
    finish: str = "own"
    finish_delta: str = "bare"
    finish_twice: bool = False
    usage: str = "script"
    usage_unasked: bool = False
    usage_null: str = "asked"
    tool_index: str = "native"
    tool_id: str = "given"
    tool_type: str = "function"
    tool_later: str = "absent"
    tool_arguments: str = "fragments"
    id: str = "constant"
    created: str = "constant"
    object: str = "chunk"
    done: bool = True
    first_chunk: str = "none"
    empty_choices: str = "empty"
    reasoning: tuple[str, ...] = ("reasoning_content",)
    logprobs: str = "null"
    service_tier: str = "given"
    fingerprint: str = "given"
    error: str = "object"
    json: str = "compact"
    chunk_extra: Mapping[str, Json] = field(default_factory=dict)
    choice_extra: Mapping[str, Json] = field(default_factory=dict)
    delta_extra: Mapping[str, Json] = field(default_factory=dict)
    usage_extra: Mapping[str, Json] = field(default_factory=dict)
