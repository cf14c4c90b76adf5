"""Routers whose headers say too much, or too little."""

from conformance.selfcheck import reference
from conformance.selfcheck.router.relay import Relay
from conformance.selfcheck.router.values import Headers, fewer
from conformance.selfcheck.variant import mutant


def copied(relay: Relay, *names: str) -> Headers:
    found = ((name, relay.upstream.get(name)) for name in names)
    return tuple((name, value) for name, value in found if value)


@mutant("stream_headers", breaks="hdr.no-secret-leak")
def hands_down_the_providers_key(relay: Relay) -> Headers:
    """Copies a key that the provider sends back."""
    return (*reference.stream_headers(relay), *copied(relay, "authorization"))


@mutant("request_headers", breaks="hdr.client-key-not-forwarded")
def sends_the_clients_key_up(relay: Relay) -> Headers:
    """Sends the client's own headers to the provider, its key among them."""
    return (*reference.request_headers(relay), ("x-client-key", relay.dialect.key(relay)))


@mutant("stream_headers", breaks="hdr.no-internals")
def hands_down_cookies(relay: Relay) -> Headers:
    """Copies the cookies that the provider's edge sets."""
    return (*reference.stream_headers(relay), *copied(relay, "set-cookie"))


@mutant("stream_headers", breaks="hdr.request-id")
def gives_streams_no_id(relay: Relay) -> Headers:
    """Says its request id on plain answers only."""
    return fewer(reference.stream_headers(relay), relay.dialect.id_header)


@mutant("stream_headers", breaks="hdr.ratelimit-forwarded")
def says_no_limits_on_streams(relay: Relay) -> Headers:
    """Says the rate limits on plain answers only."""
    headers = reference.stream_headers(relay)
    return tuple(pair for pair in headers if "-ratelimit-" not in pair[0])
