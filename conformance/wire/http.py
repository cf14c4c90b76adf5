"""HTTP header values to what they mean, and a coded body to the one that was coded."""

import zlib
from collections.abc import Callable
from typing import NamedTuple

#: The codings we can undo, so the only ones a probe may ask for.
READABLE = frozenset({"gzip", "x-gzip", "deflate"})
IDENTITY = "identity"
HEADER = 2  # bytes by which gzip and zlib are known


class MediaType(NamedTuple):
    essence: str
    charset: str | None = None


def media_type(value: str | None) -> MediaType:
    essence, *parameters = (value or "").lower().split(";")
    told = dict(parameter.strip().partition("=")[::2] for parameter in parameters)
    charset = told.get("charset")
    return MediaType(essence.strip(), charset.strip('"') if charset is not None else None)


def words(value: str | None) -> list[str]:
    """Return the members of a comma-separated list, in lower case and without parameters."""
    members = (value or "").lower().split(",")
    return [word for member in members if (word := member.partition(";")[0].strip())]


def accepts(accept_encoding: str | None, coding: str) -> bool:
    """Say whether a client that sent this asked for a coding (RFC 9110, 12.5.3)."""
    for member in (accept_encoding or "").lower().split(","):
        word, _, weight = member.replace(" ", "").partition(";q=")
        if word in (coding, "*"):
            return weight.strip("0.") != "" if weight else True
    return False


class Undone(NamedTuple):
    data: bytes
    trouble: str = ""  # why the bytes are not what the header says


def undo(codings: list[str], raw: bytes) -> Undone:
    """Return the body that was coded, or what is wrong with it."""
    if any(coding not in READABLE for coding in codings):
        return Undone(raw)
    for coding in reversed(codings):
        engine = _engine(raw)
        try:
            raw = engine.decompress(raw)
        except zlib.error:
            return Undone(raw, f"the bytes are not {coding}")
        if not engine.eof:
            return Undone(raw, f"the {coding} data ends before its end")
    return Undone(raw)


def undoing(codings: list[str]) -> Callable[[bytes], bytes]:
    """Return what undoes a body piece by piece; bytes that are not coded pass as they are."""
    if len(codings) != 1 or codings[0] not in READABLE:
        return bytes
    return Undoing()


class Undoing:
    def __init__(self) -> None:
        self._engine: zlib._Decompress | None = None
        self._held = b""  # what has come to nothing yet
        self._coded = True

    def __call__(self, piece: bytes) -> bytes:
        if not self._coded:
            return piece
        self._held += piece
        if self._engine is None:
            if len(self._held) < HEADER:
                return b""
            self._engine, piece = _engine(self._held), self._held
        try:
            data = self._engine.decompress(piece)
        except zlib.error:
            self._coded = False
            return self._held
        if data:
            self._held = b""
        return data


def _engine(raw: bytes) -> "zlib._Decompress":
    """Deflate comes with the zlib header that the standard wants, and without it."""
    headed = raw[:2] == b"\x1f\x8b" or (
        len(raw) >= HEADER and int.from_bytes(raw[:HEADER]) % 31 == 0
    )
    return zlib.decompressobj(zlib.MAX_WBITS | 32 if headed else -zlib.MAX_WBITS)
