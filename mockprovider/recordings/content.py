"""What a body says: where its events end, the JSON in them, the texts they spell together."""

import json
import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

from mockprovider.shapes import Json

BOM = b"\xef\xbb\xbf"
# CR LF is one line end, so no CR before LF may count by itself.
LINE_END = rb"(?:\r\n|\n|\r(?!\n))"
EVENT_END = re.compile(LINE_END + rb"{2,}")
EVENT_LINE = re.compile(rb"(?:data|event|id|retry|):")
FIELD = re.compile(rb"(?:^|[\r\n])data:[ ]?([^\r\n]*)")
GAP = re.compile(r"[\s,\[\]]*")
Place = tuple[str | int, ...]
DECODER = json.JSONDecoder()


def pieces(body: bytes) -> list[bytes]:
    """Cut a body after each event, or after each element if it is a JSON array."""
    if is_json(body):
        ends = [end for end, _ in _elements(body)] if body.lstrip()[:1] == b"[" else []
    else:
        ends = [found.end() for found in EVENT_END.finditer(body)]
    cut = (body[start:end] for start, end in pairwise([0, *ends, len(body)]))
    return [piece for piece in cut if piece]


def is_events(body: bytes) -> bool:
    """Tell whether a body begins as an event stream does."""
    return EVENT_LINE.match(body.removeprefix(BOM).lstrip(b"\r\n")) is not None


def is_json(body: bytes) -> bool:
    return body.lstrip()[:1] in (b"[", b"{")


def documents(body: bytes) -> Iterator[Json]:
    """Yield the JSON values in a body: the payload of each event, or each element of an array."""
    if is_json(body):
        yield from (value for _, value in _elements(body))
        return
    for event in EVENT_END.split(body.removeprefix(BOM)):
        try:
            yield json.loads(b"\n".join(FIELD.findall(event)))
        except (ValueError, RecursionError):
            continue


def spelt(values: Iterable[Json]) -> Iterator[str]:
    """Yield the texts that values spell together, each from what several have at one place."""
    texts = dict[Place, list[str]]()
    for value in values:
        for place, text in _texts(value, ()):
            texts.setdefault(place, []).append(text)
    return ("".join(parts) for parts in texts.values() if len(parts) > 1)


def _elements(body: bytes) -> Iterator[tuple[int, Json]]:
    """Yield each element that is there whole, with the offset at which it ends."""
    text = body.decode("utf-8", "surrogateescape")
    at = offset = 0
    while gap := GAP.match(text, at):
        try:
            value, end = DECODER.raw_decode(text, gap.end())
        except (ValueError, RecursionError):
            return
        offset += len(text[at:end].encode("utf-8", "surrogateescape"))
        yield offset, value
        at = end


def _texts(value: Json, place: Place) -> Iterator[tuple[Place, str]]:
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _texts(item, (*place, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, (*place, index))
