"""Clients that go away: whether the provider is told, and whether all is given back.

The provider holds its answer back while the client leaves, and for two seconds after that: what is
still open then would have run on, and would have been paid for.
"""

from collections.abc import Iterator

from conformance.exchange import Exchange, Json, Trial
from conformance.findings import Basis, Finding, Level
from conformance.rules.rule import comparison, rule

PEER_LEFT = ("peer-fin", "peer-rst", "half-close")
CITES = (
    "OpenAI and Anthropic SDKs: aborting a stream closes its connection, which is how a provider "
    "learns to stop; measured by the bug reports named here: what runs on is billed"
)


def open_still(exchange: Exchange) -> list[Json]:
    """Return what of the provider's side had not seen its client leave when we looked.

    A router whose declared policy is to drain the provider owes it nothing.
    """
    if exchange.policy.get("cancel-upstream") == "drains":
        return []
    return [each for each in exchange.journal
            if each["end"] is None or each["end"]["kind"] not in PEER_LEFT]  # fmt: skip


def runs_on(exchange: Exchange) -> Iterator[Finding]:
    for entry in open_still(exchange):
        sent = f"after {entry['sent']['events']} events"
        how = f"ended as {entry['end']['kind']!r}" if entry["end"] else "was open still"
        yield Finding(f"{sent} the client left, and 2 s later the request upstream {how}",
                      where="journal")  # fmt: skip


@rule(
    "cancel.upstream-closed",
    Level.MUST,
    on="left",
    probes="cancel.upstream-closed",
    needs="upstream",
    policy="cancel-upstream",
    basis=Basis.POLICY,
    cites=CITES,
    bugs="BerriAI/litellm#30244 BerriAI/litellm#36123 archestra-ai/archestra#5681 "
    "ggml-org/llama.cpp#24496",
)
def a_client_that_leaves_ends_the_stream(exchange: Exchange) -> Iterator[Finding]:
    """When a client leaves its stream, the request to the provider is ended within two seconds.

    A router whose declared policy is to drain the provider goes on reading instead.
    """
    yield from runs_on(exchange)


@rule(
    "cancel.upstream-closed-before-first-byte",
    Level.MUST,
    on="left",
    probes="cancel.upstream-closed-before-first-byte",
    needs="upstream",
    policy="cancel-upstream",
    basis=Basis.POLICY,
    cites=CITES,
    bugs="BerriAI/litellm#31499",
)
def nor_need_it_wait_for_a_first_byte(exchange: Exchange) -> Iterator[Finding]:
    """A client may leave before anything has come: the request to the provider is ended as well."""
    yield from runs_on(exchange)


@rule(
    "cancel.nonstream-upstream-closed",
    Level.SHOULD,
    on="left",
    probes="cancel.nonstream-upstream-closed",
    needs="upstream",
    policy="cancel-upstream",
    basis=Basis.POLICY,
    cites=CITES,
    bugs="BerriAI/litellm#37140",
)
def nor_need_it_be_a_stream(exchange: Exchange) -> Iterator[Finding]:
    """When a client leaves a plain request, the request to the provider is ended."""
    yield from runs_on(exchange)


@comparison(
    "cancel.no-resource-leak",
    Level.MUST,
    on="left",
    probes="crowd",
    needs="upstream",
    policy="cancel-upstream",
    basis=Basis.POLICY,
    cites=CITES,
    bugs="ollama/ollama#17131 Dstack-TEE/private-ai-gateway#44 ding113/claude-code-hub#1439 "
    "ferro-labs/ai-gateway#293",
)
def a_crowd_that_leaves_is_let_go(trial: Trial) -> Iterator[Finding]:
    """When many clients leave at once, no request to the provider stays open.

    A router that never ends one is reported under `cancel.upstream-closed`.
    """
    left = [each for name, each in trial.exchanges.items() if name != AFTER and each.journal]
    leaked = [exchange for exchange in left if open_still(exchange)]
    if leaked and len(leaked) < len(left):
        what = f"{len(leaked)} of {len(left)} requests upstream were open after their clients left"
        yield Finding(what, where="journal")


AFTER = "after"  # the request that comes when the crowd has gone


@comparison(
    "cancel.slot-released",
    Level.MUST,
    on="left stream plain error unanswered",
    probes="crowd",
    needs="upstream",
    basis=Basis.POLICY,
    cites="a limit on what runs at once counts what runs; a request that was left does not run",
    bugs="BerriAI/litellm#27955 BerriAI/litellm#30020",
)
def who_comes_after_is_served(trial: Trial) -> Iterator[Finding]:
    """After many clients have left their streams, the next request is served like any other."""
    after = trial[AFTER]
    if after.form != "stream":
        how = f"{after.end}" if after.form == "unanswered" else f"answered {after.status}"
        gone = len(trial.exchanges) - 1
        yield Finding(f"after {gone} clients had left, a request was {how}", exchange=AFTER)
