"""A whole answer as a stream and a stream as a whole answer, for upstreams that mix them up."""

from collections.abc import Iterator

from conformance.selfcheck.router.dialects.chat.chunks import without
from conformance.selfcheck.router.values import Chunk, Json, objects

JOINED = ("content", "refusal", "reasoning_content", "reasoning")


def as_chunks(completion: Chunk) -> Iterator[Chunk]:
    """Yield a completion's choices as deltas, then their finish reasons, then the usage."""
    head = without(completion, "choices", "usage")
    choices = objects(completion.get("choices"))
    for choice in choices:
        yield {**head, "choices": [{**choice, "finish_reason": None}]}
    for choice in choices:
        last = {"index": choice.get("index"), "delta": {}, "finish_reason": choice["finish_reason"]}
        yield {**head, "choices": [last]}
    if completion.get("usage"):
        yield {**head, "choices": [], "usage": completion["usage"]}


class Collected:
    """The chunks of a stream, put together again."""

    def __init__(self) -> None:
        self._first: Chunk = {}
        self._choices: dict[int, Chunk] = {}

    def add(self, chunk: Chunk) -> None:
        self._first = self._first or chunk
        for choice in chunk["choices"]:
            into = self._choices.setdefault(
                choice["index"],
                {"index": choice["index"], "message": {"content": None}, "finish_reason": None},
            )
            into["finish_reason"] = choice["finish_reason"] or into["finish_reason"]
            _join(into["message"], choice["delta"])

    def completion(self, usage: Json) -> Chunk:
        choices = [self._choices[index] for index in sorted(self._choices)]
        whole = {**without(self._first, "usage", "obfuscation"), "choices": choices}
        return whole if usage is None else {**whole, "usage": usage}


def _join(message: Chunk, delta: Chunk) -> None:
    for key, value in delta.items():
        if key == "tool_calls":
            _join_calls(message.setdefault("tool_calls", []), value)
        elif key in JOINED and isinstance(value, str):
            message[key] = (message.get(key) or "") + value
        elif value is not None:
            message[key] = value


def _join_calls(calls: list[Chunk], fragments: list[Chunk]) -> None:
    for fragment in fragments:
        if fragment["index"] == len(calls):
            calls.append({**without(fragment, "index"), "function": {"arguments": ""}})
        function, spoken = calls[fragment["index"]]["function"], fragment["function"]
        function |= without(spoken, "arguments")
        function["arguments"] += spoken["arguments"]
