"""Routers that get the ends of a Gemini stream wrong."""

from collections.abc import Iterator

from conformance.selfcheck import reference
from conformance.selfcheck.router.dialects.gemini import dialect
from conformance.selfcheck.router.events import DONE, Event, Item
from conformance.selfcheck.router.hearing import failed
from conformance.selfcheck.router.relay import Heard, Relay
from conformance.selfcheck.router.stream import as_event
from conformance.selfcheck.router.values import Ending
from conformance.selfcheck.variant import mutant


@mutant("ending", breaks="content.empty-stream-not-success", surface="gemini")
def takes_nothing_for_an_answer(ending: Ending, relay: Relay) -> Iterator[Item]:
    """Ends a stream that never began as if nothing were wrong."""
    if ending.kind != "unfinished" or relay.first is not None:
        yield from reference.ending(ending, relay)


@mutant("ending", breaks="err.midstream-signalled", surface="gemini")
def takes_a_cut_for_the_end(ending: Ending, relay: Relay) -> Iterator[Item]:
    """Ends its stream where the provider's breaks off: nothing ends one on this surface."""
    if ending.kind not in ("cut", "unfinished") or not relay.committed:
        yield from reference.ending(ending, relay)


@mutant("ending", breaks="err.no-synthetic-success", surface="gemini")
def stops_where_it_is_cut(ending: Ending, relay: Relay) -> Iterator[Item]:
    """Says STOP where the provider's stream breaks off."""
    if ending.kind in ("cut", "unfinished") and relay.committed:
        yield as_event({"candidates": [{"finishReason": "STOP", "index": 0}]})
    else:
        yield from reference.ending(ending, relay)


@mutant("ending", breaks="err.inband-error-forwarded", surface="gemini")
def keeps_errors_to_itself(ending: Ending, relay: Relay) -> Iterator[Item]:
    """Ends the stream where the provider reports an error, as if that were all."""
    if ending.kind != "error" or not relay.committed:
        yield from reference.ending(ending, relay)


@mutant("understood", breaks="done.upstream-done-tolerated", surface="gemini")
def takes_a_terminator_for_a_failure(event: Event, relay: Relay) -> list[Heard]:
    """Parses [DONE] as JSON, and fails."""
    return [failed("not JSON", relay)] if event == DONE else dialect.understood(event, relay)


@mutant("understood", breaks="done.foreign-surface", surface="gemini")
def hands_a_foreign_terminator_on(event: Event, relay: Relay) -> list[Heard]:
    """Passes [DONE] on where the provider sends it."""
    return [event] if event == DONE else dialect.understood(event, relay)
