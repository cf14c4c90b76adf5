"""Routers that answer from a store what they have been asked before, each in a way of its own."""

from collections import deque

from conformance.selfcheck.router.cache import Cache, whole
from conformance.selfcheck.router.relay import Relay
from conformance.selfcheck.router.values import Answer, Failed
from conformance.selfcheck.variant import legal

FEATURES = {"cache": True}


def whole_and_plain(relay: Relay, body: bytes, ended: bool) -> bool:
    return relay.dialect.mode(relay) == "plain" and whole(relay, body, ended)


EVERYTHING, PLAIN = Cache(), Cache(keeps=whole_and_plain)
asked = deque[str](maxlen=1000)


@legal("recall", features=FEATURES)
def caches_answers(relay: Relay) -> Answer | None:
    """Answers from its store what it has been asked before."""
    return EVERYTHING.recall(relay)


@legal("recall", features=FEATURES)
def caches_no_streams(relay: Relay) -> Answer | None:
    """Has a store for plain answers alone."""
    return PLAIN.recall(relay)


@legal("recall", features=FEATURES)
def refuses_a_duplicate(relay: Relay) -> Answer | None:
    """Takes a request that it has seen for a mistake of its client."""
    key = PLAIN.key(relay)
    if key in asked:
        raise Failed(409, relay.dialect.error(409, "this was asked before", None))
    asked.append(key)
    return None
