"""Bytes of a connection in, requests out: the head as it came, with order, case and doubles."""

import re
import time
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import httptools

MAX_BODY = 32 << 20
MAX_HEAD = 1 << 17
# A marker that is to be answered early is in the first bytes of a body.
MAX_EARLY = 1 << 18
# A head up to this is remembered: a router sends the same all day.
MAX_KNOWN = 4096
# What a request may not have to be remembered, or it comes in another way than all at once.
NOT_PLAIN = ("transfer-encoding", "upgrade", "expect")
BLANK = b"\r\n\r\n"
Headers = tuple[tuple[str, str], ...]
PLAYED_AS = re.compile(r"/as/[^/]+/")


class BadRequest(ValueError):
    """Bytes that are not an acceptable HTTP request."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(slots=True)
class Request:
    method: str = ""
    target: str = ""
    version: str = "1.1"
    headers: Headers = ()
    body: bytes = b""
    at: int = 0
    keep_alive: bool = True
    complete: bool = False

    @property
    def path(self) -> str:
        """Return the path as the surfaces know it, without the name of a scenario before it."""
        path = self.target.partition("?")[0]
        return "/" + path.split("/", 3)[3] if PLAYED_AS.match(path) else path

    @property
    def query(self) -> str:
        return self.target.partition("?")[2]

    def header(self, name: str) -> str | None:
        """Return the first value of a header, its name in lower case."""
        return next((value for key, value in self.headers if key.lower() == name), None)


class Inbox:
    """Cuts what arrives on one connection into requests.

    Most connections have nothing but requests that come at once, and need no reader.
    """

    __slots__ = ("_reader",)

    def __init__(self) -> None:
        self._reader: Reader | None = None

    def feed(self, data: bytes) -> list[Request]:
        """Return the requests that these bytes complete."""
        if (self._reader is None or self._reader.idle) and (whole := _whole(data)) is not None:
            return [whole]
        if self._reader is None:
            self._reader = Reader()
        return self._reader.feed(data)

    @property
    def partial(self) -> Request:
        """Return the request that has begun and is not complete."""
        return self._reader.partial if self._reader is not None else Request()

    def begun(self) -> Request | None:
        """Return the request whose head has come, with what has come of its body if not long."""
        return self._reader.begun() if self._reader is not None else None

    def asks_to_go_on(self) -> bool:
        """Tell, once, whether a request waits to be told that its body may come."""
        return self._reader is not None and self._reader.asks_to_go_on()

    def close(self) -> None:
        """Let go of the reader: it and its parser hold each other."""
        self._reader = None


class Reader:
    """Reads requests however they come, be it byte by byte."""

    def __init__(self) -> None:
        self._parser = httptools.HttpRequestParser(self)
        self._request = Request()
        self._body = list[bytes]()
        self._size = 0
        self._done = list[Request]()
        self._headers = list[tuple[str, str]]()
        self._headed = False
        self._expects_continue = False
        # Nothing of a request has come that has not come whole.
        self.idle = True

    def asks_to_go_on(self) -> bool:
        asks, self._expects_continue = self._expects_continue, False
        return asks

    def feed(self, data: bytes) -> list[Request]:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._after_upgrade(data[upgrade.args[0] :])
        except httptools.HttpParserCallbackError as error:
            raise (error.__context__ or error) from None
        except httptools.HttpParserError as error:
            raise BadRequest(400, f"not an HTTP request: {error}") from None
        done, self._done = self._done, []
        return done

    @property
    def lasting(self) -> bool:
        """Tell whether another request may follow the one whose head has come."""
        lasting: bool = self._parser.should_keep_alive()
        return lasting

    @property
    def partial(self) -> Request:
        self._request.headers = tuple(self._headers)
        return self._request

    def begun(self) -> Request | None:
        if not self._headed or self._size > MAX_EARLY:
            return None
        self._request.body = b"".join(self._body)
        self._request.at = time.monotonic_ns()
        return self._request

    def _after_upgrade(self, rest: bytes) -> None:
        # An offer to upgrade may be ignored (RFC 9110 section 7.8), but this parser stops at it.
        self._parser = httptools.HttpRequestParser(self)
        if rest:
            self._done += self.feed(rest)

    def on_message_begin(self) -> None:
        self._request, self._body, self._size = Request(), [], 0
        self._headers, self.idle = [], False

    def on_url(self, url: bytes) -> None:
        self._request.target += url.decode("latin-1")
        self._grow(len(url), MAX_HEAD, 431, "head")

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append(_header(name, value))
        self._grow(len(name) + len(value), MAX_HEAD, 431, "head")

    def on_headers_complete(self) -> None:
        self._size = 0
        self._headed = True
        request = self._request
        request.headers = tuple(self._headers)
        request.method = self._parser.get_method().decode()
        request.version = self._parser.get_http_version()
        expect = request.header("expect") or ""
        self._expects_continue = expect.lower() == "100-continue"
        if int(request.header("content-length") or 0) > MAX_BODY:
            self._grow(MAX_BODY + 1, MAX_BODY, 413, "body")

    def on_body(self, body: bytes) -> None:
        self._body.append(body)
        self._grow(len(body), MAX_BODY, 413, "body")

    def on_message_complete(self) -> None:
        request = self._request
        # A body in chunks may have had headers behind it.
        request.headers = tuple(self._headers)
        request.body = b"".join(self._body)
        request.at = time.monotonic_ns()
        request.keep_alive = self.lasting
        request.complete = True
        self._headed = self._expects_continue = False
        self.idle = True
        self._done.append(request)
        self._body = []

    def _grow(self, size: int, limit: int, status: int, what: str) -> None:
        self._size += size
        if self._size > limit:
            raise BadRequest(status, f"the {what} of the request is longer than {limit} bytes")


@lru_cache(maxsize=1024)
def _header(name: bytes, value: bytes) -> tuple[str, str]:
    # A router sends the same headers all day: the journal keeps them once.
    return name.decode("latin-1"), value.decode("latin-1")


class Known(NamedTuple):
    """What a head says by itself: all of its request but the body, and how long that is."""

    method: str
    target: str
    headers: Headers
    length: int


def _whole(data: bytes) -> Request | None:
    """Return the request that these bytes are, if they are one whose head is plain."""
    end = data.find(BLANK, 0, MAX_KNOWN) + len(BLANK)
    known = _known(data[:end]) if end >= len(BLANK) else None
    if known is None or len(data) != end + known.length:
        return None
    method, target, headers, _ = known
    now = time.monotonic_ns()
    return Request(method, target, "1.1", headers, data[end:], now, keep_alive=True, complete=True)


@lru_cache(maxsize=256)
def _known(head: bytes) -> Known | None:
    """Read a head by itself, if nothing but its length is to be known of the body."""
    reader = Reader()
    try:
        found = reader.feed(head)
    except BadRequest:
        return None
    request = found[0] if found else reader.begun()
    if request is None or request.version != "1.1":
        return None
    # Once a request is whole, the parser has forgotten.
    if not (request.keep_alive if request.complete else reader.lasting):
        return None
    if any(request.header(name) is not None for name in NOT_PLAIN):
        return None
    length = int(request.header("content-length") or 0)
    return Known(request.method, request.target, request.headers, length)
