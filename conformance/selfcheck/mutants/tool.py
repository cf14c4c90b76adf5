"""Routers that get tool calls wrong."""

import os
from collections.abc import Callable, Iterator

from conformance.selfcheck.router.dialects.chat import tools
from conformance.selfcheck.router.dialects.chat.chunks import each_choice, without
from conformance.selfcheck.router.relay import Relay
from conformance.selfcheck.router.values import Chunk
from conformance.selfcheck.variant import mutant

Change = Callable[[Chunk], Chunk]


def fragments(chunk: Chunk, change: Change) -> Chunk:
    """Return the chunk with every fragment of a call changed."""

    def changed(choice: Chunk, position: int) -> Chunk:
        listed = choice["delta"].get("tool_calls")
        if not listed:
            return choice
        calls = [change(call) for call in listed]
        return {**choice, "delta": {**choice["delta"], "tool_calls": calls}}

    return each_choice(chunk, changed)


def later(call: Chunk) -> bool:
    return "id" not in call


@mutant("chunk", breaks="tool.index-present")
def leaves_out_the_first_index(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Says no index for the first call, as if there could be no other."""
    yield fragments(chunk, lambda call: without(call, "index") if call["index"] == 0 else call)


@mutant("chunk", breaks="tool.index-distinct")
def counts_calls_from_one(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Hands on the number that the call has in another surface, where text is number 0."""
    yield fragments(chunk, lambda call: call | {"index": call["index"] + 1})


@mutant("chunk", breaks="tool.first-fragment-complete")
def leaves_out_the_type(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Does not say that a call is one of a function."""
    yield fragments(chunk, lambda call: without(call, "type"))


@mutant("chunk", breaks="tool.id-stable")
def gives_each_fragment_an_id(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Makes up an id wherever the provider sends none."""
    made_up = f"call_{os.urandom(4).hex()}"
    yield fragments(chunk, lambda call: call | {"id": made_up} if later(call) else call)


@mutant("chunk", breaks="tool.fragments-join")
def repeats_the_id(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Writes the id of a call into every fragment of it."""

    def identified(call: Chunk) -> Chunk:
        return call | {"id": relay.memory.setdefault(call["index"], call.get("id"))}

    yield fragments(chunk, identified)


@mutant("chunk", breaks="tool.name-once")
def sends_empty_names(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Writes the name of a function into every fragment, empty once it has been said."""

    def named(call: Chunk) -> Chunk:
        return call | {"function": {"name": ""} | call["function"]}

    yield fragments(chunk, named)


@mutant("chunk", breaks="tool.args-reassemble")
def drops_short_fragments(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Takes a fragment of a single character for noise."""

    def silenced(call: Chunk) -> Chunk:
        short = len(call["function"]["arguments"]) == 1
        return call | {"function": call["function"] | {"arguments": ""}} if short else call

    yield fragments(chunk, silenced)


@mutant("repairs", instead_of=tools.ordered_calls, breaks="tool.index-absent-tolerated")
def takes_no_index_for_zero(chunk: Chunk, relay: Relay) -> Chunk | None:
    """Reads a missing index as 0, so that all calls become one."""
    unnumbered = False

    def zeroed(call: Chunk) -> Chunk:
        nonlocal unnumbered
        index = call.get("index")
        if isinstance(index, int) and index >= 0:
            return call
        unnumbered = True
        return call | {"index": 0}

    changed = fragments(chunk, zeroed)
    return changed if unnumbered else tools.ordered_calls(chunk, relay)


@mutant("repairs", instead_of=tools.ordered_calls, breaks="tool.empty-id-continuation")
def takes_an_empty_id_for_a_new_call(chunk: Chunk, relay: Relay) -> Chunk | None:
    """Opens a call at every fragment that has an id, the empty one too."""

    def opened(call: Chunk) -> Chunk:
        if call.get("id", "absent"):
            return call
        relay.memory["calls"] = relay.memory.get("calls", 0) + 1
        function = {**call["function"], "name": "unknown"}
        return call | {"id": f"call_{os.urandom(4).hex()}", "function": function}

    return tools.ordered_calls(fragments(chunk, opened), relay)


@mutant("chunk", breaks="tool.args-on-done-only")
def wants_nothing_but_the_reason(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Reads nothing but the reason of a chunk that finishes a choice."""

    def bare(choice: Chunk, position: int) -> Chunk:
        if not choice["finish_reason"]:
            return choice
        return choice | {"delta": without(choice["delta"], "tool_calls")}

    yield each_choice(chunk, bare)


@mutant("chunk", breaks="tool.text-and-tool-same-chunk")
def sends_text_or_calls(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Takes a delta for one of text or one of calls, never both."""

    def one(choice: Chunk, position: int) -> Chunk:
        delta = choice["delta"]
        return choice | {"delta": without(delta, "tool_calls")} if delta.get("content") else choice

    yield each_choice(chunk, one)


@mutant("chunk", breaks="tool.interleaved-fragments")
def appends_to_the_latest_call(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Gives every fragment to the call that was opened last."""

    def latest(call: Chunk) -> Chunk:
        relay.memory["open"] = max(call["index"], relay.memory.get("open", 0))
        return call | {"index": relay.memory["open"]}

    yield fragments(chunk, latest)
