"""The function calls of a Gemini answer: whole in one part, or value by value.

A whole call is a part `functionCall` with a name and `args`, an object. With partial arguments the
part that opens a call has its name and `willContinue`, those that follow have `partialArgs`, each a
value and its JSON path, and an empty one ends it; texts of the same path are joined.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from conformance.exchange import Json
from conformance.protocols.outcome import Call
from conformance.wire.json import BadJson, parse

# A step of a JSON path: .name, ['name'], ["name"] or [0].
STEP = re.compile(r"""\.([^.\[\]]+)|\['([^']*)'\]|\["([^"]*)"\]|\[(\d+)\]""")
VALUES = ("stringValue", "numberValue", "boolValue", "nullValue")
LONGEST = 10_000  # elements of a list in arguments: a larger index is no argument


@dataclass(slots=True)
class Opened:
    """A call as far as it has been read."""

    name: str
    id: str
    args: Json = field(default_factory=dict)


def calls(parts: Iterable[dict[str, Json]]) -> tuple[Call, ...]:
    """Return the calls of a candidate's parts; their arguments are written as compact JSON."""
    opened: list[Opened] = []
    for part in parts:
        said = part.get("functionCall")
        if not isinstance(said, dict):
            continue
        if said.get("name"):
            opened.append(Opened(str(said["name"]), str(said.get("id") or "")))
        if opened and said:
            _add(opened[-1], said)
    return tuple(Call(call.name, written(call.args), call.id) for call in opened)


def written(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _add(call: Opened, said: dict[str, Json]) -> None:
    if "args" in said:
        call.args = _value(said["args"])
    pieces = said.get("partialArgs")
    for piece in pieces if isinstance(pieces, list) else ():
        if isinstance(piece, dict) and isinstance(piece.get("jsonPath"), str):
            _place(call, piece)


def _value(args: Json) -> Json:
    """Return arguments as a value: that they are no text is another question."""
    try:
        return parse(args) if isinstance(args, str) else args
    except BadJson:
        return args


def _place(call: Opened, piece: dict[str, Json]) -> None:
    """Put a value where its path says; what cannot be there is left out."""
    steps: list[str | int] = [
        int(found[4]) if found[4] is not None else found[1] or found[2] or found[3]
        for found in STEP.finditer(piece["jsonPath"])
    ]
    value = next((piece[name] for name in VALUES if name in piece), None)
    value = None if "nullValue" in piece else value
    if steps:
        call.args = _placed(call.args, steps, value)


def _placed(into: Json, steps: list[str | int], value: Json) -> Json:
    if not steps:
        joined = isinstance(into, str) and isinstance(value, str)
        return into + value if joined else value
    step, *rest = steps
    if isinstance(step, str):
        members = into if isinstance(into, dict) else {}
        return {**members, step: _placed(members.get(step), rest, value)}
    items = list(into) if isinstance(into, list) else []
    if step > LONGEST:
        return items
    items += [None] * (step + 1 - len(items))
    items[step] = _placed(items[step], rest, value)
    return items
