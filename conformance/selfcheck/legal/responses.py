"""Odd in how they speak Responses, conformant in what they say."""

from collections.abc import Iterator

from conformance.selfcheck.mutants.resp import SURFACE, said
from conformance.selfcheck.router.dialects.responses import progress
from conformance.selfcheck.router.dialects.shared import json_object
from conformance.selfcheck.router.events import DONE, Event, Item
from conformance.selfcheck.router.relay import Items, Relay
from conformance.selfcheck.router.stream import named_event
from conformance.selfcheck.router.values import Chunk
from conformance.selfcheck.variant import legal

OPEN = "response.in_progress"


@legal("events", surface=SURFACE)
async def names_no_event(items: Items, relay: Relay) -> Items:
    """Sends events without their names, as chat does."""
    async for item in items:
        yield item._replace(type="") if isinstance(item, Event) else item


@legal("events", surface=SURFACE)
async def ends_responses_with_done(items: Items, relay: Relay) -> Items:
    """Ends with [DONE], as the Open Responses specification wants it."""
    async for item in items:
        yield item
    yield DONE


@legal("events", surface=SURFACE)
async def tells_of_itself(items: Items, relay: Relay) -> Items:
    """Tells in an event of its own which hop it is, and numbers what follows anew."""
    told = 0
    async for item in items:
        value = json_object(item) if isinstance(item, Event) else None
        if value is None:
            yield item
            continue
        number = value.get("sequence_number", 0) + told
        yield named_event(value | {"sequence_number": number})
        if value["type"] == OPEN:
            told = 1
            yield named_event({"type": "response.router.hop", "sequence_number": number + 1})


@legal("chunk", surface=SURFACE)
def numbers_with_gaps(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Leaves numbers out, as who passes over events does."""
    number = chunk.get("sequence_number")
    relay.sequence = number * 10 if isinstance(number, int) else relay.sequence
    yield chunk | {"sequence_number": number * 10} if isinstance(number, int) else chunk


@legal("chunk", surface=SURFACE)
def says_nothing_of_progress(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Creates a response and begins with its items at once."""
    if chunk["type"] != OPEN:
        yield chunk


@legal("chunk", surface=SURFACE)
def pads_its_deltas(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Hides the length of its deltas, as OpenAI does."""
    yield chunk | {"obfuscation": "x" * 7} if said(chunk, ".delta") else chunk


@legal("chunk", surface=SURFACE)
def gives_items_ids_of_its_own(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Has an id of its own for each item, the same wherever it is told."""
    yield _renamed(chunk)


def _renamed(chunk: Chunk) -> Chunk:
    named: Chunk = {"item_id": f"own_{chunk['item_id']}"} if "item_id" in chunk else {}
    if isinstance(item := chunk.get("item"), dict):
        named["item"] = _own(item)
    if isinstance(response := chunk.get("response"), dict):
        listed = [_own(item) for item in response.get("output") or ()]
        named["response"] = {**response, "output": listed}
    return chunk | named


def _own(item: Chunk) -> Chunk:
    return {**item, "id": f"own_{item['id']}"}


@legal("failing", surface=SURFACE)
def says_only_that_it_failed(error: Chunk, relay: Relay) -> Iterator[Item]:
    """Tells of an error in the response alone, once there is one."""
    told = list(progress.failing(error, relay))
    yield from told[1:] or told


@legal("failing", surface=SURFACE)
def tells_errors_as_documented(error: Chunk, relay: Relay) -> Iterator[Item]:
    """Has the members of an error in the event itself."""
    flat = {name: error.get(name) for name in ("code", "message", "param")}
    yield progress.numbered("error", relay, **flat)
