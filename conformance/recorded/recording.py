"""One recorded answer: the bytes somebody kept, told apart and made an exchange."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from conformance.exchange import End, Exchange, Headers, Json, Request
from conformance.recorded.files import BadFile
from conformance.recorded.signs import SIGNS, surface_of
from conformance.wire import array, http, sse
from conformance.wire.json import BadJson, parse

STREAM, ARRAY, PLAIN = "stream", "array", "plain"
EVENT_STREAM = "text/event-stream"
#: The status of an error whose head nobody kept: which one it was decides nothing.
SOME_ERROR = 400
OPENING = 1 << 16  # bytes in which the first event will be


class Recording(NamedTuple):
    name: str  # the file, with the entry of it where it holds several
    exchange: Exchange


@dataclass(frozen=True, slots=True)
class Kept:
    """What is known of an answer before one knows of which API it is."""

    name: str
    body: bytes
    request: Request | None = None
    status: int | None = None
    headers: Headers = ()  # of the body as it is here: codings are undone
    end: End = End.COMPLETE
    path: str = ""


class Wanted(NamedTuple):
    """What recordings are read with: `surface` is empty where the bytes have to tell."""

    known: frozenset[str]  # the surfaces there are rules for
    surface: str = ""
    policy: Json = None


def recording(kept: Kept, wanted: Wanted) -> Recording:
    """Return the exchange of a kept answer; its surface is told by what it sends."""
    if not kept.body:
        raise BadFile(f"{kept.name}: no body; that of the answer is needed")
    surface = wanted.surface or surface_of(values(kept.body), path=kept.path)
    if not surface:
        what = f"nothing in it is of {_listed(wanted.known)}"
        raise BadFile(f"{kept.name}: {what}; --surface says what it is")
    if surface not in wanted.known:
        raise BadFile(f"{kept.name}: an answer of {surface}; there are rules for "
                      f"{_listed(wanted.known)}")  # fmt: skip
    return Recording(kept.name, _exchange(kept, surface, wanted.policy or {}))


def _exchange(kept: Kept, surface: str, policy: Json) -> Exchange:
    mode = _mode(kept)
    status = kept.status
    if status is None and mode == PLAIN and _is_error(kept.body):
        status = SOME_ERROR
    return Exchange(
        surface, mode, kept.request, status, kept.headers, kept.body, end=kept.end, policy=policy
    )


def _mode(kept: Kept) -> str:
    """Say what was asked for, or if nobody kept that, what came."""
    asked = kept.request.body if kept.request else None
    if isinstance(asked, dict) and isinstance(asked.get("stream"), bool):
        return STREAM if asked["stream"] else PLAIN
    told = next((value for name, value in kept.headers if name.lower() == "content-type"), None)
    if http.media_type(told).essence == EVENT_STREAM:
        return STREAM
    return {b"{": PLAIN, b"[": ARRAY}.get(first(kept.body), STREAM)


def first(data: bytes) -> bytes:
    """Return the first byte that says something."""
    return data.removeprefix(sse.BOM).lstrip()[:1]


def values(body: bytes) -> Iterator[Json]:
    """Yield what an answer sends: its events or elements as values, or the one object."""
    if first(body) == b"{":
        yield _parsed(body.removeprefix(sse.BOM))
        return
    if first(body) == b"[":
        # What was cut off is an array all the same.
        elements = (item for item in array.decode(body) if isinstance(item, array.Element))
        yield from (_parsed(element.data) for element in elements)
        return
    decoder = sse.Decoder()
    for piece in (body[:OPENING], body[OPENING:]):
        yield from map(_said, decoder.feed(piece))
    yield from map(_said, decoder.close())


def _said(item: sse.Item) -> Json:
    if isinstance(item, sse.Event):
        return _parsed(item.data)
    # A last event without its blank line tells as much as one that has it.
    last = isinstance(item, sse.Oddity) and item.kind == "unterminated"
    return _parsed(item.text.strip().removeprefix("data:")) if last else None


def _parsed(text: str | bytes) -> Json:
    try:
        return parse(text)
    except BadJson:
        return text


def _is_error(body: bytes) -> bool:
    value = _parsed(body)
    return isinstance(value, dict) and bool(value.get("error"))


def _listed(names: frozenset[str]) -> str:
    *others, last = [name for name in SIGNS if name in names]
    return f"{', '.join(others)} or {last}" if others else last
