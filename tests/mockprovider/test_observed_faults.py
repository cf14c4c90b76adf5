"""Every fault of the catalogue as a bare socket sees it: the bytes, and how the connection ends."""

import fcntl
import json
import re
import socket
import termios
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import accumulate, count, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mockprovider.faults import CATALOGUE
from mockprovider.peer import Peer

if TYPE_CHECKING:
    from tests.mockprovider.conftest import Client, Mock, StartMock

Json = Any
DATE = "Sat, 21 Nov 2026 12:00:00 GMT"
# What differs by request is taken out, so that a whole answer is the same every time.
SCRIPT: Mapping[str, Json] = {
    "summary": "", "model": "m",
    "step": [{"say": "Aloe"}, {"say": " bay"}, {"finish": "stop"}],
    "head": {"headers": [["date", DATE], ["x-request-id", "r"], ["request-id", "r"]]},
    "chat": {"opening": "joined", "created": "zero"},
}  # fmt: skip
PATHS = {"chat": "/v1/chat/completions", "messages": "/v1/messages"}
LAST = b"0\r\n\r\n"
STRANGER = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 7\r\n\r\nunasked"
PAGE = (
    b"<html>\r\n<head><title>502</title></head>\r\n<body><center><h1>502</h1></center>"
    b"<hr><center>nginx</center></body>\r\n</html>\r\n"
)
numbers = count(1)
# What takes more than one answer to see has a test of its own.
OBSERVED_BELOW = {"early_answer", "unread_request", "no_continue", "send_buffer"}


@dataclass(frozen=True)
class Base:
    """An answer without a fault: whose, its head up to the blank line, and its events."""

    nonce: str
    head: bytes
    events: tuple[bytes, ...]

    @property
    def body(self) -> bytes:
        return b"".join(self.events)

    def answer(self, pieces: Iterable[bytes], head: bytes = b"", end: bytes = LAST) -> bytes:
        return (head or self.head) + chunked(pieces) + end

    def of(self, nonce: str) -> "Base":
        """Return the answer as the request of another nonce gets it."""
        own = self.nonce.encode()
        renamed = (event.replace(own, nonce.encode()) for event in self.events)
        return Base(nonce, self.head, tuple(renamed))

    @property
    def bare_head(self) -> bytes:
        return self.head.replace(b"transfer-encoding: chunked\r\n", b"")


Expected = Callable[[Base], bytes]
Pieces = Callable[[Base], list[bytes]]


@dataclass(frozen=True)
class Row:
    """What is to be seen of one fault; `end` is how the connection does.

    `pieces` are the reads it takes when every write is awaited; `late` is how long the last event
    takes at least.
    """

    fault: Json
    wire: Expected
    end: str = "kept"
    kind: str = "complete"
    surface: str = "chat"
    pieces: Pieces | None = None
    late_ms: float = 0

    @property
    def name(self) -> str:
        return self.fault if isinstance(self.fault, str) else next(iter(self.fault))


def chunked(pieces: Iterable[bytes]) -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)


def same(base: Base) -> bytes:
    return base.answer(base.events)


def body(change: Callable[..., Iterable[bytes]]) -> Expected:
    """Expect other events, in chunks as ever."""
    return lambda base: base.answer(change(*base.events))


def each(change: Callable[[bytes], bytes]) -> Expected:
    """Expect every event changed."""
    return lambda base: base.answer(map(change, base.events))


def between(block: bytes, times: int = 1) -> Expected:
    """Expect a block, several times, before event 1."""
    return body(lambda first, *rest: (first, *(block,) * times, *rest))


def member(text: bytes) -> Expected:
    """Expect a member more in every event that has JSON."""
    return each(lambda event: event.replace(b"data: {", b"data: {" + text + b",", 1))


def second(old: bytes, new: bytes) -> Expected:
    """Expect event 1 changed, which says ` bay`."""
    return body(lambda first, event, *rest: (first, event.replace(old, new), *rest))


def twice(old: bytes, new: bytes) -> Expected:
    """Expect event 0 with another text before it comes with its own."""
    return body(lambda first, *rest: (first.replace(old, new), first, *rest))


def head(change: Callable[[bytes], bytes]) -> Expected:
    """Expect another head."""
    return lambda base: base.answer(base.events, head=change(base.head))


