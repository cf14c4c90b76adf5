"""JSON as protocol buffers read it: one shape of it out, and what cannot be read, in their words.

Names may be in camel or in snake case, null is as good as absent, a lone value may stand for a
list of one, numbers may be texts, and the words of an enumeration numbers.
"""

import json
import re
from collections.abc import Iterable
from typing import NamedTuple

from mockprovider.shapes import Json, Mismatch, Path, Shape

MAX_DEPTH = 100
PACKAGE = "type.googleapis.com/google.ai.generativelanguage.v1beta."
SCALARS = {
    "string": "TYPE_STRING", "integer": "TYPE_INT32", "number": "TYPE_FLOAT",
    "boolean": "TYPE_BOOL",
}  # fmt: skip
# Members whose names are the request's own; a path counts them.
MAPS = ("properties", "defs", "labels")


class Wrong(NamedTuple):
    """Where a request is wrong, by its path as protocol buffers write it, and what about it."""

    place: str
    message: str


class Odd(NamedTuple):
    """What is accepted and yet odd."""

    path: Path
    message: str


def normal(shape: Shape, value: Json, root: Shape, odd: list[Odd], path: Path = ()) -> Json:
    """Return a value as the shape describes it; what does not fit stays as it is."""
    while "$ref" in shape:
        shape = root["$defs"][shape["$ref"].removeprefix("#/$defs/")]
    kind = shape.get("type")
    if kind == "array":
        items = value if isinstance(value, list) else [value]
        inner = shape.get("items", {})
        return [normal(inner, each, root, odd, (*path, at)) for at, each in enumerate(items)]
    if kind == "object" and isinstance(value, dict):
        return _members(shape, value, root, odd, path)
    if isinstance(value, str):
        return _scalar(shape, value, odd, path)
    words = shape.get("enum", ())
    if type(value) is int and 0 <= value < len(words):
        odd.append(Odd(path, f"a word as a number: {value}"))
        return words[value]
    return value


def _members(
    shape: Shape, value: dict[str, Json], root: Shape, odd: list[Odd], path: Path
) -> dict[str, Json]:
    known, others = shape.get("properties"), shape.get("additionalProperties")
    made = dict[str, Json]()
    for written, each in value.items():
        name = camel(written) if known is not None and camel(written) in known else written
        inner = (known or {}).get(name, others if isinstance(others, dict) else {})
        if each is None and inner:
            continue
        if name in made:
            odd.append(Odd((*path, name), "written in camel case and in snake case"))
        made[name] = normal(inner, each, root, odd, (*path, name))
    return made


def _scalar(shape: Shape, value: str, odd: list[Odd], path: Path) -> Json:
    """Read a number that is a text; the names of an enumeration have no case."""
    if shape.get("type") in ("integer", "number"):
        try:
            number = float(value) if shape["type"] == "number" else int(value)
        except ValueError:
            return value
        odd.append(Odd(path, f"a number as a text: {value!r}"))
        return number
    return value.upper() if "enum" in shape else value


def camel(name: str) -> str:
    """Return a name as JSON spells it."""
    first, *rest = name.split("_")
    return first + "".join(part[:1].upper() + part[1:] for part in rest)


def snake(name: str) -> str:
    """Return a name as protocol buffers spell it."""
    return re.sub(r"(?<!^)([A-Z])", lambda found: f"_{found[1].lower()}", name)


def place(path: Path, body: Json) -> str:
    """Write a path as protocol buffers do: `tools[0].function_declarations[1].name`."""
    written, value, in_map = "", body, False
    for part in path:
        if isinstance(part, int):
            written, in_map = f"{written}[{part}]", False
        elif in_map:
            written, in_map = f"{written}[{list(value).index(part)}].value", False
        else:
            written, in_map = f"{written}.{snake(part)}", part in MAPS
        value = value[part] if _holds(value, part) else None
    return written.removeprefix(".")


def _holds(value: Json, part: str | int) -> bool:
    return part in value if isinstance(value, dict) else isinstance(value, list)


def unreadable(wrong: Mismatch, body: Json) -> Wrong:
    """Say why a value cannot be read."""
    if not wrong.path:
        return Wrong("", _unknown("", "", "Root element must be a message."))
    *outer, last = wrong.path
    parent = place(tuple(outer), body)
    at = f" at '{parent}'" if parent else ""
    if wrong.keyword == "additionalProperties":
        return Wrong(parent, _unknown(last, at, "Cannot find field."))
    if isinstance(wrong.found, list):
        return Wrong(parent, _unknown(last, at, "Proto field is not repeating, cannot start list."))
    if isinstance(wrong.found, dict):
        field = f"'{parent}' ({snake(str(last))})"
        return Wrong(parent, f"Invalid value at {field}, Starting an object on a scalar field")
    where, told = place(wrong.path, body), json.dumps(wrong.found)
    if wrong.keyword == "pattern":
        told = f"Base64 decoding failed for {told}"
    return Wrong(where, f"Invalid value at '{where}' ({_kind(wrong.shape)}), {told}")


def _unknown(name: str | int, at: str, why: str) -> str:
    return f'Invalid JSON payload received. Unknown name "{name}"{at}: {why}'


def _kind(shape: Shape) -> str:
    """Name the type of a field; a message or an enumeration is named by its title."""
    title: str | None = shape.get("title")
    return SCALARS[shape["type"]] if title is None else title.replace("$", PACKAGE)


def too_deep(body: Json) -> str | None:
    """Return the key where a body is nested deeper than is read, if there is one."""
    level: list[tuple[str, Json]] = [("", body)]
    for _ in range(MAX_DEPTH):
        level = [inner for key, value in level for inner in _inside(key, value)]
    return next((key for key, value in level if isinstance(value, dict | list)), None)


def _inside(key: str, value: Json) -> Iterable[tuple[str, Json]]:
    match value:
        case dict():
            return value.items()
        case list():
            return ((key, each) for each in value)
    return ()
