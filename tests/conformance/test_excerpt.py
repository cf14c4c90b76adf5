"""Bytes of a body, shown."""

import pytest

from conformance.excerpt import excerpt, opening, visible
from conformance.findings import Span

BODY = b"data: one\n\ndata: two\n\n"


@pytest.mark.parametrize(
    ("span", "shown"),
    [
        (Span(0, 11), r"«data: one\n\n»data: two\n\n"),
        (Span(11, 22), r"data: one\n\n«data: two\n\n»"),
        (Span(22, 22), r"data: one\n\ndata: two\n\n«»"),
        (Span(30, 40), r"data: one\n\ndata: two\n\n«»"),
    ],
)
def test_the_place_stands_between_marks(span: Span, shown: str) -> None:
    assert excerpt(BODY, span) == shown


def test_only_the_surroundings_are_shown() -> None:
    shown = excerpt(b"a" * 100 + b"b" + b"c" * 100, Span(100, 101))

    assert shown == "…" + "a" * 60 + "«b»" + "c" * 20 + "…"


def test_a_long_place_is_shown_by_its_ends() -> None:
    shown = excerpt(b"a" * 500 + b"b" * 500, Span(0, 1000))

    assert shown == "«" + "a" * 60 + " …880 bytes… " + "b" * 60 + "»"


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (b"\r\n\t\\", r"\r\n\t\\"),
        (b"\x00\x1b[31m\x7f", r"\x00\x1b[31m\x7f"),
        ("\u2028\u200b\ufeff\x85".encode(), r"\u2028\u200b\ufeff\u0085"),
        (b"caf\xc3\xa9 caf\xc3", r"café caf\xc3"),
        ("\U0001f600".encode(), "\U0001f600"),
    ],
)
def test_what_is_invisible_is_an_escape(data: bytes, shown: str) -> None:
    assert visible(data) == shown


def test_a_long_body_is_shown_by_its_beginning() -> None:
    assert opening(b"x" * 81) == "x" * 80 + "…"
    assert opening(b"x" * 80) == "x" * 80