def told(text: str, *, without: str = "", status: str = "") -> Expected:
    """Expect header lines after the surface's and the script's own, in place of some."""

    def change(data: bytes) -> bytes:
        kept = [text for text in data.split(b"\r\n") if not without or without.encode() not in text]
        first = f"HTTP/1.1 {status}".encode() if status else kept[0]
        return b"\r\n".join((first, *kept[1:-3], text.encode(), *kept[-3:]))

    return head(change)


def last_line(text: str) -> Expected:
    """Expect a header line after all the others."""
    return head(lambda data: data[:-2] + text.encode() + b"\r\n\r\n")


def instead(status: str, media: str, content: bytes, *more: str) -> Expected:
    """Expect another answer, whose length is told."""

    def wire(base: Base) -> bytes:
        _, *lines = base.bare_head.decode().split("\r\n")[:-2]
        kept = [text for text in lines if not (media and text.startswith("content-type"))]
        own = [f"content-type: {media}"] if media else []
        lines = [f"HTTP/1.1 {status}", *kept, *own, *more, f"content-length: {len(content)}"]
        return "\r\n".join((*lines, "", "")).encode() + content

    return wire


def begun(events: int, more: bytes = b"") -> Expected:
    """Expect some events, and no end."""
    return lambda base: base.answer(base.events[:events], end=more)


def broken(part: Callable[[bytes], bytes]) -> Expected:
    """Expect the first event, and a part of the second's frame."""
    return lambda base: base.answer(base.events[:1], end=part(chunked(base.events[1:2])))


def bare(*offs: int, version: bytes = b"1.1") -> Expected:
    """Expect no chunks, and a length for each of some offsets from the true one."""

    def wire(base: Base) -> bytes:
        lines = (b"content-length: %d\r\n" % (len(base.body) + off) for off in offs)
        opening = base.bare_head.replace(b"1.1", version, 1)
        return opening[:-2] + b"".join(lines) + b"\r\n" + base.body

    return wire


def sized(change: Callable[[bytes], bytes]) -> Expected:
    """Expect the sizes of all chunks written otherwise."""

    def wire(base: Base) -> bytes:
        chunks = (change(b"%x" % len(e)) + b"\r\n" + e + b"\r\n" for e in base.events)
        return base.head + b"".join(chunks) + change(b"0") + b"\r\n\r\n"

    return wire


def packed(wbits: int, *, label: str = "", lost: int = 0) -> Expected:
    """Expect the body compressed, flushed after each event, and short of its last bytes."""

    def wire(base: Base) -> bytes:
        packer = zlib.compressobj(6, wbits=wbits)
        pieces = [packer.compress(e) + packer.flush(zlib.Z_SYNC_FLUSH) for e in base.events]
        pieces.append(packer.flush())
        left = sum(map(len, pieces)) - lost
        starts = accumulate(map(len, pieces), initial=0)
        kept = [piece[: max(left - at, 0)] for at, piece in zip(starts, pieces, strict=False)]
        lines = f"content-encoding: {label}\r\ntransfer-encoding: chunked".encode()
        opening = base.head.replace(b"transfer-encoding: chunked", lines) if label else base.head
        return base.answer(filter(None, kept), head=opening)

    return wire


def cut(data: bytes, at: Iterable[int]) -> list[bytes]:
    ends = sorted({0, len(data), *at})
    return [data[low:high] for low, high in pairwise(ends)]


def cut_at(*cuts: str) -> Pieces:
    """Expect the head, and every frame of the body cut at the places named."""

    def pieces(base: Base) -> list[bytes]:
        *first, last = ((chunked([event]), places(event, cuts)) for event in base.events)
        # The last chunk goes out with what is before it.
        frame, at = last
        inside = range(len(frame) + 1, len(frame) + len(LAST)) if "last" in cuts else ()
        return [
            base.head,
            *(x for each in first for x in cut(*each)),
            *cut(frame + LAST, [*at, *inside]),
        ]

    return pieces


def places(event: bytes, cuts: Iterable[str]) -> list[int]:
    size = len(b"%x" % len(event))
    data = size + 2
    end = data + len(event)
    known = {
        "size": 1,
        "size-crlf": size + 1,
        "data": data,
        "data-crlf": end,
        "chunk-crlf": end + 1,
    }
    return [known[cut] for cut in cuts if cut in known]


