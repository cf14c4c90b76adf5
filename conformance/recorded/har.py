"""A HAR file in, the answers in it out: what browsers and debugging proxies save of a session."""

import binascii
from base64 import b64decode
from collections.abc import Iterator
from urllib.parse import urlsplit

from conformance.exchange import End, Headers, Json, Request
from conformance.recorded.files import BadFile
from conformance.recorded.recording import EVENT_STREAM, Kept, values
from conformance.recorded.signs import surface_of
from conformance.wire import http
from conformance.wire.json import BadJson, parse

# The body is kept decoded, whatever the wire had.
UNDONE = ("content-encoding", "transfer-encoding")


def is_har(value: Json) -> bool:
    return isinstance(value, dict) and isinstance(value.get("log"), dict)


def answers(name: str, har: Json) -> Iterator[Kept]:
    """Yield what models answered: what is known by its path, and streams known by their events."""
    entries = har["log"].get("entries")
    if not isinstance(entries, list):
        raise BadFile(f"{name}: a HAR file without log.entries; a list is needed")
    found = [
        kept
        for number, entry in enumerate(entries)
        if (kept := _kept(f"{name}[{number}]", entry)) is not None
    ]
    if not found:
        raise BadFile(f"{name}: none of its {len(entries)} entries is the answer of a model")
    yield from found


def _kept(name: str, entry: Json) -> Kept | None:
    asked, answered = _object(entry, "request"), _object(entry, "response")
    path = urlsplit(_text(asked.get("url"))).path
    body = _body(_object(answered, "content"))
    streamed = http.media_type(_media(answered)).essence == EVENT_STREAM
    if not surface_of(values(body) if streamed else (), path=path):
        return None
    status = answered.get("status")
    return Kept(
        name, body, _request(asked),
        status if isinstance(status, int) and status else None,
        tuple(pair for pair in _headers(answered) if pair[0].lower() not in UNDONE),
        # Browsers say so where the answer broke off.
        End.CUT if answered.get("_error") else End.COMPLETE,
        path,
    )  # fmt: skip


def _request(asked: Json) -> Request | None:
    try:
        body = parse(_text(_object(asked, "postData").get("text")))
    except BadJson:
        return None
    return Request(_text(asked.get("method")), _text(asked.get("url")), _headers(asked), body)


def _body(content: Json) -> bytes:
    text = _text(content.get("text"))
    if content.get("encoding") == "base64":
        try:
            return b64decode(text)
        except binascii.Error:
            return b""
    return text.encode(errors="surrogatepass")


def _media(answered: Json) -> str:
    told = (value for name, value in _headers(answered) if name.lower() == "content-type")
    return next(told, _text(_object(answered, "content").get("mimeType")))


def _headers(message: Json) -> Headers:
    """Return the header lines; HTTP/2 has some of its own, which begin with a colon."""
    listed = message.get("headers")
    pairs = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    headers = ((_text(each.get("name")), _text(each.get("value"))) for each in pairs)
    return tuple(pair for pair in headers if pair[0] and not pair[0].startswith(":"))


def _object(value: Json, member: str) -> Json:
    found = value.get(member) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def _text(value: Json) -> str:
    return value if isinstance(value, str) else ""
