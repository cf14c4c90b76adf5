"""A response cache for routers that have one: what was answered, by what was asked, word for word.

Only whole answers are kept; every question of what is the same, what is whole and how it is played
again is a function, so that a mutant has one of them wrong.
"""

import json
import re
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from conformance.selfcheck.router.relay import Parts, Pieces, Relay
from conformance.selfcheck.router.values import Answer

MOST, LARGEST = 500, 1 << 18  # answers, and bytes of one
OK = 200
#: How an answer says that it was broken off by a limit of tokens.
SHORT = re.compile(
    rb'"finish_reason": ?"length"|"stop_reason": ?"max_tokens"|"finishReason": ?"MAX_TOKENS"'
    rb'|"status": ?"incomplete"'
)


def word_for_word(relay: Relay) -> str:
    mode = relay.dialect.mode(relay)
    return f"{relay.path} {mode} {json.dumps(relay.asked, sort_keys=True)}"


def whole(relay: Relay, body: bytes, ended: bool) -> bool:
    """Say whether an answer is complete: neither failed, nor left, nor short."""
    return ended and relay.row.status == "complete" and not SHORT.search(body)


def as_it_was(kept: Answer) -> Answer:
    return kept


@dataclass(frozen=True)
class Cache:
    key: Callable[[Relay], str] = word_for_word
    keeps: Callable[[Relay, bytes, bool], bool] = whole
    replayed: Callable[[Answer], Answer] = as_it_was
    _kept: OrderedDict[str, Answer] = field(default_factory=OrderedDict)

    def recall(self, relay: Relay) -> Answer | None:
        """Return what is kept; if nothing is, keep what will be answered."""
        key, parts = self.key(relay), relay.parts
        if key in self._kept:
            return self.replayed(self._kept[key])

        def answer(answer: Answer, relay: Relay) -> Answer:
            if answer.status == OK:
                self._keep(key, answer.body, relay)
            return parts.answer(answer, relay)

        relay.parts = replace(parts, answer=answer, bytes_out=self._listening(key, parts))
        return None

    def _listening(self, key: str, parts: Parts) -> Callable[[Pieces, Relay], Pieces]:
        async def bytes_out(pieces: Pieces, relay: Relay) -> Pieces:
            heard, ended = list[bytes](), False
            try:
                async for piece in parts.bytes_out(pieces, relay):
                    heard.append(piece)
                    yield piece
                ended = True
            finally:
                self._keep(key, b"".join(heard), relay, ended=ended)

        return bytes_out

    def _keep(self, key: str, body: bytes, relay: Relay, *, ended: bool = True) -> None:
        if len(body) > LARGEST or not self.keeps(relay, body, ended):
            return
        plain = relay.dialect.mode(relay) == "plain"
        headers = (("content-type", "application/json"),) if plain else ()
        self._kept[key] = Answer(OK, headers, body)
        if len(self._kept) > MOST:
            self._kept.popitem(last=False)
