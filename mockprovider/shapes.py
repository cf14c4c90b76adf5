"""The part of JSON Schema the mock's own documents need: a shape and a value in, mismatches out."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

# A parsed document, before anything is known of it.
Json = Any
Shape = Mapping[str, Json]
Path = tuple[str | int, ...]


class Mismatch(NamedTuple):
    """Where a value departs from a shape: the keyword it breaks and what that keyword wanted."""

    path: Path
    keyword: str
    wanted: Json
    found: Json
    shape: Shape


TYPES: dict[str, Callable[[Json], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
}

# keyword -> does the value break it? Each is asked only of values of the type it is about.
BREAKS: dict[str, tuple[str, Callable[[Json, Json], bool]]] = {
    "minimum": ("number", lambda limit, value: value < limit),
    "maximum": ("number", lambda limit, value: value > limit),
    "minLength": ("string", lambda limit, value: len(value) < limit),
    "maxLength": ("string", lambda limit, value: len(value) > limit),
    "pattern": ("string", lambda wanted, value: not re.search(wanted, value)),
    "minItems": ("array", lambda limit, value: len(value) < limit),
    "maxItems": ("array", lambda limit, value: len(value) > limit),
    "minProperties": ("object", lambda limit, value: len(value) < limit),
    "maxProperties": ("object", lambda limit, value: len(value) > limit),
}


def type_name(value: Json) -> str:
    """Name the JSON type of a value, the narrower of integer and number."""
    names = ("object", "array", "string", "boolean", "null", "integer", "number")
    return next(name for name in names if TYPES[name](value))


def mismatches(shape: Shape, value: Json, *, root: Shape, path: Path = ()) -> Iterator[Mismatch]:
    """Yield each place where the value departs from the shape."""
    shape = _resolved(shape, root)
    if wrong := _own(shape, value, path):
        yield wrong
        return
    if isinstance(value, dict):
        yield from _members(shape, value, root, path)
    if isinstance(value, list) and "items" in shape:
        for index, item in enumerate(value):
            yield from mismatches(shape["items"], item, root=root, path=(*path, index))
    if branches := shape.get("oneOf") or shape.get("anyOf"):
        yield from _nearest(shape, branches, value, root, path)


def _own(shape: Shape, value: Json, path: Path) -> Mismatch | None:
    """Check what the shape says about the value itself."""
    types = _listed(shape.get("type", ()))
    if types and not any(TYPES[name](value) for name in types):
        return Mismatch(path, "type", types, value, shape)
    if "enum" in shape and value not in shape["enum"]:
        return Mismatch(path, "enum", shape["enum"], value, shape)
    if "const" in shape and value != shape["const"]:
        return Mismatch(path, "enum", [shape["const"]], value, shape)
    for keyword, (about, breaks) in BREAKS.items():
        if keyword in shape and TYPES[about](value) and breaks(shape[keyword], value):
            return Mismatch(path, keyword, shape[keyword], value, shape)
    return None


def _members(shape: Shape, value: dict[str, Json], root: Shape, path: Path) -> Iterator[Mismatch]:
    known = shape.get("properties", {})
    for name in shape.get("required", ()):
        if name not in value:
            yield Mismatch((*path, name), "required", name, value, shape)
    for name, member in value.items():
        inner = known.get(name, shape.get("additionalProperties", True))
        if inner is False:
            yield Mismatch((*path, name), "additionalProperties", list(known), member, shape)
        elif inner is not True:
            yield from mismatches(inner, member, root=root, path=(*path, name))


def _nearest(
    shape: Shape, branches: list[Shape], value: Json, root: Shape, path: Path
) -> Iterator[Mismatch]:
    """Report against the branch that was meant; if several may be, the one that fits best."""
    branches = [_resolved(branch, root) for branch in branches]
    meant = [branch for branch in branches if _meant(branch, value)]
    if meant:
        tried = [list(mismatches(branch, value, root=root, path=path)) for branch in meant]
        yield from min(tried, key=len)
    elif isinstance(value, dict) and (tags := _shared(branches)):
        # No branch has the tag the value has: the tag is what is wrong.
        name = next(iter(tags[0]))
        tag = {"type": "string", "enum": [each[name] for each in tags]}
        outer = {"required": [name], "properties": {name: tag}}
        yield from mismatches(outer, value, root=root, path=path)
    else:
        yield Mismatch(path, "oneOf", branches, value, shape)


def _resolved(shape: Shape, root: Shape) -> Shape:
    while "$ref" in shape:
        shape = root["$defs"][shape["$ref"].removeprefix("#/$defs/")]
    return shape


def _meant(branch: Shape, value: Json) -> bool:
    """Tell whether a value is of a branch's type and has its tag, or else its first member."""
    types = _listed(branch.get("type", ()))
    if types and not any(TYPES[name](value) for name in types):
        return False
    if not isinstance(value, dict):
        return True
    if tags := _tags(branch):
        return all(value.get(name) == word for name, word in tags.items())
    return set(branch.get("required", ())[:1]) <= set(value)


def _tags(branch: Shape) -> dict[str, str]:
    """Return the members that must be a certain word."""
    members = branch.get("properties", {}).items()
    return {name: each["const"] for name, each in members if isinstance(each.get("const"), str)}


def _shared(branches: list[Shape]) -> list[dict[str, str]]:
    """Return the tags of the branches that are objects, if all of them have one."""
    tags = [_tags(branch) for branch in branches if branch.get("type") == "object"]
    return tags if all(tags) else []


def _listed(value: Json) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)
