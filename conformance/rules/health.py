"""Two providers, and a router that remembers how they have been.

Which of the two is asked next shows what a router makes of what it has seen.
"""

from collections.abc import Iterator

from conformance.exchange import Exchange, Trial
from conformance.findings import Basis, Finding, Level
from conformance.rules.rule import comparison

ANY = "stream array plain error unanswered"
NEEDS = "upstream fallback second-upstream"
AFTER = "after"


def after(trial: Trial) -> list[Exchange]:
    """Return the requests that came when the others were over."""
    return [each for name, each in trial.exchanges.items() if name.partition(".")[0] == AFTER]


@comparison(
    "health.client-abort-neutral",
    Level.SHOULD,
    on=ANY,
    probes="health.client-abort-neutral",
    needs=NEEDS,
    basis=Basis.POLICY,
    cites="a client that leaves says nothing of the provider it was listening to",
    bugs="diegosouzapw/OmniRoute#7908 dwgx/WindsurfAPI#225",
)
def who_leaves_blames_nobody(trial: Trial) -> Iterator[Finding]:
    """After many clients have left their streams, the first provider is still asked first."""
    if not any(exchange.of_first for exchange in after(trial)):
        gone = len(trial.exchanges) - len(after(trial))
        what = f"after {gone} clients had left, the first provider was not asked any more"
        yield Finding(what, where="journal", exchange=AFTER)


@comparison(
    "health.midstream-counted",
    Level.SHOULD,
    on=ANY,
    probes="one-death many-deaths",
    needs=f"{NEEDS} cooldown",
    basis=Basis.POLICY,
    cites="the profile of the router: what fails often is not asked for a while; a stream that "
    "breaks off is no answer, whatever its status",
    bugs="jaseci-labs/jac#8430 ferro-labs/ai-gateway#199 ferro-labs/ai-gateway#136 "
    "chenyme/grok2api#946",
)
def a_stream_that_dies_counts(trial: Trial) -> Iterator[Finding]:
    """A stream that breaks off counts as a failure of its provider: one is no reason, many are.

    After one, the first provider is asked again; after many, the second is for a while.
    """
    died = len(trial.exchanges) - len(after(trial))
    asked = [bool(exchange.of_first) for exchange in after(trial)]
    if died == 1 and not any(asked):
        what = "after one stream that broke off, the first provider was not asked any more"
        yield Finding(what, where="journal")
    if died > 1 and all(asked):
        what = f"after {died} streams that broke off, the first provider was asked as before"
        yield Finding(what, where="journal")
