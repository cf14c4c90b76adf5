"""Routers that get errors wrong on Messages, and what a message is worth that broke off."""

from collections.abc import Iterator

from conformance.selfcheck import reference
from conformance.selfcheck.mutants.anth import SURFACE
from conformance.selfcheck.mutants.anth_blocks import DELTA
from conformance.selfcheck.router.dialects.messages import errors
from conformance.selfcheck.router.events import Event, Item
from conformance.selfcheck.router.relay import Items, Relay
from conformance.selfcheck.router.stream import json_text, named_event
from conformance.selfcheck.router.values import Chunk, Ending
from conformance.selfcheck.variant import mutant


@mutant("ending", surface=SURFACE, breaks="err.inband-error-forwarded")
def ends_where_the_provider_fails(ending: Ending, relay: Relay) -> Iterator[Item]:
    """Ends the body where the provider reports an error."""
    if ending.kind != "error" or not relay.committed:
        yield from reference.ending(ending, relay)


@mutant("failing", surface=SURFACE, breaks="err.surface-native-shape")
def sends_errors_without_a_name(error: Chunk, relay: Relay) -> Iterator[Item]:
    """Writes an error as the chat API does: no event line."""
    yield Event(json_text(errors.envelope(error, relay)))


@mutant("failing", surface=SURFACE, breaks="err.surface-native-shape")
def sends_errors_of_the_chat_api(error: Chunk, relay: Relay) -> Iterator[Item]:
    """Leaves out that the event is an error, but for its name."""
    yield Event(json_text({"error": error}), "error")


@mutant("failing", surface=SURFACE, breaks="err.no-synthetic-success")
def ends_a_turn_that_broke_off(error: Chunk, relay: Relay) -> Iterator[Item]:
    """Reports the error, and a turn that has ended well."""
    ended = {"stop_reason": "end_turn", "stop_sequence": None}
    yield named_event({"type": "message_delta", "delta": ended, "usage": {"output_tokens": 0}})
    yield from errors.failing(error, relay)


@mutant("events", surface=SURFACE, breaks="err.truncated-tool-args")
async def completes_cut_input(items: Items, relay: Relay) -> Items:
    """Closes the JSON of a call whose input broke off, ahead of the error."""
    calling = False
    async for item in items:
        if calling and isinstance(item, Event) and item.type == "error":
            delta = {"type": "input_json_delta", "partial_json": '"}'}
            yield named_event({"type": DELTA, "index": relay.started - 1, "delta": delta})
        calling = isinstance(item, Event) and "input_json_delta" in item.data
        yield item


@mutant("envelope", surface=SURFACE, breaks="pre.error-shape")
def sends_the_envelope_of_the_chat_api(error: Chunk, relay: Relay) -> Chunk:
    """Leaves out that an error answer is one."""
    return {"error": error}


@mutant("ending", surface=SURFACE, breaks="content.empty-stream-not-success")
def ends_an_empty_message_quietly(ending: Ending, relay: Relay) -> Iterator[Item]:
    """Answers a provider that says nothing with a stream that says nothing."""
    if ending.kind != "unfinished" or relay.first is not None:
        yield from reference.ending(ending, relay)