def every(size: int, *, head: bool = True) -> Pieces:
    """Expect each frame, perhaps not the head, in so many bytes at a time."""

    def pieces(base: Base) -> list[bytes]:
        frames = [base.head, *(chunked([e]) for e in base.events[:-1])]
        # The last chunk goes out with what is before it.
        frames += [chunked(base.events[-1:]), LAST]
        parts = [list(cut(frame, range(0, len(frame), size))) for frame in frames]
        parts[0] = parts[0] if head else [base.head]
        parts[-2][-1] += parts[-1].pop(0)
        return [part for frame in parts for part in frame]

    return pieces


def joined(*groups: Iterable[int]) -> Pieces:
    """Expect frames in groups: 0 is the head, -1 the last chunk."""

    def pieces(base: Base) -> list[bytes]:
        frames = [base.head, *(chunked([e]) for e in base.events), LAST]
        return [b"".join(frames[at] for at in group) for group in groups]

    return pieces


ESCAPES = {
    b'"Aloe"': rb'"\u0041\u006c\u006f\u0065"', b'" bay"': rb'"\u0020\u0062\u0061\u0079"',
}  # fmt: skip


def escaped(event: bytes) -> bytes:
    for text, escapes in ESCAPES.items():
        event = event.replace(text, escapes)
    return event


def spread(event: bytes) -> bytes:
    return event.replace(b",", b",\ndata: ")


def mixed(*events: bytes) -> Iterable[bytes]:
    """Give the lines LF, CRLF and CR in turn."""
    ends = {0: b"\n", 1: b"\r\n", 2: b"\r"}
    for number, event in enumerate(events):
        low, high = ends[2 * number % 3], ends[(2 * number + 1) % 3]
        # LF behind a CR would make one line end of the two.
        yield event[:-2] + low + (b"\r\n" if low + high == b"\r\n" else high)


