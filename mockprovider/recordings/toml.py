"""A flat document in, TOML out: as much of it as recordings need."""

import json
import re
from collections.abc import Iterator, Mapping

from mockprovider.shapes import Json

# A literal may hold anything but its own end and control characters.
LITERAL = re.compile(r"(?!.*''')[^\x00-\x08\x0b-\x1f\x7f]*[^\x00-\x1f\x7f']", re.DOTALL)


def document(members: Mapping[str, Json]) -> str:
    """Write a document; tables come last, as everything after one belongs to it.

    Lone surrogates, which no file could hold, become question marks.
    """
    plain = {key: value for key, value in members.items() if not isinstance(value, dict)}
    lines = [*_lines(plain)]
    for name in members:
        if name not in plain:
            lines += ["", f"[{name}]", *_lines(members[name])]
    return "\n".join(lines).encode("utf-8", "replace").decode() + "\n"


def _lines(members: Mapping[str, Json]) -> Iterator[str]:
    for key, value in members.items():
        if isinstance(value, list):
            yield f"{key} = ["
            yield from (f"  [{', '.join(map(_value, each))}]," for each in value)
            yield "]"
        elif isinstance(value, str) and "\n" in value and LITERAL.fullmatch(value):
            yield f"{key} = '''\n{value}'''"
        else:
            yield f"{key} = {_value(value)}"


def _value(value: str | int) -> str:
    """Write a value on one line: JSON's texts are TOML's, but for DEL."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
