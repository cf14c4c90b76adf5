"""HTTP around the answer: that there is one, and that it is not held back.

Whether something is held back is judged without a clock: the provider stops until the harness has
seen what it sent, so a router that waits for more than it may is found waiting.
"""

from collections.abc import Iterator

from conformance.exchange import Exchange, HoldSeen, Trial
from conformance.findings import Basis, Finding, Level
from conformance.protocols.surface import items
from conformance.rules.rule import comparison, rule
from conformance.wire.sse import Comment, Event

NEXT = ".next"  # of a request's name: it comes when the connection of the other has been closed


@rule(
    "http.answered",
    Level.MUST,
    on="stream array plain error unanswered",
    probes="every",
    basis=Basis.STANDARD,
    cites="RFC 9110 3.4 and 15: a request gets a response; RFC 9112 4: its first line",
    bugs="langwatch/langwatch#6207 Mirrowel/LLM-API-Key-Proxy#39 aaif-goose/goose#8134",
)
def every_request_is_answered(exchange: Exchange) -> Iterator[Finding]:
    """Every request gets an HTTP response, and it ends within the deadline."""
    if exchange.form == "unanswered":
        yield Finding(f"no answer: {exchange.end}, {exchange.error}", where="connection")


@rule(
    "http.incremental",
    Level.MUST,
    on="stream array",
    probes="http.incremental",
    basis=Basis.POLICY,
    needs="upstream",
    cites="OpenAI API reference, stream: sent as it is generated",
    bugs="Kong/kong#14425 seaavey/SRouter#104 apache/apisix#12665 databricks/unity-gateway#361",
)
def events_are_not_held_back(exchange: Exchange) -> Iterator[Finding]:
    """An event is handed on before the provider sends the next, in text and in tool arguments.

    The profile says how many events a router may keep back (`lookahead`; 1 unless it says more).
    """
    if late := _late(exchange):
        yield Finding(f"{_waited(late)}; {_lookahead(exchange)} may be kept back")


@comparison(
    "http.no-compression-buffering",
    Level.MUST,
    on="stream",
    probes="http.no-compression-buffering",
    basis=Basis.POLICY,
    cites="RFC 9110 8.4.1: a coding may be flushed at any point",
    bugs="traefik/traefik#11511 Kludex/starlette#2753 Kludex/starlette#3230",
)
def compression_holds_nothing_back(trial: Trial) -> Iterator[Finding]:
    """Events still arrive one by one where the client accepts gzip."""
    late = _late(trial["gzip"])
    if late and not _late(trial["identity"]):
        yield Finding(f"{_waited(late)}, without gzip they had", exchange="gzip")


def _lookahead(exchange: Exchange) -> int:
    return int(exchange.policy.get("lookahead", 1))


def _late(exchange: Exchange) -> HoldSeen | None:
    allowed = _lookahead(exchange)
    return next((hold for hold in exchange.holds if hold.lag > allowed), None)


def _waited(hold: HoldSeen) -> str:
    what = "event sent last" if hold.lag == 1 else f"{hold.lag} events sent last"
    return f"at {hold.name!r} the {what} had not come out"


@rule(
    "http.keepalive-neutral",
    Level.SHOULD,
    on="stream",
    basis=Basis.POLICY,
    cites="WHATWG HTML 9.2.7: a comment line as keep-alive; 9.2.6 lets one stand inside an event, "
    "where readers that cut the stream at blank lines trip over it",
    bugs="kortix-ai/suna#3696 diegosouzapw/OmniRoute#8948",
)
def keepalives_stand_between_events(exchange: Exchange) -> Iterator[Finding]:
    """Keep-alives stand between events, never inside one."""
    waiting: list[Comment] = []  # until the event ends that they may stand in
    for item in items(exchange):
        if isinstance(item, Comment):
            waiting.append(item)
        elif isinstance(item, Event):
            for comment in waiting:
                if comment.span.start > item.span.start:
                    what = f"the comment {comment.text[:40]!r} stands inside an event"
                    yield Finding(what, comment.span)
            waiting = []


@comparison(
    "http.stale-upstream-conn",
    Level.SHOULD,
    on="stream plain error unanswered",
    probes="http.stale-upstream-conn",
    needs="upstream",
    basis=Basis.STANDARD,
    cites="RFC 9112 9.3.1, 9.5: a server may close an idle connection at any time, and a client "
    "is to be ready for it",
    bugs="anthropics/claude-code#89608 NVIDIA-NeMo/nemo-platform#1101 wso2/api-platform#3429",
)
def a_closed_connection_is_not_asked_on(trial: Trial) -> Iterator[Finding]:
    """After the provider has closed a connection it was to keep, the next request is answered.

    It reaches the provider once, on a fresh connection. It comes half a second after the answer
    behind which the connection ended, by FIN and by RST: whoever watches idle connections knows
    by then. That they cross, which no proxy can prevent, is not asked.
    """
    for name, exchange in trial.exchanges.items():
        if name.endswith(NEXT) and exchange.form != "stream":
            how = exchange.end if exchange.form == "unanswered" else f"answered {exchange.status}"
            what = f"the provider had closed an idle connection, and the next request was {how}"
            yield Finding(what, exchange=name)
        elif name.endswith(NEXT) and len(exchange.journal) > 1:
            times = len(exchange.journal)
            what = f"the provider had closed an idle connection, and was asked {times} times"
            yield Finding(what, where="journal", exchange=name)
