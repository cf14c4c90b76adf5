"""What the events of a message say of the answer as a whole: its identity, its usage, its end.

A repair returns the very object it got where nothing is wrong with it, so that the event can go out
as it came in; None means that nothing of it is to be sent.
"""

from conformance.selfcheck.router.ledger import Counted, count
from conformance.selfcheck.router.relay import Relay
from conformance.selfcheck.router.values import Chunk, Json


def identity(message: Chunk, relay: Relay) -> Chunk:
    """Return what the upstream says; ours stands in for what is missing."""
    ours = {"id": f"msg_{relay.id.removeprefix('req-')}", "model": relay.model}
    theirs = {name: message.get(name) for name in ours}
    told = {name: value for name, value in theirs.items() if value and isinstance(value, str)}
    return {**ours, **told}


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
    relay.first = identified(message, relay)
    return chunk if relay.first is message else {**chunk, "message": relay.first}


def finished(chunk: Chunk, relay: Relay) -> Chunk | None:
    """Note the stop reason, and the usage that comes with it."""
    if chunk["type"] == "message_delta":
        delta = chunk.get("delta")
        if isinstance(delta, dict) and delta.get("stop_reason"):
            relay.choices[0].finished = True
        note_usage(chunk.get("usage"), relay)
    return chunk


def deliveries(chunk: Chunk, relay: Relay) -> Chunk | None:
    """Count the events that bring the client something."""
    if chunk["type"] == "content_block_delta":
        relay.delivered += 1
    return chunk


def note_usage(usage: Json, relay: Relay) -> None:
    """What is told later replaces what was told before: counts are running totals."""
    if isinstance(usage, dict):
        told = {name: value for name, value in usage.items() if value is not None}
        relay.usage = {**(relay.usage or {}), **told}


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


REPAIRS = (begun, finished, deliveries)
