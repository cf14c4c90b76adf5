"""The body of a chunk in, the bytes of it out: an event, or an element of one JSON array."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from mockprovider.shapes import Json
from mockprovider.surfaces.gemini.habits import Habits
from mockprovider.surfaces.gemini.members import pretty, text
from mockprovider.timeline import Send

LINE_ENDS = {"crlf": b"\r\n", "lf": b"\n"}


class Framing(Protocol):
    """How the chunks of a stream follow one another."""

    def chunk(self, body: Json, habits: Habits, *, tokens: int, times: int) -> Iterator[Send]: ...

    def end(self) -> Iterator[Send]: ...


class Events:
    """Server-sent events, as `alt=sse` asks for them. Nothing says that they are over."""

    def chunk(self, body: Json, habits: Habits, *, tokens: int, times: int) -> Iterator[Send]:
        blank = 2 * LINE_ENDS[habits.line_end]
        yield Send(b"data: " + text(body, habits) + blank, tokens=tokens, times=times)

    def end(self) -> Iterator[Send]:
        yield from ()


@dataclass(slots=True)
class Elements:
    """One JSON array, written an element at a time."""

    begun: bool = False

    def chunk(self, body: Json, habits: Habits, *, tokens: int, times: int) -> Iterator[Send]:
        data = pretty(body) + b"\n"
        if not self.begun:
            self.begun = True
            yield Send(b"[" + data, tokens=tokens)
            times -= 1
        if times:
            yield Send(b",\r\n" + data, tokens=tokens, times=times)

    def end(self) -> Iterator[Send]:
        yield Send(b"]" if self.begun else b"[]", "done", 0)
