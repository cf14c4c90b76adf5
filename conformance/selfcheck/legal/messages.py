"""Odd on the messages surface, and conformant there."""

from collections.abc import Iterator

from conformance.selfcheck.router.dialects.messages import dialect, errors, progress
from conformance.selfcheck.router.events import Comment, Event, Item, write
from conformance.selfcheck.router.relay import Items, Relay
from conformance.selfcheck.router.stream import named_event
from conformance.selfcheck.router.values import Chunk
from conformance.selfcheck.variant import legal

SURFACE = "messages"


@legal("chunk", surface=SURFACE)
def pings_ahead_of_every_event(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Puts a ping ahead of every event but the first."""
    if chunk["type"] != "message_start":
        yield {"type": "ping"}
    yield chunk


@legal("events", surface=SURFACE)
async def says_pings_as_comments(items: Items, relay: Relay) -> Items:
    """Writes a comment where the provider sends a ping."""
    async for item in items:
        ping = isinstance(item, Event) and item.type == "ping"
        yield Comment("ping") if ping else item


@legal("chunk", surface=SURFACE)
def adds_events_of_a_later_version(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Sends events, deltas and members that the API does not have yet."""
    yield {**chunk, "trace": "7"}
    if chunk["type"] == "content_block_start":
        yield {"type": "content_block_hint", "index": chunk["index"], "text": "not for you"}
        delta = {"type": "hint_delta", "hint": "nor this"}
        yield {"type": "content_block_delta", "index": chunk["index"], "delta": delta}


@legal("identity", surface=SURFACE)
def says_messages_are_its_own(message: Chunk, relay: Relay) -> Chunk:
    """Has an id of its own, and an alias where the provider says the model."""
    return {**progress.identity(message, relay), "id": f"msg_{relay.id}", "model": "house/alias"}


@legal("chunk", surface=SURFACE)
def gives_calls_ids_of_its_own(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Calls a tool use by an id of its own."""
    block = chunk.get("content_block") or {}
    if block.get("type") == "tool_use":
        chunk = {**chunk, "content_block": {**block, "id": f"toolu_{block['id']}"}}
    yield chunk


@legal("write", surface=SURFACE)
def names_an_event_behind_its_data(item: Item) -> bytes:
    """Writes the event line after the data line."""
    if isinstance(item, Comment) or not item.type:
        return write(item)
    name, *data = write(item).rstrip(b"\n").split(b"\n")
    return b"\n".join([*data, name, b"", b""])


@legal("chunk", surface=SURFACE)
def says_the_end_twice(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Sends message_delta twice, with the same reason and the same running totals."""
    if chunk["type"] == "message_delta":
        yield chunk
    yield chunk


@legal("chunk", surface=SURFACE)
def says_nothing_new_of_the_prompt(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Has no counts of the prompt at the end where the start has told them all."""
    if chunk["type"] == "message_delta" and relay.first:
        known = relay.first["usage"]
        usage = {name: value for name, value in chunk["usage"].items()
                 if name == "output_tokens" or known.get(name) != value}  # fmt: skip
        chunk = {**chunk, "usage": usage}
    yield chunk


@legal("failing", surface=SURFACE)
def closes_what_is_open_ahead_of_an_error(error: Chunk, relay: Relay) -> Iterator[Item]:
    """Stops the last block, reports the error and stops the message."""
    if relay.started:
        yield named_event({"type": "content_block_stop", "index": relay.started - 1})
    yield from errors.failing(error, relay)
    yield named_event({"type": "message_stop"})


@legal("event", surface=SURFACE)
def pads_what_it_writes(chunk: Chunk) -> Event:
    """Puts spaces ahead of the last brace, as the provider itself does."""
    event = named_event(chunk)
    return event._replace(data=event.data[:-1] + " " * (len(event.data) % 7) + "}")


@legal("keepalive", surface=SURFACE)
def keeps_alive_with_comments(relay: Relay) -> Item | None:
    """Sends comments in a silence, in the middle of an answer too."""
    return Comment("still here") if dialect.keepalive(relay) else None
