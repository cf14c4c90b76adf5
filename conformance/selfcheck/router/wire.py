"""uvicorn's HTTP/1.1, plus what ASGI cannot say."""

import asyncio
import socket
import struct

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class Wire:
    """The client's connection itself."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport

    def write(self, data: bytes) -> None:
        """Send bytes that no HTTP library has had a say in."""
        self._transport.write(data)

    def cut(self) -> None:
        """Close once all that was written has been sent: FIN, whatever HTTP still expects."""
        self._transport.close()

    def reset(self) -> None:
        # A zero linger time makes close() send RST where it would send FIN.
        sock = self._transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()


class Protocol(HttpToolsProtocol):
    """Puts the connection into the scope of each of its requests."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app_state = {**self.app_state, "wire": Wire(transport)}
