"""What a router promises of its answers beyond any API: rows of `header`, `error`, `endpoint`.

Each kind of row is one frozen class, and its fields are the members that may be said.
"""

import re
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any, ClassVar, TypeAlias, TypeVar

from conformance.exchange import SURFACES, Json

FORMS = ("stream", "plain", "error")
PRESENCES = ("required", "forbidden", "optional")
#: What the value of a header may have to be the same as.
RELATIONS = ("request.model", "answer.model", "answer.id")
METHODS = ("GET", "POST")
Names: TypeAlias = tuple[str, ...]
R = TypeVar("R")
#: The type of a field -> what TOML must hold, and how to say so.
KINDS: Mapping[Any, tuple[type, str]] = {
    str: (str, "a text"), int: (int, "a number"), bool: (bool, "true or false"),
    Names: (list, "a list of texts"), Json: (object, ""),
}  # fmt: skip


class BadRow(ValueError):
    """A row that cannot be right; the message names the member, its value and what is right."""


@dataclass(frozen=True, slots=True)
class Header:
    """A header of answers: of the forms and the surfaces named, of all where none is."""

    name: str
    on: Names = ()  # forms and surfaces
    presence: str = "optional"
    match: str = ""  # a regular expression for the whole value
    equals: str = ""  # one of RELATIONS
    unique: bool = False  # no two answers have the same
    stable: bool = False  # the same question gets the same
    model: str = ""  # only where this model, or the one of this feature, was asked for

    choices: ClassVar = {"on": (*FORMS, *SURFACES), "presence": PRESENCES, "equals": RELATIONS}


@dataclass(frozen=True, slots=True)
class Error:
    """An error's envelope: the members it has, and the words for a status."""

    on: Names = ()  # surfaces
    status: int = 0  # 0: every status
    has: Names = ()
    type: str = ""
    code: str = ""

    choices: ClassVar = {"on": SURFACES}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What answers at a path below the router's root, outside the surfaces."""

    path: str
    status: Names  # such as 200, 403, 4xx
    method: str = "GET"
    body: Json = None
    key: bool = True  # sent with the key
    has: Names = ()  # texts in the body
    media_type: str = ""
    summary: str = ""

    choices: ClassVar = {"method": METHODS}


@dataclass(frozen=True, slots=True)
class RateLimit:
    """The headers that count requests or tokens, and in what the reset is told."""

    limit: str
    remaining: str
    reset: str = ""
    unit: str = "unspecified"
    on: Names = ()

    choices: ClassVar = {
        "unit": ("unix", "seconds", "duration", "iso8601", "unspecified"), "on": (*FORMS, *SURFACES)
    }  # fmt: skip


ROWS: Mapping[str, type[Any]] = {
    "header": Header, "error": Error, "endpoint": Endpoint, "rate-limit": RateLimit,
}  # fmt: skip


def read(kind: str, told: Json) -> tuple[Any, ...]:
    """Return the rows of a kind."""
    if not isinstance(told, list) or not all(isinstance(row, dict) for row in told):
        raise BadRow(f"{kind} {told!r}: rows are needed, each under [[{kind}]]")
    return tuple(_row(ROWS[kind], f"{kind}[{at}]", row) for at, row in enumerate(told))


def _row(kind: type[R], place: str, told: Mapping[str, Json]) -> R:
    known = {field.name.replace("_", "-"): field for field in fields(kind)}  # type: ignore[arg-type]
    for name, said in told.items():
        if name not in known:
            raise BadRow(f"{place}.{name}: no such member; there are {', '.join(known)}")
        _checked(f"{place}.{name}", known[name].type, said)
    for name, field in known.items():
        if field.default is MISSING and name not in told:
            raise BadRow(f"{place}: {name!r} is missing")
    row = kind(**{known[name].name: _frozen(said) for name, said in told.items()})
    choices: Mapping[str, Names] = row.choices  # type: ignore[attr-defined]
    for name, right in choices.items():
        said = getattr(row, name)
        for each in said if isinstance(said, tuple) else (said,):
            if each and each not in right:
                raise BadRow(f"{place}.{name} {each!r}: one of {', '.join(right)}")
    return row


def _checked(place: str, type: Any, said: Json) -> None:  # noqa: ANN401  (as fields have it)
    kind, right = KINDS[type]
    number = kind is int and isinstance(said, bool)
    mixed = kind is list and not all(isinstance(each, str) for each in said)
    if number or not isinstance(said, kind) or mixed:
        raise BadRow(f"{place} {said!r}: {right} is needed")
    if place.endswith(".path") and not str(said).startswith("/"):
        raise BadRow(f"{place} {said!r}: a path such as /models is needed")
    if place.endswith(".match"):
        try:
            re.compile(str(said))
        except re.error as error:
            raise BadRow(f"{place} {said!r}: {error}; a regular expression is needed") from error


def _frozen(said: Json) -> Json:
    return tuple(said) if isinstance(said, list) else said
