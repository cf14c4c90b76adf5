"""Faults: pure changes from timeline to timeline, by name. A new one is added to FAULTS only."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Protocol

from mockprovider.faults import endings, events, framing, slicing
from mockprovider.shapes import Json
from mockprovider.timeline import Timeline


class Fault(Protocol):
    def apply(self, timeline: Timeline, /) -> Timeline: ...


FAULTS: dict[str, type[Fault]] = {
    "split": slicing.Split,
    "coalesce": slicing.Coalesce,
    "crlf": framing.Crlf,
    "cr": framing.Cr,
    "mixed_line_ends": framing.MixedLineEnds,
    "no_space": framing.NoSpace,
    "bom": framing.Bom,
    "comments": framing.Comments,
    "unknown_fields": framing.UnknownFields,
    "multi_line": framing.MultiLine,
    "empty_data": framing.EmptyData,
    "no_final_blank": framing.NoFinalBlank,
    "gzip": framing.Gzip,
    "garbage": events.Garbage,
    "pad": events.Pad,
    "done_twice": events.DoneTwice,
    "no_done": events.NoDone,
    "duplicate_event": events.DuplicateEvent,
    "drop_event": events.DropEvent,
    "cut_after": endings.CutAfter,
    "reset_after": endings.ResetAfter,
    "stall_after": endings.StallAfter,
}


def fault(entry: str | Mapping[str, Json]) -> Fault:
    """Build a fault from its name, or from a table of one name and its parameters."""
    name, value = (entry, True) if isinstance(entry, str) else next(iter(entry.items()))
    kind = FAULTS[name]
    match value:
        case True:
            return kind()
        case dict():
            return kind(**{key: _frozen(each) for key, each in value.items()})
    # A bare value is the first parameter.
    return kind(**{fields(kind)[0].name: value})  # type: ignore[arg-type]


def _frozen(value: Json) -> Json:
    return tuple(value) if isinstance(value, list) else value
