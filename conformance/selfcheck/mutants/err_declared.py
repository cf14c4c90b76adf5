"""Routers whose errors are not as they say they are."""

from conformance.selfcheck import reference
from conformance.selfcheck.router.dialects.chat.chunks import without
from conformance.selfcheck.router.relay import Relay
from conformance.selfcheck.router.values import Answer, Failed
from conformance.selfcheck.variant import mutant

DENIED, UNAVAILABLE = 401, 503


@mutant("failure", breaks="err.declared-envelope", surface="chat")
def leaves_out_the_param(failed: Failed, relay: Relay) -> Answer:
    """Answers with an error that does not say which parameter is at fault, not even null."""
    error = without(failed.error, "param")
    return reference.failure(Failed(failed.status, error, failed.headers), relay)


@mutant("failure", breaks="err.declared-words", surface="chat")
def has_a_word_of_its_own_for_a_wrong_key(failed: Failed, relay: Relay) -> Answer:
    """Calls a wrong key by another code than it says."""
    code = "unauthorized" if failed.status == DENIED else failed.error["code"]
    error = {**failed.error, "code": code}
    return reference.failure(Failed(failed.status, error, failed.headers), relay)


@mutant("failure", breaks="err.unknown-model")
def takes_an_unknown_model_for_an_outage(failed: Failed, relay: Relay) -> Answer:
    """Says that it is not available where nobody has a model of that name."""
    status = UNAVAILABLE if relay.model == "no-such-model" else failed.status
    return reference.failure(Failed(status, failed.error, failed.headers), relay)
