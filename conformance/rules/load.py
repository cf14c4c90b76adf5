"""Load: many streams at once, a client that does not read, an event without end.

How much a router keeps is what it has taken from the provider less what its client has; so no
clock and no look at its memory is needed.
"""

from collections.abc import Iterator

from conformance.exchange import End, Exchange, Trial, taken
from conformance.findings import Basis, Finding, Level
from conformance.protocols import read
from conformance.rules.err import told
from conformance.rules.rule import comparison, rule

ANY = "stream plain left error unanswered"
MIB = 1 << 20
KERNELS = 32 * MIB  # what the systems on the way may keep of a connection, beside the router
BUFFER, EVENT = 16 * MIB, 64 * MIB  # where a profile declares neither


OTHER = "other"  # the stream that is open beside those that are judged


@comparison(
    "load.parallel-streams",
    Level.SHOULD,
    on=ANY,
    probes="load.parallel-streams",
    basis=Basis.POLICY,
    cites="RFC 9112 9.4: clients open several connections, and expect them to be served",
    bugs="apache/apisix#13256 vllm-project/production-stack#448 crashr/llama-stream#4 "
    "icing/mod_h2#318",
)
def nobody_waits_for_another(trial: Trial) -> Iterator[Finding]:
    """A stream that is stalled, fast or not read does not delay another; a crowd is served.

    While such a stream is open, others begin and complete; of many that begin at once all do.
    """
    if not read.served(trial["alone"]):
        return
    for name, exchange in trial.exchanges.items():
        if name != OTHER and exchange.form != "left" and not read.served(exchange):
            yield Finding(f"{_how(exchange)}; alone such a request is served", exchange=name)


def _how(exchange: Exchange) -> str:
    if exchange.form == "unanswered":
        return f"no answer: {exchange.end}, {exchange.error}"
    return f"answered {exchange.status}" if exchange.form == "error" else "the answer failed"


@rule(
    "load.slow-client-bounded",
    Level.SHOULD,
    on="left",
    probes="load.slow-client-bounded",
    needs="upstream",
    basis=Basis.POLICY,
    cites="RFC 9293 3.8.6: the window is how a receiver says that it has no room",
    bugs="tombii/better-ccflare#238 MAXeaglet/commandcode-proxy#20 majiayu000/litellm-rs#162 "
    "codemie-ai/codemie-code#317",
)
def who_does_not_read_is_not_read_for(exchange: Exchange) -> Iterator[Finding]:
    """Where a client reads nothing, its router stops reading too, and the provider has to wait.

    The profile says how much a router may keep of one stream (`buffer-limit`; 16 MiB unless it
    says more), beside what the systems on the way keep.
    """
    limit = int(exchange.policy.get("buffer-limit", BUFFER))
    yield from _beyond(exchange, limit, "its client had read nothing")


@rule(
    "load.unbounded-event",
    Level.SHOULD,
    on=ANY,
    probes="load.unbounded-event",
    needs="upstream",
    basis=Basis.POLICY,
    cites="WHATWG HTML 9.2.6 sets no length for a line or an event: who buffers them has to",
    bugs="KarpelesLab/teamclaude#341 openclaw/openclaw#96972 openclaw/openclaw#96993 "
    "theopenco/llmgateway#1540",
)
def an_event_ends_somewhere(exchange: Exchange) -> Iterator[Finding]:
    """An event that never ends is refused with an error once it has a certain size.

    The profile says which (`event-limit`; 64 MiB unless it says so). A router that passes bytes on
    as they come keeps none of them, and has nothing to refuse.
    """
    if _passes(exchange):
        return
    beyond = list(_beyond(exchange, int(exchange.policy.get("event-limit", EVENT)), "of one event"))
    yield from beyond
    if not beyond and not told(exchange):
        yield Finding("the provider sent an event without end; the client was not told of an error")


def _passes(exchange: Exchange) -> bool:
    """Say whether what came shows that bytes are passed on, though slowly it may be."""
    slow = exchange.end == End.TIMEOUT and len(exchange.body) > MIB
    return slow or exchange.end == End.OVERFLOW


def _beyond(exchange: Exchange, limit: int, what: str) -> Iterator[Finding]:
    kept = sum(map(taken, exchange.journal)) - len(exchange.body)
    if kept > limit + KERNELS:
        yield Finding(f"{kept // MIB} MiB were taken from the provider and not passed on, {what}; "
                      f"{limit // MIB} MiB may be kept", where="journal")  # fmt: skip
