"""Bytes of one JSON array in, its elements out as they end, each with the bytes it came from.

What stands between the elements is RFC 8259's section 5; what an incremental reader would pass over
is reported beside the elements as an `Oddity`. Whether an element is JSON itself is not read here.
"""

import re
from typing import NamedTuple

from conformance.findings import Span
from conformance.wire.sse import Oddity

SPACE = b" \t\r\n"

# Where an object or an array may end or go on, outside of a string and inside of one.
BRACKET = re.compile(rb'["\[\]{}]')
QUOTE = re.compile(rb'["\\]')
# What ends an element that is neither.
SCALAR_END = re.compile(rb"[,\]]")


class Element(NamedTuple):
    data: str
    span: Span


Item = Element | Oddity


class Decoder:
    """Feed it bytes in any pieces; the items do not depend on how they were cut.

    Oddities: `not-array` (the body opens with something else: nothing of it is read), `bom`,
    `no-element` (a comma with nothing before it), `no-comma`, `not-utf8`, `unterminated` (the body
    ends inside an element), `unclosed` (between them), `after-end`.
    """

    def __init__(self) -> None:
        self._pending = b""
        self._offset = 0  # of the first pending byte in the whole body
        self._at = 0  # pending bytes that have been read
        self._state = "start"
        self._elements = 0
        self._separated = True  # the bracket or a comma came since the last element
        self._depth = 0
        self._quoted = False

    def feed(self, chunk: bytes) -> list[Item]:
        self._pending += chunk
        items: list[Item] = []
        while self._step(items):
            pass
        if self._state in ("start", "between"):
            self._cut(self._at)
        return items

    def close(self) -> list[Item]:
        """End of the body: an array that is still open says so."""
        items: list[Item] = []
        left = Span(self._offset, self._offset + len(self._pending))
        text = self._pending.decode(errors="replace")
        match self._state:
            case "value" | "scalar":
                items.append(Oddity("unterminated", text, left))
            case "between":
                items.append(Oddity("unclosed", "", left))
            case "start" | "other" if self._pending:
                items.append(Oddity("not-array", text, left))
            case "closed" if self._pending.strip(SPACE):
                items.append(Oddity("after-end", text, left))
        return items

    def _step(self, items: list[Item]) -> bool:
        """Read on by one thing; False if more bytes are needed for it."""
        match self._state:
            case "start":
                return self._start(items)
            case "between":
                return self._between(items)
            case "value":
                return self._value(items)
            case "scalar":
                return self._scalar(items)
        return False

    def _start(self, items: list[Item]) -> bool:
        bom = b"\xef\xbb\xbf"
        if self._offset == self._at == 0 and bom.startswith(self._pending[:3]):
            if len(self._pending) < len(bom):
                return False
            items.append(Oddity("bom", "", Span(0, len(bom))))
            self._at = len(bom)
        byte = self._next()
        if not byte:
            return False
        self._state = "between" if byte == b"[" else "other"
        self._cut(self._at + (byte == b"["))
        return True

    def _between(self, items: list[Item]) -> bool:
        byte = self._next()
        if not byte:
            return False
        place = Span(self._offset + self._at, self._offset + self._at + 1)
        if byte == b"]":
            if self._separated and self._elements:
                items.append(Oddity("no-element", "", place))
            self._state = "closed"
            self._cut(self._at + 1)
        elif byte == b",":
            if self._separated:
                items.append(Oddity("no-element", "", place))
            self._separated = True
            self._at += 1
        else:
            if not self._separated:
                items.append(Oddity("no-comma", "", place))
            self._cut(self._at)
            self._state = "value" if byte in b"{[" else "scalar"
        return True

    def _value(self, items: list[Item]) -> bool:
        pattern = QUOTE if self._quoted else BRACKET
        found = pattern.search(self._pending, self._at)
        if found is None:
            self._at = len(self._pending)
            return False
        self._at = found.end()
        match found[0]:
            case b"\\":
                # What is escaped ends nothing, wherever the bytes are cut.
                if self._at == len(self._pending):
                    self._at -= 1
                    return False
                self._at += 1
            case b'"':
                self._quoted = not self._quoted
            case b"{" | b"[":
                self._depth += 1
            case _:
                self._depth -= 1
                if not self._depth:
                    self._element(self._at, items)
        return True

    def _scalar(self, items: list[Item]) -> bool:
        found = SCALAR_END.search(self._pending, self._at)
        if found:
            self._element(len(self._pending[: found.start()].rstrip(SPACE)), items)
        return found is not None

    def _element(self, size: int, items: list[Item]) -> None:
        data = self._pending[:size]
        span = Span(self._offset, self._offset + size)
        try:
            text = data.decode()
        except UnicodeDecodeError as error:
            at = span.start + error.start
            items.append(Oddity("not-utf8", error.reason, Span(at, at + 1)))
            text = data.decode(errors="replace")
        items.append(Element(text, span))
        self._state, self._separated = "between", False
        self._elements += 1
        self._cut(size)

    def _next(self) -> bytes:
        """Pass over white space and return the byte after it, if it has come."""
        while self._at < len(self._pending) and self._pending[self._at] in SPACE:
            self._at += 1
        return self._pending[self._at : self._at + 1]

    def _cut(self, size: int) -> None:
        """Forget the pending bytes that are done with."""
        self._pending = self._pending[size:]
        self._offset += size
        self._at = 0


def decode(body: bytes) -> list[Item]:
    decoder = Decoder()
    return decoder.feed(body) + decoder.close()
