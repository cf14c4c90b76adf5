"""A connection to the upstream: requests go out, answers come in, HTTP/1.1.

The self-check asks some thirty thousand times; a general HTTP client would take longer over each
request than all the rest of the router.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from urllib.parse import urlsplit

import httptools

from conformance.selfcheck.router.values import Headers

HIGH_WATER = 1 << 20  # bytes read ahead of the client before the upstream has to wait
FRAMING = {"content-length", "transfer-encoding"}


class Lost(ConnectionError):
    """The connection broke, or what came is not HTTP."""


class Line(asyncio.Protocol):
    """Takes one request after the other; a body waits here, as it came, until it is asked for."""

    _transport: asyncio.Transport

    def __init__(self) -> None:
        self.headers: dict[str, str] = {}  # of the answer, names in lower case
        self.complete = True  # no answer is under way
        self._parser = httptools.HttpResponseParser(self)
        self._last = False  # the upstream takes no request after this one
        self._status = 0
        self._pieces: deque[bytes] = deque()
        self._size = 0
        self._trouble: Lost | None = None
        self._loop = asyncio.get_running_loop()
        self._news: asyncio.Future[None] | None = None

    @property
    def reusable(self) -> bool:
        gone = self._last or self._trouble is not None or self._transport.is_closing()
        return self.complete and not gone

    def ask(self, method: str, url: str, headers: Headers, content: bytes) -> None:
        self.headers, self._status, self.complete = {}, 0, False
        self._pieces.clear()
        self._size = 0
        parts = urlsplit(url)
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        lines = [f"{method} {target} HTTP/1.1", f"host: {parts.netloc}"]
        lines += [f"{name}: {value}" for name, value in headers]
        lines += [f"content-length: {len(content)}", "", ""]
        self._transport.write("\r\n".join(lines).encode("latin-1") + content)

    async def head(self, seconds: float) -> int | None:
        """Return the status; None if no answer has begun in time."""
        await self._until(lambda: self._status, seconds)
        return self._status or None

    async def piece(self, seconds: float | None = None) -> bytes | None:
        """Return what comes next of the body, b"" at its end, None if nothing came in time."""
        await self._until(lambda: self._pieces or self.complete, seconds)
        if not self._pieces:
            return b"" if self.complete else None
        piece = self._pieces.popleft()
        self._size -= len(piece)
        if self._size <= HIGH_WATER and not self._transport.is_closing():
            self._transport.resume_reading()
        return piece

    def close(self) -> None:
        self._transport.abort()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._trouble = Lost(str(error))
            self.close()
        if self._size > HIGH_WATER:
            self._transport.pause_reading()
        self._tell()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._status and not exc and not FRAMING & set(self.headers):
            self.complete = True  # a body that ends with its connection
        self._trouble = self._trouble or Lost(str(exc or "closed"))
        self._tell()

    # What the parser says.

    def on_header(self, name: bytes, value: bytes) -> None:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        self.headers[key] = f"{self.headers[key]}, {text}" if key in self.headers else text

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status < 200:  # noqa: PLR2004  (an interim answer)
            self.headers = {}
        else:
            self._status = status

    def on_body(self, body: bytes) -> None:
        self._pieces.append(body)
        self._size += len(body)

    def on_message_complete(self) -> None:
        self.complete = bool(self._status)
        self._last = not self._parser.should_keep_alive()

    async def _until(self, come: Callable[[], object], seconds: float | None) -> None:
        until = None if seconds is None else self._loop.time() + seconds
        while not come():
            if self._trouble is not None:
                raise self._trouble
            left = None if until is None else until - self._loop.time()
            if left is not None and left <= 0:
                return
            await self._wait(left)

    async def _wait(self, seconds: float | None) -> None:
        self._news = self._loop.create_future()
        timer = None if seconds is None else self._loop.call_later(seconds, self._tell)
        try:
            await self._news
        finally:
            if timer is not None:
                timer.cancel()

    def _tell(self) -> None:
        if self._news is not None and not self._news.done():
            self._news.set_result(None)