ROWS = (
    Row("content_type", told("content-type: text/plain", without="content-type")),
    Row("extra_header", told("x-mock-extra: 1")),
    Row({"extra_header": {"name": "X-Big", "bytes": 20_000}}, told(f"X-Big: 1{'x' * 19_999}")),
    Row("retry_after", told("retry-after: 1")),
    Row({"retry_after": "ms"}, told("retry-after-ms: 1000")),
    Row({"retry_after": "fraction"}, told("retry-after: 1.5")),
    Row({"retry_after": "zero"}, told("retry-after: 0")),
    Row({"retry_after": "nonsense"}, told("retry-after: soon")),
    Row({"retry_after": "past"}, told("retry-after: Thu, 01 Jan 1970 00:00:00 GMT")),
    Row(
        {"retry_after": {"form": "date", "seconds": 90, "status": 429}},
        told("retry-after: Sat, 21 Nov 2026 12:01:30 GMT", status="429 Too Many Requests"),
    ),
    Row(
        "rate_limits",
        told(
            "x-ratelimit-limit-requests: 5000\r\nx-ratelimit-limit-tokens: 5000\r\n"
            "x-ratelimit-remaining-requests: 0\r\nx-ratelimit-remaining-tokens: 0\r\n"
            "x-ratelimit-reset-requests: 12ms\r\nx-ratelimit-reset-tokens: 12ms",
            without="x-ratelimit",
        ),
    ),
    Row(
        {"rate_limits": {"vendor": "anthropic", "requests": 3, "tokens": 4}},
        told(
            "anthropic-ratelimit-requests-limit: 5000\r\n"
            "anthropic-ratelimit-input-tokens-limit: 5000\r\n"
            "anthropic-ratelimit-requests-remaining: 3\r\n"
            "anthropic-ratelimit-input-tokens-remaining: 4\r\n"
            "anthropic-ratelimit-requests-reset: 2026-11-21T12:00:00Z\r\n"
            "anthropic-ratelimit-input-tokens-reset: 2026-11-21T12:00:00Z"
        ),
    ),
    Row(
        "redirect",
        instead("307 Temporary Redirect", "text/plain", b"", "location: /v1/elsewhere"),
    ),
    Row("html_body", instead("502 Bad Gateway", "text/html", PAGE)),
    Row("empty_body", instead("200 OK", "", b"")),
    Row({"empty_body": 503}, instead("503 Service Unavailable", "", b"")),
    Row(
        {"huge_body": 100_000},
        instead(
            "500 Internal Server Error", "application/json",
            b'{"error":{"message":"' + b"x" * 99_976 + b'"}}',
        ),
    ),
    Row("garbage", between(b'data: {"id":"chatcmpl-\n\n')),
    Row("duplicate_event", body(lambda first, event, *rest: (first, event, event, *rest))),
    Row("drop_event", body(lambda first, _, *rest: (first, *rest))),
    Row("swap_events", body(lambda a, b, c, *rest: (a, c, b, *rest))),
    Row(
        "unknown_event",
        between(b'event: mock.unknown\ndata: {"type": "mock.unknown"}\n\n'), surface="messages",
    ),
    Row("done_twice", body(lambda *events: (*events, events[-1]))),
    Row("no_done", body(lambda *events: events[:-1])),
    Row("after_done", body(lambda *events: (*events, events[1]))),
    Row({"pad": 5000}, body(lambda first, *rest: (
        first.replace(b'"Aloe"', b'"' + b"x" * (5000 - len(first)) + b'Aloe"'), *rest,
    ))),
    Row("unknown_member", member(b'"x_mock":{"a":[1,null]}')),
    Row("huge_number", member(b'"x_mock_number":' + b"9" * 40)),
    Row({"deep_nesting": 3000}, member(b'"x_mock_nested":' + b"[" * 3000 + b"]" * 3000)),
    Row("lone_surrogate", second(b'" bay', rb'"\ud83d bay')),
    Row("invalid_utf8", second(b'" bay', b'"\xff bay')),
    Row("escaped_text", each(escaped)),
    Row("empty_delta", twice(b'"Aloe"', b'""')),
    Row("null_content", twice(b'"Aloe"', b"null")),
    Row("id_change", body(lambda *e: (*e[:2], e[2].replace(b'-1",', b'-1-changed",', 1), e[3]))),
    Row("crlf", each(lambda event: event.replace(b"\n", b"\r\n"))),
    Row("cr", each(lambda event: event.replace(b"\n", b"\r"))),
    Row("mixed_line_ends", body(mixed)),
    Row("no_space", each(lambda event: event.replace(b"data: ", b"data:"))),
    Row("bom", body(lambda first, *rest: (b"\xef\xbb\xbf" + first, *rest))),
    Row("comments", body(lambda *events: (x for e in events for x in (b": keep-alive\n\n", e)))),
    Row({"ping_storm": 50}, between(b": ping\n\n", 50)),
    Row(
        {"ping_storm": {"count": 2, "form": "event"}},
        between(b'event: ping\ndata: {"type": "ping"}\n\n', 2),
        surface="messages",
    ),
    Row("unknown_fields", each(lambda event: b"id: 1\nretry: 3000\nfoo: bar\n" + event)),
    Row(
        "data_first",
        each(lambda event: re.sub(rb"(event: .*\n)(data: .*\n)", rb"\2\1", event)),
        surface="messages",
    ),
    Row("multi_line", each(spread)),
    Row({"long_line": 100_000}, between(b":" + b"x" * 99_999 + b"\n\n")),
    Row("blank_lines", body(lambda *events: (x for e in events for x in (b"\n\n\n", e)))),
    Row("empty_data", body(lambda *events: (x for e in events for x in (b"data:\n\n", e)))),
    Row("no_final_blank", body(lambda *events: (*events[:-1], events[-1][:-1]))),
    Row("gzip", packed(31, label="gzip")),
    Row("deflate", packed(15, label="deflate")),
    Row({"deflate": "bare"}, packed(-15, label="deflate")),
    Row("truncated_gzip", packed(31, label="gzip", lost=64)),
    Row("bare_gzip", packed(31)),
    Row("wrong_coding", told("content-encoding: gzip")),
    Row(
        {"split": {"event": [3]}},
        body(lambda *events: (x for e in events for x in (e[:3], e[3:]))),
        pieces=lambda base: [
            base.head, *(chunked((x,)) for e in base.events[:-1] for x in (e[:3], e[3:])),
            chunked((base.events[-1][:3],)), chunked((base.events[-1][3:],)) + LAST,
        ],
    ),
    Row("coalesce", lambda base: base.answer([base.body])),
    Row("accept_then_close", lambda base: b"", "fin", "cut"),
    Row({"accept_then_close": "rst"}, lambda base: b"", "rst", "reset"),
    Row("accept_then_silence", lambda base: b"", "silence"),
    Row("cut_after", begun(1), "fin", "cut"),
    Row({"cut_after": {"bytes": 9}}, begun(0, b'9\r\ndata: {"i\r\n'), "fin", "cut"),
    Row("reset_after", begun(1), "rst", "reset"),
    Row({"reset_after": 0}, begun(0), "rst", "reset"),
    Row("half_after", begun(1), "half", "half"),
    Row("stall_after", begun(1), "silence"),
    Row({"stall_after": -1}, begun(3), "silence"),
    Row({"stall_after": 0}, begun(0), "silence"),
    Row({"pause_after": {"events": 2, "ms": 30}}, same, late_ms=30),
    Row({"slow_head": {"bytes": 100, "ms": 5}}, same, late_ms=5 * 5),
    Row("interim", lambda base: b"HTTP/1.1 103 Early Hints\r\n\r\n" + same(base)),
    Row(
        {"interim": {"status": 100, "count": 2, "headers": [["link", "</a>"]]}},
        lambda base: b"HTTP/1.1 100 Continue\r\nlink: </a>\r\n\r\n" * 2 + same(base),
    ),
    Row("header_case", head(lambda data: re.sub(
        rb"(?m)^[a-z-]+(?=:)", lambda name: name[0].upper(), data,
    ))),
    Row("no_reason", head(lambda data: data.replace(b"200 OK\r\n", b"200 \r\n", 1))),
    Row("http_1_0", bare(version=b"1.0"), "fin"),
    Row("connection_close", last_line("connection: close"), "fin"),
    Row("idle_close", same, "fin"),
    Row({"idle_close": "rst"}, same, "rst"),
    Row({"slow_close": 30}, same),
    Row("extra_bytes", lambda base: same(base) + b"extra"),
    Row("unasked_answer", lambda base: same(base) + STRANGER),
    Row("with_length", bare(0)),
    Row("wrong_length", bare(10), "fin"),
    Row({"wrong_length": -10}, bare(-10)),
    Row("length_twice", bare(0, 10)),
    Row("length_and_chunked", lambda base: base.answer(
        base.events, head=base.head[:-2] + b"content-length: %d\r\n\r\n" % len(base.body)
    )),
    Row("close_delimited", bare(), "fin"),
    Row("chunk_uppercase", sized(bytes.upper)),
    Row("chunk_zeros", sized(lambda size: size.rjust(8, b"0"))),
    Row("chunk_extension", sized(lambda size: size + b';mock="1"')),
    Row("trailers", lambda base: base.answer(
        base.events, base.head[:-2] + b"trailer: x-mock-trailer\r\n\r\n",
        b"0\r\nx-mock-trailer: 1\r\n\r\n",
    )),
    Row("bad_chunk_size", lambda base: base.answer(
        base.events[:1], end=b"zz\r\n" + base.events[1] + b"\r\n" + chunked(base.events[2:]) + LAST,
    )),
    Row({"wrong_chunk_size": {"by": 16, "at": 3}}, lambda base: base.answer(
        base.events[:3], end=b"1e\r\n" + base.events[3] + b"\r\n" + LAST,
    )),
    Row("no_last_chunk", begun(4), "fin", "cut"),
    Row({"no_last_chunk": "rst"}, begun(4), "rst", "reset"),
    Row({"no_last_chunk": "silence"}, begun(4), "silence"),
    Row("break_in", broken(lambda frame: frame[:1]), "fin", "cut"),
    Row({"break_in": {"part": "data", "bytes": 5}}, broken(lambda frame: frame[:9]), "fin", "cut"),
    Row(
        {"break_in": {"part": "crlf", "end": "half"}}, broken(lambda frame: frame[:-1]),
        "half", "half",
    ),
    Row(
        {"break_in": {"part": "head", "bytes": 20, "end": "rst"}}, lambda base: base.head[:20],
        "rst", "reset",
    ),
    Row(
        {"break_in": {"part": "last", "bytes": 3, "end": "silence"}}, begun(4, LAST[:3]), "silence"
    ),
    Row("split_frames", same, pieces=cut_at("size", "size-crlf", "chunk-crlf")),
    Row(
        {"split_frames": ["data", "data-crlf", "last"]}, same,
        pieces=cut_at("data", "data-crlf", "last"),
    ),
    Row({"split_frames": ["head"]}, same, pieces=lambda base: [
        *(line + b"\r\n" for line in base.head.split(b"\r\n")[:-2]), b"\r", b"\n",
        *(chunked([e]) for e in base.events[:-1]), chunked(base.events[-1:]) + LAST,
    ]),
    Row({"drip": 60}, same, pieces=every(60)),
    Row({"drip": {"bytes": 60, "head": False}}, same, pieces=every(60, head=False)),
    Row("glue_head", same, pieces=joined((0, 1), (2,), (3,), (4, 5))),
    Row("one_write", same, pieces=joined(range(6))),
    Row("last_chunk_apart", same, pieces=joined((0,), (1,), (2,), (3,), (4,), (5,))),
    Row({"bandwidth": 20_000}, same, late_ms=50),
    Row({"spike": {"at": 2, "ms": 30}}, same, late_ms=30),
    Row({"ramp": {"first_ms": 10, "last_ms": 0, "events": 2}}, same, late_ms=15),
    Row({"steps": {"ms": [0, 9], "events": 1}}, same, late_ms=18),
    Row({"jitter": {"median_ms": 5, "spread": 0}}, same, late_ms=20),
)  # fmt: skip


