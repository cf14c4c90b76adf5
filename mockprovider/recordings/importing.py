"""Files of other recorders in, named recordings out: the format of each is seen from its bytes."""

from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path

from mockprovider.recordings import cassettes, har, saved
from mockprovider.recordings.content import BOM
from mockprovider.recordings.making import Exchange, Wishes, recording, surface_of
from mockprovider.recordings.recording import BadRecording, Recording
from mockprovider.recordings.store import as_name
from mockprovider.shapes import Json

LARGEST = 256 << 20
Named = tuple[str, Recording]


def imported(paths: Sequence[Path], wishes: Wishes) -> list[Named]:
    """Return the recordings in some files, each named after its file."""
    made = list[Named]()
    for path in paths:
        try:
            found = [recording(each, wishes) for each in exchanges(_bytes(path), wishes)]
        except BadRecording as error:
            raise BadRecording(f"{path}: {error}") from None
        made += _named(as_name(path.name.partition(".")[0]), found, {name for name, _ in made})
    return made


def exchanges(data: bytes, wishes: Wishes) -> list[Exchange]:
    """Return the exchanges in a file that are of a known surface, of which there must be one."""
    if not data.strip():
        raise BadRecording("is empty")
    found = [each for each in _exchanges(data) if wishes.surface or surface_of(each)]
    if not found:
        raise BadRecording("holds no answer of a known surface; name its surface with --surface")
    return found


def _exchanges(data: bytes) -> Iterator[Exchange]:
    text = data.removeprefix(BOM)
    if text.startswith(b"HTTP/"):
        yield saved.curl(text)
    elif cassettes.IS_ONE.search(text[:4096]):
        yield from _cassette(cassettes.parsed(text))
    elif text.lstrip().startswith(b"{"):
        yield from _document(text)
    else:
        yield saved.bare(data)


def _document(data: bytes) -> Iterator[Exchange]:
    """Tell a HAR file and a cassette from an answer: all three are one JSON object."""
    document = har.parsed(data)
    if "log" in document:
        yield from har.exchanges(document)
    elif cassettes.is_one(document):
        yield from cassettes.exchanges(document)
    else:
        yield saved.bare(data)


def _cassette(document: Json) -> Iterator[Exchange]:
    if not cassettes.is_one(document):
        raise BadRecording("is no cassette: it has no list of interactions")
    yield from cassettes.exchanges(document)


def _named(name: str, found: list[Recording], taken: set[str]) -> Iterator[Named]:
    """Name the recordings of a file; several are numbered."""
    names = (f"{name}-{number}" for number in count(1))
    for each in found:
        own = name if len(found) == 1 and name not in taken else next(names)
        while own in taken:
            own = next(names)
        yield own, each


def _bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > LARGEST:
            raise BadRecording(f"is longer than {LARGEST >> 20} MiB")
        return path.read_bytes()
    except OSError as error:
        raise BadRecording(f"cannot be read: {error.strerror}") from None
