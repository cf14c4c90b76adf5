"""Plays answers that were captured to whoever asks for them: the same head, the same pieces."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

from conformance.exchange import End, Exchange

HOST = "127.0.0.1"
KEPT = ("content-type", "cache-control")  # of the head; how a body is framed is ours to say
LAST = b"0\r\n\r\n"


@asynccontextmanager
async def playing(exchanges: Sequence[Exchange]) -> AsyncIterator[list[str]]:
    """Serve each exchange's answer under a URL of its own, as long as the block lasts."""

    async def answered(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError, ValueError, IndexError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            await reader.readexactly(_length(head))
            number = int(head.split()[1].split("/")[1])
            for piece in pieces(exchanges[number]):
                writer.write(piece)
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(answered, HOST, 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield [f"http://{HOST}:{port}/{number}" for number in range(len(exchanges))]


def _length(head: str) -> int:
    fields = (line.partition(":") for line in head.split("\r\n"))
    return next((int(value) for name, _, value in fields if name.lower() == "content-length"), 0)


def pieces(exchange: Exchange) -> list[bytes]:
    """Return what goes over the wire: the head, then a chunk for each read there was.

    A body that broke off breaks off again.
    """
    told = [f"{name}: {value}" for name, value in exchange.headers if name.lower() in KEPT]
    head = [f"HTTP/1.1 {exchange.status} .", *told, "transfer-encoding: chunked",
            "connection: close"]  # fmt: skip
    chunks = [b"%x\r\n%b\r\n" % (len(read), read) for read in _reads(exchange)]
    end = [LAST] if exchange.end == End.COMPLETE else []
    return ["\r\n".join([*head, "", ""]).encode("latin-1"), *chunks, *end]


def _reads(exchange: Exchange) -> list[bytes]:
    reads = [read.data for read in exchange.reads if read.data]
    # What was compressed on its way is kept in reads as it came, and in the body as it was meant.
    return reads if b"".join(reads) == exchange.body else [exchange.body]
