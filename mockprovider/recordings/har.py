"""HAR files, as browsers and proxies save them: each answer of a known surface in them."""

import json
import math
from base64 import b64decode
from collections.abc import Iterator, Mapping

from mockprovider.recordings import kinds
from mockprovider.recordings.making import Exchange, target
from mockprovider.recordings.recording import BadRecording, Headers, Read
from mockprovider.recordings.saved import by_events, complaint, decoded
from mockprovider.shapes import Json


def exchanges(document: Json) -> Iterator[Exchange]:
    """Yield the exchanges of a HAR document whose answers are there."""
    log = document.get("log") if isinstance(document, dict) else None
    entries = log.get("entries") if isinstance(log, dict) else None
    if not isinstance(entries, list):
        raise BadRecording("is not a HAR file: it lacks log.entries")
    for number, entry in enumerate(entries, 1):
        try:
            found = _exchange(entry)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise BadRecording(f"entry {number}: {complaint(error, 'HAR')}") from None
        if found is not None:
            yield found


def _exchange(entry: Mapping[str, Json]) -> Exchange | None:
    request, response = entry["request"], entry["response"]
    content = response.get("content") or {}
    known = kinds.of_target(target(request["url"])) and request["method"] == "POST"
    if not known or not response["status"] or not content.get("text"):
        return None
    headers = _pairs(response["headers"])
    told = {name.lower(): value for name, value in headers}
    body = _body(content, told.get("content-encoding", ""))
    timings = entry.get("timings") or {}
    waited = _microseconds(timings.get("send"), timings.get("wait"))
    ended = waited + _microseconds(timings.get("receive"))
    return Exchange(
        url=request["url"], method=request["method"], asked_headers=_pairs(request["headers"]),
        asked=_posted(request), status=response["status"], headers=headers, wire=body,
        reads=tuple(Read(waited, read.length) for read in by_events(body)), timing="events",
        framing="length" if "content-length" in told else "chunked",
        end="cut" if response.get("_error") else "fin",
        head_at_us=waited, end_at_us=ended, recorded_at=entry.get("startedDateTime"), source="har",
    )  # fmt: skip


def _body(content: Mapping[str, Json], coding: str) -> bytes:
    """Return a body; whoever saved a text has undone its coding before."""
    text: str = content["text"]
    if content.get("encoding") == "base64":
        return decoded(b64decode(text, validate=True), coding)
    return text.encode("utf-8", "replace")


def _posted(request: Mapping[str, Json]) -> bytes:
    text: str = (request.get("postData") or {}).get("text") or ""
    return text.encode("utf-8", "replace")


def _pairs(headers: list[Mapping[str, str]]) -> Headers:
    """Return headers; names that begin with a colon are HTTP/2's own."""
    pairs = ((each["name"], each["value"]) for each in headers)
    return tuple((name, value) for name, value in pairs if not name.startswith(":"))


def _microseconds(*milliseconds: Json) -> int:
    """Add up times; what does not apply is -1."""
    known = (each for each in milliseconds if isinstance(each, int | float) and each > 0)
    total = math.fsum(known)
    return round(total * 1000) if math.isfinite(total) else 0


def parsed(data: bytes) -> Json:
    """Read a JSON document."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise BadRecording(f"is not JSON: {error}") from None
