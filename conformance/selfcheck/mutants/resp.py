"""Routers whose responses do not begin, go on and end as those of the API do."""

from collections.abc import Iterator

from conformance.selfcheck.router.dialects.chat.chunks import without
from conformance.selfcheck.router.dialects.responses import dialect, progress
from conformance.selfcheck.router.dialects.shared import json_object
from conformance.selfcheck.router.events import DONE, Comment, Event, Item
from conformance.selfcheck.router.relay import Heard, Items, Relay
from conformance.selfcheck.router.stream import named_event
from conformance.selfcheck.router.values import Chunk
from conformance.selfcheck.variant import mutant

SURFACE = "responses"
KNOWN = ("message", "reasoning", "function_call")


def said(chunk: Chunk, *ends: str) -> bool:
    """Tell whether the type of an event ends in one of these."""
    return str(chunk["type"]).endswith(ends)


def item_type(chunk: Chunk) -> str:
    return str((chunk.get("item") or {}).get("type", ""))


def with_item(chunk: Chunk, item: Chunk) -> Chunk:
    return {**chunk, "item": item}


@mutant("chunk", breaks="resp.item-announced", surface=SURFACE)
def adds_no_parts(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Sends the deltas of a text whose part was never added."""
    if not said(chunk, "content_part.added"):
        yield chunk


@mutant("chunk", breaks="resp.item-announced", surface=SURFACE)
def adds_one_item_only(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Adds the first item, and has forgotten to by the time of the second."""
    at = chunk.get("output_index", 0)
    if not said(chunk, "output_item.added") or at == 0:
        yield chunk


@mutant("chunk", breaks="resp.lifecycle-complete", surface=SURFACE)
def begins_in_progress(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Leaves out that the response was created."""
    if not said(chunk, "response.created"):
        yield chunk


@mutant("chunk", breaks="resp.lifecycle-complete", surface=SURFACE)
def ends_no_parts(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Says of no text and of no part that it is done."""
    if not said(chunk, "_text.done", "_part.done", "refusal.done"):
        yield chunk


@mutant("chunk", breaks="resp.lifecycle-complete", surface=SURFACE)
def says_nothing_when_a_text_is_done(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Ends each text with an event that holds none of it."""
    yield chunk | {"text": ""} if said(chunk, "output_text.done") else chunk


@mutant("chunk", breaks="resp.lifecycle-complete", surface=SURFACE)
def knows_three_kinds_of_items(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Leaves out the items of tools that the provider runs itself."""
    unknown = relay.memory.setdefault("unknown", set())
    if item_type(chunk) and item_type(chunk) not in KNOWN:
        unknown.add(chunk["output_index"])
    if chunk.get("output_index") not in unknown:
        yield chunk


@mutant("chunk", breaks="resp.single-terminal", surface=SURFACE)
def ends_twice(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Adds a terminal event of its own to the provider's."""
    yield chunk
    if chunk["type"] in progress.ENDS:
        number = chunk.get("sequence_number")
        yield chunk | ({"sequence_number": number + 1} if isinstance(number, int) else {})


@mutant("chunk", breaks="resp.single-terminal", surface=SURFACE)
def completes_what_is_incomplete(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Knows one terminal event and sends an incomplete response in it."""
    yield chunk | {"type": "response.completed"} if said(chunk, "response.incomplete") else chunk


@mutant("events", breaks="resp.single-terminal", surface=SURFACE)
async def says_done_twice(items: Items, relay: Relay) -> Items:
    """Ends with [DONE], and once more when the connection is closed."""
    async for item in items:
        yield item
    yield DONE
    yield DONE


@mutant("events", breaks="resp.sequence-number", surface=SURFACE)
async def numbers_nothing(items: Items, relay: Relay) -> Items:
    """Leaves the numbers out."""
    async for item in items:
        value = None if isinstance(item, Comment) else json_object(item)
        yield item if value is None else named_event(without(value, "sequence_number"))


@mutant("failing", breaks="resp.sequence-number", surface=SURFACE)
def gives_both_ends_one_number(error: Chunk, relay: Relay) -> Iterator[Item]:
    """Numbers the error and the response that failed alike."""
    for item in list(progress.failing(error, relay)):
        value = json_object(item) if isinstance(item, Event) else None
        yield item if value is None else named_event(value | {"sequence_number": relay.sequence})


@mutant("events", breaks="resp.event-names", surface=SURFACE)
async def calls_every_event_message(items: Items, relay: Relay) -> Items:
    """Gives all events the name they would have without one."""
    async for item in items:
        yield item._replace(type="message") if isinstance(item, Event) else item


@mutant("chunk", breaks="resp.id-stable", surface=SURFACE)
def gives_the_response_a_last_id(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Makes up another id for the response that the terminal event has."""
    if chunk["type"] in progress.ENDS:
        chunk = {**chunk, "response": {**chunk["response"], "id": f"resp_{relay.id}"}}
    yield chunk


@mutant("chunk", breaks="resp.id-stable", surface=SURFACE)
def gives_each_delta_an_item(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Makes up an item id for each delta."""
    number = chunk.get("sequence_number")
    yield chunk | {"item_id": f"item_{number}"} if said(chunk, ".delta") else chunk


@mutant("chunk", breaks="resp.schema-required-fields", surface=SURFACE)
def adds_messages_without_content(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Leaves the empty content out where a message is added."""
    if said(chunk, "output_item.added") and item_type(chunk) == "message":
        chunk = with_item(chunk, without(chunk["item"], "content"))
    yield chunk


@mutant("chunk", breaks="resp.schema-required-fields", surface=SURFACE)
def begins_without_output(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Leaves out the output as long as there is none."""
    if said(chunk, "response.created", "response.in_progress"):
        chunk = {**chunk, "response": without(chunk["response"], "output")}
    yield chunk


@mutant("chunk", breaks="resp.usage-shape", surface=SURFACE)
def keeps_three_counts(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Rebuilds the usage from the three counts it bills by."""
    told = chunk.get("response") or {}
    if usage := told.get("usage"):
        bare = without(usage, "input_tokens_details", "output_tokens_details")
        chunk = {**chunk, "response": {**told, "usage": bare}}
    yield chunk


@mutant("repairs", instead_of=progress.once, breaks="resp.items-faithful", surface=SURFACE)
def hands_on_what_comes_again(chunk: Chunk, relay: Relay) -> Chunk | None:
    """Sends an event as often as the provider does."""
    return chunk


@mutant("chunk", breaks="resp.items-faithful", surface=SURFACE)
def waits_for_deltas_of_reasoning(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Empties reasoning of which no delta came."""
    if said(chunk, "reasoning_summary_text.delta", "reasoning_text.delta"):
        relay.memory["thought"] = True
    ends = said(chunk, "output_item.done") and item_type(chunk) == "reasoning"
    if ends and not relay.memory.get("thought"):
        chunk = with_item(chunk, {**chunk["item"], "summary": []})
    yield chunk


@mutant("repairs", instead_of=progress.listed, breaks="resp.empty-terminal-output", surface=SURFACE)
def lists_what_the_provider_lists(chunk: Chunk, relay: Relay) -> Chunk | None:
    """Trusts an empty list in the terminal event."""
    listed = isinstance((chunk.get("response") or {}).get("output"), list)
    return chunk if listed else progress.listed(chunk, relay)


@mutant("chunk", breaks="resp.empty-terminal-output", surface=SURFACE)
def lists_nothing_in_the_end(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Sends the terminal event with an empty list, as the items have been sent already."""
    if chunk["type"] in progress.ENDS:
        chunk = {**chunk, "response": {**chunk["response"], "output": []}}
    yield chunk


@mutant("understood", breaks="chunk.odd-upstream-tolerated", surface=SURFACE)
def passes_over_events_without_a_name(event: Event, relay: Relay) -> list[Heard]:
    """Looks for events by their names."""
    named = event.type or '"error"' in event.data[:12]
    return dialect.understood(event, relay) if named else []


@mutant(
    "repairs", instead_of=progress.shaped, breaks="chunk.odd-upstream-repaired", surface=SURFACE
)
def adds_no_status(chunk: Chunk, relay: Relay) -> Chunk | None:
    """Says no status of an item where the provider says none."""
    return chunk
