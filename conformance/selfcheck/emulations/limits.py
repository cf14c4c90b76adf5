"""A limit of requests that every answer tells: how many, how many are left, when it is reset."""

from conformance.selfcheck import reference
from conformance.selfcheck.router.relay import Relay
from conformance.selfcheck.router.values import Headers

LIMIT, WINDOW = 600, 60  # requests, seconds


def limits(relay: Relay) -> Headers:
    return (
        ("x-ratelimit-limit", str(LIMIT)),
        ("x-ratelimit-remaining", str(LIMIT - 1)),
        ("x-ratelimit-reset", str(relay.at + WINDOW)),
    )


def stream_headers(relay: Relay) -> Headers:
    return (*reference.stream_headers(relay), *limits(relay))


def answer_headers(relay: Relay) -> Headers:
    return (*reference.answer_headers(relay), *limits(relay))