class Observer:
    """Asks for the one script, with faults or without, and makes all answers alike."""

    def __init__(self, mock: "Mock") -> None:
        self.mock = mock
        self._bases = dict[str, Base]()

    def base(self, surface: str, nonce: str) -> Base:
        """Return what a request gets that asks for no fault."""
        if surface not in self._bases:
            own = self.nonce()
            answer = self.start(own, surface).read()
            opening = bytes(answer.raw).partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
            self._bases[surface] = Base(own, opening, tuple(filter(None, answer.chunks)))
        return self._bases[surface].of(nonce)

    def nonce(self) -> str:
        return f"o{next(numbers):04}-1"

    def start(self, nonce: str, surface: str = "chat", **members: Json) -> "Client":
        client = self.mock.connect()
        client.send(self.request(nonce, surface, **members))
        return client

    def request(self, nonce: str, surface: str = "chat", **members: Json) -> bytes:
        text = self.mock.marker(json.dumps({**SCRIPT, **members}, indent=1), nonce)
        asked = {"model": "m", "stream": True, "messages": [{"role": "user", "content": text}]}
        asked |= {"max_tokens": 9} if surface == "messages" else {}
        version = {"anthropic_version": "2023-06-01"} if surface == "messages" else {}
        return self.mock.post(json.dumps(asked).encode(), path=PATHS[surface], **version)

    def is_answered(self, client: "Client") -> bool:
        """Tell whether another request on the connection gets its answer."""
        nonce = self.nonce()
        client.again()
        client.send(self.request(nonce))
        return client.read().raw == same(self.base("chat", nonce))


