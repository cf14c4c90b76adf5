"""The lines of an event stream as it writes them, for what a fault adds to it."""

import re

from mockprovider.timeline import Send, Timeline

BLANK = re.compile(rb"(\r\n|\n|\r)\Z")


def block(timeline: Timeline, *lines: bytes) -> bytes:
    """Return lines and the blank one behind them, which end as those of the stream do."""
    return joined(timeline, *lines, b"")


def joined(timeline: Timeline, *lines: bytes) -> bytes:
    """Return lines that end as those of the stream do."""
    end = line_end(timeline)
    return b"".join(line + end for line in lines)


def line_end(timeline: Timeline) -> bytes:
    """Return what ends the first event, which is what ends its lines."""
    sends = (step for step in timeline if isinstance(step, Send))
    ends = (BLANK.search(send.data) for send in sends if send.kind in ("event", "done"))
    found = next(filter(None, ends), None)
    return found[1] if found else b"\n"
