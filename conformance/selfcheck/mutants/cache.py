"""Routers whose response cache keeps what it should not, or gives out something else."""

import json
import re

from conformance.selfcheck.router.cache import SHORT, Cache
from conformance.selfcheck.router.relay import Relay
from conformance.selfcheck.router.values import Answer
from conformance.selfcheck.variant import mutant

FEATURES = {"cache": True}
THOUGHT = re.compile(rb'"reasoning_content"|"thinking_delta"|reasoning_summary_text|"thought"')
LAST = re.compile(rb"(?:\r?\n){2}(?=\S)")


def in_any_mode(relay: Relay) -> str:
    asked = {name: said for name, said in relay.asked.items() if not name.startswith("stream")}
    return f"{relay.path.partition(':')[0]} {json.dumps(asked, sort_keys=True)}"


def without_thoughts(kept: Answer) -> Answer:
    events = LAST.split(kept.body)
    left = [event for event in events if len(events) == 1 or not THOUGHT.search(event)]
    return kept._replace(body=b"\n\n".join(left))


def without_the_end(kept: Answer) -> Answer:
    return kept._replace(body=kept.body[: kept.body[:-4].rfind(b"\n\n") + 2] or kept.body)


def as_the_provider_framed_it(kept: Answer) -> Answer:
    chunked = ("transfer-encoding", "chunked")
    return kept._replace(headers=(*kept.headers, chunked, ("content-length", "0")))


def even_if_it_failed(relay: Relay, body: bytes, ended: bool) -> bool:
    return ended and not SHORT.search(body)


def even_if_it_is_short(relay: Relay, body: bytes, ended: bool) -> bool:
    return ended and relay.row.status == "complete"


def even_if_nobody_waited(relay: Relay, body: bytes, ended: bool) -> bool:
    return relay.row.status in ("complete", "open") and not SHORT.search(body)


MODELESS = Cache(key=in_any_mode)
THOUGHTLESS, ENDLESS = Cache(replayed=without_thoughts), Cache(replayed=without_the_end)
FRAMED = Cache(replayed=as_the_provider_framed_it)
FAILED, SHORTENED = Cache(keeps=even_if_it_failed), Cache(keeps=even_if_it_is_short)
LEFT = Cache(keeps=even_if_nobody_waited)


@mutant("recall", breaks="cache.replay-valid", features=FEATURES)
def replays_in_any_mode(relay: Relay) -> Answer | None:
    """Answers whoever wants one JSON object with a stream from its store, and the other way."""
    return MODELESS.recall(relay)


@mutant("recall", breaks="cache.replay-valid", features=FEATURES)
def stores_no_thoughts(relay: Relay) -> Answer | None:
    """Plays a stored stream without what the model thought."""
    return THOUGHTLESS.recall(relay)


@mutant("recall", breaks="cache.replay-valid", features=FEATURES)
def replays_without_the_end(relay: Relay) -> Answer | None:
    """Plays a stored stream without its last event."""
    return ENDLESS.recall(relay)


@mutant("recall", breaks="cache.replay-valid", features=FEATURES)
def replays_the_framing(relay: Relay) -> Answer | None:
    """Plays headers from its store that were about the connection to the provider."""
    return FRAMED.recall(relay)


@mutant("recall", breaks="cache.no-failed-stream", features=FEATURES)
def stores_what_failed(relay: Relay) -> Answer | None:
    """Stores a stream that ended, however it did."""
    return FAILED.recall(relay)


@mutant("recall", breaks="cache.no-failed-stream", features=FEATURES)
def stores_what_is_short(relay: Relay) -> Answer | None:
    """Stores an answer that was broken off by a limit of tokens."""
    return SHORTENED.recall(relay)


@mutant("recall", breaks="cache.no-failed-stream", features=FEATURES)
def stores_what_was_left(relay: Relay) -> Answer | None:
    """Stores as much of a stream as had come when its client left."""
    return LEFT.recall(relay)
