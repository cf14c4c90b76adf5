"""The items of a response while they grow: messages, reasoning and function calls."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from mockprovider.shapes import Json
from mockprovider.steps import Call
from mockprovider.surfaces.writing import ABSENT, present

PREFIXES = {"message": "msg", "reasoning": "rs", "function_call": "fc"}


@dataclass(frozen=True, slots=True)
class Form:
    """A kind of part: its type, what its events are called, and the members around its text."""

    type: str
    stem: str
    bracket: str = "content_part"
    index: str = "content_index"
    text: str = "text"
    silent: bool = False


TEXT = Form("output_text", "output_text")
REFUSAL = Form("refusal", "refusal", text="refusal")
SUMMARY = Form("summary_text", "reasoning_summary_text", "reasoning_summary_part", "summary_index")
# How a vendor streams its reasoning.
REASONING = {
    "summary": SUMMARY,
    "text": Form("reasoning_text", "reasoning_text"),
    "part": Form("reasoning_text", "reasoning_text", "reasoning_part"),
    "item": replace(SUMMARY, silent=True),
}


class Delta(NamedTuple):
    """A piece of text, its tokens and their log probabilities, and what a vendor adds to it."""

    text: str
    tokens: int
    logprobs: Sequence[Json] = ()
    extra: Mapping[str, Json] = {}


@dataclass(slots=True)
class Part:
    """A piece of content; the pieces of its text are joined when it is told whole."""

    form: Form
    pieces: list[str] = field(default_factory=list)
    annotations: list[Json] = field(default_factory=list)
    logprobs: list[Json] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(self.pieces)

    def content(self, logprobs: Json) -> dict[str, Json]:
        """Return the part as it is so far."""
        told = {"type": self.form.type, self.form.text: self.text}
        if self.form is not TEXT:
            return told
        return present({**told, "annotations": list(self.annotations), "logprobs": logprobs})


@dataclass(slots=True)
class Item:
    """One item of the output; `unsent` tokens are in it and in no event yet."""

    type: str
    index: int
    call: Call | None = None
    status: str = "in_progress"
    parts: list[Part] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)
    encrypted: str | None = None
    unsent: int = 0

    @property
    def prefix(self) -> str:
        return PREFIXES[self.type]

    @property
    def last(self) -> Part:
        """Return the part that grows."""
        return self.parts[-1]

    @property
    def arguments(self) -> str:
        return "".join(self.pieces)

    def content(self, no_logprobs: Json) -> Mapping[str, Json]:
        """Return the members that are the item's own."""
        parts = [part.content(part.logprobs or no_logprobs) for part in self.parts]
        if self.call is not None:
            named = {"call_id": self.call.id, "name": self.call.name}
            return {"type": self.type, "arguments": self.arguments, **named}
        if self.type == "message":
            return {"type": self.type, "role": "assistant", "content": parts}
        texts = [part for part in parts if part["type"] == "reasoning_text"]
        return {
            "type": self.type,
            "summary": [part for part in parts if part["type"] == "summary_text"],
            "content": texts or ABSENT,
            "encrypted_content": ABSENT if self.encrypted is None else self.encrypted,
        }
