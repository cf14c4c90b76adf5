"""Compiled timelines: all bytes ready, but for the few slots that differ by request."""

import json
import re
import secrets
import time
from dataclasses import dataclass, replace
from functools import lru_cache
from http import HTTPStatus
from typing import NamedTuple

from mockprovider.faults.slicing import Coalesce
from mockprovider.timeline import Head, Moment, Send, Timeline

# Nothing a scenario says can collide with a slot of this process.
TOKEN = secrets.token_hex(4)
Slot = tuple[bytes, int]
ID, MODEL, CREATED = (b"id", 0), (b"model", 0), (b"created", 0)
# `created` is a number: its quotes go with the slot.
SLOT = re.compile(rf'"@(created)\+(\d+)~{TOKEN}@"|@(id|nonce|model|date)\+(\d+)~{TOKEN}@'.encode())


def slot(name: str, plus: int = 0) -> str:
    """Return the placeholder of a slot: `id`, `nonce`, `created`, `model` or `date`."""
    return f"@{name}+{plus}~{TOKEN}@"


class Filling(dict[Slot, bytes]):
    """What one request puts into the slots, each worked out once."""

    __slots__ = ("created", "id", "nonce")

    def __init__(self, id: str, model: str, created: int, nonce: str = "") -> None:
        self.id = id
        self.created = created
        self.nonce = nonce
        # Most answers have these.
        self[ID], self[MODEL] = id.encode(), _escaped(model)
        self[CREATED] = b"%d" % created

    def __missing__(self, slot: Slot) -> bytes:
        value = self[slot] = self._value(*slot)
        return value

    def _value(self, name: bytes, plus: int) -> bytes:
        match name:
            case b"id":
                return f"{self.id}-{plus}".encode()
            case b"nonce":
                return self.nonce.encode()
            case b"created":
                return b"%d" % (self.created + plus)
        return date(self.created)


class Template(NamedTuple):
    """Bytes with a %b for each of their slots."""

    pattern: bytes
    slots: tuple[Slot, ...]

    def fill(self, filling: Filling) -> bytes:
        return self.pattern % tuple(map(filling.__getitem__, self.slots))


def template(data: bytes) -> Template:
    """Take bytes apart at their slots."""
    literals, slots, at = list[bytes](), list[Slot](), 0
    for found in SLOT.finditer(data):
        literals.append(data[at : found.start()])
        slots.append((found[1] or found[3], int(found[2] or found[4])))
        at = found.end()
    escaped = (literal.replace(b"%", b"%%") for literal in (*literals, data[at:]))
    return Template(b"%b".join(escaped), tuple(slots))


Parts = tuple[bytes, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Compiled:
    """A timeline taken apart at its slots.

    Nearly always every event has the same run of bytes from its first slot to its last, so that
    filling it once and joining the rest around it serves the whole stream. `loose` are the slots
    of the events for which that is not so.
    """

    timeline: Timeline
    run: Template
    parts: tuple[Parts | Template, ...]
    loose: tuple[Slot, ...]
    head: Template
    plain: bool

    def filled(self, filling: Filling) -> Timeline:
        """Return the timeline one request gets; what it says about its length is then true."""
        steps = tuple(_filled(step, filling) for step in self.timeline)
        length = sum(len(step.data) for step in steps if isinstance(step, Send))
        return tuple(_measured(step, length) for step in steps)


def compiled(timeline: Timeline, *, burst: bool = False) -> Compiled:
    """Prepare a timeline so that playing it costs next to nothing."""
    runs = {_run(step.data) for step in timeline if isinstance(step, Send)} - {b""}
    run = runs.pop() if len(runs) == 1 else b""
    timeline = Coalesce().apply(timeline) if burst else timeline
    head = next((step for step in timeline if isinstance(step, Head)), None)
    parts = tuple(_parts(step, run) for step in timeline)
    loose = dict.fromkeys(slot for each in parts if isinstance(each, Template) for slot in each[1])
    return Compiled(
        timeline,
        template(run),
        parts,
        tuple(loose),
        template(encoded(head) if head else b""),
        plain=head is not None and head.length is not None,
    )


def encoded(head: Head) -> bytes:
    """Return the head up to, and without, the headers that frame the body."""
    lines = [f"HTTP/1.1 {head.status} {_reason(head.status)}"]
    lines += [f"{name}: {value}" for name, value in head.headers]
    return "".join(f"{line}\r\n" for line in lines).encode("latin-1")


def _filled(step: Moment, filling: Filling) -> Moment:
    match step:
        case Send():
            return replace(step, data=template(step.data).fill(filling))
        case Head():
            headers = tuple((name, _text(value, filling)) for name, value in step.headers)
            return replace(step, headers=headers)
    return step


def _measured(step: Moment, length: int) -> Moment:
    match step:
        case Head(length=int()):
            return replace(step, length=length)
        case Send(kind="half"):
            return replace(step, data=step.data[: len(step.data) // 2], kind="piece", tokens=0)
    return step


def _text(value: str, filling: Filling) -> str:
    return template(value.encode("latin-1")).fill(filling).decode("latin-1")


def _parts(step: Moment, run: bytes) -> Parts | Template:
    """Split what is sent around the common run; where that leaves slots, at each slot."""
    if not isinstance(step, Send):
        return ()
    parts = tuple(step.data.split(run)) if run else (step.data,)
    return template(step.data) if any(map(SLOT.search, parts)) else parts


def _run(data: bytes) -> bytes:
    """Return the bytes from the first slot of an event to its last."""
    found = list(SLOT.finditer(data))
    return data[found[0].start() : found[-1].end()] if found else b""


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Status"


@lru_cache(maxsize=256)
def _escaped(text: str) -> bytes:
    return json.dumps(text)[1:-1].encode()


@lru_cache(maxsize=2)
def date(second: int) -> bytes:
    """Return a time as HTTP writes it."""
    return time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(second)).encode()
