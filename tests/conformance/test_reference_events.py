"""The reference router's own reader and writer of event streams."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.selfcheck.router.events import Comment, Event, Item, Reader, TooLong, write

READINGS: dict[bytes, list[Item]] = {
    b"data: a\n\ndata: b\n\n": [Event("a"), Event("b")],
    b"data: a\r\n\r\ndata: b\r\n\r\n": [Event("a"), Event("b")],
    b"data: a\r\rdata: b\r\r": [Event("a"), Event("b")],
    b"data: a\r\n\ndata: b\n\r\n": [Event("a"), Event("b")],
    b"\xef\xbb\xbfdata: a\n\n": [Event("a")],
    b"data:a\n\n": [Event("a")],
    b"data:  a\n\n": [Event(" a")],
    b"data: {\ndata: }\n\n": [Event("{\n}")],
    b"data\n\n": [Event("")],
    b"event: error\ndata: a\n\ndata: b\n\n": [Event("a", "error"), Event("b")],
    b"event: ping\n\ndata: a\n\n": [Event("a")],
    b": one\n\n:two\ndata: a\n\n": [Comment("one"), Comment("two"), Event("a")],
    b"id: 1\nretry: 5\nx: y\ndata: a\n\n": [Event("a")],
    "data: a\u2028b\u0085c\x0bd\x0ce\n\n".encode(): [Event("a\u2028b\u0085c\x0bd\x0ce")],
    b"data: \xff\n\n": [Event("\ufffd")],
    b"data: a\n\ndata: b\n": [Event("a"), Event("b")],
    b"data: a\n\ndata: b": [Event("a"), Event("b")],
}


def read(*pieces: bytes) -> list[Item]:
    reader = Reader(1000)
    return [item for piece in pieces for item in reader.feed(piece)] + reader.close()


@pytest.mark.parametrize("body", READINGS)
def test_events_are_read_as_the_standard_says_and_the_last_is_not_lost(body: bytes) -> None:
    assert read(body) == READINGS[body]


@given(st.sampled_from(sorted(READINGS)), st.data())
def test_events_do_not_depend_on_how_the_bytes_were_cut(body: bytes, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(0, len(body)), max_size=6)))

    assert read(*(body[a:b] for a, b in pairwise([0, *cuts, len(body)]))) == READINGS[body]


def test_an_event_is_there_with_its_last_byte_whatever_ends_its_lines() -> None:
    assert [Reader(99).feed(b"data: a" + 2 * end) for end in (b"\n", b"\r\n", b"\r")] == [
        [Event("a")]
    ] * 3


def test_an_event_beyond_the_limit_is_refused_long_before_it_ends() -> None:
    reader = Reader(10)
    reader.feed(b"data: 12\n\n" * 3)

    with pytest.raises(TooLong, match="an event of more than 10 bytes"):
        reader.feed(b"data: 12345")


@pytest.mark.parametrize(
    ("item", "wire"),
    [
        (Event("a"), b"data: a\n\n"),
        (Event("a\nb", "error"), b"event: error\ndata: a\ndata: b\n\n"),
        (Comment("keepalive"), b": keepalive\n\n"),
    ],
)
def test_what_is_written_is_what_would_be_read(item: Item, wire: bytes) -> None:
    assert write(item) == wire
    assert read(wire) == [item]
