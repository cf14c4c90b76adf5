"""A whole message as a stream and a stream as a whole message, for upstreams that mix them up."""

import json
from collections.abc import Iterator

from conformance.selfcheck.router.values import Chunk, objects

#: The member of a block that a delta adds to, by the type of the delta.
GROWING = {
    "text_delta": "text",
    "thinking_delta": "thinking",
    "signature_delta": "signature",
}


def as_events(message: Chunk) -> Iterator[Chunk]:
    """Yield the events of a message up to its stop reason."""
    begun: Chunk = {"content": [], "stop_reason": None, "stop_sequence": None}
    yield {"type": "message_start", "message": {**message, **begun}}
    for index, block in enumerate(objects(message.get("content"))):
        start, deltas = _apart(block)
        yield {"type": "content_block_start", "index": index, "content_block": start}
        for delta in deltas:
            yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    ended = {name: message.get(name) for name in ("stop_reason", "stop_sequence")}
    yield {"type": "message_delta", "delta": ended, "usage": message.get("usage")}


def _apart(block: Chunk) -> tuple[Chunk, list[Chunk]]:
    """Return what a block starts with, and the deltas that make it whole."""
    if block.get("type") == "tool_use":
        piece = json.dumps(block.get("input", {}), ensure_ascii=False)
        return {**block, "input": {}}, [{"type": "input_json_delta", "partial_json": piece}]
    grown = {kind: name for kind, name in GROWING.items() if isinstance(block.get(name), str)}
    start = {**block, **dict.fromkeys(grown.values(), "")}
    return start, [{"type": kind, name: block[name]} for kind, name in grown.items()]


class Gathered:
    """The events of a stream, put together again."""

    def __init__(self) -> None:
        self.message: Chunk = {}
        self._blocks: dict[int, Chunk] = {}
        self._inputs: dict[int, str] = {}

    def add(self, chunk: Chunk) -> None:
        match chunk["type"]:
            case "message_start":
                self.message |= chunk["message"]
            case "content_block_start":
                self._blocks[chunk["index"]] = dict(chunk["content_block"])
            case "content_block_delta":
                self._grow(chunk["index"], chunk["delta"])
            case "message_delta":
                usage = {**self.message.get("usage", {}), **chunk["usage"]}
                self.message |= {**chunk["delta"], "usage": usage}

    def _grow(self, index: int, delta: Chunk) -> None:
        block = self._blocks[index]
        if delta["type"] == "input_json_delta":
            self._inputs[index] = self._inputs.get(index, "") + delta["partial_json"]
        elif delta["type"] == "citations_delta":
            block["citations"] = [*(block.get("citations") or []), delta["citation"]]
        elif name := GROWING.get(delta["type"]):
            block[name] = block.get(name, "") + delta[name]

    def whole(self) -> Chunk:
        for index, piece in self._inputs.items():
            if piece:
                self._blocks[index]["input"] = json.loads(piece)
        return {**self.message, "content": [self._blocks[at] for at in sorted(self._blocks)]}
