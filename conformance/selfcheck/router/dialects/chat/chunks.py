"""Makes valid chat chunks of what a legal but odd upstream sends.

A repair returns the very chunk it got where nothing is wrong with it, so that it can go out as it
came in; None means that nothing of the chunk is to be sent.
"""

from collections.abc import Callable

from conformance.selfcheck.router.relay import Relay
from conformance.selfcheck.router.values import Chunk, Json, objects

OBJECT = "chat.completion.chunk"

#: Words of other vendors for the reasons that the chat surface knows.
FINISHES = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "content_filter": "content_filter",
    "function_call": "function_call",
    "max_tokens": "length",
    "model_length": "length",
    "tool_use": "tool_calls",
    "safety": "content_filter",
    "recitation": "content_filter",
    "blocklist": "content_filter",
    "prohibited_content": "content_filter",
    "refusal": "content_filter",
}

CONTENT = ("content", "refusal", "reasoning_content", "reasoning", "tool_calls", "function_call",
           "audio")  # fmt: skip


def listed_choices(chunk: Chunk, relay: Relay) -> Chunk | None:
    """`choices` is a list of objects."""
    choices = objects(chunk.get("choices"))
    return chunk if choices == chunk.get("choices") else {**chunk, "choices": choices}


def one_identity(chunk: Chunk, relay: Relay) -> Chunk | None:
    """The first chunk says what id, created and model all chunks have."""
    if relay.first is None:
        relay.first = {"object": OBJECT, **relay.dialect.identity(chunk, relay)}
    if all(chunk.get(key) == value for key, value in relay.first.items()):
        return chunk
    return {**chunk, **relay.first}


def identity(chunk: Chunk, relay: Relay) -> Chunk:
    """Return what the upstream says; ours stands in for what is missing."""
    created = chunk.get("created")
    return {
        "id": _text(chunk.get("id")) or f"chatcmpl-{relay.id.removeprefix('req-')}",
        "created": created if isinstance(created, int) and created > 0 else relay.at,
        "model": _text(chunk.get("model")) or relay.model,
    }


def choice_keys(chunk: Chunk, relay: Relay) -> Chunk | None:
    """A choice has an index, a delta and a finish reason, if only null."""
    return each_choice(chunk, _with_keys)


def _with_keys(choice: Chunk, position: int) -> Chunk:
    index, delta = choice.get("index"), choice.get("delta")
    if isinstance(index, int) and isinstance(delta, dict) and "finish_reason" in choice:
        return choice
    said = delta if isinstance(delta, dict) else choice.get("message")
    rest = {key: value for key, value in choice.items() if key != "message"}
    return {
        **rest,
        "index": index if isinstance(index, int) else position,
        "delta": said if isinstance(said, dict) else {},
        "finish_reason": choice.get("finish_reason"),
    }


def role_first(chunk: Chunk, relay: Relay) -> Chunk | None:
    """The first delta of a choice has the role."""

    def with_role(choice: Chunk, position: int) -> Chunk:
        if relay.choices[choice["index"]].begun or choice["delta"].get("role") == "assistant":
            return choice
        return {**choice, "delta": {**choice["delta"], "role": "assistant"}}

    return each_choice(chunk, with_role)


def role_once(chunk: Chunk, relay: Relay) -> Chunk | None:
    """No later delta has one. Only here is a choice noted as begun."""

    def without_role(choice: Chunk, position: int) -> Chunk:
        state = relay.choices[choice["index"]]
        if not state.begun:
            state.begun = True
            return choice
        delta = choice["delta"]
        return {**choice, "delta": without(delta, "role")} if "role" in delta else choice

    return each_choice(chunk, without_role)


def text_content(chunk: Chunk, relay: Relay) -> Chunk | None:
    """Content is text: where a vendor sends a list of parts, their texts."""

    def as_text(choice: Chunk, position: int) -> Chunk:
        content = choice["delta"].get("content")
        if not isinstance(content, list):
            return choice
        text = "".join(_text(part.get("text")) for part in objects(content))
        return {**choice, "delta": {**choice["delta"], "content": text}}

    return each_choice(chunk, as_text)


def reasoning_once(chunk: Chunk, relay: Relay) -> Chunk | None:
    """Reasoning that a vendor says under two names goes out under one."""

    def with_one(choice: Chunk, position: int) -> Chunk:
        delta = choice["delta"]
        if not delta.get("reasoning") or delta["reasoning"] != delta.get("reasoning_content"):
            return choice
        return {**choice, "delta": without(delta, "reasoning")}

    return each_choice(chunk, with_one)


def finish_words(chunk: Chunk, relay: Relay) -> Chunk | None:
    """A choice finishes once, with a word of the surface; a call makes `stop` `tool_calls`."""

    def finished(choice: Chunk, position: int) -> Chunk:
        state, reason = relay.choices[choice["index"]], choice["finish_reason"]
        if reason is None:
            return choice
        told = None
        if reason and not state.finished:
            told = finish_word(reason, bool(state.calls), relay)
            state.finished = True
        return choice if told == reason else {**choice, "finish_reason": told}

    return each_choice(chunk, finished)


def finish_word(reason: Json, called: bool, relay: Relay) -> str:
    """Return the surface's word; to a call that was forced by name OpenAI says stop itself."""
    word = FINISHES.get(str(reason).lower(), "stop")
    forced = isinstance(relay.asked.get("tool_choice"), dict)
    return "tool_calls" if word == "stop" and called and not forced else word


def deliveries(chunk: Chunk, relay: Relay) -> Chunk | None:
    """Count the chunks that bring the client something."""
    if any(choice["delta"].get(key) for choice in chunk["choices"] for key in CONTENT):
        relay.delivered += 1
    return chunk


def each_choice(chunk: Chunk, repair: Callable[[Chunk, int], Chunk]) -> Chunk:
    """Repair the choices one by one; the very chunk comes back if none of them changed."""
    repaired = [repair(choice, position) for position, choice in enumerate(chunk["choices"])]
    if all(new is old for new, old in zip(repaired, chunk["choices"], strict=True)):
        return chunk
    return {**chunk, "choices": repaired}


def without(value: Chunk, *keys: str) -> Chunk:
    return {key: member for key, member in value.items() if key not in keys}


def _text(value: Json) -> str:
    return value if isinstance(value, str) else ""
