"""On what grounds a profile says what it says: each value may name its basis and its source."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from conformance.exchange import Json
from conformance.profiles.policy import BILL

#: How sure one can be: said in so many words, only shown in an example, seen in recorded streams,
#: following from "compatible with", told by somebody else.
BASES = ("documented", "sample", "observed", "inherited", "reported")
VALUE = "is"
ABOUT = ("basis", "source")


class BadGround(ValueError):
    """A basis or source that cannot be; the message names the place and what is right."""


@dataclass(frozen=True, slots=True)
class Ground:
    basis: str
    source: str


def parted(told: Mapping[str, Json]) -> tuple[dict[str, Json], dict[str, Ground]]:
    """Part what is said from the grounds it is said on.

    A value is told as it is, or as `{ is = VALUE, basis = WORD, source = KEY }`; a row of a list
    has `basis` and `source` among its members. A key is one of the table `sources`.
    """
    sources = told.get("sources", {})
    _dated(sources)
    own = _own(told, Ground("", ""))
    grounds: dict[str, Ground] = {}
    members = {name: value for name, value in told.items() if name not in {"sources", *ABOUT}}
    plain = {name: _plain(value, name, grounds, own) for name, value in members.items()}
    for place, ground in grounds.items():
        if ground.basis and ground.basis not in BASES:
            raise BadGround(f"{place}: basis {ground.basis!r}: one of {', '.join(BASES)}")
        if ground.source != own.source and ground.source not in [*sources]:
            known = ", ".join(sources) or "nothing"
            raise BadGround(f"{place}: source {ground.source!r}: [sources] has {known}")
    return plain, grounds


def _dated(sources: Json) -> None:
    if not isinstance(sources, dict):
        raise BadGround(f"sources {sources!r}: a table is needed")
    for name, row in sources.items():
        told = row if isinstance(row, dict) else {}
        if not (isinstance(told.get("title"), str) and isinstance(told.get("read"), date)):
            raise BadGround(f"sources.{name} {row!r}: title and read, a date, are needed")


def _plain(value: Json, place: str, grounds: dict[str, Ground], above: Ground) -> Json:
    if isinstance(value, list):
        return [_plain(each, f"{place}[{at}]", grounds, above) for at, each in enumerate(value)]
    if not isinstance(value, dict):
        grounds.setdefault(place, above)
        return value
    if "reason" in value:  # a deviation, whose source is in its own words
        return value
    # The source of a bill is where the bill is to be had.
    own = above if place == BILL else _own(value, above)
    if VALUE in value:
        grounds[place] = own
        return value[VALUE]
    return {
        name: _plain(member, f"{place}.{name}", grounds, own)
        for name, member in value.items()
        if name not in ABOUT or place == BILL
    }


def _own(told: Mapping[str, Json], above: Ground) -> Ground:
    return Ground(told.get("basis", above.basis), told.get("source", above.source))


def merged(base: Mapping[str, Json], own: Mapping[str, Json]) -> dict[str, Json]:
    """Return a profile that starts from another: tables are joined, lists of tables added to."""
    joined = {name: _joined(base[name], value) for name, value in own.items() if name in base}
    return {**base, **own, **joined}


def _joined(base: Json, own: Json) -> Json:
    if isinstance(base, dict) and isinstance(own, dict) and VALUE not in own:
        return merged(base, own)
    tables = [each for part in (base, own) if isinstance(part, list) for each in part]
    if tables and all(isinstance(each, dict) for each in tables):
        return tables
    return own


def ungrounded(told: Mapping[str, Ground]) -> Iterator[str]:
    """Yield the places of what is said without a basis or a source."""
    for place, ground in told.items():
        if not (ground.basis and ground.source):
            yield place
