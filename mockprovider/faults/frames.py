"""Frames of a timeline whose HTTP framing is spelt out: found, changed, and their header lines."""

import re
from collections.abc import Callable, Iterable
from dataclasses import replace

from mockprovider.timeline import Frame, Moment, Timeline, Verbatim


def reframed(
    timeline: Timeline, kinds: tuple[str, ...], change: Callable[[Frame], Frame]
) -> Timeline:
    """Return the timeline with its frames of some kinds changed."""
    return tuple(
        change(step) if isinstance(step, Frame) and step.kind in kinds else step
        for step in timeline
    )


def replaced(
    timeline: Timeline, kind: str, number: int, change: Callable[[Frame], Iterable[Moment]]
) -> Timeline:
    """Return the timeline with other moments in place of one frame, if there is that one."""
    where = place(timeline, kind, number)
    step = timeline[where] if where is not None else None
    if where is None or not isinstance(step, Frame):
        return timeline
    return (*timeline[:where], *change(step), *timeline[where + 1 :])


def place(timeline: Timeline, kind: str, number: int = 0) -> int | None:
    """Return where in the timeline a frame of a kind is; from the end if its number is negative."""
    places = [
        at for at, step in enumerate(timeline) if isinstance(step, Frame) and step.kind == kind
    ]
    return places[number] if -len(places) <= number < len(places) else None


def parting(timeline: Timeline, how: str) -> Timeline:
    """Return the timeline with another end of its connection."""
    return tuple(
        replace(step, parting=how) if isinstance(step, Verbatim) else step for step in timeline
    )


def with_line(timeline: Timeline, line: str) -> Timeline:
    """Return the timeline with a header line more, at the end of its head."""
    more = f"{line}\r\n\r\n".encode("latin-1")
    return reframed(timeline, ("head",), lambda head: replace(head, before=head.before[:-2] + more))


def without_lines(timeline: Timeline, name: str) -> Timeline:
    """Return the timeline without the header lines of a name."""
    lines = re.compile(rb"^%b:[^\n]*\n" % name.encode(), re.IGNORECASE | re.MULTILINE)
    return reframed(
        timeline, ("head",), lambda head: replace(head, before=lines.sub(b"", head.before))
    )
