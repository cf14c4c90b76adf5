"""The content blocks on their way down: numbered 0, 1, 2, whatever the upstream calls them."""

from conformance.selfcheck.router.relay import Relay
from conformance.selfcheck.router.values import Chunk


def numbered(chunk: Chunk, relay: Relay) -> Chunk | None:
    """A delta or a stop is for the block that started last under its index, or for the last."""
    if chunk["type"] == "content_block_start":
        relay.positions[_index(chunk)] = relay.started
        relay.started += 1
    elif chunk["type"] not in ("content_block_delta", "content_block_stop"):
        return chunk
    position = relay.positions.get(_index(chunk), relay.started - 1)
    return chunk if chunk.get("index") == position else {**chunk, "index": position}


def _index(chunk: Chunk) -> int | None:
    index = chunk.get("index")
    return index if isinstance(index, int) else None
