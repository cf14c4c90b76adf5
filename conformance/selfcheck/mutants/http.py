"""Routers that get the transport wrong."""

from collections.abc import Sequence

from conformance.selfcheck import reference
from conformance.selfcheck.router.events import Comment, Item, write
from conformance.selfcheck.router.health import Session
from conformance.selfcheck.router.line import Line
from conformance.selfcheck.router.relay import Items, Pieces, Relay
from conformance.selfcheck.router.upstream import Upstream
from conformance.selfcheck.router.values import Answer, Cut, Headers, fewer
from conformance.selfcheck.variant import mutant

OK = 200


@mutant("events", breaks="http.incremental")
async def buffers_whole_stream(items: Items, relay: Relay) -> Items:
    """Sends nothing but keep-alives until the provider has finished."""
    kept = []
    async for item in items:
        if isinstance(item, Comment):
            yield item
        else:
            kept.append(item)
    for item in kept:
        yield item


@mutant("answer", breaks="http.answered")
def hangs_up_on_plain_requests(answer: Answer, relay: Relay) -> Answer:
    """Closes the connection where an answer is whole and not to be streamed."""
    if answer.status == OK and relay.body is not None:
        raise Cut
    return answer


@mutant("stream_headers", breaks="http.content-type-event-stream")
def labels_a_stream_as_json(relay: Relay) -> Headers:
    """Labels every answer as JSON."""
    others = fewer(reference.stream_headers(relay), "content-type")
    return (("content-type", "application/json"), *others)


@mutant("bytes_out", breaks="http.no-compression-buffering")
async def waits_to_compress(pieces: Pieces, relay: Relay) -> Pieces:
    """Collects the whole stream for a client that accepts gzip, to see if it is worth it."""
    if "gzip" not in relay.headers["accept-encoding"]:
        async for piece in pieces:
            yield piece
    else:
        yield b"".join([piece async for piece in pieces])


@mutant("stream_headers", breaks="http.anti-buffering-headers")
def lets_proxies_buffer(relay: Relay) -> Headers:
    """Says nothing to the proxies on the way."""
    return fewer(reference.stream_headers(relay), "cache-control", "x-accel-buffering")


@mutant("bytes_out", breaks="http.no-content-length-on-stream")
async def declares_a_length(pieces: Pieces, relay: Relay) -> Pieces:
    """Sends a length beside the chunked coding, that of the first event."""
    async for piece in pieces:
        if not relay.committed:
            relay.committed = True
            relay.wire.write(_head(relay, len(piece)))
        relay.wire.write(b"%x\r\n%b\r\n" % (len(piece), piece))
    relay.wire.write(b"0\r\n\r\n")
    if relay.committed:
        raise Cut
    yield b""


def _head(relay: Relay, length: int) -> bytes:
    headers = [
        *relay.parts.stream_headers(relay),
        ("transfer-encoding", "chunked"),
        ("content-length", str(length)),
        ("connection", "close"),
    ]
    lines = ["HTTP/1.1 200 OK", *(f"{name}: {value}" for name, value in headers), "", ""]
    return "\r\n".join(lines).encode()


@mutant("stream_headers", breaks="http.framing-headers")
def copies_keep_alive(relay: Relay) -> Headers:
    """Copies what the provider says of its own connection."""
    said = relay.upstream.get("keep-alive")
    return (*reference.stream_headers(relay), *((("keep-alive", said),) if said else ()))


@mutant("stream_headers", breaks="http.content-encoding-consistent")
def labels_decoded_bytes_as_gzip(relay: Relay) -> Headers:
    """Copies Content-Encoding although it has undone the coding."""
    said = relay.upstream.get("content-encoding")
    return (*reference.stream_headers(relay), *((("content-encoding", said),) if said else ()))


@mutant("write", breaks="http.keepalive-neutral gem.sdk-readable")
def pings_inside_events(item: Item) -> bytes:
    """Writes a comment between the data of an event and its blank line."""
    return write(item)[:-1] + b": ping\n\n"


@mutant("keepalive", breaks="http.keepalive-while-idle", surface="chat")
def leaves_a_quiet_stream_quiet(relay: Relay) -> Item | None:
    """Sends nothing while the provider says nothing."""
    return None


class Trusting(Upstream):
    """Takes every kept connection for a good one."""

    def __init__(self, url: str, idle: float) -> None:
        super().__init__(url, idle)
        self._kept: list[Line] = []

    def keep(self, line: Line) -> None:
        if line.reusable:
            self._kept.append(line)
        else:
            line.close()

    async def line(self) -> tuple[Line, bool]:
        return (self._kept.pop(), False) if self._kept else await super().line()


pools = dict[Session, Trusting]()


@mutant("providers", breaks="http.stale-upstream-conn")
def trusts_its_connections(relay: Relay) -> Sequence[Upstream]:
    """Keeps connections for each session, and asks on them though they have ended."""
    if not relay.session:
        return reference.providers(relay)
    fresh = Trusting(relay.settings.upstream, relay.settings.idle)
    return [pools.setdefault(relay.session, fresh)]