def read(client: "Client", size: int) -> bytes:
    while len(client.answer.raw) < size and client.once():
        pass
    return bytes(client.answer.raw)


def end_seen(observer: Observer, client: "Client", expected: str) -> str:
    """Tell what becomes of a connection behind the bytes of an answer."""
    if expected == "kept":
        return expected if observer.is_answered(client) else client.answer.end
    if expected == "silence":
        return expected if client.silent() else "noise"
    client.again()
    answer = client.rest()
    if answer.raw or answer.end == "rst":
        return answer.raw.decode() or answer.end
    return "half" if is_read(client) else "fin"


def is_read(client: "Client") -> bool:
    """Tell whether the peer still takes what it is sent: an acknowledgement, or RST."""
    client.send(b"x")
    while not client.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
        if not int.from_bytes(fcntl.ioctl(client.socket, termios.TIOCOUTQ, bytes(4)), "little"):
            return True
    return False


@pytest.fixture(scope="module")
def observer(mock: "Mock") -> Observer:
    return Observer(mock)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: json.dumps(row.fault).replace('"', ""))
def test_a_fault_is_on_the_wire_as_declared(observer: Observer, row: Row) -> None:
    nonce = observer.nonce()
    base = observer.base(row.surface, nonce)
    expected = row.wire(base)
    write = {"write": "segments"} if row.pieces else {}
    client = observer.start(nonce, row.surface, fault=[row.fault], **write)

    seen = read(client, len(expected))
    reads = client.answer.reads
    end = end_seen(observer, client, row.end)
    entry = observer.mock.entry(nonce, "started" if row.end == "silence" else "ended")

    assert seen == expected
    assert end == row.end
    assert (entry["end"] or {}).get("kind") == (None if row.end == "silence" else row.kind)
    assert lateness_ms(entry) >= row.late_ms
    if row.pieces is not None and reads_are_apart(client):
        assert list(map(len, reads)) == list(map(len, row.pieces(base)))


