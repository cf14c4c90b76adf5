"""One answer as it arrives: the bytes of a connection in, head, reads and end out."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

import httptools

from mockprovider.recordings.recording import BadRecording, Headers, Read

LIMIT = 16 << 20
INFLATED = 64 << 20
FIRST_FINAL = 200
GZIP_OR_ZLIB = 47
CODINGS = ("gzip", "x-gzip", "deflate")


@dataclass(frozen=True, slots=True)
class Body:
    """What a body is after its coding was undone, and the reads it came in."""

    wire: bytes = field(repr=False)
    reads: tuple[Read, ...]


class Transcript:
    """Follows one answer, be it fed in whatever pieces.

    A read is what one piece held of the body, cut at the ends of HTTP chunks as well. Beyond the
    limit reads are counted no more.
    """

    def __init__(self, *, bodiless: bool = False, limit: int = LIMIT) -> None:
        self.status = 0
        self.complete = False
        self.capped = False
        self.broken: str | None = None
        self.head_at_us = 0
        self.reads = list[tuple[int, bytes]]()
        self._headers = list[tuple[str, str]]()
        self._size = 0
        self._now = 0
        self._bodiless = bodiless
        self.limit = limit
        self._parser = httptools.HttpResponseParser(self)

    def feed(self, data: bytes, at_us: int) -> bool:
        """Take what arrived; tell whether the answer is whole."""
        self._now = at_us
        if self.broken is None and not self.complete:
            try:
                self._parser.feed_data(data)
            except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
                self.broken = f"not an HTTP answer: {error}"
        return self.complete

    def closed(self) -> str:
        """Return how an answer ended whose connection was closed."""
        # Where nothing told the length of the body, the close does.
        told = self._told("content-length") or self._told("transfer-encoding")
        return "fin" if self.complete or (self.status and not told) else "cut"

    @property
    def headers(self) -> Headers:
        return tuple(self._headers)

    @property
    def framing(self) -> str:
        return "length" if self._told("content-length") else "chunked"

    def body(self) -> Body:
        """Return the body without its coding; each read keeps its time."""
        coding = self._told("content-encoding").strip().lower()
        pieces = [*uncoded(self.reads, coding)]
        reads = tuple(Read(at_us, len(data)) for at_us, data in pieces)
        return Body(b"".join(data for _, data in pieces), reads)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name.decode("latin-1"), value.decode("latin-1")))

    def on_headers_complete(self) -> None:
        self.status = self._parser.get_status_code()
        self.head_at_us = self._now
        if self._bodiless and self.status >= FIRST_FINAL:
            self.complete = True

    def on_body(self, data: bytes) -> None:
        self._size += len(data)
        self.capped = self.capped or self._size > self.limit
        if not self.capped:
            self.reads.append((self._now, data))

    def on_message_complete(self) -> None:
        # An interim answer announces the one that counts.
        self.complete = self.status >= FIRST_FINAL
        if not self.complete:
            self.status = 0
            self._headers.clear()

    def _told(self, name: str) -> str:
        return next((value for key, value in self._headers if key.lower() == name), "")


def uncoded(reads: list[tuple[int, bytes]], coding: str) -> Iterator[tuple[int, bytes]]:
    """Undo the coding of a body, read by read; a read that gives nothing by itself goes."""
    if coding in ("", "identity"):
        yield from reads
        return
    if coding not in CODINGS:
        raise BadRecording(
            f"the body is in content-encoding {coding!r}, which cannot be undone here; "
            "have it sent with accept-encoding: identity"
        )
    inflater, room = zlib.decompressobj(GZIP_OR_ZLIB), INFLATED
    for at_us, data in reads:
        try:
            plain = inflater.decompress(data, room)
        except zlib.error as error:
            raise BadRecording(f"the body is no {coding}: {error}") from None
        room -= len(plain)
        if inflater.unconsumed_tail or not room:
            raise BadRecording(f"the body is longer than {INFLATED} bytes once it is unpacked")
        if inflater.unused_data:
            raise BadRecording(f"the body goes on after the end of its {coding}")
        if plain:
            yield at_us, plain
