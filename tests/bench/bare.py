"""As far as Python goes: an answer that is ready, written without reading what was asked.

What the mock has beyond this are its request, its journal, and what differs by request; no mock in
Python can be faster than this.
"""

import asyncio
import os
import socket
import sys
from pathlib import Path

import uvloop

HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n"
    b"transfer-encoding: chunked\r\n\r\n"
)


def chunks(body: bytes) -> list[bytes]:
    """Return an event stream as chunks, an event in each."""
    events = [event + b"\n\n" for event in body.split(b"\n\n")[:-1]]
    framed = [b"%x\r\n%b\r\n" % (len(event), event) for event in events]
    return [*framed[:-1], framed[-1] + b"0\r\n\r\n"]


class Connection(asyncio.Protocol):
    """Writes the answer as often as anything comes."""

    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces = pieces
        self._whole = [b"".join(pieces)]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._fd = transport.get_extra_info("socket").fileno()

    def data_received(self, data: bytes) -> None:
        for piece in self._whole if b"bench-burst" in data else self._pieces:
            os.write(self._fd, piece)


async def serve(port: int, body: bytes) -> None:
    pieces = [HEAD, *chunks(body)]
    with socket.create_server(("127.0.0.1", port), backlog=4096) as listener:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Connection(pieces), sock=listener)
        await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1]), Path(sys.argv[2]).read_bytes()))
