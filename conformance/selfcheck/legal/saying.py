"""Odd in what they say, conformant in what it means."""

import json
from collections.abc import Iterator

from conformance.selfcheck import reference
from conformance.selfcheck.router.dialects.chat import chunks
from conformance.selfcheck.router.dialects.chat.chunks import each_choice, without
from conformance.selfcheck.router.dialects.chat.usage import wants_usage
from conformance.selfcheck.router.events import DONE, Item
from conformance.selfcheck.router.relay import Relay
from conformance.selfcheck.router.values import (
    Answer,
    Chunk,
    Cut,
    Ending,
    Headers,
    Reset,
)
from conformance.selfcheck.variant import legal


@legal("chunk")
def says_role_and_content_at_once(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Has no chunk for the role alone: it comes with the first that says something."""
    opened = relay.memory.setdefault("opened", {})
    alone = [choice for choice in chunk["choices"] if choice["delta"].get("role")]
    if len(alone) == len(chunk["choices"]) == 1 and not any(
        value for key, value in alone[0]["delta"].items() if key != "role"
    ):
        opened[alone[0]["index"]] = alone[0]["delta"]
        return
    yield each_choice(
        chunk,
        lambda choice, _: {
            **choice,
            "delta": {**opened.pop(choice["index"], {}), **choice["delta"]},
        },
    )


@legal("chunk")
def says_usage_null_on_every_chunk(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Has usage null on each chunk ahead of the usage that was asked for."""
    yield {"usage": None, **chunk} if wants_usage(relay) else chunk


@legal("chunk")
def says_no_usage_ahead_of_usage(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Has no usage member but where there is usage."""
    yield chunk if chunk.get("usage") else without(chunk, "usage")


@legal("identity")
def says_ids_and_names_of_its_own(chunk: Chunk, relay: Relay) -> Chunk:
    """Has ids of its own, and an alias where the provider says the model."""
    return {**chunks.identity(chunk, relay), "id": f"gen-{relay.id}", "model": "house/alias"}


@legal("chunk")
def adds_members(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Adds members that only its own clients know."""
    more = each_choice(chunk, lambda choice, _: {**choice, "native_finish_reason": None})
    yield {**more, "provider": "Mock", "x_router": {"cost": "0.0001", "hops": [1]}}


@legal("chunk")
def turns_members_around(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Writes members in another order."""
    yield dict(reversed(chunk.items()))


@legal("stream_headers")
def closes_the_connection_after_a_stream(relay: Relay) -> Headers:
    """Takes no further request on the connection of a stream."""
    return (*reference.stream_headers(relay), ("connection", "close"))


@legal("answer")
def indents_answers(answer: Answer, relay: Relay) -> Answer:
    """Indents the JSON of its answers."""
    return answer._replace(body=json.dumps(json.loads(answer.body), indent=2).encode())


@legal("ending")
def hangs_up_on_failure(ending: Ending, relay: Relay) -> Iterator[Item]:
    """Closes the connection ahead of the last HTTP chunk where it could explain itself."""
    _explained(ending, relay, Cut)
    yield from reference.ending(ending, relay)


@legal("ending")
def resets_on_failure(ending: Ending, relay: Relay) -> Iterator[Item]:
    """Resets the connection where it could explain itself."""
    _explained(ending, relay, Reset)
    yield from reference.ending(ending, relay)


def _explained(ending: Ending, relay: Relay, abort: type[Exception]) -> None:
    """Abort in place of an explanation that is ours, not the provider's."""
    if relay.committed and not ending.good and ending.kind != "error":
        relay.parts.settle(relay, "failed")
        raise abort


@legal("ending", surface="chat")
def says_done_after_an_error(ending: Ending, relay: Relay) -> Iterator[Item]:
    """Sends the terminator after an error event too."""
    yield from reference.ending(ending, relay)
    if not ending.good:
        yield DONE
