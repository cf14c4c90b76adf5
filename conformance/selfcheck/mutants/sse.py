"""Routers that read or write the event stream's own syntax wrong."""

import json
import re
from collections.abc import Sequence

from conformance.selfcheck.router.events import BOM, Comment, Event, Item, Reader
from conformance.selfcheck.router.line import Line, Lost
from conformance.selfcheck.router.relay import Items, Pieces, Relay
from conformance.selfcheck.router.upstream import Upstream
from conformance.selfcheck.variant import mutant

KIB = 1024


class Forgetful(Reader):
    """Begins anew with each read."""

    def feed(self, data: bytes) -> list[Item]:
        return Reader(self._limit).feed(data)


@mutant("reader", breaks="sse.split-reads")
def parses_each_read_by_itself(relay: Relay) -> Reader:
    """Takes what one read brings for whole events."""
    return Forgetful(relay.settings.limit)


class FirstOfEach(Reader):
    """Gives out one event for each read."""

    def feed(self, data: bytes) -> list[Item]:
        return super().feed(data)[:1]


@mutant("reader", breaks="sse.split-reads")
def takes_one_event_from_each_read(relay: Relay) -> Reader:
    """Hands on the first event of a read and forgets the others."""
    return FirstOfEach(relay.settings.limit)


@mutant("bytes_in", breaks="sse.split-reads")
def trims_each_read(data: bytes, relay: Relay) -> bytes:
    """Cuts off the spaces that a read ends in."""
    return data.rstrip(b" ")


# A read of nothing but this much of a chunk is where the line ends that says its size.
SIZE = re.compile(rb"[0-9a-f]{1,8}")


class Hurried(Line):
    """Wants the size of a chunk in one read."""

    def data_received(self, data: bytes) -> None:
        if SIZE.fullmatch(data):
            self.connection_lost(Lost("a chunk without a size"))
        else:
            super().data_received(data)


hurried = dict[str, Upstream]()


@mutant("providers", breaks="sse.split-reads gem.json-array-split")
def wants_the_size_of_a_chunk_at_once(relay: Relay) -> Sequence[Upstream]:
    """Takes an answer for broken where a read ends within the size of a chunk."""
    settings = relay.settings
    fresh = Upstream(settings.upstream, settings.idle, Hurried)
    return [hurried.setdefault(settings.upstream, fresh)]


class Short(Reader):
    """Leaves out long events."""

    def feed(self, data: bytes) -> list[Item]:
        whole = super().feed(data)
        return [item for item in whole if isinstance(item, Comment) or len(item.data) < 64 * KIB]


@mutant("reader", breaks="sse.long-line")
def skips_long_lines(relay: Relay) -> Reader:
    """Passes over lines of 64 KiB and more, and says nothing of it."""
    return Short(relay.settings.limit)


@mutant("bytes_in", breaks="sse.crlf", surface="chat")
def takes_cr_before_lf_for_text(data: bytes, relay: Relay) -> bytes:
    """Ends a line at LF, or at CR alone, and leaves the CR of a CR LF in it."""
    data = relay.memory.pop("cr", b"") + data
    if data.endswith(b"\r"):
        relay.memory["cr"], data = b"\r", data[:-1]
    return data.replace(b"\r\n", b" \n")


class Seamed(Reader):
    """Forgets at the end of a read that it has ended in CR."""

    def feed(self, data: bytes) -> list[Item]:
        self._after_cr = False
        return super().feed(data)


@mutant("reader", breaks="sse.crlf")
def takes_a_cut_cr_lf_for_two_line_ends(relay: Relay) -> Reader:
    """Sees a blank line where a read begins with the LF of a CR LF."""
    return Seamed(relay.settings.limit)


@mutant("bytes_in", breaks="sse.bare-cr")
def takes_bare_cr_for_text(data: bytes, relay: Relay) -> bytes:
    """Ends a line at LF and at CR LF only."""
    data = relay.memory.pop("cr", b"") + data
    if data.endswith(b"\r"):
        relay.memory["cr"], data = b"\r", data[:-1]
    return data.replace(b"\r\n", b"\n").replace(b"\r", b" ")


@mutant("bytes_in", breaks="sse.crlf sse.bare-cr", surface="chat")
def knows_only_line_feeds(data: bytes, relay: Relay) -> bytes:
    """Ends a line at LF only, as most home-made readers do."""
    return data.replace(b"\r", b" ")


class Spaced(Reader):
    """Reads `data: x` and no `data:x`."""

    def _line(self, line: bytes, items: list[Item]) -> None:
        if not line.startswith(b"data:") or line.startswith(b"data: "):
            super()._line(line, items)


@mutant("reader", breaks="sse.data-no-space")
def wants_a_space_after_the_colon(relay: Relay) -> Reader:
    """Looks for `data: ` with its space."""
    return Spaced(relay.settings.limit)


class LineByLine(Reader):
    """Dispatches at each data line."""

    def _line(self, line: bytes, items: list[Item]) -> None:
        super()._line(line, items)
        if self._data:
            self._dispatch(items)


@mutant("reader", breaks="sse.multi-line-data load.unbounded-event")
def takes_each_data_line_for_an_event(relay: Relay) -> Reader:
    """Does not join the data lines of an event."""
    return LineByLine(relay.settings.limit)


@mutant("events", breaks="sse.comments-tolerated")
async def sends_comments_as_data(items: Items, relay: Relay) -> Items:
    """Hands the provider's comments on as if they were events."""
    async for item in items:
        if isinstance(item, Comment) and item.text != "keepalive":
            yield Event(item.text)
        else:
            yield item


class NoNonsense(Reader):
    """Gives up where a line has no field it knows."""

    def _line(self, line: bytes, items: list[Item]) -> None:
        known = (b"data", b"event", b":", BOM)
        if line and not line.startswith(known):
            items.append(Event(json.dumps({"error": {"message": "bad line"}})))
        else:
            super()._line(line, items)


@mutant("reader", breaks="sse.comments-tolerated")
def fails_on_unknown_fields(relay: Relay) -> Reader:
    """Ends the stream in an error at a field it does not know."""
    return NoNonsense(relay.settings.limit)


@mutant("bytes_in", breaks="sse.unicode-line-separators")
def splits_at_unicode_line_ends(data: bytes, relay: Relay) -> bytes:
    """Ends a line wherever Unicode does, as splitlines() of a text would."""
    for separator in ("\u2028", "\u2029", "\x85"):
        data = data.replace(separator.encode(), b"\n")
    return data


def of_events(relay: Relay) -> bool:
    """A stream may be an array too, which has a grammar of its own."""
    return relay.dialect.mode(relay) == "stream"


@mutant("bytes_out", breaks="sse.framing-valid")
async def opens_with_a_bom(pieces: Pieces, relay: Relay) -> Pieces:
    """Writes a byte order mark ahead of the first event."""
    ahead = BOM if of_events(relay) else b""
    async for piece in pieces:
        yield ahead + piece
        ahead = b""


@mutant("bytes_out", breaks="sse.framing-valid")
async def pings_with_an_empty_event(pieces: Pieces, relay: Relay) -> Pieces:
    """Opens the stream with an event that has a name and no data."""
    ahead = b"event: ping\n\n" if of_events(relay) else b""
    async for piece in pieces:
        yield ahead + piece
        ahead = b""


@mutant("bytes_out", breaks="sse.framing-valid")
async def closes_in_mid_event(pieces: Pieces, relay: Relay) -> Pieces:
    """Begins another event after the last one."""
    async for piece in pieces:
        yield piece
    if of_events(relay):
        yield b"data: "
