"""Routers that get the envelope of a Messages stream wrong: its first event, its last, names."""

from collections.abc import Iterator

from conformance.selfcheck import reference
from conformance.selfcheck.router.dialects.messages import dialect, progress
from conformance.selfcheck.router.events import DONE, Comment, Event, Item
from conformance.selfcheck.router.relay import Items, Relay
from conformance.selfcheck.router.values import Chunk, Ending
from conformance.selfcheck.variant import mutant

SURFACE = "messages"
PROMPT = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")


def within(chunk: Chunk, name: str, **members: object) -> Chunk:
    """Return an event with these members of one of its objects as given."""
    return {**chunk, name: {**chunk[name], **members}}


@mutant("chunk", surface=SURFACE, breaks="anth.message-start-first")
def opens_a_block_before_the_message(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Starts the message once it knows what the first block is, and behind that."""
    if chunk["type"] == "message_start":
        relay.memory["start"] = chunk
        return
    yield chunk
    if chunk["type"] != "ping" and (start := relay.memory.pop("start", None)):
        yield start


@mutant("chunk", surface=SURFACE, breaks="anth.message-start-once")
def starts_the_message_twice(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Starts the message itself, and hands on the provider's start too."""
    if chunk["type"] == "message_start":
        yield chunk
    yield chunk


@mutant("chunk", surface=SURFACE, breaks="anth.message-start-shape")
def starts_a_message_without_content(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Leaves out what there is nothing in yet."""
    if chunk["type"] == "message_start":
        message = {name: value for name, value in chunk["message"].items() if value}
        chunk = {**chunk, "message": message}
    yield chunk


@mutant("chunk", surface=SURFACE, breaks="anth.message-start-usage")
def counts_nothing_at_the_start(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Says at the start that the prompt has no tokens, and the truth at the end."""
    if chunk["type"] == "message_start":
        usage = {**chunk["message"]["usage"], **dict.fromkeys(PROMPT, 0)}
        chunk = within(chunk, "message", usage=usage)
    yield chunk


@mutant("events", surface=SURFACE, breaks="anth.event-names")
async def leaves_out_the_names(items: Items, relay: Relay) -> Items:
    """Writes events as the chat API does, without names; but for errors."""
    async for item in items:
        if isinstance(item, Event) and item.type != "error":
            yield Event(item.data)
        else:
            yield item


@mutant("events", surface=SURFACE, breaks="anth.event-names")
async def names_every_event_message(items: Items, relay: Relay) -> Items:
    """Gives every event the name that a browser would give it; but for errors."""
    async for item in items:
        if isinstance(item, Event) and item.type != "error":
            yield Event(item.data, "message")
        else:
            yield item


@mutant("chunk", surface=SURFACE, breaks="anth.event-shape")
def leaves_out_the_stop_sequence(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Says nothing of a stop sequence where there was none."""
    if chunk["type"] == "message_delta":
        chunk = {**chunk, "delta": {"stop_reason": chunk["delta"]["stop_reason"]}}
    yield chunk


@mutant("events", breaks="anth.ping-kept http.keepalive-while-idle")
async def swallows_signs_of_life(items: Items, relay: Relay) -> Items:
    """Hands on what the answer is made of and nothing else: no ping, no comment."""
    async for item in items:
        if not isinstance(item, Comment) and item.type not in ("ping", "keepalive"):
            yield item


@mutant("closing", surface=SURFACE, breaks="done.present")
def never_stops_the_message(ending: Ending, relay: Relay) -> Iterator[Item]:
    """Ends the body where message_stop should be."""
    list(dialect.closing(ending, relay))
    yield from ()


@mutant("closing", surface=SURFACE, breaks="done.exactly-once")
def stops_the_message_twice(ending: Ending, relay: Relay) -> Iterator[Item]:
    """Stops the message itself, and hands on the provider's stop too."""
    last = list(dialect.closing(ending, relay))
    yield from [*last, *last]


@mutant("ending", surface=SURFACE, breaks="done.foreign-surface")
def ends_as_the_chat_api_does(ending: Ending, relay: Relay) -> Iterator[Item]:
    """Sends [DONE] behind message_stop, and behind an error."""
    yield from reference.ending(ending, relay)
    yield DONE


@mutant("understood", surface=SURFACE, breaks="chunk.odd-upstream-tolerated")
def goes_by_the_name_alone(event: Event, relay: Relay) -> list[object]:
    """Passes over events that have no name, whatever their data says; but for errors."""
    known = event.type or '"error"' in event.data
    return list(dialect.understood(event, relay)) if known else []


@mutant("repairs", surface=SURFACE, instead_of=progress.begun, breaks="chunk.odd-upstream-repaired")
def starts_as_the_provider_does(chunk: Chunk, relay: Relay) -> Chunk | None:
    """Hands on a message_start without usage, or whatever else it lacks."""
    if chunk["type"] == "message_start":
        relay.choices[0].begun = True
        progress.note_usage(chunk["message"].get("usage"), relay)
        relay.first = chunk["message"]
    return chunk
