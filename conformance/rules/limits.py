"""Limits a router declares, in seconds: what it does when they pass, and when they do not.

Only what a profile declares is judged; a verdict leaves half of a limit and a few seconds over.
"""

from collections.abc import Iterator
from itertools import pairwise

from conformance.exchange import End, Exchange
from conformance.findings import Basis, Finding, Level
from conformance.protocols import read
from conformance.rules.err import told
from conformance.rules.rule import rule

ANY = "stream plain error unanswered"
SLACK = 1.0  # seconds a keep-alive may be late, beside its limit
NANO = 1e9


@rule(
    "err.stall-detected",
    Level.SHOULD,
    on=ANY,
    probes="stall",
    needs="upstream idle-limit",
    basis=Basis.POLICY,
    cites="OpenAI SDK: a client without a limit of its own waits ten minutes",
    bugs="QuantumNous/new-api#4060 aaif-goose/goose#8134 dahai80/fusion-code#134 "
    "Mirrowel/LLM-API-Key-Proxy#39",
)
def a_silent_provider_is_given_up(exchange: Exchange) -> Iterator[Finding]:
    """A provider that falls silent, ahead of its answer or within it, is given up.

    The client is told of an error within the declared `idle-limit`; it is not left waiting, and
    not shown a success.
    """
    yield from _waited(exchange, "the provider fell silent")
    if exchange.form != "unanswered" and not told(exchange):
        yield Finding("the provider fell silent; the client's answer ended without an error")


@rule(
    "err.stall-behind-keepalive",
    Level.SHOULD,
    on=ANY,
    probes="stall-behind-keepalive",
    needs="upstream idle-limit",
    basis=Basis.POLICY,
    cites="WHATWG HTML 9.2.7: a comment keeps a connection from timing out, it is no event",
    bugs="aaif-goose/goose#11679 anthony-chaudhary/fak#5486 kortix-ai/suna#3696",
)
def keepalives_alone_are_no_life(exchange: Exchange) -> Iterator[Finding]:
    """A provider that sends nothing but comments is given up like one that is silent."""
    yield from _waited(exchange, "the provider sent nothing but comments")


def _waited(exchange: Exchange, what: str) -> Iterator[Finding]:
    if exchange.end == End.TIMEOUT:
        limit = exchange.policy["idle-limit"]
        yield Finding(f"{what}; {exchange.error}, and the declared limit is {limit:g} s")


@rule(
    "http.keepalive-while-idle",
    Level.SHOULD,
    on="stream unanswered",
    probes="quiet",
    needs="upstream keepalive-limit",
    basis=Basis.POLICY,
    cites="WHATWG HTML 9.2.7: a comment every 15 seconds or so keeps proxies from hanging up",
    bugs="BerriAI/litellm#36024 BYK/loreai#1654 maximhq/bifrost#5010 decolua/9router#3409",
)
def a_quiet_stream_is_kept_alive(exchange: Exchange) -> Iterator[Finding]:
    """While the provider is silent the client gets some byte within the declared `keepalive-limit`.

    It may take up to twice as long, and a second.
    """
    limit = exchange.policy["keepalive-limit"]
    times = [each.at for each in exchange.reads]
    longest = max((after - before for before, after in pairwise(times)), default=0) / NANO
    if longest > 2 * limit + SLACK:
        yield Finding(f"nothing came for {longest:.1f} s, the declared limit is {limit:g} s")


@rule(
    "timeout.idle-not-total",
    Level.SHOULD,
    on=ANY,
    probes="steady",
    needs="upstream request-limit",
    basis=Basis.POLICY,
    cites="OpenAI SDK: its timeout is for each read of a stream, not for the whole",
    bugs="AtomicBot-ai/Atomic-Chat#190 METR/hawk#1789 octos-org/octos#2170",
)
def a_steady_stream_outlives_the_limit(exchange: Exchange) -> Iterator[Finding]:
    """A stream whose events keep coming outlives the declared `request-limit`: silence ends it."""
    if exchange.form != "stream" or read.failed(exchange):
        limit, failure = exchange.policy["request-limit"], read.failure(exchange)
        how = f"an error: {failure.message[:80]!r}" if failure else f"{exchange.end}"
        yield Finding(f"a steady stream longer than {limit:g} s ended in {how}")
