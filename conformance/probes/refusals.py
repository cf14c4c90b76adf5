"""Providers that refuse: with every status there is a use for, streamed and not."""

from collections.abc import Sequence

from conformance.exchange import Json
from conformance.probes.probe import EVERYWHERE, Probe, Send

#: Status, and type and code as OpenAI or its nearest neighbours have them.
REFUSALS = (
    (400, "invalid_request_error", "invalid_value"),
    (401, "invalid_request_error", "invalid_api_key"),
    (403, "permission_error", "unsupported_country"),
    (404, "invalid_request_error", "model_not_found"),
    (408, "timeout_error", "request_timeout"),
    (413, "invalid_request_error", "request_too_large"),
    (429, "rate_limit_exceeded", "rate_limit_exceeded"),
    (500, "server_error", "internal_error"),
    (503, "service_unavailable_error", "server_is_overloaded"),
    (529, "overloaded_error", "overloaded"),
)
#: The statuses by which one sees whether a router has words of its own for them.
SHOWN = (429, 500)
# Longer than a client would wait, so that a router that waits itself gives up at once too.
SECONDS = "97"
DATE = "Wed, 21 Oct 2037 07:28:00 GMT"
QUOTA = (("x-ratelimit-remaining-requests", "0"), ("x-ratelimit-reset-requests", "1m37s"))


def refusal(
    status: int, type: str, code: str, headers: Sequence[tuple[str, str]] = ()
) -> dict[str, Send]:
    """Return a streamed and a plain request that the provider refuses."""
    error = {"message": f"The mock refuses with {status}: marjoram.", "type": type, "code": code}
    change: Json = {
        "head": {"status": status, "headers": [list(pair) for pair in headers]},
        "step": [{"error": error}],
    }
    return {"stream": Send(change=change), "plain": Send("plain", change=change)}


def waits(status: int, form: str) -> dict[str, Send]:
    word = "rate_limit_exceeded" if status == 429 else "service_unavailable_error"  # noqa: PLR2004
    return refusal(status, word, word, (("retry-after", form), *QUOTA))


PROBES = (
    *(
        Probe(
            f"refused-{status}",
            "refusal declared" if status in SHOWN else "refusal",
            "refused",
            refusal(status, kind, code),
            surfaces=EVERYWHERE,
        )
        for status, kind, code in REFUSALS
    ),
    Probe(
        "retry-after-seconds",
        "pre.retry-after-forwarded",
        "refused",
        waits(429, SECONDS),
        surfaces=EVERYWHERE,
    ),
    Probe(
        "retry-after-date",
        "pre.retry-after-forwarded",
        "refused",
        waits(503, DATE),
        surfaces=EVERYWHERE,
    ),
)
