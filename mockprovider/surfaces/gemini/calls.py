"""A whole call in, the parts that say it out: at once, or argument by argument."""

import json
from collections.abc import Iterator

from mockprovider.shapes import Json
from mockprovider.steps import Call
from mockprovider.surfaces.gemini.habits import Habits

Part = dict[str, Json]


def arguments(call: Call) -> dict[str, Json] | None:
    """Return the arguments of a call as the object they are here, or None if they are none."""
    try:
        found = json.loads("".join(call.fragments) or "{}")
    except json.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None


def named(call: Call, habits: Habits) -> dict[str, Json]:
    """Return what a call is known by."""
    return {"name": call.name} | ({"id": call.id} if habits.call_id == "given" else {})


def whole(call: Call, args: dict[str, Json], habits: Habits) -> Part:
    """Say a call in one part."""
    own = named(call, habits)
    return {"functionCall": {"name": own.pop("name"), "args": args, **own}}


def partial(call: Call, args: dict[str, Json], habits: Habits) -> Iterator[Part]:
    """Say a call value by value, as Vertex does where that is asked for; an empty part ends it."""
    yield {"functionCall": {**named(call, habits), "willContinue": True}}
    for path, kind, value in _values(args, "$"):
        told = {"jsonPath": path, kind: value}
        yield {"functionCall": {"partialArgs": [told], "willContinue": True}}
    yield {"functionCall": {}}


def _values(value: Json, path: str) -> Iterator[tuple[str, str, Json]]:
    match value:
        case dict():
            for name, inner in value.items():
                yield from _values(inner, f"{path}.{name}")
        case list():
            for at, inner in enumerate(value):
                yield from _values(inner, f"{path}[{at}]")
        case bool():
            yield path, "boolValue", value
        case None:
            yield path, "nullValue", "NULL_VALUE"
        case str():
            yield path, "stringValue", value
        case _:
            yield path, "numberValue", value
