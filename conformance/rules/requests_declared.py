"""What a router makes of requests that are not quite as the API has them."""

from collections.abc import Iterator

from conformance.exchange import Exchange
from conformance.findings import Basis, Finding, Level
from conformance.rules.returned import went_up
from conformance.rules.rule import rule

ANSWERS = "stream array plain error"
AT_FAULT = range(400, 500)
#: What no API knows, so that whoever passes it on does not know it either.
UNKNOWN = {"x_flavour": "lovage"}


@rule(
    "pre.off-spec-refused",
    Level.MUST,
    on=ANSWERS,
    probes="pre.off-spec-refused",
    needs="upstream head",
    cites="OpenAI error codes and Anthropic documentation, errors: 400 invalid_request_error",
)
def a_value_that_cannot_be_is_refused(exchange: Exchange) -> Iterator[Finding]:
    """A request with a value that its API does not allow gets a 4xx: no answer, and no 5xx.

    What becomes of a refusal by the provider is under `pre.status-preserved`.
    """
    refused = any(entry["status"] in AT_FAULT for entry in exchange.journal)
    if not refused and exchange.status not in AT_FAULT:
        yield Finding(f"a temperature of 'hot' was answered with {exchange.status}")


@rule(
    "pre.unknown-members",
    Level.MUST,
    on=ANSWERS,
    probes="pre.unknown-members",
    needs="upstream head",
    policy="unknown-members",
    basis=Basis.POLICY,
    cites="OpenAI SDKs, extra_body: members that the API does not know are for whoever serves it",
)
def unknown_members_fare_as_declared(exchange: Exchange) -> Iterator[Finding]:
    """A member of a request that no API knows goes up, is left out, or makes a 4xx, as declared.

    It is the policy `unknown-members` (forwarded, dropped, refused).
    """
    policy = exchange.policy.get("unknown-members")
    if policy == "refused" and exchange.status not in AT_FAULT:
        yield Finding(f"x_flavour was answered with {exchange.status}; declared is a 4xx")
    if policy in ("forwarded", "dropped"):
        for entry in exchange.journal:
            there = UNKNOWN.items() <= went_up(entry).items()
            if there != (policy == "forwarded"):
                how = "reached the provider" if there else "did not reach the provider"
                yield Finding(f"x_flavour {how}; declared is {policy}", where="journal")


@rule(
    "hdr.messages-version",
    Level.MUST,
    on="messages.stream messages.plain messages.error",
    probes="hdr.messages-version",
    needs="head",
    policy="messages-version",
    cites="Anthropic documentation, versions: anthropic-version is required of its own API",
)
def the_version_may_be_left_out_as_declared(exchange: Exchange) -> Iterator[Finding]:
    """A request without anthropic-version is answered, or gets a 4xx, as declared.

    It is the policy `messages-version` (optional, required).
    """
    policy, refused = exchange.policy.get("messages-version"), exchange.status in AT_FAULT
    if policy == "optional" and exchange.form == "error":
        yield Finding(f"answered with {exchange.status}, and the version is declared optional")
    if policy == "required" and not refused:
        yield Finding(f"answered with {exchange.status}, and the version is declared required")
