"""An event stream read and written: bytes in any pieces to events, events to bytes."""

from typing import NamedTuple

BOM = b"\xef\xbb\xbf"


class Event(NamedTuple):
    data: str
    type: str = ""


class Comment(NamedTuple):
    text: str


Item = Event | Comment

DONE = Event("[DONE]")


class TooLong(ValueError):
    """An event that goes on beyond the limit."""


class Reader:
    """Gives out each event as soon as its last byte is there, however the bytes are cut."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._size = 0  # of the event being read
        self._pieces: list[bytes] = []  # of the line being read
        self._data: list[bytes] = []
        self._type = b""
        self._after_cr = False
        self._began = False

    @property
    def amid(self) -> bool:
        """Tell whether an event has begun to come that is more than a comment."""
        line = next(filter(None, self._pieces), b":")
        return bool(self._data) or not line.startswith(b":")

    def feed(self, data: bytes) -> list[Item]:
        # A CR ends its line at once: what waits for the LF waits for the next event.
        if self._after_cr and data:
            data = data.removeprefix(b"\n")
            self._after_cr = False
        self._size += len(data)
        self._pieces.append(data)
        items: list[Item] = []
        if b"\n" in data or b"\r" in data:
            self._after_cr = data.endswith(b"\r")
            lines = b"".join(self._pieces).splitlines(keepends=True)
            self._pieces = [] if lines[-1].endswith((b"\r", b"\n")) else [lines.pop()]
            for line in lines:
                self._line(line.rstrip(b"\r\n"), items)
        if self._size > self._limit:
            raise TooLong(f"an event of more than {self._limit} bytes")
        return items

    def close(self) -> list[Item]:
        """Return an event whose blank line never came; who reads it sees if it is whole."""
        items: list[Item] = []
        if line := b"".join(self._pieces):
            self._line(line, items)
        self._dispatch(items)
        return items

    def _line(self, line: bytes, items: list[Item]) -> None:
        if not self._began:
            self._began = True
            line = line.removeprefix(BOM)
        if not line:
            self._dispatch(items)
            return
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._data.append(value)
        elif name == b"event":
            self._type = value
        elif not name:
            items.append(Comment(value.decode(errors="replace")))

    def _dispatch(self, items: list[Item]) -> None:
        if self._data:
            data = b"\n".join(self._data).decode(errors="replace")
            items.append(Event(data, self._type.decode(errors="replace")))
        self._data, self._type, self._size = [], b"", 0


def write(item: Item) -> bytes:
    """Return an event or a comment as it goes out: line feeds, one space after the colon."""
    if isinstance(item, Comment):
        return f": {item.text}\n\n".encode()
    lines = [f"event: {item.type}"] if item.type else []
    lines += [f"data: {line}" for line in item.data.split("\n")]
    return ("\n".join(lines) + "\n\n").encode()
