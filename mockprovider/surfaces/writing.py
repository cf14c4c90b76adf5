"""How vendors write JSON: the members that are there, and the white space between them."""

import json
from collections.abc import Mapping

from mockprovider.shapes import Json

ABSENT = object()
# How a habit names the value of a member.
WORDS = {"absent": ABSENT, "null": None, "empty": "", "zero": 0, "minus-one": -1}
SEPARATORS = {
    "compact": (",", ":"), "ascii": (",", ":"), "spaced": (", ", ": "), "google": (",", ": "),
}  # fmt: skip


def present(members: Mapping[str, Json]) -> dict[str, Json]:
    """Leave out the members that are absent."""
    return {key: value for key, value in members.items() if value is not ABSENT}


def written(value: Json, style: str) -> bytes:
    """Write JSON in a vendor's style."""
    separators = SEPARATORS[style]
    return json.dumps(value, separators=separators, ensure_ascii=style == "ascii").encode()
