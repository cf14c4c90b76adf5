"""What several surfaces do alike."""

import json
from collections.abc import Iterator

from conformance.selfcheck.router.events import Comment, Event, Item
from conformance.selfcheck.router.relay import Relay
from conformance.selfcheck.router.stream import named_event
from conformance.selfcheck.router.values import Chunk, Headers, Json, Said


def bearer_key(relay: Relay) -> str:
    """Return the key of an Authorization header, nothing if it is of another kind."""
    kind, _, key = relay.headers.get("authorization", "").partition(" ")
    return key.strip() if kind.lower() == "bearer" else ""


def bearer_credentials(relay: Relay) -> Headers:
    return (("authorization", f"Bearer {relay.settings.upstream_key}"),)


def mode_in_body(relay: Relay) -> str:
    return "stream" if relay.asked.get("stream") is True else "plain"


def json_object(event: Event) -> Chunk | None:
    """Return the JSON object that an event holds, None if it holds anything else."""
    try:
        value = json.loads(event.data)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def typed(event: Event) -> Said | None:
    """Return an event whose name is the type of what it holds, as it came if that is so.

    Either stands in for the other, and an error needs neither. Anything else is no event.
    """
    value = json_object(event)
    if value is None:
        return None
    kind = value.get("type") or event.type or ("error" if value.get("error") else "")
    if not isinstance(kind, str) or not kind:
        return None
    if value.get("type") == kind:
        return Said(value, event._replace(type=kind))
    value = {**value, "type": kind}
    return Said(value, named_event(value))


def event_stream(relay: Relay) -> str:
    return "text/event-stream; charset=utf-8"


def comment(relay: Relay) -> Item | None:
    return Comment("keepalive")


def same_body(relay: Relay) -> dict[str, Json]:
    return relay.asked


def same_chunk(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    yield chunk


def same_completion(completion: Chunk, relay: Relay) -> Chunk:
    return completion
