"""Bytes of an event stream in, events out, each with the bytes it came from.

The algorithm is the WHATWG HTML standard's, section 9.2.6 "Interpreting an event stream".
What a lenient reader would hide is reported beside the events as an `Oddity`.
"""

import re
from typing import NamedTuple

from conformance.findings import Span

BOM = b"\xef\xbb\xbf"

# Only CR LF, LF and CR end a line: U+2028, U+0085, VT and FF do not. A CR at the very end of
# what has arrived may be the first half of a CR LF, so it counts once something follows it.
LINE = re.compile(rb"(?P<text>[^\r\n]*)(?P<ending>\r\n|\r(?=[^\n])|\n)")
LAST_LINE = re.compile(rb"(?P<text>[^\r\n]*)(?P<ending>\r\n|\r|\n)")

# What nearly every event is: one data line and a blank one. It is read at a stroke; whatever is
# not just so is read line by line, and comes to the same. A dot goes through a line fifty times as
# fast as a class that leaves out CR too, which is looked for afterwards.
WHOLE = re.compile(rb"(?:event: ?(.*)\n)?data: ?(.*)\n\r?\n")


class Event(NamedTuple):
    type: str
    data: str
    span: Span  # from the first byte of its first line to the end of the blank line
    named: bool = False  # an `event` field was there


class Comment(NamedTuple):
    text: str
    span: Span


class Oddity(NamedTuple):
    """Something the standard lets pass that a strict reader wants to know of.

    Kinds: `bom`, `no-data` (a block that dispatches nothing), `unknown-field`, `id`, `retry`,
    `not-utf8`, `unterminated` (bytes at the end that never became an event).
    """

    kind: str
    text: str
    span: Span


Item = Event | Comment | Oddity


class Decoder:
    """Feed it bytes in any pieces; the items do not depend on how they were cut."""

    def __init__(self) -> None:
        self._pending = b""
        self._offset = 0  # of the first pending byte in the whole body
        self._data: list[bytes] = []
        self._type = b""
        self._named = False
        self._block: int | None = None  # where the block being read began
        self._began = False

    def feed(self, chunk: bytes) -> list[Item]:
        self._pending += chunk
        return self._lines(LINE)

    def close(self) -> list[Item]:
        """End of the body: an event without its blank line is discarded, and we say so."""
        items = self._lines(LAST_LINE, last=True)
        begin = self._offset if self._block is None else self._block
        end = self._offset + len(self._pending)
        if begin < end:
            text = b"\n".join([*self._data, self._pending]).decode(errors="replace")
            items.append(Oddity("unterminated", text, Span(begin, end)))
        return items

    def _lines(self, pattern: re.Pattern[bytes], *, last: bool = False) -> list[Item]:
        items: list[Item] = []
        at = 0
        if not self._began:
            if len(self._pending) < len(BOM) and BOM.startswith(self._pending) and not last:
                return items
            self._began = True
            if self._pending.startswith(BOM):
                at = len(BOM)
                items.append(Oddity("bom", "", Span(0, at)))
        while True:
            if self._block is None:
                at = self._whole(at, items)
            match = pattern.match(self._pending, at)
            if match is None:
                break
            span = Span(self._offset + at, self._offset + match.end())
            self._line(match["text"], span, items)
            at = match.end()
        self._pending = self._pending[at:]
        self._offset += at
        return items

    def _whole(self, at: int, items: list[Item]) -> int:
        """Read the whole events that begin here, and return where the first other line does."""
        pending, offset = self._pending, self._offset
        while match := WHOLE.match(pending, at):
            name, data = match.groups()
            end = match.end()
            if pending.find(b"\r", at, end) >= 0:
                name, data = name and name.removesuffix(b"\r"), data.removesuffix(b"\r")
                if b"\r" in data or (name and b"\r" in name):
                    return at
            try:
                kind, said = name.decode() if name else "", data.decode()
            except UnicodeDecodeError:
                return at
            span = Span(offset + at, offset + end)
            items.append(Event(kind or "message", said, span, name is not None))
            at = end
        return at

    def _line(self, text: bytes, span: Span, items: list[Item]) -> None:
        if not text:
            self._dispatch(span, items)
            return
        name, _, value = text.partition(b":")
        value = value.removeprefix(b" ")
        try:
            text.decode()
        except UnicodeDecodeError as error:
            at = span.start + error.start
            items.append(Oddity("not-utf8", error.reason, Span(at, at + 1)))
        if not name:
            items.append(Comment(value.decode(errors="replace"), span))
            return
        if self._block is None:
            self._block = span.start
        self._field(name, value, span, items)

    def _field(self, name: bytes, value: bytes, span: Span, items: list[Item]) -> None:
        match name:
            case b"data":
                self._data.append(value)
            case b"event":
                self._type, self._named = value, True
            case b"id" | b"retry":
                items.append(Oddity(name.decode(), value.decode(errors="replace"), span))
            case _:
                field = name.decode(errors="replace")
                items.append(Oddity("unknown-field", field, span))

    def _dispatch(self, blank: Span, items: list[Item]) -> None:
        if self._block is None:
            return
        span = Span(self._block, blank.end)
        if self._data:
            data = b"\n".join(self._data).decode(errors="replace")
            kind = self._type.decode(errors="replace") or "message"
            items.append(Event(kind, data, span, self._named))
        else:
            items.append(Oddity("no-data", self._type.decode(errors="replace"), span))
        self._data, self._type, self._named, self._block = [], b"", False, None


def decode(body: bytes) -> list[Item]:
    decoder = Decoder()
    return decoder.feed(body) + decoder.close()
