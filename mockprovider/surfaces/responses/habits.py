"""The ways of vendors that claim to speak Responses, as data; the defaults are OpenAI's own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mockprovider.shapes import Json


@dataclass(frozen=True, slots=True)
class Habits:
    """One field per member of the `responses` table; the values are in the scenario schema."""

    opening: str = "both"
    sequence: str = "from-zero"
    event_names: bool = True
    done: bool = False
    ping: str = "event"
    id: str = "constant"
    item_id: str = "constant"
    item_status: str = "native"
    reasoning: str = "summary"
    arguments: str = "fragments"
    arguments_name: bool = False
    content_index: int = 0
    logprobs: str = "empty"
    output: str = "whole"
    usage: str = "whole"
    service_tier: str = "given"
    error: Sequence[str] = ("nested", "failed")
    json: str = "compact"
    response_extra: Mapping[str, Json] = field(default_factory=dict)
    item_extra: Mapping[str, Json] = field(default_factory=dict)
    event_extra: Mapping[str, Json] = field(default_factory=dict)
    usage_extra: Mapping[str, Json] = field(default_factory=dict)
