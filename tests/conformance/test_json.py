"""JSON, read strictly."""

import pytest

from conformance.wire.json import BadJson, parse, with_texts


def test_text_and_bytes_are_read_alike() -> None:
    assert parse('{"é": [1, null]}') == parse('{"é": [1, null]}'.encode()) == {"é": [1, None]}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "Expecting value at character 0"),
        ("{} {}", "Extra data at character 3"),
        ("[NaN]", "NaN is not JSON"),
        ("-Infinity", "-Infinity is not JSON"),
        (b'"\xff"', "not UTF-8 at byte 1"),
        ("{}".encode("utf-16"), "not UTF-8 at byte 0"),
        ("[" * 100_000, "nested too deeply to read"),
        ("\ufeff{}", "Expecting value at character 0"),
        ("1" * 5000, "Exceeds the limit (4300 digits) for integer string conversion"),
    ],
)
def test_what_is_not_json_is_refused(text: str | bytes, complaint: str) -> None:
    with pytest.raises(BadJson) as error:
        parse(text)

    assert str(error.value).startswith(complaint)


def test_texts_are_changed_wherever_they_are() -> None:
    told = {"a": "x", "b": [{"a": "y"}, 1, None], "c": ("z",)}

    assert with_texts(told, str.upper) == {"a": "X", "b": [{"a": "Y"}, 1, None], "c": ["Z"]}
