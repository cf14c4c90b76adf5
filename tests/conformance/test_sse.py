"""The event-stream format, fact by fact, as WHATWG HTML 9.2.5 and 9.2.6 state it."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.findings import Span
from conformance.wire.sse import Comment, Decoder, Event, Oddity, decode

# what the fact is, the bytes, the (type, data) of every event a reader dispatches
FACTS = [
    (
        "an event ends at a blank line",
        b"data: a\n\ndata: b\n\n",
        [("message", "a"), ("message", "b")],
    ),
    ("CR LF ends a line", b"data: a\r\n\r\n", [("message", "a")]),
    ("CR ends a line", b"data: a\r\rdata: b\r\r", [("message", "a"), ("message", "b")]),
    ("line ends may be mixed", b"data: a\r\n\ndata: b\r\r\n", [("message", "a"), ("message", "b")]),
    ("one BOM is dropped", b"\xef\xbb\xbfdata: a\n\n", [("message", "a")]),
    (
        "a second BOM is part of a field name",
        b"\xef\xbb\xbf\xef\xbb\xbfdata: a\n\ndata: b\n\n",
        [("message", "b")],
    ),
    ("a BOM later on is part of a field name", b"\n\xef\xbb\xbfdata: a\n\n", []),
    ("comments are skipped", b": x\n\n:\n\ndata: a\n: y\n\n", [("message", "a")]),
    ("the space after the colon may be missing", b"data:a\n\n", [("message", "a")]),
    ("only one space is dropped", b"data:  a\n\n", [("message", " a")]),
    ("a tab is not dropped", b"data:\ta\n\n", [("message", "\ta")]),
    ("a field without colon has an empty value", b"data\n\n", [("message", "")]),
    ("an empty value is a value", b"data:\n\n", [("message", "")]),
    ("two empty data lines are one newline", b"data\ndata\n\n", [("message", "\n")]),
    ("data lines are joined with newlines", b"data: a\ndata: b\n\n", [("message", "a\nb")]),
    ("a name with a space is another name", b"data : a\n\n", []),
    ("names are case-sensitive", b"DATA: a\n\n", []),
    ("a leading space is part of the name", b" data: a\n\n", []),
    ("the value begins at the first colon", b"data: a: b\n\n", [("message", "a: b")]),
    ("a type alone dispatches nothing", b"event: x\n\ndata: a\n\n", [("message", "a")]),
    (
        "a type holds for one event",
        b"event: x\ndata: a\n\ndata: b\n\n",
        [("x", "a"), ("message", "b")],
    ),
    ("the last type wins", b"event: x\nevent: y\ndata: a\n\n", [("y", "a")]),
    ("an empty type is message", b"event:\ndata: a\n\n", [("message", "a")]),
    ("an id alone dispatches nothing", b"id: 1\n\ndata: a\n\n", [("message", "a")]),
    (
        "blank lines after an id dispatch nothing",
        b"id: 1\ndata: a\n\n\n\ndata: b\n\n",
        [("message", "a"), ("message", "b")],
    ),
    ("an id with NUL is a field all the same", b"id: a\x00b\ndata: a\n\n", [("message", "a")]),
    ("retry alone dispatches nothing", b"retry: 10\n\ndata: a\n\n", [("message", "a")]),
    ("unknown fields are skipped", b"foo: 1\ndata: a\nbar\n\n", [("message", "a")]),
    ("a last event without blank line is lost", b"data: a\n\ndata: b\n", [("message", "a")]),
    ("a last line without end is lost", b"data: a\n\ndata: b", [("message", "a")]),
    ("CR LF CR at the end is a blank line", b"data: a\r\n\r", [("message", "a")]),
    (
        "no other character ends a line",
        "data: a\u2028b\u2029c\u0085d\x0be\x0cf\n\n".encode(),
        [("message", "a\u2028b\u2029c\u0085d\x0be\x0cf")],
    ),
    ("NUL is data", b"data: a\x00b\n\n", [("message", "a\x00b")]),
    ("bytes that are not UTF-8 are replaced", b"data: a\xffb\n\n", [("message", "a\ufffdb")]),
    ("an empty body has no events", b"", []),
    ("blank lines alone dispatch nothing", b"\n\r\n\r\n", []),
]


@pytest.mark.parametrize(
    ("body", "expected"), [fact[1:] for fact in FACTS], ids=[f[0] for f in FACTS]
)
def test_events_are_those_of_the_standard(body: bytes, expected: list[tuple[str, str]]) -> None:
    assert [(e.type, e.data) for e in decode(body) if isinstance(e, Event)] == expected


@pytest.mark.parametrize("body", [fact[1] for fact in FACTS], ids=[fact[0] for fact in FACTS])
def test_no_split_changes_the_items(body: bytes) -> None:
    whole = decode(body)
    for at in range(len(body) + 1):
        decoder = Decoder()
        assert decoder.feed(body[:at]) + decoder.feed(body[at:]) + decoder.close() == whole, at


lines = st.sampled_from(
    [b"data: a", b"data:b", b"data", b": c", b"event: x", b"id: 1", b"odd", b"", b"\xef\xbb\xbf",
     b"data: \xe2\x82\xac", b"data: \xff", b"\n", b"\r", b"\r\n", b"\n\n"]
)  # fmt: skip


@given(st.lists(lines, max_size=12).map(b"".join), st.data())
def test_items_do_not_depend_on_how_the_bytes_were_split(body: bytes, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(0, len(body)), max_size=6)))
    decoder = Decoder()

    split = [item for a, b in pairwise([0, *cuts, len(body)]) for item in decoder.feed(body[a:b])]

    assert split + decoder.close() == decode(body)


def test_every_item_says_which_bytes_it_came_from() -> None:
    body = b"\xef\xbb\xbf: hi\nevent: x\ndata: a\n\nid: 1\n\ndata: b"

    assert decode(body) == [
        Oddity("bom", "", Span(0, 3)),
        Comment("hi", Span(3, 8)),
        Event("x", "a", Span(8, 26), named=True),
        Oddity("id", "1", Span(26, 32)),
        Oddity("no-data", "", Span(26, 33)),
        Oddity("unterminated", "data: b", Span(33, 40)),
    ]


def test_the_offset_of_a_byte_that_is_no_utf8_is_told() -> None:
    assert Oddity("not-utf8", "invalid start byte", Span(7, 8)) in decode(b"data: a\xff\n\n")