def lateness_ms(entry: Json) -> float:
    """Return when the last piece of the body was written, from the request on."""
    last = entry["writes"][-1][0] if entry["writes"] else entry["request"]["at"]
    return float(last - entry["request"]["at"]) / 1e6


def reads_are_apart(client: "Client") -> bool:
    """Tell whether the kernel lets the mock see that a write has been read before the next."""
    peer = Peer(client.socket)
    known = peer.unread() is not None
    peer.close()
    return known


def test_every_fault_has_been_observed() -> None:
    assert {row.name for row in ROWS} | OBSERVED_BELOW == set(CATALOGUE)


def half_sent(observer: Observer, client: "Client", nonce: str, *faults: Json) -> bytes:
    """Send a request but for its end; return that."""
    request = observer.request(nonce, fault=faults)
    client.send(request[:-4])
    return request[-4:]


def test_an_early_answer_is_whole_before_the_request_is(observer: Observer) -> None:
    nonce, client = observer.nonce(), observer.mock.connect()
    rest = half_sent(observer, client, nonce, "early_answer")

    answer = bytes(client.read().raw)
    client.send(rest)
    end = end_seen(observer, client, "kept")
    request = observer.mock.entry(nonce)["request"]

    assert b"Aloe" in answer
    assert answer.endswith(LAST)
    assert (end, request["body"][-4:]) == ("kept", rest.decode())


def test_an_early_answer_can_end_the_connection(observer: Observer) -> None:
    nonce, client = observer.nonce(), observer.mock.connect()
    half_sent(observer, client, nonce, {"early_answer": "close"})

    answer = client.rest()

    assert answer.whole
    assert (answer.headers["connection"], answer.end) == ("close", "fin")


@pytest.mark.parametrize("status", [401, 413, 429])
def test_an_early_answer_can_be_a_refusal(observer: Observer, status: int) -> None:
    client, nonce = observer.mock.connect(), observer.nonce()
    request = observer.request(nonce, fault=["early_answer"], head={"status": status})
    client.send(request[:-4])

    assert client.read().status == status


@pytest.mark.parametrize(
    ("fault", "answered"), [({"early_answer": "unread"}, True), ("unread_request", False)]
)
def test_a_request_can_be_left_unread(observer: Observer, fault: Json, answered: bool) -> None:
    nonce, client = observer.nonce(), observer.mock.connect()
    request = observer.request(nonce, fault=[fault])
    client.send(request.replace(b"content-length: ", b"content-length: 9"))

    observer.mock.entry(nonce, "ended" if answered else "started")
    taken = fill(client)
    answer = read(client, 1) if answered else b""

    assert taken < 64_000_000
    assert client.silent() or answered
    assert b"Aloe" in answer or not answered


def fill(client: "Client") -> int:
    """Send until the connection takes no more; return how much it took."""
    taken = 0
    client.socket.settimeout(0)
    while True:
        try:
            taken += client.socket.send(bytes(1 << 16))
        except BlockingIOError:
            client.socket.settimeout(5)
            return taken


@pytest.mark.parametrize(("how", "kind"), [("rst", "peer-rst"), ("fin", "peer-fin")])
def test_the_peer_of_an_unread_request_is_seen_to_leave(
    observer: Observer, how: str, kind: str
) -> None:
    nonce, client = observer.nonce(), observer.mock.connect()
    request = observer.request(nonce, fault=["unread_request"])
    client.send(request.replace(b"content-length: ", b"content-length: 9"))
    observer.mock.entry(nonce, "started")

    client.leave(how)

    assert observer.mock.entry(nonce)["end"]["kind"] == kind


