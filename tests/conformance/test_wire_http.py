"""HTTP header values and codings, fact by fact."""

import gzip
import zlib

import pytest

from conformance.wire.http import MediaType, Undone, accepts, media_type, undo, undoing, words

TEXT = b"data: mint\n\n" * 9


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (None, MediaType("")),
        ("text/event-stream", MediaType("text/event-stream")),
        ("Text/Event-Stream; Charset=UTF-8", MediaType("text/event-stream", "utf-8")),
        ('application/json;charset="utf-8"; v=1', MediaType("application/json", "utf-8")),
    ],
)
def test_a_media_type_has_an_essence_and_perhaps_a_charset(
    value: str | None, read: MediaType
) -> None:
    assert media_type(value) == read


def test_a_list_is_read_without_parameters() -> None:
    assert words("No-Cache, , max-age=1;x, no-transform") == [
        "no-cache",
        "max-age=1",
        "no-transform",
    ]


@pytest.mark.parametrize(
    ("value", "accepted"),
    [
        (None, False),
        ("", False),
        ("identity", False),
        ("gzip", True),
        ("br, GZIP ; q=0.5", True),
        ("gzip;q=0", False),
        ("gzip;q=0.000", False),
        ("*", True),
        ("*;q=0, gzip", False),
    ],
)
def test_a_coding_is_accepted_if_it_is_asked_for(value: str | None, accepted: bool) -> None:
    assert accepts(value, "gzip") is accepted


@pytest.mark.parametrize(
    ("codings", "raw", "undone"),
    [
        ([], TEXT, Undone(TEXT)),
        (["gzip"], gzip.compress(TEXT), Undone(TEXT)),
        (["deflate"], zlib.compress(TEXT), Undone(TEXT)),
        (["deflate"], zlib.compress(TEXT, wbits=-15), Undone(TEXT)),
        (["deflate", "gzip"], gzip.compress(zlib.compress(TEXT)), Undone(TEXT)),
        (["br"], TEXT, Undone(TEXT)),
        (["gzip"], TEXT, Undone(TEXT, "the bytes are not gzip")),
    ],
    ids=["none", "gzip", "deflate", "bare deflate", "two", "one we cannot read", "a wrong one"],
)
def test_a_coding_is_undone(codings: list[str], raw: bytes, undone: Undone) -> None:
    assert undo(codings, raw) == undone


def test_data_without_its_end_is_found_out() -> None:
    assert undo(["gzip"], gzip.compress(TEXT)[:-9]).trouble == "the gzip data ends before its end"


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
@pytest.mark.parametrize(
    ("codings", "raw"),
    [
        (["gzip"], gzip.compress(TEXT)),
        (["deflate"], zlib.compress(TEXT)),
        (["gzip"], TEXT),
        ([], TEXT),
    ],
    ids=["gzip", "deflate", "gzip that is none", "none"],
)
def test_a_body_is_undone_piece_by_piece(codings: list[str], raw: bytes, size: int) -> None:
    piece = undoing(codings)

    assert b"".join(piece(raw[at : at + size]) for at in range(0, len(raw), size)) == TEXT
