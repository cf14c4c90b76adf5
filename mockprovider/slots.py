"""Compiled timelines: all bytes ready, but for the few slots that differ by request."""

import json
import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from http import HTTPStatus

from mockprovider.faults.slicing import Coalesce
from mockprovider.timeline import Head, Moment, Send, Timeline

# Nothing a scenario says can collide with a slot of this process.
TOKEN = secrets.token_hex(4)
SLOT = re.compile(rf'"@created\+(\d+)~{TOKEN}@"|@(id|nonce|model|date)\+(\d+)~{TOKEN}@'.encode())
Values = Mapping[bytes, bytes]


def slot(name: str, plus: int = 0) -> str:
    """Return the placeholder of a slot: `id`, `nonce`, `model`, `date` or `created`."""
    return f"@{name}+{plus}~{TOKEN}@"


@dataclass(frozen=True, slots=True)
class Filling:
    """What one request puts into the slots."""

    nonce: str
    model: str
    created: int

    def fill(self, data: bytes) -> bytes:
        return SLOT.sub(self._value, data)

    def _value(self, found: re.Match[bytes]) -> bytes:
        if found[1] is not None:
            return b"%d" % (self.created + int(found[1]))
        plus = int(found[3])
        match found[2]:
            case b"model":
                return json.dumps(self.model)[1:-1].encode()
            case b"date":
                return date(int(time.time()))
        return (f"{self.nonce}-{plus}" if plus else self.nonce).encode()


@dataclass(frozen=True, slots=True)
class Compiled:
    """A timeline taken apart at its slots.

    Nearly always every event has the same run of bytes from its first slot to its last, so that
    filling it once and joining the rest around it serves the whole stream.
    """

    timeline: Timeline
    run: bytes
    parts: tuple[tuple[bytes, ...] | None, ...]
    head: bytes

    def filled(self, filling: Filling) -> Timeline:
        """Return the timeline one request gets; what it says about its length is then true."""
        steps = tuple(_filled(step, filling) for step in self.timeline)
        length = sum(len(step.data) for step in steps if isinstance(step, Send))
        return tuple(_measured(step, length) for step in steps)

    @property
    def plain(self) -> bool:
        """Tell whether the body is announced by its length."""
        return any(isinstance(step, Head) and step.length is not None for step in self.timeline)


def compiled(timeline: Timeline, *, burst: bool = False) -> Compiled:
    """Prepare a timeline so that playing it costs next to nothing."""
    runs = {_run(step.data) for step in timeline if isinstance(step, Send)} - {b""}
    run = runs.pop() if len(runs) == 1 else b""
    timeline = Coalesce().apply(timeline) if burst else timeline
    head = next((encoded(step) for step in timeline if isinstance(step, Head)), b"")
    return Compiled(timeline, run, tuple(_parts(step, run) for step in timeline), head)


def encoded(head: Head) -> bytes:
    """Return the head up to, and without, the headers that frame the body."""
    lines = [f"HTTP/1.1 {head.status} {_reason(head.status)}"]
    lines += [f"{name}: {value}" for name, value in head.headers]
    return "".join(f"{line}\r\n" for line in lines).encode("latin-1")


def _filled(step: Moment, filling: Filling) -> Moment:
    match step:
        case Send():
            return replace(step, data=filling.fill(step.data))
        case Head():
            headers = tuple((key, _text(value, filling)) for key, value in step.headers)
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
    return filling.fill(value.encode("latin-1")).decode("latin-1")


def _parts(step: Moment, run: bytes) -> tuple[bytes, ...] | None:
    """Split what is sent around the common run; None where that does not fill every slot."""
    if not isinstance(step, Send) or not run:
        return None
    parts = tuple(step.data.split(run))
    return None if any(SLOT.search(part) for part in parts) else parts


def _run(data: bytes) -> bytes:
    """Return the bytes from the first slot of an event to its last."""
    found = list(SLOT.finditer(data))
    return data[found[0].start() : found[-1].end()] if found else b""


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Status"


@lru_cache(maxsize=2)
def date(second: int) -> bytes:
    """Return a time as HTTP writes it."""
    return time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(second)).encode()
