"""Faults: pure changes from timeline to timeline, by name; `catalogue` lists them all."""

from collections.abc import Iterable, Mapping
from dataclasses import fields, replace

from mockprovider.faults.catalogue import CATALOGUE
from mockprovider.faults.fault import Fault, Layer
from mockprovider.shapes import Json
from mockprovider.timeline import Head, Send, Timeline

__all__ = ["CATALOGUE", "Fault", "fault", "hold", "on_body", "on_wire", "touch_wire"]

LAYERS = {listed.kind: listed.layer for listed in CATALOGUE.values()}
INSIDE = {listed.kind for listed in CATALOGUE.values() if listed.inside}
STREAM_ONLY = (Layer.EVENTS, Layer.DIALECT)


def fault(entry: str | Mapping[str, Json]) -> Fault:
    """Build a fault from its name, or from a table of one name and its parameters."""
    name, value = (entry, True) if isinstance(entry, str) else next(iter(entry.items()))
    kind = CATALOGUE[name].kind
    match value:
        case True:
            return kind()
        case dict():
            return kind(**{key: _frozen(each) for key, each in value.items()})
    # A bare value is the first parameter.
    return kind(**{fields(kind)[0].name: _frozen(value)})  # type: ignore[arg-type]


def hold(each: Fault) -> str | None:
    """Return the name of the hold a fault brings with it, if it does."""
    return getattr(each, "hold", None) or None


def on_body(chosen: Iterable[Fault], timeline: Timeline) -> Timeline:
    """Apply the faults of the body and of its end, layer by layer."""
    faults = [each for each in _in_order(chosen) if not _layer(each).on_the_wire]
    for each in faults:
        if _layer(each) < Layer.END and not (_of_events(each) and _is_array(timeline)):
            timeline = each.apply(timeline)
    timeline = _measured(timeline)
    for each in faults:
        if _layer(each) is Layer.END:
            timeline = each.apply(timeline)
    return timeline


def on_wire(chosen: Iterable[Fault], timeline: Timeline) -> Timeline:
    """Apply the faults of a timeline that has been framed."""
    for each in _in_order(chosen):
        if _layer(each).on_the_wire:
            timeline = each.apply(timeline)
    return timeline


def touch_wire(chosen: Iterable[Fault]) -> bool:
    """Tell whether any of the faults needs the timeline framed."""
    return any(_layer(each).on_the_wire for each in chosen)


def _of_events(each: Fault) -> bool:
    """Tell whether it needs events, and would break an array."""
    return _layer(each) in STREAM_ONLY and type(each) not in INSIDE


def _layer(each: Fault) -> Layer:
    return LAYERS[type(each)]


def _in_order(chosen: Iterable[Fault]) -> list[Fault]:
    return sorted(chosen, key=_layer)


def _is_array(timeline: Timeline) -> bool:
    """Tell whether the events are elements of one JSON array."""
    head = next((step for step in timeline if isinstance(step, Head)), Head())
    return (head.header("content-type") or "").startswith("application/json")


def _measured(timeline: Timeline) -> Timeline:
    """Let a head say the length the body has now."""
    length = sum(len(step.data) for step in timeline if isinstance(step, Send))
    return tuple(
        replace(step, length=length) if isinstance(step, Head) and step.length is not None else step
        for step in timeline
    )


def _frozen(value: Json) -> Json:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value
