"""Clients that go away: whether the provider is told, and whether all is given back.

The provider holds its answer back while the client leaves, and for two seconds after that: what is
still open then would have run on, and would have been paid for.
"""

from collections.abc import Iterator

from conformance.exchange import Exchange, Json, Trial
from conformance.findings import Basis, Finding, Level
from conformance.protocols import read
from conformance.rules.leaving import ran_on, was_open, wasted, whole, written
from conformance.rules.rule import comparison

CITES = (
    "OpenAI and Anthropic SDKs: aborting a stream closes its connection, which is how a provider "
    "learns to stop; measured by the bug reports named here: what runs on is billed"
)


DRAINS, OPEN = "drains", "provider-dependent"


def open_still(exchange: Exchange) -> list[Json]:
    """Return the requests upstream that ran on, where the policy is not to let them."""
    if exchange.policy.get("cancel-upstream") in (DRAINS, OPEN):
        return []
    return [entry for entry in exchange.journal if ran_on(entry)]


def left(trial: Trial) -> dict[str, Exchange]:
    """Return what clients went away from, also where the router had ended it by itself before."""
    return {name: each for name, each in trial.exchanges.items()
            if each.form == "left" or (each.streamed and read.closed(each))}  # fmt: skip


def unended(trial: Trial) -> Iterator[Finding]:
    """Yield where the requests upstream did not end as the policy has it, or not all alike."""
    gone = left(trial)
    for name, exchange in gone.items():
        for entry in open_still(exchange):
            yield Finding(_runs_on(exchange, entry), where="journal", exchange=name)
        if exchange.policy.get("cancel-upstream") == DRAINS:
            for entry in exchange.journal:
                if not ran_on(entry) and exchange.form == "left":
                    what = f"{_after(exchange, entry)}, and the request upstream was ended"
                    promise = f"by the policy {DRAINS!r} it is read to its end"
                    yield Finding(f"{what}; {promise}", where="journal", exchange=name)
    if any(each.policy.get("cancel-upstream") == OPEN for each in gone.values()):
        ways = {name: all(map(ran_on, each.journal)) for name, each in gone.items()
                if each.journal}  # fmt: skip
        if len(set(ways.values())) > 1:
            ended = ", ".join(name for name, on in ways.items() if not on)
            on = ", ".join(name for name, on in ways.items() if on)
            yield Finding(f"requests upstream were ended ({ended}) or ran on ({on})",
                          where="journal")  # fmt: skip


def _runs_on(exchange: Exchange, entry: Json) -> str:
    how = "was open still" if was_open(entry) else f"had ended as {entry['end']['kind']!r}"
    said = f"{_after(exchange, entry)}, and 2 s later the request upstream {how}"
    waste = f"; {wasted(entry)} more were written for nobody" if wasted(entry) else ""
    return said + waste


def _after(exchange: Exchange, entry: Json) -> str:
    return f"the client left after {written(entry)} of {whole(exchange)} tokens"


@comparison(
    "cancel.upstream-closed",
    Level.MUST,
    on="left stream",
    probes="cancel.upstream-closed",
    needs="upstream",
    policy="cancel-upstream",
    basis=Basis.POLICY,
    cites=CITES,
    bugs="BerriAI/litellm#30244 BerriAI/litellm#36123 archestra-ai/archestra#5681 "
    "ggml-org/llama.cpp#24496",
)
def a_client_that_leaves_ends_the_stream(trial: Trial) -> Iterator[Finding]:
    """When a client leaves its stream, the request to the provider is ended within two seconds.

    So it is wherever it leaves: between events or inside one, before the usage or after the
    terminator. A router whose declared policy is to drain the provider goes on reading instead; one
    that leaves it to the provider does the same wherever the client leaves.
    """
    yield from unended(trial)


@comparison(
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
def nor_need_it_wait_for_a_first_byte(trial: Trial) -> Iterator[Finding]:
    """A client may leave before anything has come: the request to the provider is ended as well."""
    yield from unended(trial)


@comparison(
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
def nor_need_it_be_a_stream(trial: Trial) -> Iterator[Finding]:
    """When a client leaves a plain request, the request to the provider is ended."""
    yield from unended(trial)


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
    crowd = [each for each in trial.exchanges.values() if each.form == "left" and each.journal]
    leaked = [exchange for exchange in crowd if open_still(exchange)]
    if leaked and len(leaked) < len(crowd):
        what = f"{len(leaked)} of {len(crowd)} requests upstream were open after their clients left"
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
        gone = sum(each.form == "left" for each in trial.exchanges.values())
        yield Finding(f"after {gone} clients had left, a request was {how}", exchange=AFTER)


BESIDE = "beside"  # the request that goes on while the crowd comes and goes
ALONE = "alone"  # the same without a crowd


@comparison(
    "cancel.others-undisturbed",
    Level.MUST,
    on="left stream plain error unanswered",
    probes="crowd-beside",
    needs="upstream",
    basis=Basis.POLICY,
    cites="a connection belongs to the request it was made for, and to no other",
)
def who_stays_gets_it_all(trial: Trial) -> Iterator[Finding]:
    """A stream that is under way while many clients leave theirs comes as it would alone."""
    exchange, alone = trial[BESIDE], trial[ALONE]
    if alone.form != "stream":  # another rule says so
        return
    if exchange.form != "stream":
        how = f"{exchange.form} ({exchange.end})"
        yield Finding(f"the stream beside them was {how}", exchange=BESIDE)
        return
    got, right = read.outcome(exchange).choices, read.outcome(alone).choices
    if exchange.end != alone.end or got != right:
        said, due = ("".join(choice.text for choice in each) for each in (got, right))
        what = f"the stream beside them ended as {exchange.end!s} with {said!r}"
        yield Finding(f"{what}, alone it is {due!r}", exchange=BESIDE)
