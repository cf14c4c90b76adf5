"""What a rule says when it is broken: a message and the place it speaks of."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Level(StrEnum):
    MUST = "MUST"
    SHOULD = "SHOULD"
    MAY = "MAY"
    INFO = "INFO"


class Basis(StrEnum):
    """What a requirement stands on; reports never mix these into one figure."""

    STANDARD = "standard"
    VENDOR_DOC = "vendor-doc"
    RECORDING = "recording"
    POLICY = "policy"


class Span(NamedTuple):
    """Bytes of a body, end exclusive."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule broken at a place: bytes of the body, or the part that `where` names."""

    message: str
    span: Span | None = None
    where: str = ""
    exchange: str = ""
