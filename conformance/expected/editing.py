"""The text of `expected-failures.toml` in, the same without what is gone and with what is new.

What a person wrote stays as it is: comments, order and entries that still hold.
"""

import json
import re
import tomllib
from collections.abc import Collection, Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from conformance.exchange import Json
from conformance.expected.entry import Entry
from conformance.expected.reading import TABLE, BadExpected, patterns

HEAD = re.compile(rf"\s*\[\[\s*{TABLE}\s*\]\]")
PATTERN = re.compile(r"""\s*["']?pattern["']?\s*=""")


class Place(NamedTuple):
    """Lines of an entry, ends exclusive: with the comments right above it; of its patterns."""

    first: int
    last: int
    pattern: tuple[int, int]
    said: Json


def places(lines: Sequence[str], name: str) -> list[Place]:
    """Find the entries of a text that is known to be right."""
    heads = [number for number, line in enumerate(lines) if HEAD.match(line)]
    found = [_place(lines, head, end) for head, end in pairwise([*heads, len(lines)])]
    whole = tomllib.loads("\n".join(lines)).get(TABLE, [])
    if [place.said for place in found if place] != whole:
        right = f"each entry has to be a [[{TABLE}]] table with a line for its pattern"
        raise BadExpected(f"{name}: cannot be updated: {right}")
    return [place for place in found if place]


def edited(text: str, name: str, *, gone: Collection[tuple[str, str]], new: Iterable[Entry]) -> str:
    """Return the text without the (pattern, version) pairs in `gone`, and with new entries."""
    lines = text.rstrip("\n").split("\n") if text.strip() else []
    for place in reversed(places(lines, name)):
        told, version = patterns(place.said), place.said.get("version", "")
        left = [pattern for pattern in told if (pattern, version) not in gone]
        if not left:
            del lines[place.first : place.last]
        elif left != told:
            start, end = place.pattern
            lines[start:end] = _assigned(left)
    for entry in new:
        lines += ["", *written(entry)]
    # Where an entry was, two blank lines meet.
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines).strip("\n")) + "\n"


def written(entry: Entry) -> list[str]:
    return [
        f"[[{TABLE}]]",
        *_assigned(entry.patterns),
        f"reason  = {quoted(entry.reason)}",
        f"issue   = {quoted(entry.issue)}",
        f"owner   = {quoted(entry.owner)}",
        f"expires = {entry.expires}",
    ]


def quoted(text: str) -> str:
    """Return a TOML string; JSON's are almost the same."""
    whole = text.encode("utf-8", "replace").decode()
    return json.dumps(whole, ensure_ascii=False).replace("\x7f", r"\u007f")


def _assigned(told: Sequence[str]) -> list[str]:
    if len(told) == 1:
        return [f"pattern = {quoted(told[0])}"]
    return ["pattern = [", *(f"  {quoted(pattern)}," for pattern in told), "]"]


def _place(lines: Sequence[str], head: int, end: int) -> Place | None:
    first, last = head, end
    while first and lines[first - 1].lstrip().startswith("#"):
        first -= 1
    while lines[last - 1].lstrip().startswith("#") or not lines[last - 1].strip():
        last -= 1
    starts = [number for number in range(head + 1, last) if PATTERN.match(lines[number])]
    if not starts or (ends := _ends(lines, starts[0], last)) is None:
        return None
    return Place(first, last, (starts[0], ends), _said(lines[head:last]))


def _ends(lines: Sequence[str], start: int, last: int) -> int | None:
    """Return the line after the value that begins at this one; a list may take several."""
    whole = (end for end in range(start + 1, last + 1) if _parses(lines[start:end]))
    return next(whole, None)


def _parses(lines: Sequence[str]) -> bool:
    try:
        tomllib.loads("\n".join(lines))
    except tomllib.TOMLDecodeError:
        return False
    return True


def _said(lines: Sequence[str]) -> Json:
    if not _parses(lines):
        return None
    told = tomllib.loads("\n".join(lines))[TABLE]
    return told[0] if len(told) == 1 else None
