"""What the events of a message say of the answer as a whole: its identity, its usage, its end.

A repair returns the very object it got where nothing is wrong with it, so that the event can go out
as it came in; None means that nothing of it is to be sent.
"""

from conformance.selfcheck.router.dialects.messages import blocks
from conformance.selfcheck.router.ledger import Counted, count
from conformance.selfcheck.router.relay import Relay
from conformance.selfcheck.router.values import Chunk, Json


def identity(message: Chunk, relay: Relay) -> Chunk:
    """Return what the upstream says; ours stands in for what is missing."""
    ours = {"id": f"msg_{relay.id.removeprefix('req-')}", "model": relay.model}
    theirs = {name: message.get(name) for name in ours}
    told = {name: value for name, value in theirs.items() if value and isinstance(value, str)}
    return {**ours, **told}


#: What a message has before anything is said, in case the upstream leaves it out.
BEGUN: Chunk = {"type": "message", "role": "assistant", "content": [], "stop_reason": None,
                "stop_sequence": None}  # fmt: skip
COUNTS = {"input_tokens": 0, "output_tokens": 0}


def identified(message: Chunk, relay: Relay) -> Chunk:
    named = relay.dialect.identity(message, relay)
    return message if named.items() <= message.items() else {**message, **named}


def begun(chunk: Chunk, relay: Relay) -> Chunk | None:
    """The first event says whose message it is."""
    message = chunk.get("message")
    if chunk["type"] != "message_start" or not isinstance(message, dict):
        return chunk
    relay.choices[0].begun = True
    note_usage(message.get("usage"), relay)
    usage = message.get("usage")
    usage = usage if isinstance(usage, dict) else {}
    lacking = {name: value for name, value in BEGUN.items() if name not in message}
    if not COUNTS.keys() <= usage.keys():
        lacking["usage"] = {**COUNTS, **usage}
    relay.first = identified({**message, **lacking} if lacking else message, relay)
    return chunk if relay.first is message else {**chunk, "message": relay.first}


def finished(chunk: Chunk, relay: Relay) -> Chunk | None:
    """Note the stop reason, and give the whole of the usage with it."""
    if chunk["type"] != "message_delta":
        return chunk
    delta = chunk.get("delta")
    delta = delta if isinstance(delta, dict) else {}
    if delta.get("stop_reason"):
        relay.choices[0].finished = True
    if "stop_sequence" not in delta:
        chunk = {**chunk, "delta": {"stop_reason": None, **delta, "stop_sequence": None}}
    told = chunk.get("usage")
    note_usage(told, relay)
    known = {name: value for name, value in (relay.usage or COUNTS).items() if name in FINAL}
    told = told if isinstance(told, dict) else {}
    return chunk if known.items() <= told.items() else {**chunk, "usage": {**told, **known}}


PAYLOAD = ("text", "thinking", "input", "data")


def deliveries(chunk: Chunk, relay: Relay) -> Chunk | None:
    """Count the events that bring the client something."""
    relay.delivered += chunk["type"] == "content_block_delta" or begins_whole(chunk)
    return chunk


def begins_whole(chunk: Chunk) -> bool:
    """Tell whether a block has at its start what others have in deltas."""
    block = chunk.get("content_block")
    return isinstance(block, dict) and any(block.get(name) for name in PAYLOAD)


#: The counts that message_delta states; what was read from a cache or written to it is input.
FINAL = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "output_tokens")


def note_usage(usage: Json, relay: Relay) -> None:
    """What is told later replaces what was told before, as counts are running totals.

    A count of nothing wipes nothing.
    """
    if isinstance(usage, dict):
        known = relay.usage or {}
        told = {name: value for name, value in usage.items() if value or name not in known}
        relay.usage = {**known, **told}


def counted(usage: Chunk) -> Counted:
    """Return the tokens; those read from a cache or written to it are not in `input_tokens`."""
    cached = count(usage, "cache_read_input_tokens")
    written = count(usage, "cache_creation_input_tokens")
    fresh = count(usage, "input_tokens")
    return {
        "input_tokens": None if fresh is None else fresh + (cached or 0) + (written or 0),
        "output_tokens": count(usage, "output_tokens"),
        "cached_tokens": cached,
        "cache_write_tokens": written,
        "reasoning_tokens": count(usage, "output_tokens_details", "thinking_tokens"),
    }


REPAIRS = (begun, blocks.numbered, finished, deliveries)