def test_a_request_that_has_come_whole_is_answered_as_ever(observer: Observer) -> None:
    nonce = observer.nonce()
    client = observer.start(nonce, fault=["early_answer"])

    assert client.read().raw == same(observer.base("chat", nonce))


@pytest.mark.parametrize("end", ["fin", "rst"])
def test_a_connection_can_end_when_it_is_used_again(observer: Observer, end: str) -> None:
    nonce, lost = observer.nonce(), observer.nonce()
    client = observer.start(nonce, fault=[{"idle_close": {"end": end, "when": "next"}}])
    client.read()

    kept = client.silent() and client.answer.end == "open"
    client.send(observer.request(lost))
    answer = client.rest()

    assert (kept, answer.end, answer.whole) == (True, end, True)
    assert observer.mock.call("GET", "/journal", params={"nonce": lost}) == {"entries": []}


@pytest.mark.parametrize(
    ("fault", "seen"),
    [({"pause_after": {"hold": "h"}}, begun(1)), ({"slow_close": {"hold": "h"}}, begun(4))],
)
def test_a_pause_can_be_a_hold(observer: Observer, fault: Json, seen: Expected) -> None:
    nonce = observer.nonce()
    base = observer.base("chat", nonce)
    client = observer.start(nonce, fault=[fault])
    observer.mock.entry(nonce, "hold:h")

    before = read(client, len(seen(base)))
    silent = client.silent()
    observer.mock.release(nonce, "h")

    assert (before, silent) == (seen(base), True)
    assert client.read().raw == same(base)


def test_a_slow_close_is_late(observer: Observer) -> None:
    nonce = observer.nonce()
    observer.start(nonce, fault=[{"slow_close": 30}]).read()

    entry = observer.mock.entry(nonce)

    assert entry["end"]["at"] - entry["writes"][-1][0] >= 30e6


def test_a_small_send_buffer_lets_a_slow_reader_be_felt(observer: Observer) -> None:
    nonce = observer.nonce()
    step = [{"say": "Aloe", "times": 1000, "repeat": 3000}]
    client = observer.start(nonce, fault=["send_buffer"], step=step)

    entry = observer.mock.entry(nonce, "blocked")
    ahead = entry["sent"]["bytes"] - entry["blocked"]["absorbed"]
    whole = client.read().whole

    assert 0 < ahead < 64_000
    assert whole


@pytest.mark.parametrize(
    ("fault", "without_body"), [("no_continue", False), ("early_answer", True)]
)  # fmt: skip
def test_a_router_that_waits_to_be_told_to_go_on_is_not_told(
    start_mock: "StartMock", tmp_path: Path, fault: str, without_body: bool
) -> None:
    script = {**SCRIPT, "fault": [fault]}
    (tmp_path / "unasked.json").write_text(json.dumps(script))
    with start_mock("--scenarios", str(tmp_path)) as mock:
        client = mock.connect()
        request = mock.request().replace(b" /v1/", b" /as/unasked/v1/")
        head, _, body = request.partition(b"\r\n\r\n")

        client.send(head + b"\r\nexpect: 100-continue\r\n\r\n" + (b"" if without_body else body))
        answer = client.read()

    assert (answer.status, b"Aloe" in answer.body) == (200, True)


def test_a_long_drip_is_read_to_its_end(observer: Observer) -> None:
    nonce = observer.nonce()
    base = observer.base("chat", nonce)

    client = observer.start(nonce, fault=["drip"], write="segments")

    assert client.read().raw == same(base)
    assert max(map(len, client.answer.reads)) < len(base.head) or not reads_are_apart(client)


def test_a_long_text_drips_and_is_listed_byte_by_byte(observer: Observer) -> None:
    nonce = observer.nonce()

    client = observer.start(nonce, fault=[{"pad": 2000}, "drip"])
    body = client.read().body
    entry = observer.mock.entry(nonce)

    assert body.count(b"x") >= 1500
    assert [length for _, _, length, _ in entry["writes"]] == [1] * len(body)
    assert (entry["sent"]["bytes"], entry["end"]["kind"]) == (len(body), "complete")
