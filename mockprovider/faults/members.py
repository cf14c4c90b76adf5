"""Faults inside the JSON of an event: members no one asked for, texts that are hard to read."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from mockprovider.faults.events import numbered, position
from mockprovider.faults.parameters import Positive
from mockprovider.timeline import Moment, Send, Timeline

# The JSON of an event, or of an element of an array.
OBJECT = re.compile(rb"(?:^data: ?|\A\[|\A,\r\n)\{(?!\})", re.MULTILINE)
# The text of an event, on any surface, that is not empty.
TEXT = re.compile(rb'("(?:content|text|delta)": ?)"((?:[^"\\]|\\.)+)"')
ID = re.compile(rb'("(?:id|item_id|responseId)": ?"[^"]*)"')


@dataclass(frozen=True, slots=True)
class UnknownMember:
    """Every event, or the one at `at`, has a member of that name and JSON value more."""

    name: str = "x_mock"
    value: str = '{"a":[1,null]}'
    at: int | None = None

    def apply(self, timeline: Timeline) -> Timeline:
        return with_member(timeline, self.name, self.value, self.at)


@dataclass(frozen=True, slots=True)
class HugeNumber:
    """Every event, or the one at `at`, has a member more that is a number of `digits` digits."""

    digits: Positive = 40
    at: int | None = None

    def apply(self, timeline: Timeline) -> Timeline:
        return with_member(timeline, "x_mock_number", "9" * self.digits, self.at)


@dataclass(frozen=True, slots=True)
class DeepNesting:
    """Every event, or the one at `at`, has a member more of lists in lists, so deep."""

    depth: Positive = 100
    at: int | None = None

    def apply(self, timeline: Timeline) -> Timeline:
        value = "[" * self.depth + "]" * self.depth
        return with_member(timeline, "x_mock_nested", value, self.at)


@dataclass(frozen=True, slots=True)
class Pad:
    """The first text from the event at `at` on grows, so that its event has `bytes` bytes."""

    bytes: Positive = 70_000
    at: int = 0

    def apply(self, timeline: Timeline) -> Timeline:
        where = with_text(timeline, self.at)
        size = sum(len(step.data) for step in timeline[where:][:1] if isinstance(step, Send))
        return retold(timeline, self.at, lambda text: b"x" * max(0, self.bytes - size) + text)


@dataclass(frozen=True, slots=True)
class LoneSurrogate:
    r"""The first text from the event at `at` on begins with half a pair: `\ud83d`."""

    at: int = 1

    def apply(self, timeline: Timeline) -> Timeline:
        return retold(timeline, self.at, lambda text: rb"\ud83d" + text)


@dataclass(frozen=True, slots=True)
class InvalidUtf8:
    """The first text from the event at `at` on begins with the byte FF."""

    at: int = 1

    def apply(self, timeline: Timeline) -> Timeline:
        return retold(timeline, self.at, lambda text: b"\xff" + text)


@dataclass(frozen=True, slots=True)
class EscapedText:
    r"""Every character of the texts is written as an escape: `\u0041` for A."""

    def apply(self, timeline: Timeline) -> Timeline:
        return tuple(
            replace(step, data=TEXT.sub(_escaped, step.data))
            if isinstance(step, Send) and step.kind == "event"
            else step
            for step in timeline
        )


@dataclass(frozen=True, slots=True)
class EmptyDelta:
    """Before the first text from the event at `at` on, `count` events like it have `""` for one."""

    count: Positive = 1
    at: int = 0

    def apply(self, timeline: Timeline) -> Timeline:
        return doubled(timeline, self.at, b'""', self.count)


@dataclass(frozen=True, slots=True)
class NullContent:
    """Before the first text from the event at `at` on, `count` events like it have `null` for one.

    It is no text, as chat says where another member of the delta is told: neither `""` nor "null".
    """

    count: Positive = 1
    at: int = 0

    def apply(self, timeline: Timeline) -> Timeline:
        return doubled(timeline, self.at, b"null", self.count)


@dataclass(frozen=True, slots=True)
class IdChange:
    """From the event at `at` on, the id is another."""

    at: int = 2

    def apply(self, timeline: Timeline) -> Timeline:
        start = position(timeline, self.at)
        if start is None:
            return timeline
        changed = (
            replace(step, data=ID.sub(rb'\1-changed"', step.data, count=1))
            if isinstance(step, Send) and step.kind in ("event", "done")
            else step
            for step in timeline[start:]
        )
        return (*timeline[:start], *changed)


def with_member(timeline: Timeline, name: str, value: str, at: int | None) -> Timeline:
    """Return the timeline with one member more in every event, or in one."""
    only = None if at is None else position(timeline, at)
    member = b"%b:%b," % (json.dumps(name).encode(), value.encode())
    return tuple(
        replace(step, data=OBJECT.sub(lambda found: found[0] + member, step.data, count=1))
        if isinstance(step, Send)
        and step.kind in ("event", "done")
        and (at is None or here == only)
        else step
        for here, step in enumerate(timeline)
    )


def retold(timeline: Timeline, at: int, change: Callable[[bytes], bytes]) -> Timeline:
    """Return the timeline with the first text from an event on changed."""
    where = with_text(timeline, at)
    if where is None:
        return timeline
    step = timeline[where]
    return (*timeline[:where], *_retold(step, change), *timeline[where + 1 :])


def doubled(timeline: Timeline, at: int, value: bytes, count: int) -> Timeline:
    """Return the timeline with events before the first text that have another value for theirs."""
    where = with_text(timeline, at)
    step = timeline[where] if where is not None else None
    if where is None or not isinstance(step, Send):
        return timeline
    data = TEXT.sub(lambda found: found[1] + value, step.data, count=1)
    first = replace(step, data=data, tokens=0)
    more = (replace(first, data=_later(data)),) * (count - 1)
    own = replace(step, data=_later(step.data))
    return numbered((*timeline[:where], first, *more, own, *timeline[where + 1 :]))


def _later(data: bytes) -> bytes:
    """Return an event as it is behind another: only the first element of an array opens it."""
    return b",\r\n" + data[1:] if data.startswith(b"[") else data


def with_text(timeline: Timeline, at: int) -> int | None:
    """Return where the first event with a text is, from the event at `at` on."""
    start = position(timeline, at)
    events = (
        here
        for here, step in enumerate(timeline)
        if isinstance(step, Send) and step.kind == "event" and TEXT.search(step.data)
    )
    return next((here for here in events if start is not None and here >= start), None)


def _retold(step: Moment, change: Callable[[bytes], bytes]) -> Iterator[Moment]:
    if isinstance(step, Send):
        data = TEXT.sub(lambda found: b'%b"%b"' % (found[1], change(found[2])), step.data, count=1)
        yield replace(step, data=data)


def _escaped(found: re.Match[bytes]) -> bytes:
    try:
        text = json.loads(b'"%b"' % found[2])
    except ValueError:  # it is no text
        return found[0]
    units = text.encode("utf-16-be", "surrogatepass").hex()
    escapes = "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))
    return b'%b"%b"' % (found[1], escapes.encode())
