"""Faults of the event stream's own syntax; most are legal, and say the same to a correct reader."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import cycle
from typing import Annotated, Literal

from mockprovider.faults.lines import block, joined, line_end
from mockprovider.faults.parameters import Limit, Positive
from mockprovider.timeline import Moment, Send, Timeline

BOM = b"\xef\xbb\xbf"
STREAM = ("event", "comment", "done")
LINE_ENDS = {"lf": b"\n", "crlf": b"\r\n", "cr": b"\r"}
# As the surfaces write it: LF, but for those whose API has CRLF.
LINE_END = re.compile(rb"\r?\n")
FIELD = re.compile(rb"(?:\A|(?<=[\r\n]))(\w+): ")
NAMED = re.compile(rb"\A(event: [^\r\n]*\r?\n)(.*\n)(?=\r?\n\Z)", re.DOTALL)
DATA = re.compile(rb"(?:\A|(?<=[\r\n]))data: ?\{[^\r\n]*")
TEXT_OR_COMMA = re.compile(rb'"(?:[^"\\]|\\.)*"|,')


@dataclass(frozen=True, slots=True)
class Crlf:
    """Lines end in CRLF."""

    def apply(self, timeline: Timeline) -> Timeline:
        return rewritten(timeline, lambda data: LINE_END.sub(b"\r\n", data))


@dataclass(frozen=True, slots=True)
class Cr:
    """Lines end in CR."""

    def apply(self, timeline: Timeline) -> Timeline:
        return rewritten(timeline, lambda data: LINE_END.sub(b"\r", data))


@dataclass(frozen=True, slots=True)
class MixedLineEnds:
    """Lines end in LF, CRLF and CR in turn, or in these `ends`."""

    ends: Annotated[tuple[Literal["lf", "crlf", "cr"], ...], Limit("minItems", 1)] = (
        "lf",
        "crlf",
        "cr",
    )

    def apply(self, timeline: Timeline) -> Timeline:
        ends = cycle(LINE_ENDS[end] for end in self.ends)

        def mixed(data: bytes) -> bytes:
            out = b""
            for line in LINE_END.split(data)[:-1]:
                end = next(ends)
                # LF right after a CR would be the second half of one CRLF.
                joins = end == b"\n" and not line and out.endswith(b"\r")
                out += line + (b"\r\n" if joins else end)
            return out

        return rewritten(timeline, mixed)


@dataclass(frozen=True, slots=True)
class NoSpace:
    """No space after the colon of a field."""

    def apply(self, timeline: Timeline) -> Timeline:
        return rewritten(timeline, lambda data: FIELD.sub(rb"\1:", data))


@dataclass(frozen=True, slots=True)
class Bom:
    """A byte order mark opens the body; `split` puts it over the border of two writes."""

    split: bool = False

    def apply(self, timeline: Timeline) -> Timeline:
        at = next((at for at, step in enumerate(timeline) if isinstance(step, Send)), None)
        first = timeline[at] if at is not None else None
        if at is None or not isinstance(first, Send):
            return timeline
        whole = replace(first, data=BOM + first.data)
        pieces = (Send(BOM[:2], "piece", 0), replace(whole, data=whole.data[2:]))
        return (*timeline[:at], *(pieces if self.split else (whole,)), *timeline[at + 1 :])


@dataclass(frozen=True, slots=True)
class Comments:
    """Comments `before` the first event, `between` events, or `both`."""

    text: str = "keep-alive"
    where: Literal["before", "between", "both"] = "both"

    def apply(self, timeline: Timeline) -> Timeline:
        comment = Send(block(timeline, f": {self.text}".encode()), "comment", 0)

        def extra(position: int) -> tuple[Send, ...]:
            here = "before" if position == 0 else "between"
            return (comment,) if self.where in (here, "both") else ()

        return inserted(timeline, extra)


@dataclass(frozen=True, slots=True)
class UnknownFields:
    """Every event has fields no one asked for."""

    lines: tuple[str, ...] = ("id: 1", "retry: 3000", "foo: bar")

    def apply(self, timeline: Timeline) -> Timeline:
        extra = joined(timeline, *(line.encode() for line in self.lines))
        return rewritten(timeline, lambda data: extra + data, kinds=("event", "done"))


@dataclass(frozen=True, slots=True)
class MultiLine:
    """The JSON of an event is spread over several data lines: one ends behind every comma."""

    def apply(self, timeline: Timeline) -> Timeline:
        comma = joined(timeline, b",") + b"data: "

        def spread(found: re.Match[bytes]) -> bytes:
            return TEXT_OR_COMMA.sub(lambda part: comma if part[0] == b"," else part[0], found[0])

        return rewritten(timeline, lambda data: DATA.sub(spread, data))


@dataclass(frozen=True, slots=True)
class EmptyData:
    """A block without payload before each event, or before the one at `at`.

    `form` is an empty `data`, an `event` name alone, or an extra `blank` line.
    """

    form: Literal["data", "event", "blank"] = "data"
    at: int | None = None

    def apply(self, timeline: Timeline) -> Timeline:
        lines = {"data": (b"data:", b""), "event": (b"event: ping", b""), "blank": (b"",)}
        nothing = Send(joined(timeline, *lines[self.form]), "comment", 0)
        return inserted(timeline, lambda at: (nothing,) if self.at in (None, at) else ())


@dataclass(frozen=True, slots=True)
class BlankLines:
    """Runs of `count` blank lines before each event, or before the one at `at`."""

    count: Positive = 3
    at: int | None = None

    def apply(self, timeline: Timeline) -> Timeline:
        blank = Send(line_end(timeline) * self.count, "comment", 0)
        return inserted(timeline, lambda at: (blank,) if self.at in (None, at) else ())


@dataclass(frozen=True, slots=True)
class LongLine:
    """A comment of `bytes` bytes on one line comes before the event at `at`."""

    bytes: Positive = 1 << 20
    at: int = 1

    def apply(self, timeline: Timeline) -> Timeline:
        line = Send(block(timeline, b":".ljust(self.bytes, b"x")), "comment", 0)
        return inserted(timeline, lambda at: (line,) if at == self.at else ())


@dataclass(frozen=True, slots=True)
class PingStorm:
    """A run of `count` keep-alives comes before the event at `at`: comments, or pings by name."""

    count: Positive = 1000
    at: int = 1
    form: Literal["comment", "event"] = "comment"

    def apply(self, timeline: Timeline) -> Timeline:
        lines = {"comment": (b": ping",), "event": (b"event: ping", b'data: {"type": "ping"}')}
        pings = (Send(block(timeline, *lines[self.form]), "comment", 0),) * self.count
        return inserted(timeline, lambda at: pings if at == self.at else ())


@dataclass(frozen=True, slots=True)
class DataFirst:
    """In an event that has a name, the data comes before the name."""

    def apply(self, timeline: Timeline) -> Timeline:
        return rewritten(timeline, lambda data: NAMED.sub(rb"\2\1", data), kinds=("event", "done"))


@dataclass(frozen=True, slots=True)
class NoFinalBlank:
    """The last event lacks its blank line (`keep` newline), or its line end too (nothing)."""

    keep: Literal["newline", "nothing"] = "newline"

    def apply(self, timeline: Timeline) -> Timeline:
        last = max((at for at, step in enumerate(timeline) if isinstance(step, Send)), default=-1)
        step = timeline[last] if last >= 0 else None
        if not isinstance(step, Send) or step.kind == "body":
            return timeline
        bare = step.data.rstrip(b"\r\n")
        end = step.data[len(bare) :]
        kept = end[: len(end) // 2] if self.keep == "newline" else b""
        return (*timeline[:last], replace(step, data=bare + kept), *timeline[last + 1 :])


def rewritten(
    timeline: Timeline, change: Callable[[bytes], bytes], *, kinds: tuple[str, ...] = STREAM
) -> Timeline:
    """Return the timeline with the bytes of its events changed."""
    return tuple(
        replace(step, data=change(step.data))
        if isinstance(step, Send) and step.kind in kinds
        else step
        for step in timeline
    )


def inserted(timeline: Timeline, extra: Callable[[int], tuple[Send, ...]]) -> Timeline:
    """Return the timeline with something sent before the events, by their position."""
    position, kept = 0, list[Moment]()
    for step in timeline:
        if isinstance(step, Send) and step.kind in ("event", "done"):
            kept += extra(position)
            position += 1
        kept.append(step)
    return tuple(kept)
