"""What is made of each kind of answer, for a client that wants a stream and one that does not."""

from collections.abc import Mapping

from conformance.selfcheck.router.answers import (
    answered,
    heard,
    parsed,
    played,
    stream_to_stream,
)
from conformance.selfcheck.router.dialects.chat import tools
from conformance.selfcheck.router.dialects.chat.chunks import finish_word, one_identity
from conformance.selfcheck.router.dialects.chat.convert import Collected, as_chunks
from conformance.selfcheck.router.dialects.chat.usage import whole
from conformance.selfcheck.router.relay import Conversion, Items, Relay
from conformance.selfcheck.router.upstream import Body
from conformance.selfcheck.router.values import Answer, Chunk, objects


async def answer_to_stream(relay: Relay, body: Body) -> Items | Answer:
    return played(relay, as_chunks(parsed(await body.rest(), relay)))


async def answer_to_answer(relay: Relay, body: Body) -> Items | Answer:
    return answered(relay, mended(parsed(await body.rest(), relay), relay))


async def stream_to_answer(relay: Relay, body: Body) -> Items | Answer:
    return await collected(relay, body, Collected())


async def collected(relay: Relay, body: Body, into: Collected) -> Answer:
    """Hear a stream to its end, and return what it comes to."""
    async for chunk in heard(relay, body):
        into.add(chunk)
    return answered(relay, mended(into.completion(relay.usage), relay))


CONVERSIONS: Mapping[tuple[str, str], Conversion] = {
    ("stream", "stream"): stream_to_stream,
    ("stream", "plain"): answer_to_stream,
    ("plain", "plain"): answer_to_answer,
    ("plain", "stream"): stream_to_answer,
}


def mended(completion: Chunk, relay: Relay) -> Chunk:
    """Return a completion with all that a client relies on; usage goes to the ledger too."""
    mended = {**completion, "choices": objects(completion.get("choices"))}
    mended = {**mended, **(one_identity(mended, relay) or {}), "object": "chat.completion"}
    mended["choices"] = [_choice(choice, at, relay) for at, choice in enumerate(mended["choices"])]
    if isinstance(completion.get("usage"), dict):
        relay.usage = mended["usage"] = whole(completion["usage"])
    return mended


def _choice(choice: Chunk, position: int, relay: Relay) -> Chunk:
    said = choice.get("message")
    message = {"content": None, "refusal": None, **(said if isinstance(said, dict) else {})}
    message["role"] = "assistant"
    calls = tools.whole_calls(message.pop("tool_calls", None))
    if calls:
        message["tool_calls"] = calls
    index = choice.get("index")
    return {
        **choice,
        "index": index if isinstance(index, int) else position,
        "message": message,
        "finish_reason": finish_word(choice.get("finish_reason") or "stop", bool(calls), relay),
    }
