"""One HTTP/1.1 connection of a client: a request out, then what comes back, as it comes."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator
from typing import NamedTuple

import httptools

from conformance.exchange import End, Headers

HEAD_LIMIT = 100 << 10  # bytes of a head
FINAL = 200  # the least status of an answer that is not an interim one
FRAMED = {"content-length", "transfer-encoding"}


class Head(NamedTuple):
    status: int
    headers: Headers
    trailers: list[tuple[str, str]]  # those that come behind the body, once they have


class Broken(ConnectionError):
    """An answer that did not come, or did not come to its end."""

    def __init__(self, end: End, message: str) -> None:
        super().__init__(message)
        self.end = end


class Wire(asyncio.Protocol):
    """Takes one request after the other; a body waits here, piece by piece, until it is read."""

    _transport: asyncio.Transport

    def __init__(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        # Where chunks come a length means nothing (RFC 9112 6.3), and a bare LF may end a line of
        # the head (2.2).
        self._parser.set_dangerous_leniencies(
            lenient_chunked_length=True, lenient_optional_cr_before_lf=True
        )
        self._head: Head | None = None
        self._fields: list[tuple[str, str]] = []
        self._pieces: deque[bytes] = deque()
        self._size = 0  # of what has come of the head
        self._whole = True  # no answer is under way
        self._last = False  # no request may follow
        self._over = False  # nothing more will come
        self._trouble: Exception | None = None  # why, where it was not closed in good order
        self._garbled = ""  # what came that is not HTTP
        self._idle_since = 0.0
        self._news: asyncio.Future[None] | None = None

    @property
    def reusable(self) -> bool:
        return self._whole and not (self._pieces or self._last or self._over)

    @property
    def idle(self) -> float:
        """Seconds since its last answer ended."""
        return time.monotonic() - self._idle_since

    async def asked(self, request: bytes, *, reads: bool = True) -> Head:
        """Send a request and return the head of its answer; without one the connection is over."""
        if not reads:
            self._transport.pause_reading()
        self._head, self._fields, self._size, self._whole = None, [], 0, False
        self._transport.write(request)
        head = None
        try:
            head = await self._answer()
        finally:
            if head is None:
                self.close()
        return head

    async def _answer(self) -> Head:
        while (head := self._head) is None:
            self._check(End.REFUSED)
            await self._wait()
        return head

    async def body(self) -> AsyncGenerator[bytes, None]:
        while True:
            while self._pieces:
                yield self._pieces.popleft()
            if self._whole:
                break
            self._check(End.CUT)
            await self._wait()
        self._idle_since = time.monotonic()

    def close(self) -> None:
        self._transport.abort()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if self._whole:
            self._last = True  # nobody had asked for it
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._spoilt("the protocol was changed, which nobody had asked for")
        except httptools.HttpParserError as error:
            self._spoilt(str(error))
        self._size += len(data)
        if self._head is None and self._size > HEAD_LIMIT:
            self._spoilt(f"a head of more than {HEAD_LIMIT} bytes")
        self._tell()

    def connection_lost(self, exc: Exception | None) -> None:
        self._over, self._trouble = True, exc
        if self._head is not None and exc is None:
            named = {name.lower() for name, _ in self._head.headers}
            self._whole = self._whole or not named & FRAMED
        self._tell()

    # What the parser says.

    def on_message_begin(self) -> None:
        self._last = self._last or self._whole

    def on_header(self, name: bytes, value: bytes) -> None:
        self._fields.append((name.decode("latin-1"), value.decode("latin-1")))

    def on_headers_complete(self) -> None:
        status, fields = self._parser.get_status_code(), self._fields
        self._fields = []
        if status >= FINAL and not self._whole:
            self._head = Head(status, tuple(fields), self._fields)

    def on_body(self, body: bytes) -> None:
        if not self._whole:
            self._pieces.append(body)

    def on_message_complete(self) -> None:
        if self._head is not None:
            self._whole = True
            self._last = self._last or not self._parser.should_keep_alive()

    def _spoilt(self, why: str) -> None:
        """Take note of what is not HTTP; behind a whole answer it is nobody's."""
        self._last = True
        if not self._whole:
            self._garbled = self._garbled or why

    def _check(self, closed: End) -> None:
        """Raise what the connection's end means here, if it has ended."""
        if self._garbled:
            raise Broken(End.GARBLED, self._garbled)
        if self._trouble is not None:
            raise Broken(End.RESET if closed == End.CUT else closed, str(self._trouble))
        if self._over:
            what = "the end of the answer" if closed == End.CUT else "an answer"
            raise Broken(closed, f"the connection closed ahead of {what}")

    async def _wait(self) -> None:
        self._news = asyncio.get_running_loop().create_future()
        await self._news

    def _tell(self) -> None:
        if self._news is not None and not self._news.done():
            self._news.set_result(None)
