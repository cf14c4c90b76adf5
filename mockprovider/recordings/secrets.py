"""Takes secrets out of what is to be kept, and finds what should have been.

Bytes keep their number, so that the reads of a body stay where they were.
"""

import json
import re
from base64 import b64encode
from collections.abc import Iterable, Iterator
from urllib.parse import parse_qsl, quote

from mockprovider.recordings.recording import Headers
from mockprovider.shapes import Json

HIDDEN = "[redacted]"
# Anything shorter, or a mere word, would be found in texts that hold no secret.
SECRET = re.compile(r"(?=.*[^A-Za-z]).{6,}|.{16,}", re.DOTALL)
REAL = 6  # fewer different characters than these are a placeholder, such as sk-xxxx

# Members of a query or of a JSON object that hold a credential, whatever it looks like.
MEMBER = r"(?:x[-_])?(?:goog[-_])?api[-_]?key|key|access[-_]?token|token|sig|signature|password"
IN_QUERY = re.compile(rf"([?&](?:{MEMBER})=)[^&#]*", re.IGNORECASE)
IN_PATH = re.compile(r"(/(?:projects|organizations|accounts)/)[^/?]+")
SECRET_MEMBERS = frozenset((
    "authorization", "proxy-authorization", "api_key", "apikey", "api-key", "x-api-key", "password",
    "x-goog-api-key", "cookie", "set-cookie", "access_token", "refresh_token", "client_secret",
    "authorization_token", "secret",
))  # fmt: skip

# What headers of an answer or a request are kept; of every other one nothing is.
KEPT = frozenset((
    "content-type", "content-disposition", "cache-control", "date", "server", "vary",
    "retry-after", "retry-after-ms", "x-should-retry", "openai-version", "openai-processing-ms",
    "openai-model", "server-timing", "x-content-type-options", "x-accel-buffering", "accept",
    "anthropic-version", "anthropic-beta", "openai-beta", "www-authenticate", "allow",
))  # fmt: skip
KEPT_PREFIXES = ("x-ratelimit-", "anthropic-ratelimit-")
# Kept without their values, which lead back to an account.
NAMELESS = frozenset(("x-request-id", "request-id", "apim-request-id", "cf-ray"))

# Nothing of this is found inside a longer run, such as the base64 of something encrypted.
KEYS = re.compile(rb"""(?<![\w-])(?:
    (?:sk|rk|pk|gsk|csk|xai|hf|pplx|nvapi|r8|org|proj)[-_](?=[\w-]*\d)[\w-]{16,}
  | AIza[\w-]{30,}
  | ya29\.[\w.-]{20,}
  | gh[pousr]_\w{30,}
  | (?:AKIA|ASIA)[A-Z0-9]{16}
  | eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}
)""", re.VERBOSE)  # fmt: skip
BEARER = re.compile(rb"(?i:bearer)(?: |%20)+(?P<key>[\w.~+/-]{16,}=*)")
EMAIL = re.compile(rb"[\w.%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")


class Scrubber:
    """Knows the secrets of an exchange, and what those of anyone look like."""

    def __init__(self, known: Iterable[str] = (), *, emails: bool = False) -> None:
        secrets = {secret for secret in known if SECRET.fullmatch(secret)}
        self._known = _any_of(form for secret in secrets for form in _forms(secret))
        encoded = (b64encode(f"{prefix}{secret}".encode())
                   for secret in secrets for prefix in ("", "Bearer "))  # fmt: skip
        self._encoded = _any_of(each.rstrip(b"=") for each in encoded)
        self._emails = emails

    def data(self, data: bytes) -> bytes:
        """Return the bytes with a star for every byte of a secret."""
        spans = list(self._spans(data))
        clean = bytearray(data)
        for at, end in spans:
            clean[at:end] = b"*" * (end - at)
        return bytes(clean) if spans else data

    def text(self, text: str) -> str:
        return self.data(text.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")

    def path(self, path: str) -> str:
        """Return the target of a request without credentials and projects."""
        path = IN_PATH.sub(rf"\1{HIDDEN}", IN_QUERY.sub(rf"\1{HIDDEN}", path))
        return self.text(path)

    def headers(self, headers: Headers) -> Headers:
        """Return the headers that say nothing of who asked."""
        named = ((name, name.lower(), value) for name, value in headers)
        return tuple(
            (name, HIDDEN if low in NAMELESS else self.text(value).strip())
            for name, low, value in named
            if low in KEPT or low in NAMELESS or low.startswith(KEPT_PREFIXES)
        )

    def value(self, value: Json) -> Json:
        """Return a JSON value without secrets; members that are meant for one are emptied."""
        match value:
            case str():
                return self.text(value)
            case list():
                return [self.value(item) for item in value]
            case dict():
                return {key: self._member(key, item) for key, item in value.items()}
        return value

    def left(self, data: bytes) -> str | None:
        """Say what still looks like a secret, showing no more of it than its beginning."""
        for at, end in self._spans(data, emails=False):
            return _shown(data[at:end], at)
        for pattern in filter(None, (self._known, self._encoded)):
            if found := pattern.search(data):
                return f"a credential of the request at byte {found.start()}"
        return None

    def _member(self, key: str, item: Json) -> Json:
        hidden = isinstance(item, str) and item and key.lower() in SECRET_MEMBERS
        return HIDDEN if hidden else self.value(item)

    def _spans(self, data: bytes, *, emails: bool = True) -> Iterator[tuple[int, int]]:
        if self._known is not None:
            yield from (found.span() for found in self._known.finditer(data))
        yield from (found.span() for found in KEYS.finditer(data) if _real(found[0]))
        yield from (found.span("key") for found in BEARER.finditer(data) if _real(found["key"]))
        if emails and self._emails:
            yield from (found.span() for found in EMAIL.finditer(data))


def credentials(headers: Headers, target: str, body: Json = None) -> Iterator[str]:
    """Yield what a request gave as its credentials."""
    for name, value in headers:
        low = name.lower()
        if low in ("cookie", "set-cookie"):
            crumbs = (crumb.partition(";")[0].partition("=")[2] for crumb in value.split("; "))
            yield from filter(None, crumbs)
        elif low in SECRET_MEMBERS:
            yield value.rpartition(" ")[2]
    query = target.partition("?")[2]
    for name, value in parse_qsl(query):
        if re.fullmatch(MEMBER, name, re.IGNORECASE):
            yield value
    yield from _members(body)


def _members(value: Json) -> Iterator[str]:
    """Yield what members of a JSON value that are meant for a credential hold."""
    match value:
        case list():
            for item in value:
                yield from _members(item)
        case dict():
            for key, item in value.items():
                if isinstance(item, str) and key.lower() in SECRET_MEMBERS:
                    yield item.rpartition(" ")[2]
                else:
                    yield from _members(item)


def _any_of(forms: Iterable[bytes]) -> re.Pattern[bytes] | None:
    known = sorted(map(re.escape, set(forms)), key=len, reverse=True)
    return re.compile(b"|".join(known)) if known else None


def _forms(secret: str) -> set[bytes]:
    written = (secret, quote(secret, safe=""), json.dumps(secret)[1:-1])
    return {form.encode("utf-8", "surrogatepass") for form in written}


def _real(found: bytes) -> bool:
    return len(set(found)) >= REAL


def _shown(found: bytes, at: int) -> str:
    start = found[:4].decode("utf-8", "replace")
    return f"what looks like a key ({start}..., {len(found)} bytes) at byte {at}"
