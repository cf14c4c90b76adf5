"""An exchange in, the recording of it out: sorted, cut to size, and without secrets."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from mockprovider.recordings import kinds
from mockprovider.recordings.content import documents, is_events, spelt
from mockprovider.recordings.recording import (
    FRAMES_BODY,
    META,
    WIRE,
    Asked,
    BadRecording,
    Headers,
    Read,
    Recording,
    schema,
)
from mockprovider.recordings.secrets import Scrubber, credentials
from mockprovider.recordings.store import meta
from mockprovider.shapes import Json

# A longer request is kept with its longest texts cut, as of images inside it.
REQUEST_LIMIT = 256 << 10
TEXT_LIMIT, TEXT_KEPT = 2048, 120
TIME = re.compile(schema()["properties"]["recorded_at"]["pattern"])


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its answer, as they were found, secrets and all."""

    url: str = ""
    method: str = "POST"
    asked_headers: Headers = ()
    asked: bytes = field(default=b"", repr=False)
    status: int = 200
    headers: Headers = ()
    wire: bytes = field(default=b"", repr=False)
    reads: tuple[Read, ...] = ()
    framing: str = "chunked"
    end: str = "fin"
    source: str = "tap"
    timing: str = "wire"
    recorded_at: str | None = None
    head_at_us: int = 0
    end_at_us: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What whoever records wants of it."""

    surface: str | None = None
    provider: str | None = None
    emails: bool = False


def recording(found: Exchange, wishes: Wishes) -> Recording:
    """Return what is kept of an exchange, or say why nothing can be."""
    try:
        return _recording(found, wishes)
    except RecursionError:
        raise BadRecording("the exchange is nested too deeply to be read") from None


def surface_of(found: Exchange) -> str | None:
    """Return the surface of an exchange, by its path or else by its answer."""
    named = kinds.of_target(target(found.url))
    # Some recorders keep no query, in which Google is asked for events.
    lost = named == "gemini-array" and is_events(found.wire)
    return "gemini" if lost else named or kinds.of_body(found.wire)


def target(url: str) -> str:
    """Return path and query of a URL, or of what is one already."""
    if "://" not in url:
        return url
    path = url.partition("://")[2].partition("#")[0]
    at = min((path.index(mark) for mark in "/?" if mark in path), default=len(path))
    return path[at:] if path[at:].startswith("/") else f"/{path[at:]}"


def _recording(found: Exchange, wishes: Wishes) -> Recording:
    asked = _json(found.asked)
    path = target(found.url)
    surface = wishes.surface or surface_of(found)
    if surface is None:
        raise BadRecording("of no surface that is known here; say which with --surface")
    secrets = [*credentials((*found.asked_headers, *found.headers), path, asked)]
    scrubber = Scrubber(secrets, emails=wishes.emails)
    wire = scrubber.data(found.wire)
    body = None if asked is None else _text(scrubber.value(asked))
    mode = kinds.mode_of(surface, wire) if asked is None else kinds.mode_asked(path, asked)
    made = Recording(
        surface, mode, wire, found.reads,
        Asked(found.method, scrubber.path(path), _kept(scrubber, found.asked_headers), body),
        status=found.status, headers=_kept(scrubber, found.headers), framing=found.framing,
        end=found.end, source=found.source, timing=found.timing,
        provider=wishes.provider or kinds.provider_of(found.url),
        model=scrubber.text(kinds.model_of(wire, body, path)),
        recorded_at=_time(found.recorded_at), head_at_us=found.head_at_us,
        end_at_us=found.end_at_us, note=scrubber.text(found.note),
    )  # fmt: skip
    for left in _left(made, scrubber):
        raise BadRecording(f"{left}; nothing of it was written")
    return made


def leaks(recording: Recording) -> Iterator[str]:
    """Yield what still looks like a secret in a recording."""
    yield from _left(recording, Scrubber())


def _left(made: Recording, scrubber: Scrubber) -> Iterator[str]:
    for name, data in ((WIRE, made.wire), (META, meta(made).encode())):
        if left := scrubber.left(data):
            yield f"{name} holds {left}"
    for text in spelt(documents(made.wire)):
        if left := scrubber.left(text.encode("utf-8", "replace")):
            yield f"the events of {WIRE} spell {left} of their text"


def _kept(scrubber: Scrubber, headers: Headers) -> Headers:
    return scrubber.headers(tuple(pair for pair in headers if pair[0].lower() not in FRAMES_BODY))


def _time(told: str | None) -> str | None:
    """Return a time, if it is written as recordings have it."""
    return told if told and TIME.fullmatch(told) else None


def _json(data: bytes) -> Json:
    try:
        return json.loads(data)
    except ValueError:
        return None


def _text(asked: Json) -> str:
    text = _written(asked)
    return text if len(text) <= REQUEST_LIMIT else _written(_shortened(asked))


def _written(value: Json) -> str:
    text = json.dumps(value, ensure_ascii=False, indent=2)
    try:
        text.encode()
    except UnicodeEncodeError:
        # A lone surrogate can be said in ASCII only.
        return json.dumps(value, indent=2)
    return text


def _shortened(value: Json) -> Json:
    match value:
        case str() if len(value) > TEXT_LIMIT:
            return f"{value[:TEXT_KEPT]}<cut {len(value) - TEXT_KEPT} characters>"
        case list():
            return [_shortened(item) for item in value]
        case dict():
            return {key: _shortened(item) for key, item in value.items()}
    return value
