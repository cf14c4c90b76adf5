"""The content blocks of a message: what each comes to, and what is wrong with their lives.

A block starts, gets deltas of its kind and stops before the next one starts; their indexes count
0, 1, 2. Each flaw is of one kind, so that the rules that report them never report one twice.
"""

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from conformance.exchange import Exchange, Json, once
from conformance.findings import Span
from conformance.protocols import messages
from conformance.protocols.surface import Data, answer

#: What each delta adds to, and the blocks it may be for.
DELTAS = {
    "text_delta": ("text", ("text",)),
    "citations_delta": ("citations", ("text",)),
    "thinking_delta": ("thinking", ("thinking",)),
    "signature_delta": ("signature", ("thinking",)),
    "input_json_delta": ("partial_json", ("tool_use", "server_tool_use", "mcp_tool_use")),
    "compaction_delta": ("content", ("compaction",)),
}
KNOWN = {block for _, blocks in DELTAS.values() for block in blocks} | {"redacted_thinking"}


class Kind(StrEnum):
    LIFECYCLE = "lifecycle"  # it is not open when it should be, or still is when it should not
    INDEX = "index"  # it has none, or that of another block
    DELTA = "delta"  # a delta is for a block of another kind


class Flaw(NamedTuple):
    kind: Kind
    message: str
    span: Span


@dataclass(slots=True)
class Block:
    """One content block, of a stream or of a plain answer."""

    start: dict[str, Json]  # as it was announced; the whole of it in a plain answer
    span: Span
    pieces: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    whole: bool = False  # it has stopped

    @property
    def kind(self) -> str:
        return str(self.start.get("type"))

    def text(self, name: str) -> str:
        """Return a text of the block: what it starts with and what its deltas add."""
        begun = self.start.get(name)
        return (begun if isinstance(begun, str) else "") + "".join(self.pieces.get(name, ()))

    @property
    def arguments(self) -> str:
        """Return the input of a call as text; a call that is complete and gave none has {}."""
        if joined := "".join(self.pieces.get("partial_json", ())):
            return joined
        given = self.start.get("input")
        if not given and not self.whole:
            return ""
        return json.dumps(given or {}, ensure_ascii=False, separators=(",", ":"))


@dataclass(slots=True)
class Reading:
    """The blocks while they are read."""

    blocks: list[Block] = field(default_factory=list)
    flaws: list[Flaw] = field(default_factory=list)
    open: dict[Json, Block] = field(default_factory=dict)
    seen: set[Json] = field(default_factory=set)  # indexes
    due: int = 0  # the index of the next block
    last: str = ""  # message_delta or message_stop, once it has come
    blamed: set[str] = field(default_factory=set)

    def event(self, event: Data) -> None:
        match messages.kind(event):
            case "content_block_start":
                self._start(event)
            case "content_block_delta":
                self._delta(event)
            case "content_block_stop":
                self._stop(event)
            case "message_delta" | "message_stop" as kind:
                self._ends(event, kind)

    def _ends(self, event: Data, kind: str) -> None:
        if self.open and not self.last:
            self._flaw(Kind.LIFECYCLE, f"{kind} while block {self._shown()} is open", event)
        self.last = kind

    def _start(self, event: Data) -> None:
        index = _index(event)
        if self.last or self.open:
            when = f"after {self.last}" if self.last else f"while block {self._shown()} is open"
            self._flaw(Kind.LIFECYCLE, f"a block starts {when}", event)
        if index != self.due:
            self._flaw(Kind.INDEX, f"a block starts with {_told(event)}, {self.due} was due", event)
        self.due = (index if index is not None else self.due) + 1
        block = Block(messages.member(event.value, "content_block"), event.span)
        self.blocks.append(block)
        self.open[index] = block
        self.seen.add(index)

    def _delta(self, event: Data) -> None:
        delta = messages.member(event.value, "delta")
        name, kinds = DELTAS.get(str(delta.get("type")), ("", ()))
        block = self._meant(event, "a delta")
        if block is None:
            # A reader that looks for text and not for its block still finds it.
            block = Block({"type": next(iter(kinds), "")}, event.span)
            self.blocks.append(block)
        if name and block.kind in KNOWN and block.kind not in kinds:
            what = f"a {delta['type']} in a block of type {block.kind!r}"
            self._flaw(Kind.DELTA, what, event)
        if isinstance(piece := delta.get(name), str):
            block.pieces[name].append(piece)

    def _stop(self, event: Data) -> None:
        block = self._meant(event, "a stop")
        if block is not None:
            block.whole = True
            self.open = {at: other for at, other in self.open.items() if other is not block}

    def _meant(self, event: Data, what: str) -> Block | None:
        """Return the block an event is for; one with a wrong index is for the one that is open."""
        index = _index(event)
        if index in self.open:
            return self.open[index]
        if not self.open:
            state = "has stopped" if index in self.seen else "never started"
            self._flaw(Kind.LIFECYCLE, f"{what} with {_told(event)}, a block that {state}", event)
            return self.blocks[-1] if self.blocks else None
        self._flaw(Kind.INDEX, f"{what} with {_told(event)}, {self._shown()} is open", event)
        return self.open[next(reversed(self.open))]

    def _shown(self) -> str:
        return " and ".join(map(str, self.open))

    def _flaw(self, kind: Kind, message: str, event: Data) -> None:
        """A block that goes wrong does so with each of its deltas: once is enough.

        What comes after message_stop is wrong in any case, whatever it does to a block.
        """
        if message not in self.blamed and self.last != "message_stop":
            self.blamed.add(message)
            self.flaws.append(Flaw(kind, message, event.span))


def _index(event: Data) -> int | None:
    value = event.value.get("index")
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _told(event: Data) -> str:
    return f"index {event.value['index']!r}" if "index" in event.value else "no index"


@once
def reading(exchange: Exchange) -> Reading:
    """Read the blocks of a stream."""
    read = Reading()
    for event in messages.data(exchange):
        read.event(event)
    return read


@once
def blocks(exchange: Exchange) -> list[Block]:
    """Return the content blocks of a stream or of a plain answer."""
    return reading(exchange).blocks if exchange.mode == "stream" else list(_plain(exchange))


def _plain(exchange: Exchange) -> Iterator[Block]:
    content = (answer(exchange) or {}).get("content")
    for block in content if isinstance(content, list) else ():
        if isinstance(block, dict):
            yield Block(block, Span(0, len(exchange.body)), whole=True)


def flaws(exchange: Exchange, *kinds: Kind) -> Iterator[Flaw]:
    """Yield what is wrong with the lives of a stream's blocks."""
    yield from (flaw for flaw in reading(exchange).flaws if flaw.kind in kinds)
