"""The catalogue for readers: as lines, as a page, and as the shape of a scenario's faults."""

import re
from collections.abc import Iterator
from dataclasses import Field, fields
from pathlib import Path
from types import NoneType
from typing import Annotated, Literal, get_args, get_origin, get_type_hints

from mockprovider.faults.catalogue import CATALOGUE
from mockprovider.faults.fault import Fault, Layer, Listed
from mockprovider.shapes import Json

TABLE = re.compile(r"<!-- faults: (\w+) -->")
TYPES: dict[object, str] = {bool: "boolean", int: "integer", float: "number", str: "string"}


def lines() -> Iterator[str]:
    """Yield a line for each fault, and one for each of its parameters."""
    for name, listed in CATALOGUE.items():
        yield f"{name}  {listed.reaction}{_only(listed)}"
        yield f"    {listed.meaning}"
        yield from (f"    {each}" for each in _parameters(listed.kind))


def markdown() -> str:
    """Return the page about faults."""
    page = Path(__file__).with_name("page.md").read_text(encoding="utf-8")
    return TABLE.sub(lambda found: "\n".join(_table(Layer[found[1]])), page)


def shape() -> dict[str, Json]:
    """Return the JSON Schema of an entry of `fault`."""
    described = {name: _described(listed) for name, listed in CATALOGUE.items()}
    one = {
        "type": "object", "properties": described, "additionalProperties": False,
        "minProperties": 1, "maxProperties": 1,
    }  # fmt: skip
    return {
        "description": "The name of a fault, or one fault with its parameters.",
        "anyOf": [{"type": "string", "enum": list(CATALOGUE)}, one],
    }


def _table(layer: Layer) -> Iterator[str]:
    yield "| fault | parameters and their defaults | reaction | what happens |"
    yield "| --- | --- | --- | --- |"
    for name, listed in CATALOGUE.items():
        if listed.layer is layer:
            told = "<br>".join(f"`{each}`" for each in _parameters(listed.kind))
            yield f"| `{name}` | {told} | {listed.reaction}{_only(listed)} | {listed.text} |"


def _only(listed: Listed) -> str:
    return f" ({', '.join(listed.only)} only)" if listed.only else ""


def _parameters(kind: type[Fault]) -> Iterator[str]:
    hints = get_type_hints(kind, include_extras=True)
    for each in _fields(kind):
        words = f"  ({', '.join(words)})" if (words := _words(hints[each.name])) else ""
        yield f"{each.name} = {_value(each.default)}{words}"


def _value(value: Json) -> str:
    match value:
        case None:
            return "none"
        case bool():
            return str(value).lower()
        case str():
            shown = value.replace("\r\n", "\\r\\n")
            return f'"{shown}"' if '"' not in shown else f"'{shown}'"
        case tuple():
            return f"[{', '.join(map(_value, value))}]"
    return str(value)


def _described(listed: Listed) -> dict[str, Json]:
    known = _fields(listed.kind)
    if not known:
        return {"description": listed.meaning, "type": "boolean", "const": True}
    hints = get_type_hints(listed.kind, include_extras=True)
    members = {each.name: _shape(hints[each.name]) for each in known}
    table = {"type": "object", "properties": members, "additionalProperties": False}
    first = members[known[0].name]
    bare = [] if first["type"] == "boolean" else [first]
    forms = [{"type": "boolean", "const": True}, *bare, table]
    return {"description": listed.meaning, "anyOf": forms}


def _shape(hint: object) -> dict[str, Json]:
    origin: object = get_origin(hint)
    arguments = get_args(hint)
    if origin is None:
        return {"type": TYPES[hint]}
    if origin is Annotated:
        return {**_shape(arguments[0]), **dict(arguments[1:])}
    if origin is Literal:
        return {"type": "string", "enum": list(arguments)}
    if origin is tuple:
        return {"type": "array", "items": _shape(arguments[0])}
    return _shape(next(each for each in arguments if each is not NoneType))


def _words(hint: Json) -> list[str]:
    """Return the words a parameter can be."""
    found = _shape(hint)
    words: list[str] = found.get("enum") or found.get("items", {}).get("enum", [])
    return words


def _fields(kind: type[Fault]) -> tuple[Field[Json], ...]:
    return fields(kind)  # type: ignore[arg-type]  # the protocol does not say it is a dataclass
