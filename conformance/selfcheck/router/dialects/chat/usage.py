"""Takes usage out of wherever an upstream puts it, for one chunk at the end if it was asked for."""

from conformance.selfcheck.router.dialects.chat.chunks import without
from conformance.selfcheck.router.relay import Relay
from conformance.selfcheck.router.values import Chunk, Json

#: What a chunk has that is there for usage alone.
PLAIN = {"id", "object", "created", "model", "choices", "usage", "service_tier",
         "system_fingerprint", "obfuscation"}  # fmt: skip


def usage_at_the_end(chunk: Chunk, relay: Relay) -> Chunk | None:
    """Keep usage for the ledger and the last chunk; without being asked a client sees no trace."""
    if "usage" not in chunk:
        return chunk
    usage = chunk["usage"]
    if isinstance(usage, dict):
        relay.usage = merged(relay.usage or {}, usage)
        if not chunk["choices"]:
            relay.usage_chunk = chunk
            if set(chunk) <= PLAIN:
                return None
    if not wants_usage(relay):
        return without(chunk, "usage")
    return chunk if usage is None else {**chunk, "usage": None}


def last_chunk(relay: Relay) -> Chunk | None:
    """Return the chunk of its own that usage goes out in."""
    if not wants_usage(relay) or relay.usage is None or relay.first is None:
        return None
    shape = relay.usage_chunk or {}
    plain = {key: value for key, value in shape.items() if key in PLAIN}
    return {**plain, **relay.first, "choices": [], "usage": whole(relay.usage)}


def wants_usage(relay: Relay) -> bool:
    options = relay.asked.get("stream_options")
    return isinstance(options, dict) and options.get("include_usage") is True


def merged(old: Chunk, new: Chunk) -> Chunk:
    """Let later counts stand for earlier ones; a zero or a gap does not wipe what is known."""
    kept = dict(old)
    for key, value in new.items():
        if isinstance(value, dict) and isinstance(kept.get(key), dict):
            kept[key] = merged(kept[key], value)
        elif value or key not in kept:
            kept[key] = value
    return kept


def whole(usage: Chunk) -> Chunk:
    """Return usage with a total that is the sum of its parts."""
    counts = usage.get("prompt_tokens"), usage.get("completion_tokens")
    if not all(isinstance(count, int) for count in counts):
        return usage
    total: Json = sum(count for count in counts if isinstance(count, int))
    return usage if usage.get("total_tokens") == total else {**usage, "total_tokens": total}
