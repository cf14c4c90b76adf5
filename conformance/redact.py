"""Takes secrets out of everything before it is written down.

Bytes keep their number, so that a span still says where something was.
"""

import json
import re
from collections.abc import Iterable
from urllib.parse import quote, urlsplit, urlunsplit

from conformance.exchange import Headers, Json

HIDDEN = "[redacted]"
STAR = b"*"

#: Headers whose values are credentials, whatever they look like.
SECRET_HEADERS = frozenset({
    "authorization", "proxy-authorization", "x-api-key", "api-key", "x-goog-api-key", "cookie",
    "set-cookie",
})  # fmt: skip

#: What keys of the usual vendors look like: a prefix and a long random part.
KEYS = re.compile(rb"\b(?:(?:sk|pk|rk|gsk|xai|hf)[-_]|AIza)[A-Za-z0-9_-]{24,}")

SHORTEST = 6  # a shorter secret would be found in words that are none


class Redactor:
    """Knows the secrets of a run."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        forms = {
            form.encode()
            for secret in secrets
            if len(secret) >= SHORTEST
            for form in (secret, quote(secret, safe=""), json.dumps(secret)[1:-1])
        }
        known = sorted(map(re.escape, forms), key=len, reverse=True)
        self._patterns = (re.compile(b"|".join(known)), KEYS) if known else (KEYS,)

    def data(self, data: bytes) -> bytes:
        for pattern in self._patterns:
            data = pattern.sub(lambda found: STAR * len(found[0]), data)
        return data

    def text(self, text: str) -> str:
        return self.data(text.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")

    def headers(self, headers: Headers) -> list[list[str]]:
        return [[name, self._header(name, value)] for name, value in headers]

    def _header(self, name: str, value: str) -> str:
        return HIDDEN if name.lower() in SECRET_HEADERS else self.text(value)

    def value(self, value: Json) -> Json:
        """Redact every text in a JSON value; a pair of texts is taken for a header."""
        match value:
            case str():
                return self.text(value)
            case [str() as name, str() as told]:
                return [self.text(name), self._header(name, told)]
            case list() | tuple():
                return [self.value(item) for item in value]
            case dict():
                return {key: self.value(item) for key, item in value.items()}
        return value


def bare(url: str) -> str:
    """Return a URL without the user and password it may hold."""
    parts = urlsplit(url)
    if "@" not in parts.netloc:
        return url
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
