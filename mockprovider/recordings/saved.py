"""Saved answers: a bare body, or head and body as `curl -i` prints them."""

import re
from email.utils import parsedate_to_datetime

from mockprovider.recordings.content import documents, is_events, is_json, pieces
from mockprovider.recordings.making import Exchange
from mockprovider.recordings.recording import BadRecording, Headers, Read
from mockprovider.recordings.transcript import Transcript, uncoded

HEAD = re.compile(rb"HTTP/\d(?:\.\d)? (\d{3})[^\r\n]*\r?\n((?:[^\r\n]+\r?\n)*)\r?\n")
CHUNK_SIZE = re.compile(rb"[0-9A-Fa-f]+[ \t]*(?:;[^\r\n]*)?\r\n")
FIRST_FINAL = 200
GZIP = b"\x1f\x8b"


def bare(body: bytes) -> Exchange:
    """Read a file that is nothing but a body."""
    if is_json(body) and not [*documents(body)]:
        raise BadRecording("begins as JSON, and is not: it is cut short or damaged")
    if not is_json(body) and not is_events(body):
        raise BadRecording(
            "is no answer that is known here; it can be an event stream, JSON, what curl -i "
            "printed, a HAR file or a cassette"
        )
    media = "application/json" if is_json(body) else "text/event-stream"
    return answered(body, (("content-type", media),), source="file")


def curl(data: bytes) -> Exchange:
    """Read what `curl -i` printed: one head, or several on the way to the last, and a body."""
    at, head = 0, None
    while found := HEAD.match(data, at):
        at, head = found.end(), found
    if head is None:
        raise BadRecording("begins like the head of an answer, and does not go on like one")
    status, headers = int(head[1]), _headers(head[2])
    if status < FIRST_FINAL:
        raise BadRecording(f"has only an interim head, of status {status}")
    return answered(data[at:], headers, status=status, source="curl", recorded_at=_date(headers))


def answered(
    data: bytes, headers: Headers, *, status: int = 200, source: str, recorded_at: str | None = None
) -> Exchange:
    """Return an answer of which only head and body were kept; chunks that are there are reads."""
    told = {name.lower(): value for name, value in headers}
    if "chunked" in told.get("transfer-encoding", "") and CHUNK_SIZE.match(data):
        return _raw(data, headers, status, source, recorded_at)
    body = decoded(data, told.get("content-encoding", ""))
    length = told.get("content-length", "")
    short = body is data and length.isdecimal() and len(data) < int(length)
    return Exchange(
        status=status, headers=headers, wire=body, reads=by_events(body), timing="events",
        framing="length" if length else "chunked", end="cut" if short else "fin",
        source=source, recorded_at=recorded_at,
    )  # fmt: skip


def by_events(body: bytes) -> tuple[Read, ...]:
    """Make up the reads of a body of which none were kept."""
    return tuple(Read(0, len(piece)) for piece in pieces(body))


def decoded(data: bytes, coding: str) -> bytes:
    """Undo the coding of a body, unless whoever saved it has done so."""
    if data.startswith(GZIP):
        coding = "gzip"
    elif is_json(data) or is_events(data) or not data:
        return data
    return b"".join(piece for _, piece in uncoded([(0, data)], coding.strip().lower()))


def complaint(error: Exception, kind: str) -> str:
    """Say what is wrong with an exchange that was saved by a program, from how reading failed."""
    match error:
        case BadRecording():
            return str(error)
        case KeyError():
            return f"lacks {error.args[0]!r}"
        case ValueError():
            return f"has a value that cannot be read: {error}"
    return f"is not built as {kind} has it"


def _raw(
    data: bytes, headers: Headers, status: int, source: str, recorded_at: str | None
) -> Exchange:
    transcript = Transcript(limit=len(data))
    transcript.feed(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", 0)
    whole = transcript.feed(data, 0)
    if transcript.broken:
        raise BadRecording(f"its chunks are damaged: {transcript.broken}")
    told = {name.lower(): value for name, value in headers}
    coding = told.get("content-encoding", "").strip().lower()
    found = [*uncoded(transcript.reads, coding)]
    return Exchange(
        status=status, headers=headers, wire=b"".join(piece for _, piece in found),
        reads=tuple(Read(at_us, len(piece)) for at_us, piece in found),
        end="fin" if whole else "cut", source=source, recorded_at=recorded_at,
    )  # fmt: skip


def _headers(lines: bytes) -> Headers:
    pairs = (line.partition(":") for line in lines.decode("latin-1").splitlines())
    return tuple((name.strip(), value.strip()) for name, colon, value in pairs if colon)


def _date(headers: Headers) -> str | None:
    """Return when an answer says that it was sent."""
    for name, value in headers:
        if name.lower() == "date":
            try:
                return parsedate_to_datetime(value).strftime("%Y-%m-%dT%H:%M:%SZ")
            except ValueError:
                return None
    return None
