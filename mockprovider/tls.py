"""TLS of one connection: what arrives is opened, what is sent is sealed; nothing here does I/O.

That is what lets the socket stay ours: each write is one segment, and a reset is still a reset.
"""

import asyncio
import ssl
from contextlib import suppress
from typing import Protocol, cast

PIECE = 65_536
# What one record of TLS can hold (RFC 8446 section 5.1).
RECORD = 16_384
# As other servers do it, for those who forgot the s of https.
IN_THE_CLEAR = (
    b"HTTP/1.0 400 Bad Request\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n"
    b'{"error": {"message": "this port speaks TLS; the URL begins with https://", '
    b'"type": "invalid_request_error", "param": null, "code": null}}'
)


class Tls:
    """The two directions of one connection; `ended` says that the peer sends no more."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._ready = False
        self._overhead = 0
        self.ended = False

    def opened(self, data: bytes) -> bytes:
        """Return what these bytes say; then there may be something due."""
        self._incoming.write(data)
        pieces = list[bytes]()
        try:
            if not self._ready:
                self._tls.do_handshake()
                self._ready = True
            while piece := self._tls.read(PIECE):
                pieces.append(piece)
            self.ended = True
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:
            self.ended = True
        return b"".join(pieces)

    def due(self) -> bytes:
        """Return what TLS itself has to tell the peer."""
        return self._outgoing.read()

    def sealed(self, data: bytes) -> bytes:
        """Return bytes as they go on the wire, whatever is due before them."""
        before = self._outgoing.pending
        if data:
            self._tls.write(data)
            self._overhead = (self._outgoing.pending - before - len(data)) // records(len(data))
        return self._outgoing.read()

    def length(self, length: int) -> int:
        """Return how many bytes on the wire so many take."""
        return length + self._overhead * records(length)

    def farewell(self) -> bytes:
        """Return what says that nothing more will be sent (close_notify)."""
        # It would wait for the peer to say the same, or the peer is no longer there.
        with suppress(ssl.SSLError):
            self._tls.unwrap()
        return self._outgoing.read()


def records(length: int) -> int:
    """Count the records that so many bytes take."""
    return -(-length // RECORD)


class Within(Protocol):
    """The connection that TLS is put around."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None: ...
    def data_received(self, data: bytes) -> None: ...
    def eof_received(self) -> bool: ...
    def connection_lost(self, exc: Exception | None) -> None: ...
    def pause_writing(self) -> None: ...
    def resume_writing(self) -> None: ...
    def say(self, data: bytes) -> None: ...


class Secured(asyncio.Protocol):
    """A connection that hears what TLS has opened; what it sends, it seals itself."""

    def __init__(self, tls: Tls, within: Within) -> None:
        self._tls = tls
        self._within = within
        self._over = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._within.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        if self._over:
            return
        try:
            plain = self._tls.opened(data)
        except ssl.SSLError as error:
            self._refuse(error)
            return
        if due := self._tls.due():
            self._within.say(due)
        if plain:
            self._within.data_received(plain)
        if self._tls.ended:
            self._end()

    def eof_received(self) -> bool:
        # Who said so in TLS before it closed has been dealt with.
        return self._over or self._within.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        self._within.connection_lost(exc)

    def pause_writing(self) -> None:
        self._within.pause_writing()

    def resume_writing(self) -> None:
        self._within.resume_writing()

    def _end(self) -> None:
        """Take the end that the peer announced as the end of what it sends."""
        self._over = True
        if not self._within.eof_received():
            self._within.say(self._tls.farewell())
            self._transport.close()

    def _refuse(self, error: ssl.SSLError) -> None:
        """Give up on a peer that does not speak TLS, or does not take ours."""
        self._over = True
        alert = self._tls.due()
        self._within.say(IN_THE_CLEAR if error.reason == "HTTP_REQUEST" else alert)
        self._transport.close()
