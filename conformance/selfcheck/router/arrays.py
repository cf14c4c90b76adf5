"""A stream that is one JSON array, read and written: its elements stand for events."""

import re

from conformance.selfcheck.router.events import Event, Item, TooLong
from conformance.selfcheck.router.relay import Items, Pieces, Relay

# What opens, closes or quotes; an escaped character inside of a text is none of it.
SIGN = re.compile(rb'\\.|["\[\]{}]', re.DOTALL)
INSIDE = 2  # brackets open: that of the array and that of an element


class ArrayReader:
    """Gives out each object of the array as soon as its last byte is there."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._depth = 0
        self._quoted = False
        self._element = b""  # as far as it has come
        self._escape = b""  # a backslash whose character is still to come

    @property
    def amid(self) -> bool:
        return self._depth >= INSIDE

    def feed(self, data: bytes) -> list[Item]:
        data, self._escape = self._escape + data, b""
        items: list[Item] = []
        done = seen = 0
        for sign in SIGN.finditer(data):
            seen = sign.end()
            if self._step(sign[0]):
                element = (self._element + data[done:seen]).lstrip(b"[, \t\r\n")
                items.append(Event(element.decode(errors="replace")))
                self._element, done = b"", seen
        if b"\\" in data[seen:]:
            self._escape = data[-1:]
            data = data[:-1]
        self._element += data[done:]
        if len(self._element) > self._limit:
            raise TooLong(f"an element of more than {self._limit} bytes")
        return items

    def close(self) -> list[Item]:
        """Return half an element as it is; who reads it sees that it is not whole."""
        return [Event(self._element.decode(errors="replace"))] if self.amid else []

    def _step(self, sign: bytes) -> bool:
        """Go on by one sign; tell whether it ends an element."""
        if sign == b'"':
            self._quoted = not self._quoted
        elif self._quoted or len(sign) > 1:
            return False
        elif sign in b"[{":
            self._depth += 1
        else:
            self._depth -= 1
            return self._depth == INSIDE - 1
        return False


async def written(items: Items, relay: Relay) -> Pieces:
    """Yield the array, a piece for each element; it has no place for comments."""
    between = "["
    async for item in items:
        if isinstance(item, Event):
            yield f"{between}{item.data}".encode()
            between = "\n,\r\n"
    yield b"[]" if between == "[" else b"\n]"
