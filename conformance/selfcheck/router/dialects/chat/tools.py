"""Puts the fragments of tool calls in order: one index, one id and one name per call."""

import json
import os

from conformance.selfcheck.router.dialects.chat.chunks import each_choice, without
from conformance.selfcheck.router.relay import Call, Choice, Relay
from conformance.selfcheck.router.values import Chunk, Json, objects


def ordered_calls(chunk: Chunk, relay: Relay) -> Chunk | None:
    """Each call has an index of its own; its first fragment says what it is, later ones do not."""

    def ordered(choice: Chunk, position: int) -> Chunk:
        delta = choice["delta"]
        if "tool_calls" not in delta:
            return choice
        came = delta["tool_calls"]
        state = relay.choices[choice["index"]]
        told = [_fragment(part, state) for part in objects(came)]
        if told == came and told:
            return choice
        delta = {**delta, "tool_calls": told} if told else without(delta, "tool_calls")
        return {**choice, "delta": delta}

    return each_choice(chunk, ordered)


def whole_calls(calls: Json) -> list[Chunk]:
    """Return the calls of a whole message, each with id, type and arguments that are text."""
    choice = Choice()
    return [without(_fragment(part, choice), "index") for part in objects(calls)]


def _fragment(part: Chunk, choice: Choice) -> Chunk:
    function = part.get("function")
    function = function if isinstance(function, dict) else {}
    name, known_as = _word(function.get("name")), _word(part.get("id"))
    call = _known(part, known_as, name, choice)
    rest = without(part, "index", "id", "type", "function")
    spoken = {**without(function, "name"), "arguments": _arguments(function.get("arguments"))}
    if call is None:
        known_as = known_as or f"call_{os.urandom(12).hex()}"
        call = Call(len(choice.calls), _index(part), known_as)
        choice.calls.append(call)
        rest |= {"id": call.id, "type": "function"}
    if name and not call.named:
        call.named = True
        spoken = {"name": name, **spoken}
    return {"index": call.position, **rest, "function": spoken}


def _known(part: Chunk, id: str, name: str, choice: Choice) -> Call | None:
    """Find the call a fragment goes on with; None opens a new one.

    An id tells calls apart better than an index does: some vendors give every call index 0.
    """
    if id and (same := next((call for call in choice.calls if call.id == id), None)):
        return same
    if id and name:
        return None
    index = _index(part)
    if index is not None:
        return next((call for call in reversed(choice.calls) if call.index == index), None)
    return choice.calls[-1] if choice.calls and not name else None


def _index(part: Chunk) -> int | None:
    index = part.get("index")
    return index if isinstance(index, int) and index >= 0 else None


def _word(value: Json) -> str:
    """Some vendors write the word null where nothing is to be said."""
    return value if isinstance(value, str) and value not in ("null", "None") else ""


def _arguments(value: Json) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
