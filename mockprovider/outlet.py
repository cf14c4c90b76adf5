"""One response on its socket: frames the body, writes at once, and can end it in every way."""

import fcntl
import os
import socket
import struct
import termios
import time
from array import array
from asyncio import Transport
from collections.abc import Iterable

from mockprovider.inbox import Request
from mockprovider.peer import Peer
from mockprovider.tls import Tls

LAST_CHUNK = b"0\r\n\r\n"
# Linux: what has been written and not been sent even once.
SIOCOUTQNSD = 0x894B
# Where the kernel puts such a number.
QUEUED = array("i", [0])
# A zero linger time makes close() send RST where it would send FIN.
NO_LINGER = struct.pack("ii", 1, 0)


class Outlet:
    """Writes one response. `full` says that the kernel takes no more for now."""

    __slots__ = (
        "_bodiless", "_chunked", "_corked", "_ended", "_old", "_tls",
        "_transport", "failure", "full", "keep_alive", "lingers", "parting", "peer",
    )  # fmt: skip

    def __init__(
        self, transport: Transport, request: Request, peer: Peer, tls: Tls | None = None
    ) -> None:
        self._transport = transport
        self.peer = peer
        self._tls = tls
        self._old = request.version == "1.0"
        self._bodiless = request.method == "HEAD"
        self.keep_alive = request.keep_alive and not self._old
        # To close on someone who is still sending would be RST, and lose the answer.
        self.lingers = not (request.complete or self.keep_alive)
        self.full = False
        self.parting = "keep"
        self.failure: OSError | None = None
        self._chunked = False
        self._ended = False
        self._corked = b""

    def head(self, head: bytes, length: int | None, *, cork: bool) -> None:
        """Write the head; corked, it goes out with the first bytes of the body."""
        self._chunked = length is None and not self._old
        if length is not None:
            head += b"content-length: %d\r\n" % length
        elif self._chunked:
            head += b"transfer-encoding: chunked\r\n"
        else:
            self.keep_alive = False
        self._corked = head + (b"\r\n" if self.keep_alive else b"connection: close\r\n\r\n")
        if not cork:
            self.flush()

    @property
    def closed(self) -> bool:
        """Tell whether the connection is over; its file descriptor may be another's by now."""
        return self._transport.is_closing()

    @property
    def loss(self) -> str:
        """Tell how the peer left, once a write has failed."""
        # EPIPE means that RST came after FIN, ECONNRESET that it came alone.
        return "peer-rst" if isinstance(self.failure, ConnectionResetError) else "peer-fin"

    def verbatim(self, parting: str) -> None:
        """Take head and framing as they come; the connection ends as told."""
        self.parting = parting
        self.keep_alive = parting not in ("fin", "rst")

    def frame(self, wire: bytes, *, cork: bool) -> bool:
        """Write bytes that are framed already; tell whether the connection still took them."""
        if not cork:
            return self._write(wire)
        self._corked += wire
        return self.failure is None

    def flush(self) -> None:
        """Write what is corked."""
        if self._corked:
            self._write(b"")

    def body(self, data: bytes, *, last: bool) -> bool:
        """Write a piece of the body; tell whether the connection still took it."""
        if self._bodiless:
            return self.failure is None
        if self._chunked and data:
            data = b"%x\r\n%b\r\n" % (len(data), data)
            if last:
                data, self._ended = data + LAST_CHUNK, True
        return self._write(data)

    @property
    def direct(self) -> bool:
        """Tell whether chunks go out as they are."""
        return self._chunked and not self._bodiless and self._tls is None

    def uncorked(self) -> bytes:
        """Return what is corked, for whoever writes it."""
        corked, self._corked = self._corked, b""
        return corked

    def chunks(self, chunks: Iterable[bytes], times: "array[int]", *, last: int) -> int:
        """Write chunks, each at once, and note when; return how many the connection took.

        The chunk of the number `last` ends the body.
        """
        before, handed = len(times), 0
        now, note, write, fd = time.monotonic_ns, times.append, os.write, self.peer.fd
        for chunk in chunks:
            note(now())
            try:
                sent = write(fd, chunk)
            except BlockingIOError:
                sent = 0
            except OSError as error:
                self.failure = error
                times.pop()
                break
            handed += len(chunk)
            if sent < len(chunk) and self._leave(chunk[sent:]):
                break
        self.peer.handed += handed
        taken = len(times) - before
        self._ended = taken == last
        return taken

    def end(self) -> None:
        """Complete the body."""
        if self._chunked and not self._ended and not self._bodiless:
            self._corked += LAST_CHUNK
        self._ended = True
        self.flush()

    def finish(self) -> None:
        """Close the connection behind the response, FIN after what was written."""
        self.flush()
        self._take_leave()
        self._transport.close()

    def cut(self) -> None:
        """Close the connection in the middle: TLS is not told, as if the provider had died."""
        self.flush()
        self._transport.close()

    def half(self) -> None:
        """Shut the sending side only."""
        if self.closed:
            return
        self.flush()
        self._take_leave()
        self._transport.write_eof()

    def reset(self) -> None:
        """Drop the connection with RST, if it is still there."""
        if self.closed:
            return
        self.flush()
        self.peer.ours.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
        self._transport.abort()

    def narrow(self, size: int) -> None:
        """Let the kernel keep no more than so many unsent bytes."""
        # It doubles what it is told, to have room for its own book-keeping.
        self.peer.ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, size // 2)

    def unacked(self) -> int:
        """Count the bytes written that the peer's kernel has not acknowledged."""
        return self._queued(termios.TIOCOUTQ)

    def _queued(self, which: int) -> int:
        try:
            fcntl.ioctl(self.peer.fd, which, QUEUED)
        except OSError:
            return self._transport.get_write_buffer_size()
        return QUEUED[0] + self._transport.get_write_buffer_size()

    def undelivered(self) -> int:
        """Count the bytes written that have not arrived, as far as one can know."""
        queued = self._queued(SIOCOUTQNSD if self.peer.near else termios.TIOCOUTQ)
        # What a lost connection had queued is only in the peer's books.
        exact = self.peer.missing() if queued or self.closed else 0
        return (queued if exact is None else exact) + len(self._corked)

    def framed(self, length: int) -> int:
        """Return how many bytes on the wire a piece of the body takes."""
        return self.sealed(len(b"%x" % length) + 4 + length if self._chunked else length)

    def sealed(self, length: int) -> int:
        """Return how many bytes on the wire a write of so many takes."""
        return length if self._tls is None else self._tls.length(length)

    def probe(self) -> None:
        """Send one byte of what could follow: who has gone answers it with RST."""
        self._write(b"0" if self._chunked else b"\n")

    def _write(self, data: bytes) -> bool:
        if self._corked:
            data, self._corked = self._corked + data, b""
        if self._tls is not None:
            data = self._tls.sealed(data)
        return self._hand(data)

    def _take_leave(self) -> None:
        """Tell the other end of TLS that nothing follows."""
        if self._tls is not None and not self.closed and self.failure is None:
            self._hand(self._tls.farewell())

    def _hand(self, data: bytes) -> bool:
        # Past the transport: one call is one segment, and its time is the time it was sent.
        try:
            sent = 0 if self.full else os.write(self.peer.fd, data)
        except BlockingIOError:
            sent = 0
        except OSError as error:
            self.failure = error
            return False
        self.peer.handed += len(data)
        if sent < len(data):
            self._leave(data[sent:])
        return True

    def _leave(self, data: bytes) -> bool:
        """Leave what the kernel does not take to the transport; tell whether it still has it."""
        self._transport.write(data)
        # The kernel may have room again by now; then nobody will call us back.
        self.full = self._transport.get_write_buffer_size() > 0
        return self.full
