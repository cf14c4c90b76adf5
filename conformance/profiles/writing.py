"""Profiles: frozen values in, TOML out; what is as everywhere is left out."""

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields
from typing import Any

from conformance.exchange import Json

ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"})


def value(told: Json) -> str:
    if isinstance(told, bool):
        return str(told).lower()
    if isinstance(told, str):
        return f'"{told.translate(ESCAPES)}"'
    if isinstance(told, list | tuple):
        return f"[{', '.join(map(value, told))}]"
    return str(told)


def members(told: Mapping[str, Json]) -> Iterator[str]:
    width = max(map(len, told), default=0)
    for name, said in told.items():
        yield f"{name:{width}} = {value(said)}"


def table(name: str, told: Mapping[str, Json]) -> Iterator[str]:
    """Yield a table, nothing if nothing is in it."""
    if told:
        yield from ("", f"[{name}]", *members(told))


def row(kind: str, told: Any) -> Iterator[str]:  # noqa: ANN401  (one of the classes of rows)
    said = {
        field.name.replace("_", "-"): getattr(told, field.name)
        for field in fields(told)
        if field.default is MISSING or getattr(told, field.name) != field.default
    }
    yield from ("", f"[[{kind}]]", *members(said))
