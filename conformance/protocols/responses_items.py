"""The items of a streamed response: what each event says of which item, and what they add up to.

A client that streams shows the deltas; where none came it takes what the item held when it was
done. The terminal event's own list counts only where no item was streamed at all.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from conformance.exchange import Json
from conformance.findings import Span
from conformance.protocols.outcome import Gathering


class Text(NamedTuple):
    """A kind of text that is streamed: where it is told whole, and what its place is counted by."""

    member: str
    counter: str = ""
    bracketed: bool = False  # a part has to be announced for it


class Said(NamedTuple):
    """What one event says of an item."""

    kind: str  # added or done of an item; open, delta, mark, told or close of a text; inner
    at: int  # the item's output_index
    place: tuple[str, int] | None  # of the text in its item
    value: dict[str, Json]  # the event
    span: Span


# What the events are called between `response.` and `.delta` or `.done`.
TEXTS = {
    "output_text": Text("text", "content_index", bracketed=True),
    "refusal": Text("refusal", "content_index", bracketed=True),
    "reasoning_text": Text("text", "content_index"),
    "reasoning_summary_text": Text("text", "summary_index", bracketed=True),
    "function_call_arguments": Text("arguments"),
    "custom_tool_call_input": Text("input"),
    "mcp_call_arguments": Text("arguments"),
    "code_interpreter_call_code": Text("code"),
}
# The events around a text; the last is what vLLM and Bedrock call it for reasoning.
BRACKETS = {
    "content_part": "content_index",
    "reasoning_summary_part": "summary_index",
    "reasoning_part": "content_index",
}
NOWHERE = ("", -1)
ITEM = "output_item"
ANNOTATION = "response.output_text.annotation.added"
AROUND = {"added": "open", "done": "close"}
PIECE = {"delta": "delta", "done": "told"}


def said(value: dict[str, Json], span: Span) -> Said | None:
    """Return what an event says of an item, or None if it speaks of none."""
    at = value.get("output_index")
    kind = value.get("type")
    if not isinstance(at, int) or isinstance(at, bool) or not isinstance(kind, str):
        return None
    stem, _, verb = kind.removeprefix("response.").rpartition(".")
    if stem == ITEM and verb in AROUND:
        return Said(verb, at, None, value, span)
    if kind == ANNOTATION:
        return Said("mark", at, _place("content_index", value), value, span)
    if stem in BRACKETS and verb in AROUND:
        return Said(AROUND[verb], at, _place(BRACKETS[stem], value), value, span)
    if stem in TEXTS and verb in PIECE:
        return Said(PIECE[verb], at, _place(TEXTS[stem].counter, value), value, span)
    return Said("inner", at, None, value, span)


def text_kind(value: dict[str, Json]) -> str:
    """Return the key in TEXTS of an event that bears a piece of text."""
    return str(value.get("type")).removeprefix("response.").rpartition(".")[0]


def _place(counter: str, value: dict[str, Json]) -> tuple[str, int]:
    number = value.get(counter) if counter else 0
    return counter, number if isinstance(number, int) else 0


@dataclass(slots=True)
class Streamed:
    """A text as it was streamed: its pieces, and what it was told to be in the end."""

    kind: str
    pieces: list[str] = field(default_factory=list)
    told: str | None = None
    part: str | None = None  # as its part told it

    @property
    def text(self) -> str:
        return "".join(self.pieces) if self.pieces else self.told or ""


@dataclass(slots=True)
class Item:
    """What is known of an item once the stream is over."""

    added: dict[str, Json] | None = None
    done: dict[str, Json] | None = None
    texts: dict[tuple[str, int], Streamed] = field(default_factory=dict)

    @property
    def value(self) -> dict[str, Json]:
        return self.done or self.added or {}

    @property
    def streamed(self) -> dict[str, str]:
        """The texts as they were streamed, those of a kind joined."""
        found: dict[str, str] = defaultdict(str)
        for _, text in sorted(self.texts.items()):
            found[text.kind] += text.text
        return dict(found)

    def read(self, event: Said) -> None:
        match event.kind:
            case "added":
                self.added = self.added or item_of(event.value)
            case "done":
                self.done = item_of(event.value)
            case "delta" | "told" if event.place is not None:
                kind = text_kind(event.value)
                text = self.texts.setdefault(event.place, Streamed(kind))
                if event.kind == "delta":
                    text.pieces.append(plain_text(event.value.get("delta")))
                else:
                    text.told = plain_text(event.value.get(TEXTS[kind].member))
            case "close" if (last := self.texts.get(event.place or NOWHERE)) is not None:
                part = event.value.get("part")
                part = part if isinstance(part, dict) else {}
                last.part = plain_text(part.get(TEXTS[last.kind].member))


def item_of(value: dict[str, Json]) -> dict[str, Json]:
    item = value.get("item")
    return item if isinstance(item, dict) else {}


def plain_text(value: Json) -> str:
    return value if isinstance(value, str) else ""


# The items that call a tool of the client's; those of hosted tools are the provider's affair.
CALLS = {"function_call": "function_call_arguments", "custom_tool_call": "custom_tool_call_input"}
PARTS = {
    "output_text": "output_text",
    "refusal": "refusal",
    "reasoning_text": "reasoning_text",
    "summary_text": "reasoning_summary_text",
}
REASONING = ("reasoning_text", "reasoning_summary_text")
ANSWER = "output_text"
WHOLE = {*CALLS.values(), *PARTS.values()}  # what an item says once more when it is done


def gather(into: Gathering, at: int, item: dict[str, Json], said: Mapping[str, str]) -> None:
    """Add what an item says; of reasoning the text itself, or else its summary."""
    into.text.append(said.get(ANSWER, ""))
    into.refusal.append(said.get("refusal", ""))
    into.reasoning.append(next(filter(None, map(said.get, REASONING)), ""))
    if kind := CALLS.get(str(item.get("type"))):
        named = plain_text(item.get("call_id")), plain_text(item.get("name"))
        into.call(at, *named, said.get(kind, ""))


def whole_texts(item: dict[str, Json]) -> dict[str, str]:
    """Return the texts of an item as it is told whole, those of a kind joined.

    Clients look for text in messages alone: what reasoning has of it they do not show.
    """
    found: dict[str, str] = defaultdict(str)
    unshown = ANSWER if item.get("type") == "reasoning" else ""
    for part in parts(item):
        kind = PARTS.get(str(part.get("type")))
        if kind and kind != unshown:
            found[kind] += plain_text(part.get(TEXTS[kind].member))
    if kind := CALLS.get(str(item.get("type"))):
        found[kind] = plain_text(item.get(TEXTS[kind].member))
    return dict(found)


def texts(item: Item) -> dict[str, str]:
    """Return what an item says: what was streamed of it, and else what it held when it was done."""
    return whole_texts(item.value) | item.streamed


def parts(item: dict[str, Json]) -> Iterator[dict[str, Json]]:
    for name in ("content", "summary"):
        listed = item.get(name)
        for part in listed if isinstance(listed, list) else []:
            if isinstance(part, dict):
                yield part
