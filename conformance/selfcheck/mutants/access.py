"""Routers that let in, know or serve others than they say."""

from conformance.selfcheck import reference
from conformance.selfcheck.router.dialects.chat import dialect as chat
from conformance.selfcheck.router.relay import Relay
from conformance.selfcheck.router.values import Headers, Json
from conformance.selfcheck.variant import mutant


@mutant("admit", breaks="err.key-refused")
def lets_in_whoever_comes(relay: Relay) -> None:
    """Does not care whose the key is."""
    reference.have_tokens_left(relay)


@mutant("key", breaks="hdr.auth-declared", surface="messages")
def knows_one_way_to_send_a_key(relay: Relay) -> str:
    """Does not look for a key where it says that one may be."""
    return relay.headers.get("x-api-key", "")


@mutant("request_headers", breaks="http.declared-endpoint", surface="chat")
def lists_no_models(relay: Relay) -> Headers:
    """Asks its provider for the list of models without a key, and hands down the refusal."""
    headers = reference.request_headers(relay)
    if not relay.path.endswith("/models"):
        return headers
    return tuple(pair for pair in headers if pair not in relay.dialect.credentials(relay))


@mutant("request_body", breaks="pre.model-prefix")
def takes_off_the_prefix(relay: Relay) -> dict[str, Json]:
    """Takes what is ahead of a slash for a provider of its own, where it is part of the name."""
    body = chat.request_body(relay)
    return {**body, "model": relay.model.rpartition("/")[2]}
