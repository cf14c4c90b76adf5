"""By what each API is known: the path it is asked at, and the objects it sends.

An object is an event of a stream, a plain answer, or an error. What no API would send is no sign:
a recording is judged as that of the first surface one of its objects belongs to.
"""

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

from conformance.exchange import Json


class Signs(NamedTuple):
    path: re.Pattern[str]  # how the path of a request ends
    sends: Callable[[dict[str, Json]], bool]
    terminator: str = ""  # an event that is no object, where the API has one


def surface_of(values: Iterable[Json], *, path: str = "") -> str:
    """Return the surface that objects, or the path they were asked at, belong to; "" if none."""
    last = ""
    for value in values:
        for name, signs in SIGNS.items():
            if isinstance(value, dict) and signs.sends(value):
                return name
            if value == signs.terminator != "":
                last = name
    return next((name for name, signs in SIGNS.items() if signs.path.search(path)), last)


def _chat(value: dict[str, Json]) -> bool:
    made = value.get("object")
    if isinstance(made, str):
        return made.startswith("chat.completion")
    return isinstance(value.get("choices"), list) or _failed(value, "message")


def _messages(value: dict[str, Json]) -> bool:
    kind = value.get("type")
    if kind == "error":
        return isinstance(value.get("error"), dict) and NUMBER not in value
    return kind in MESSAGES


def _responses(value: dict[str, Json]) -> bool:
    kind = value.get("type")
    if kind == "error":
        return NUMBER in value
    return value.get("object") == "response" or str(kind).startswith("response.")


def _gemini(value: dict[str, Json]) -> bool:
    return bool(GEMINI & value.keys()) or _failed(value, "message", "status")


def _failed(value: dict[str, Json], *members: str) -> bool:
    """Say whether it is an error with these members: Google's has a status, OpenAI's has none."""
    error = value.get("error")
    if "type" in value or not isinstance(error, dict) or not {*members} <= error.keys():
        return False
    return ("status" in error) == ("status" in members)


MESSAGES = frozenset({
    "message", "message_start", "message_delta", "message_stop",
    "content_block_start", "content_block_delta", "content_block_stop",
})  # fmt: skip
NUMBER = "sequence_number"  # of every event of Responses, errors too
GEMINI = frozenset({"candidates", "promptFeedback", "usageMetadata"})

SIGNS = {
    "chat": Signs(re.compile(r"/chat/completions$"), _chat, "[DONE]"),
    "messages": Signs(re.compile(r"/messages$"), _messages),
    "responses": Signs(re.compile(r"/responses$"), _responses),
    "gemini": Signs(re.compile(r":(generate|streamGenerate)Content$"), _gemini),
}
