"""How to ask a router what a request cost: the `[bill]` table of a profile."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from conformance.exchange import Bill, Json

#: source -> the member that says where.
SOURCES: Mapping[str, str] = {
    "header": "",  # of the answer itself
    "body": "",  # of the answer itself: its last event that has the members
    "lookup": "url",  # one more request; {base} is the router's URL, {id} that of the request
    "file": "file",  # JSON lines
    "command": "command",  # a program and its arguments, which prints JSON; {id} as above
}
FIELDS = tuple(
    name for name in Bill.__dataclass_fields__ if name not in {"trouble", "failed", "unnamed"}
)
MEMBERS = {"source", "id", "url", "file", "command", "match", "unsettled", "failed", "seconds",
           *FIELDS}  # fmt: skip


class BadBill(ValueError):
    """A table that cannot be right; the message names the member, its value and what is right."""


@dataclass(frozen=True, slots=True)
class BillSource:
    source: str
    fields: Mapping[str, str]  # what a bill says -> where: members with dots between, or a header
    where: tuple[str, ...] = ()
    id: str = ""  # the header of the answer that names the request
    match: str = "id"  # the member of a line that holds it
    unsettled: frozenset[str] = field(default_factory=frozenset)  # words for: ask again
    failed: frozenset[str] = field(default_factory=frozenset)  # words for: it did not succeed
    seconds: float = 5.0  # until it is settled


def read(told: Json) -> BillSource:
    if not isinstance(told, dict):
        raise BadBill(f"bill {told!r}: a table is needed")
    for name in told.keys() - MEMBERS:
        raise BadBill(f"bill.{name}: no such member; there are {', '.join(sorted(MEMBERS))}")
    source = str(told.get("source"))
    if source not in SOURCES:
        raise BadBill(f"bill.source {source!r}: one of {', '.join(SOURCES)} is needed")
    fields = {name: told[name] for name in FIELDS if name in told}
    for name, place in fields.items():
        if not isinstance(place, str) or not place:
            raise BadBill(f"bill.{name} {place!r}: the name of a header or member is needed")
    if not fields:
        raise BadBill(f"bill: nothing is said of where {', '.join(FIELDS)} are")
    return BillSource(
        source, fields, _where(source, told), _text(told, "id"), _text(told, "match") or "id",
        _words(told, "unsettled"), _words(told, "failed"), _seconds(told.get("seconds", 5.0)),
    )  # fmt: skip


def _where(source: str, told: Json) -> tuple[str, ...]:
    name = SOURCES[source]
    said = told.get(name) if name else []
    listed = said if isinstance(said, list) else [said]
    if not all(isinstance(each, str) and each for each in listed):
        raise BadBill(f"bill.{name} {said!r}: a text is needed where the source is {source!r}")
    if any("{id}" in each for each in listed) and not told.get("id"):
        raise BadBill("bill.id is missing: the header that names the request is needed for {id}")
    return tuple(str(Path(each).expanduser()) if name == "file" else each for each in listed)


def _text(told: Json, name: str) -> str:
    said = told.get(name, "")
    if not isinstance(said, str):
        raise BadBill(f"bill.{name} {said!r}: a text is needed")
    return said


def _words(told: Json, name: str) -> frozenset[str]:
    said = told.get(name, [])
    if not isinstance(said, list) or not all(isinstance(each, str) for each in said):
        raise BadBill(f"bill.{name} {said!r}: a list of texts is needed")
    return frozenset(said)


def _seconds(said: Json) -> float:
    if not isinstance(said, int | float) or isinstance(said, bool) or not 0 < said < math.inf:
        raise BadBill(f"bill.seconds {said!r}: a number of seconds above 0 is needed")
    return float(said)
