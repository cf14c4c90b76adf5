"""The ways of those that speak Gemini, as data; the defaults are the Gemini API's own."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from mockprovider.shapes import Json


@dataclass(frozen=True, slots=True)
class Habits:
    """One field per member of the `gemini` table; the values are in the scenario schema."""

    line_end: str = "crlf"
    json: str = "google"
    index: str = "given"
    usage: str = "every"
    finish: str = "own"
    finish_message: str = "absent"
    finish_reason: str = "last"
    thoughts: str = "asked"
    signature: str = "next"
    call_id: str = "given"
    arguments: str = "whole"
    cite: str = "grounding"
    block: str | None = None
    chunk_extra: Mapping[str, Json] = field(default_factory=dict)
    candidate_extra: Mapping[str, Json] = field(default_factory=dict)
    usage_extra: Mapping[str, Json] = field(default_factory=dict)
