"""A guardrail for routers that have one: a word that no answer may have in it."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace

from conformance.selfcheck.router.events import Event, Item
from conformance.selfcheck.router.relay import Items, Relay
from conformance.selfcheck.router.stream import json_text
from conformance.selfcheck.router.values import Answer, Chunk, Failed, objects

WORD = "quicksilver"
STATUS = 403

Guard = Callable[[Items, Relay], Items]


def guarding(relay: Relay, guard: Guard) -> None:
    """Have the answers of a request looked at: whole ones at once, streams by a guard."""
    relay.parts = replace(relay.parts, events=guard, answer=allowed)


def allowed(answer: Answer, relay: Relay) -> Answer:
    """Return an answer if it is allowed, or an error."""
    if WORD.encode() not in answer.body:
        return answer
    body = json_text(relay.dialect.envelope(_error(relay), relay))
    return Answer(STATUS, relay.parts.answer_headers(relay), body.encode())


async def held_back(items: Items, relay: Relay) -> Items:
    """Keep back what may turn out to be the word."""
    text, kept = "", list[Item]()
    async for item in items:
        text += said(item)
        kept.append(item)
        if WORD in text:
            for last in blocked(relay):
                yield last
            return
        if not may_become_it(text):
            for each in kept:
                yield each
            kept = []
    for each in kept:
        yield each


def may_become_it(text: str) -> bool:
    return any(text.endswith(WORD[:letters]) for letters in range(1, len(WORD)))


def blocked(relay: Relay) -> Iterator[Item]:
    """Yield the last events of a stream that is not allowed."""
    relay.parts.settle(relay, "failed")
    error = _error(relay)
    if not relay.committed:
        raise Failed(STATUS, error)
    yield from relay.dialect.failing(error, relay)


def said(item: Item) -> str:
    """Return the text that an event adds to an answer, whichever surface it is of."""
    value = json.loads(item.data) if isinstance(item, Event) and item.data[:1] == "{" else {}
    delta = value.get("delta")
    if isinstance(delta, str):
        return delta
    if isinstance(delta, dict):
        return str(delta.get("text") or "")
    texts = [choice.get("delta", {}).get("content") for choice in objects(value.get("choices"))]
    for candidate in objects(value.get("candidates")):
        texts += [part.get("text") for part in objects(candidate.get("content", {}).get("parts"))]
    return "".join(filter(None, texts))


def _error(relay: Relay) -> Chunk:
    return relay.dialect.error(STATUS, "the answer is not allowed", "content_filter")
