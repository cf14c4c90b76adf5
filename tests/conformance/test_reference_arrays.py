"""The reference router's reader of streams that are one JSON array."""

import pytest

from conformance.selfcheck.router.arrays import ArrayReader
from conformance.selfcheck.router.events import Event, TooLong

ELEMENTS = ['{"a": [1, {"b": "}]"}]}', r'{"c": "\\\"é]"}', "{}"]
BODY = f"[{ELEMENTS[0]}\n,\r\n{ELEMENTS[1]} ,{ELEMENTS[2]}\n]".encode()
LIMIT = 1 << 10


def test_elements_come_out_as_they_came_however_the_bytes_are_cut() -> None:
    seen = []
    for cut in range(len(BODY) + 1):
        reader = ArrayReader(LIMIT)
        seen.append([*reader.feed(BODY[:cut]), *reader.feed(BODY[cut:]), *reader.close()])
    reader = ArrayReader(LIMIT)
    seen.append([item for byte in BODY for item in reader.feed(bytes([byte]))])

    assert seen == [[Event(element) for element in ELEMENTS]] * len(seen)


def test_an_element_comes_out_with_its_last_byte() -> None:
    reader = ArrayReader(LIMIT)
    steps = [(reader.feed(piece), reader.amid) for piece in (b"[", b'{"a"', b": 1}", b",")]

    assert steps == [([], False), ([], True), ([Event('{"a": 1}')], False), ([], False)]


def test_half_an_element_is_told_at_the_end() -> None:
    reader = ArrayReader(LIMIT)
    reader.feed(b'[{"a": 1},{"b"')

    assert reader.close() == [Event(',{"b"')]


def test_an_element_that_is_too_long_is_not_waited_for() -> None:
    with pytest.raises(TooLong, match="an element of more than 1024 bytes"):
        ArrayReader(LIMIT).feed(b'[{"a": "' + b"x" * LIMIT)
