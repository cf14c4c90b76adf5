"""`expected-failures.toml` in, entries out, or one complaint that names file, entry and value."""

import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from difflib import get_close_matches
from pathlib import Path

from conformance.exchange import Json
from conformance.expected.entry import COMPARISON, Entry, release
from conformance.plan import glob

TABLE = "expected"
TEXTS = ("reason", "owner")
#: What may be left out -> what it is, and how that is said.
OPTIONAL: Mapping[str, tuple[type, str]] = {
    "issue": (str, "a text is needed, a URL or an id"),
    "sometimes": (bool, "true or false"),
}
MEMBERS = ("pattern", *TEXTS, "expires", "version", *OPTIONAL)


class BadExpected(ValueError):
    """Expected failures that cannot be relied on; the message says where and what is right."""


@dataclass(frozen=True, slots=True)
class Known:
    """What entries are held against: the cases of the suite, the day, the router's version."""

    cases: Collection[str]
    today: date
    version: str = ""


def read(path: Path, known: Known) -> tuple[Entry, ...]:
    try:
        return parsed(path.read_text("utf-8"), str(path), known)
    except OSError as error:
        raise BadExpected(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise BadExpected(f"{path}: {error}") from error


def parsed(text: str, name: str, known: Known) -> tuple[Entry, ...]:
    try:
        told = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadExpected(f"{name}: {error}") from error
    for member in told:
        if member != TABLE:
            raise BadExpected(f"{name}: {member!r}: no such member; entries are [[{TABLE}]] tables")
    listed = told.get(TABLE, [])
    if not (isinstance(listed, list) and all(isinstance(said, dict) for said in listed)):
        raise BadExpected(f"{name}: {TABLE!r} = {listed!r}: entries are [[{TABLE}]] tables")
    entries = [_entry(f"{name}: entry {n}", said, known) for n, said in enumerate(listed, 1)]
    _alone(name, entries)
    return tuple(entries)


def _entry(place: str, said: Json, known: Known) -> Entry:
    for complaint in _complaints(said, known):
        raise BadExpected(f"{place}: {complaint}")
    told = {name: said[name] for name in MEMBERS[1:] if name in said}
    return Entry(tuple(patterns(said)), **told)


def patterns(said: Json) -> list[Json]:
    """Return the patterns of an entry, of which there is one or a list."""
    told = said.get("pattern")
    return told if isinstance(told, list) else [told]


def _complaints(said: Json, known: Known) -> Iterator[str]:
    for member in said:
        if member not in MEMBERS:
            yield f"{member!r}: no such member; there are {', '.join(MEMBERS)}"
    for member in ("pattern", *TEXTS, "expires"):
        if member not in said:
            yield f"{member!r} is missing"
    yield from _of_kinds(said)
    if not patterns(said):
        yield "pattern []: the id of a case is needed, or several; * and ? are wildcards"
    for pattern in patterns(said):
        yield from _of_pattern(pattern, known.cases)
    yield from _of_expiry(said["expires"], known.today)
    yield from _of_version(said.get("version", ""), known.version)


def _of_kinds(said: Json) -> Iterator[str]:
    for member in TEXTS:
        if not isinstance(said[member], str) or not said[member].strip():
            yield f"{member} {said[member]!r}: a text is needed"
    for member, (kind, right) in OPTIONAL.items():
        if not isinstance(said.get(member, kind()), kind):
            yield f"{member} {said[member]!r}: {right}"


def _of_pattern(pattern: Json, cases: Collection[str]) -> Iterator[str]:
    if not isinstance(pattern, str):
        yield f"pattern {pattern!r}: the id of a case is needed; * and ? are wildcards"
    elif not any(map(glob(pattern).fullmatch, cases)):
        yield f"pattern {pattern!r} matches no case of the suite{_nearest(pattern, cases)}"


def _nearest(pattern: str, cases: Collection[str]) -> str:
    whole = f"{pattern}[*]"
    if any(map(glob(whole).fullmatch, cases)):
        return f"; did you mean {whole!r}?"
    near = get_close_matches(pattern, cases, n=1)
    return f"; did you mean {near[0]!r}?" if near else "; a case is RULE[SURFACE-PROBE]"


def _of_expiry(expires: Json, today: date) -> Iterator[str]:
    if not isinstance(expires, date) or isinstance(expires, datetime):
        yield f"expires {str(expires)!r}: a date without quotes is needed, such as {today}"
    elif expires < today:
        yield f"expired on {expires}: mend the router, or give a later date"


def _of_version(condition: Json, version: str) -> Iterator[str]:
    if condition == "":
        return
    parts = condition.split(",") if isinstance(condition, str) else [""]
    if not all(map(COMPARISON.fullmatch, parts)):
        yield f"version {condition!r}: comparisons are needed, such as '<1.9' or '>=1.4, <1.9'"
    elif release(version) is None:
        told = f"; {version!r} begins with none" if version else ""
        yield f"version {condition!r} needs --router-version with a number such as 1.8.3{told}"


def _alone(name: str, entries: Sequence[Entry]) -> None:
    seen: dict[tuple[str, str], int] = {}
    for number, entry in enumerate(entries, 1):
        for pattern in entry.patterns:
            first = seen.setdefault((pattern, entry.version), number)
            if first != number or entry.patterns.count(pattern) > 1:
                raise BadExpected(
                    f"{name}: entry {number}: pattern {pattern!r} is in entry {first} already"
                )
