"""What is wrong with a request, in Anthropic's words."""

import json
from collections.abc import Sequence
from typing import NamedTuple

from mockprovider.requests import dotted
from mockprovider.shapes import Mismatch, Path

MISSING = "Field required"
EXTRA = "Extra inputs are not permitted"
VALID = {
    "integer": "a valid integer", "number": "a valid number", "string": "a valid string",
    "boolean": "a valid boolean", "array": "a valid list", "object": "a valid dictionary",
}  # fmt: skip
LIMITS = {
    "minimum": "Input should be greater than or equal to {wanted}",
    "maximum": "Input should be less than or equal to {wanted}",
    "minLength": "String should have at least {wanted} character",
    "pattern": "String should match pattern '{wanted}'",
}


class Wrong(NamedTuple):
    """Where a request is wrong, as the journal says it, and what the answer says about it."""

    where: str
    message: str


def at(path: Path, message: str) -> Wrong:
    """Return what is wrong at a place, told as it is."""
    return Wrong(f"body.{dotted(path)}".rstrip("."), message)


def placed(path: Path, message: str) -> Wrong:
    """Return what is wrong at a place, the place told first."""
    return at(path, f"{'.'.join(map(str, path))}: {message}" if path else message)


def mismatched(wrong: Mismatch) -> Wrong:
    """Say one mismatch."""
    match wrong.keyword:
        case "required":
            return placed(wrong.path, MISSING)
        case "additionalProperties":
            return placed(wrong.path, EXTRA)
        case "enum":
            words = [f"'{word}'" for word in wrong.wanted if word is not None]
            return placed(wrong.path, f"Input should be {listed(words)}")
        case "type":
            types = wrong.wanted if isinstance(wrong.wanted, Sequence) else ()
            names = [types] if isinstance(types, str) else types
            valid = [VALID[name] for name in names if name != "null"]
            return placed(wrong.path, f"Input should be {listed(valid)}")
    return placed(wrong.path, LIMITS[wrong.keyword].format(wanted=wrong.wanted))


def no_such_tag(path: Path, tag: object, tags: Sequence[str]) -> Wrong:
    """Refuse an object whose type is none of those known."""
    shown = f"'{tag}'" if isinstance(tag, str) else json.dumps(tag)
    expected = ", ".join(f"'{each}'" for each in tags)
    told = f"Input tag {shown} found using 'type' does not match any of the expected tags"
    return placed(path, f"{told}: {expected}")


def listed(words: Sequence[str]) -> str:
    """Join words as a sentence does."""
    return " or ".join([", ".join(words[:-1]), *words[-1:]] if len(words) > 1 else words)
