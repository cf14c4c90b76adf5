"""One JSON array read as it arrives, fact by fact."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.findings import Span
from conformance.wire.array import Decoder, Element, Item, decode
from conformance.wire.sse import Oddity

# what the fact is, the bytes, the elements, the kinds of the oddities
FACTS = [
    ("an empty array has no elements", b"[]", [], []),
    ("white space may stand anywhere", b" [ \r\n{} ,\t{}\n ] \n", ["{}", "{}"], []),
    ("a bracket in a text ends nothing", b'[{"a":"]}"},{"b":"\\"}]"}]',
     ['{"a":"]}"}', '{"b":"\\"}]"}'], []),
    ("an escaped backslash ends a text", b'[{"a":"\\\\"}]', ['{"a":"\\\\"}'], []),
    ("arrays and objects nest", b'[{"a":[{"b":[]}]},[[]]]', ['{"a":[{"b":[]}]}', "[[]]"], []),
    ("other elements end at a comma or a bracket", b'[1 , "a" ,null]', ["1", '"a"', "null"], []),
    ("an element that is not JSON is an element", b"[{a},{]]", ["{a}", "{]"], []),
    ("a comma may be missing", b"[{}\n{}]", ["{}", "{}"], ["no-comma"]),
    ("a comma may be one too many", b"[,{},,{},]", ["{}", "{}"],
     ["no-element", "no-element", "no-element"]),
    ("the end may be missing", b"[{}\n", ["{}"], ["unclosed"]),
    ("the end may be missing after a comma", b"[{},", ["{}"], ["unclosed"]),
    ("the end may be missing in an element", b'[{},{"a":', ["{}"], ["unterminated"]),
    ("the end may be missing in a number", b"[{},12", ["{}"], ["unterminated"]),
    ("something may follow the end", b"[{}]{}", ["{}"], ["after-end"]),
    ("a byte order mark is no part of it", b"\xef\xbb\xbf[{}]", ["{}"], ["bom"]),
    ("an object is no array", b'{"a":[{}]}', [], ["not-array"]),
    ("an event stream is no array", b"data: [{}]\n\n", [], ["not-array"]),
    ("half a byte order mark is no array", b"\xef\xbb", [], ["not-array"]),
    ("an empty body is nothing at all", b"", [], []),
    ("bytes that are not UTF-8 are replaced", b'[{"a":"\xff"}]', ['{"a":"\ufffd"}'],
     ["not-utf8"]),
]  # fmt: skip


def parted(items: list[Item]) -> tuple[list[str], list[str]]:
    elements = [item.data for item in items if isinstance(item, Element)]
    return elements, [item.kind for item in items if isinstance(item, Oddity)]


@pytest.mark.parametrize(
    ("body", "elements", "oddities"), [fact[1:] for fact in FACTS], ids=[f[0] for f in FACTS]
)
def test_elements_are_those_of_the_array(
    body: bytes, elements: list[str], oddities: list[str]
) -> None:
    assert parted(decode(body)) == (elements, oddities)


@pytest.mark.parametrize("body", [fact[1] for fact in FACTS], ids=[fact[0] for fact in FACTS])
def test_items_do_not_depend_on_the_reads(body: bytes) -> None:
    decoder = Decoder()
    split = [item for at in range(len(body)) for item in decoder.feed(body[at : at + 1])]

    assert split + decoder.close() == decode(body)


def test_an_element_is_given_out_with_its_last_byte() -> None:
    decoder = Decoder()

    assert decoder.feed(b'[{"a": 1') == []
    assert decoder.feed(b"}") == [Element('{"a": 1}', Span(1, 9))]
    assert decoder.feed(b"\n") == []
    assert decoder.feed(b",\r\n{}") == [Element("{}", Span(13, 15))]


def test_every_oddity_has_its_place() -> None:
    body = b'[{} {}, , {"a":"\xff"}] x'

    assert [(item.kind, item.span) for item in decode(body) if isinstance(item, Oddity)] == [
        ("no-comma", Span(4, 5)),
        ("no-element", Span(8, 9)),
        ("not-utf8", Span(16, 17)),
        ("after-end", Span(20, 22)),
    ]


PIECES = st.sampled_from([b"[", b"]", b"{", b"}", b",", b'"', b"\\", b" ", b"\n", b"1", b"\xc3"])


@given(st.lists(PIECES).map(b"".join), st.data())
def test_any_bytes_in_any_pieces_read_the_same(body: bytes, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(0, len(body)), max_size=6)))

    decoder = Decoder()
    split = [item for a, b in pairwise([0, *cuts, len(body)]) for item in decoder.feed(body[a:b])]

    assert split + decoder.close() == decode(body)
