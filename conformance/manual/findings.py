"""What is worth telling of real routers: the words, the provider's answers, and what came of them.

`findings.toml` has what we wrote, `repeated.json` what a router answered when it was done again.
"""

import json
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from conformance.exchange import Json
from conformance.plan import glob
from conformance.recipes.recipe import DIRECTORY, tuples

FINDINGS = DIRECTORY / "findings.toml"
REPEATED = DIRECTORY / "repeated.json"
ANSWERS = Path(__file__).parents[2] / "docs" / "findings"
#: Where what is told of listens, as it is told.
PROVIDER = "127.0.0.1:9100"
SEPARATOR = "/"
VERSION = "{{version}}"


@dataclass(frozen=True, slots=True)
class Setup:
    """How anyone gets a router and starts it."""

    install: str
    start: str
    port: int
    file: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    name: str
    route: str
    case: str
    title: str
    text: str
    right: str
    answer: tuple[str, ...]
    asks: tuple[str, ...]
    mark: str  # a pattern of what is wrong
    config: str = ""
    status: str = "200 OK"
    kind: str = "text/event-stream"
    headers: tuple[str, ...] = ()
    end: Literal["clean", "cut"] = "clean"
    chunk: int = 0  # bytes of a chunk; 0: an event
    shows: Literal["client", "provider"] = "client"  # where `mark` is
    threads: tuple[str, ...] = ()

    @property
    def recipe(self) -> str:
        return self.route.partition(SEPARATOR)[0]

    @property
    def pieces(self) -> list[bytes]:
        """Return the chunks of the provider's body."""
        stop = "\n\n" if self.kind == "text/event-stream" else ""
        events = [(event + stop).encode() for event in self.answer]
        if not self.chunk:
            return events
        body = b"".join(events)
        return [body[at : at + self.chunk] for at in range(0, len(body), self.chunk)]

    @property
    def head(self) -> list[str]:
        return [f"HTTP/1.1 {self.status}", f"content-type: {self.kind}", *self.headers]

    @property
    def wire(self) -> bytes:
        """Return the provider's answer as it is on the wire."""
        framing = ("transfer-encoding: chunked", "connection: close", "", "")
        head = "\r\n".join((*self.head, *framing)).encode()
        chunks = (b"%x\r\n%b\r\n" % (len(piece), piece) for piece in self.pieces)
        return b"".join((head, *chunks, b"" if self.end == "cut" else b"0\r\n\r\n"))


@dataclass(frozen=True, slots=True)
class Race:
    """What a router does now and then, so that verdicts differ from run to run."""

    patterns: tuple[str, ...]  # of cases
    title: str
    text: str
    router: str = ""  # empty: whichever
    threads: tuple[str, ...] = ()

    def explains(self, route: str, case: str) -> bool:
        named = any(glob(pattern).fullmatch(case) for pattern in self.patterns)
        return named and self.router in ("", route.partition(SEPARATOR)[0])


@dataclass(frozen=True, slots=True)
class Repeated:
    """What came of a finding that was repeated, without the suite."""

    version: str
    date: str
    client: str  # what was printed where it was asked
    provider: str  # what the provider was asked


@cache
def _told() -> Json:
    return tomllib.loads(FINDINGS.read_text("utf-8"))


@cache
def findings() -> tuple[Finding, ...]:
    """Return what is worth telling of, the most damaging first."""
    return tuple(Finding(**tuples(row)) for row in _told()["finding"])


@cache
def races() -> tuple[Race, ...]:
    """Return what is behind verdicts that differ; the first that explains one does."""
    return tuple(Race(**tuples(row)) for row in _told()["race"])


@cache
def setups() -> dict[str, Setup]:
    """Return how each router is had, by its recipe."""
    return {name: Setup(**row) for name, row in _told()["setup"].items()}


def repeated() -> dict[str, Repeated]:
    rows = json.loads(REPEATED.read_text("utf-8"))
    return {name: Repeated(**row) for name, row in rows.items()}
