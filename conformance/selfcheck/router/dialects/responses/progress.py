"""What the events of a response say of it as a whole: its state, its usage, its numbering.

A repair returns the very object it got where nothing is wrong with it, so that the event can go out
as it came in; None means that nothing of it is to be sent.
"""

from collections.abc import Iterator

from conformance.selfcheck.router.events import Item
from conformance.selfcheck.router.ledger import Counted, count
from conformance.selfcheck.router.relay import Relay
from conformance.selfcheck.router.stream import named_event
from conformance.selfcheck.router.values import Chunk, Json, objects

ENDS = ("response.completed", "response.incomplete")


def identity(response: Chunk, relay: Relay) -> Chunk:
    """Return what the upstream says; ours stands in for what is missing."""
    ours = {"id": f"resp_{relay.id.removeprefix('req-')}", "model": relay.model}
    theirs = {name: response.get(name) for name in ours}
    told = {name: value for name, value in theirs.items() if value and isinstance(value, str)}
    return {**ours, **told}


def identified(response: Chunk, relay: Relay) -> Chunk:
    named = relay.dialect.identity(response, relay)
    return response if named.items() <= response.items() else {**response, **named}


def once(chunk: Chunk, relay: Relay) -> Chunk | None:
    """An event that comes again, number and all, is left out."""
    if chunk == relay.latest and isinstance(chunk.get("sequence_number"), int):
        return None
    relay.latest = chunk
    return chunk


def shaped(chunk: Chunk, relay: Relay) -> Chunk | None:
    """A message has a status and content, wherever it is told."""
    done = chunk["type"] != "response.output_item.added"
    if isinstance(item := chunk.get("item"), dict) and (whole := _message(item, done)) is not item:
        chunk = {**chunk, "item": whole}
    response = chunk.get("response")
    if not isinstance(response, dict) or not response.get("output"):
        return chunk
    told = [_message(item, done) for item in objects(response["output"])]
    kept = told == response["output"]
    return chunk if kept else {**chunk, "response": {**response, "output": told}}


def _message(item: Chunk, done: bool) -> Chunk:
    status = "completed" if done else "in_progress"
    whole = {"status": status, "content": [], **item}
    return whole if item.get("type") == "message" and whole != item else item


def listed(chunk: Chunk, relay: Relay) -> Chunk | None:
    """The terminal event lists the items that were done, whatever the upstream's lists."""
    item, at = chunk.get("item"), chunk.get("output_index")
    if chunk["type"] == "response.output_item.done" and isinstance(at, int):
        relay.items[at] = item if isinstance(item, dict) else {}
    response = chunk.get("response")
    if chunk["type"] not in ENDS or not isinstance(response, dict):
        return chunk
    output = response.get("output")
    if not relay.items or (isinstance(output, list) and len(output) >= len(relay.items)):
        return chunk
    done = [relay.items[index] for index in sorted(relay.items)]
    return {**chunk, "response": {**response, "output": done}}


def noted(chunk: Chunk, relay: Relay) -> Chunk | None:
    """Keep the latest state of the response: a failure has to say it once more."""
    relay.choices[0].begun = True
    number = chunk.get("sequence_number")
    if isinstance(number, int):
        relay.sequence = number
    response = chunk.get("response")
    kept = kept_state(response, relay)
    return chunk if kept is response else {**chunk, "response": kept}


def kept_state(response: Json, relay: Relay) -> Json:
    if not isinstance(response, dict):
        return response
    note_usage(response, relay)
    relay.first = identified(response, relay)
    return relay.first


def deliveries(chunk: Chunk, relay: Relay) -> Chunk | None:
    """Count the events that bring the client something."""
    if chunk["type"].endswith(".delta"):
        relay.delivered += 1
    return chunk


def note_usage(response: Chunk, relay: Relay) -> None:
    if isinstance(response.get("usage"), dict):
        relay.usage = response["usage"]


def completed(relay: Relay) -> Iterator[Item]:
    """Yield a terminal event of our own."""
    yield numbered("response.completed", relay, response={**(relay.first or {}), **COMPLETED})


def failing(error: Chunk, relay: Relay) -> Iterator[Item]:
    """Yield the error, and the response that it was the end of if there has been one."""
    yield numbered("error", relay, error=error)
    if relay.first is not None:
        told = {"code": error.get("code") or "server_error", "message": error["message"]}
        response = {**relay.first, "status": "failed", "error": told}
        yield numbered("response.failed", relay, response=response)


COMPLETED = {"status": "completed"}


def numbered(kind: str, relay: Relay, **members: Json) -> Item:
    """Return an event of our own, with the number that is due."""
    relay.sequence += 1
    return named_event({"type": kind, "sequence_number": relay.sequence, **members})


def counted(usage: Chunk) -> Counted:
    return {
        "input_tokens": count(usage, "input_tokens"),
        "output_tokens": count(usage, "output_tokens"),
        "cached_tokens": count(usage, "input_tokens_details", "cached_tokens"),
        "cache_write_tokens": count(usage, "input_tokens_details", "cache_write_tokens"),
        "reasoning_tokens": count(usage, "output_tokens_details", "reasoning_tokens"),
    }


REPAIRS = (once, shaped, listed, noted, deliveries)
