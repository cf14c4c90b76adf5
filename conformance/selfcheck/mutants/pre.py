"""Routers that get errors before the stream wrong."""

from collections.abc import Iterator

from conformance.selfcheck import reference
from conformance.selfcheck.router.dialects.chat.chunks import without
from conformance.selfcheck.router.events import DONE, Item, write
from conformance.selfcheck.router.relay import Relay
from conformance.selfcheck.router.values import Answer, Ending, Failed, Headers, fewer
from conformance.selfcheck.variant import mutant


@mutant("failure", breaks="pre.status-preserved")
def makes_429_a_500(failed: Failed, relay: Relay) -> Answer:
    """Answers 500 where the provider says that there were too many requests."""
    status = 500 if failed.status == 429 else failed.status  # noqa: PLR2004  (named above)
    return reference.failure(Failed(status, failed.error, failed.headers), relay)


@mutant("failure", breaks="pre.error-not-empty-stream", surface="chat")
def makes_400_an_empty_stream(failed: Failed, relay: Relay) -> Answer:
    """Answers a stream request that is refused with a stream of nothing."""
    if failed.status != 400 or relay.dialect.mode(relay) != "stream":  # noqa: PLR2004  (named above)
        return reference.failure(failed, relay)
    return Answer(200, relay.parts.stream_headers(relay), write(DONE))


@mutant("ending", breaks="pre.commit-after-first-event")
def commits_before_the_first_event(ending: Ending, relay: Relay) -> Iterator[Item]:
    """Has answered 200 before it knows what the first event is."""
    if ending.kind == "error":
        relay.parts.settle(relay, "failed")
        yield from relay.dialect.failing(ending.error, relay)
    else:
        yield from reference.ending(ending, relay)


@mutant("failure", breaks="pre.error-shape", surface="chat")
def leaves_out_the_code(failed: Failed, relay: Relay) -> Answer:
    """Answers with an error that has no code."""
    error = without(failed.error, "code")
    return reference.failure(Failed(failed.status, error, failed.headers), relay)


@mutant("answer_headers", breaks="pre.retry-after-forwarded")
def keeps_the_wait_to_itself(relay: Relay) -> Headers:
    """Does not say how long to wait."""
    return fewer(reference.answer_headers(relay), "retry-after")
