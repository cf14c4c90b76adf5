"""A recorded answer: a directory with its very bytes, and what is known of them; a value here."""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from mockprovider import __version__, complaints
from mockprovider.scenario import fixtures_dir
from mockprovider.shapes import Json, mismatches

WIRE, META = "wire.sse", "meta.toml"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
TOOL = f"mockprovider {__version__}"
FIELD_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
FIELD_VALUE = re.compile(r"[\t -~\x80-\xff]*")
# Who replays a body frames it anew, and it was recorded without its coding.
FRAMES_BODY = frozenset(("content-length", "transfer-encoding", "connection", "content-encoding"))
Headers = tuple[tuple[str, str], ...]


class BadRecording(ValueError):
    """A recording, or what was to become one, that is of no use; the message says why."""


class Read(NamedTuple):
    """One read of the body: when it came, and how long it was."""

    at_us: int
    length: int


@dataclass(frozen=True, slots=True)
class Asked:
    """The request behind a recorded answer; its body is the text of a JSON document."""

    method: str = "POST"
    path: str = ""
    headers: Headers = ()
    body: str | None = None


@dataclass(frozen=True, slots=True)
class Recording:
    """An answer as it was received; times are microseconds since its request had been sent."""

    surface: str
    mode: str
    wire: bytes = field(repr=False)
    reads: tuple[Read, ...]
    request: Asked = Asked()
    status: int = 200
    headers: Headers = ()
    framing: str = "chunked"
    end: str = "fin"
    source: str = "hand"
    timing: str = "wire"
    provider: str = "unknown"
    model: str = ""
    recorded_at: str | None = None
    head_at_us: int = 0
    end_at_us: int | None = None
    note: str = ""
    tool: str = TOOL

    def pieces(self) -> Iterator[tuple[int, bytes]]:
        """Yield each read with its time."""
        at = 0
        for read in self.reads:
            yield read.at_us, self.wire[at : at + read.length]
            at += read.length

    @property
    def summary(self) -> str:
        kind = "stream" if self.mode == "stream" else "plain answer"
        reads = f"{len(self.reads)} read{'s' * (len(self.reads) != 1)}"
        return f"{self.surface} {kind}, status {self.status}, {reads}, {len(self.wire)} bytes"


def load(folder: Path) -> Recording:
    """Read the recording in a directory."""
    wire = _bytes(folder / WIRE)
    meta = _bytes(folder / META)
    try:
        return built(meta.decode(), wire)
    except (BadRecording, UnicodeDecodeError) as error:
        raise BadRecording(f"{folder / META}: {error}") from None


def built(meta: str, wire: bytes) -> Recording:
    """Build a recording from its bytes and what stands beside them, or say what is wrong."""
    try:
        document = tomllib.loads(meta)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise BadRecording(str(error)) from None
    shape = schema()
    for wrong in mismatches(shape, document, root=shape):
        raise BadRecording(complaints.sentence(wrong))
    found = _recording(document, wire)
    for fault in _faults(found):
        raise BadRecording(fault)
    return found


def library(folder: Path) -> dict[str, Recording]:
    """Read the recordings in a directory, by name; it may be one itself."""
    if not folder.is_dir():
        raise BadRecording(f"{folder}: no such directory")
    inside = sorted(path for path in folder.iterdir() if path.name[0] != "." and is_one(path))
    folders = [folder.resolve()] if is_one(folder) else inside
    if not folders:
        raise BadRecording(f"{folder}: no recording in it; one is a directory of {WIRE} and {META}")
    for each in folders:
        if not NAME.fullmatch(each.name):
            raise BadRecording(f"{each}: a recording's name has only letters, digits, '.', _ and -")
    return {each.name: load(each) for each in folders}


def is_one(folder: Path) -> bool:
    """Tell whether a directory is, or was meant to be, a recording."""
    return (folder / WIRE).is_file() or (folder / META).is_file()


@cache
def schema() -> dict[str, Json]:
    """Return the JSON Schema of what stands beside the bytes."""
    path = fixtures_dir() / "schemas" / "recording.schema.json"
    found: dict[str, Json] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _faults(recording: Recording) -> Iterator[str]:
    """Yield what is wrong with a recording that no schema can say."""
    lengths, size = sum(read.length for read in recording.reads), len(recording.wire)
    if lengths != size:
        yield f"reads add up to {lengths} bytes; {WIRE} has {size}"
    for number, (first, second) in enumerate(pairwise(recording.reads), 2):
        if second.at_us < first.at_us:
            yield f"reads {number}: at {second.at_us} us, before the one at {first.at_us}"
    if any(not read.length for read in recording.reads):
        yield "reads: one of them is of 0 bytes; leave it out"
    for name, value in (*recording.headers, *recording.request.headers):
        if name.lower() in FRAMES_BODY:
            yield f"headers: {name!r} frames the body; who replays it frames it anew"
        if not FIELD_NAME.fullmatch(name) or not FIELD_VALUE.fullmatch(value):
            yield f"headers: {f'{name}: {value}'!r} is no HTTP header"
    yield from _body_faults(recording.request.body)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadRecording(f"{path}: cannot be read: {error.strerror}") from None


def _recording(meta: Mapping[str, Json], wire: bytes) -> Recording:
    asked, own = meta["request"], dict(meta)
    request = Asked(**{**asked, "headers": _pairs(asked.get("headers", ()))})
    reads = tuple(Read(*each) for each in meta["reads"])
    own |= {"request": request, "reads": reads, "headers": _pairs(meta["headers"])}
    return Recording(wire=wire, **own)


def _pairs(headers: Json) -> Headers:
    return tuple((name, value) for name, value in headers)


def _body_faults(body: str | None) -> Iterator[str]:
    try:
        json.loads(body or "null")
    except ValueError as error:
        yield f"request.body is not JSON: {error}"
