"""Bytes of a body as one line of text, with the place in question between « and »."""

from conformance.findings import Span

BEFORE, INSIDE, AFTER = 60, 120, 20  # bytes shown of each part, 200 in all
STRAY = range(0xDC80, 0xDD00)
FIRST_WIDE = 0x80
NAMES = {"\n": r"\n", "\r": r"\r", "\t": r"\t", "\\": r"\\"}


def excerpt(body: bytes, span: Span) -> str:
    start, end = min(span.start, len(body)), min(span.end, len(body))
    before = body[max(0, start - BEFORE) : start]
    after = body[end : end + AFTER]
    return "".join((
        "…" if start > BEFORE else "",
        visible(before),
        "«", _inside(body[start:end]), "»",
        visible(after),
        "…" if end + AFTER < len(body) else "",
    ))  # fmt: skip


def opening(body: bytes, limit: int = 80) -> str:
    """Return how a body begins."""
    return visible(body[:limit]) + ("…" if len(body) > limit else "")


def visible(data: bytes) -> str:
    """Return bytes as text in which nothing is invisible and nothing moves the cursor."""
    return "".join(map(_visible, data.decode("utf-8", "surrogateescape")))


def _visible(char: str) -> str:
    if char in NAMES:
        return NAMES[char]
    if char.isprintable():
        return char
    code = ord(char)
    # What was not UTF-8 was decoded to U+DC80 .. U+DCFF.
    return f"\\x{code & 0xFF:02x}" if code in STRAY or code < FIRST_WIDE else f"\\u{code:04x}"


def _inside(data: bytes) -> str:
    if len(data) <= INSIDE:
        return visible(data)
    left = len(data) - INSIDE
    half = INSIDE // 2
    return f"{visible(data[:half])} …{left} bytes… {visible(data[-half:])}"
