"""The ways of vendors that claim to speak Messages, as data; the defaults are Anthropic's own."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from mockprovider.shapes import Json


@dataclass(frozen=True, slots=True)
class Habits:
    """One field per member of the `messages` table; the values are in the scenario schema."""

    ping: str = "first-block"
    padding: bool = True
    json: str = "compact"
    event_names: str = "given"
    id: str = "msg_"
    index: str = "contiguous"
    block_start: str = "empty"
    tool_input: str = "fragments"
    signature: str = "given"
    refusal: str = "text"
    start_usage: str = "full"
    delta_usage: str = "full"
    delta_twice: bool = False
    stop_sequence: str = "given"
    stop_details: str = "given"
    error: str = "event"
    done: str = "message_stop"
    message_extra: Mapping[str, Json] = field(default_factory=dict)
    event_extra: Mapping[str, Json] = field(default_factory=dict)
    usage_extra: Mapping[str, Json] = field(default_factory=dict)
