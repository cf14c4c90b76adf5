"""HTTP around the answer: that there is one, its headers, its coding, and that it is not held back.

Whether something is held back is judged without a clock: the provider stops until the harness has
seen what it sent, so a router that waits for more than it may is found waiting.
"""

from collections import Counter
from collections.abc import Iterator

from conformance.exchange import Exchange, HoldSeen, Json, Trial
from conformance.findings import Basis, Finding, Level
from conformance.protocols.surface import items
from conformance.rules.rule import comparison, rule
from conformance.wire import http
from conformance.wire.sse import Comment, Event

RFC_FRAMING = "RFC 9112 6.1-6.3"
#: Headers that say how a message is framed or what its connection does; never two of a kind.
FRAMING = ("content-length", "transfer-encoding", "content-type", "content-encoding", "connection")
#: Headers that end at the next hop, but for those that HTTP libraries write of their own accord.
# Trailer was among them in RFC 2616; RFC 9110 6.6.2 lets it go all the way.
HOP_BY_HOP = ("keep-alive", "te", "upgrade", "proxy-authenticate", "proxy-connection")


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
    "http.content-type-event-stream",
    Level.MUST,
    on="stream array plain",
    needs="head",
    basis=Basis.STANDARD,
    cites="WHATWG HTML 9.2.3: text/event-stream, always UTF-8; OpenAI OpenAPI 2.3.0, responses",
    bugs="vllm-project/vllm-ascend#5033 microsoft/foundry-dev-tools#195 BerriAI/litellm#20278 "
    "enricoros/big-AGI#147",
)
def the_body_is_labelled(exchange: Exchange) -> Iterator[Finding]:
    """A stream is labelled text/event-stream, a plain answer application/json; charset is UTF-8."""
    right = "text/event-stream" if exchange.mode == "stream" else "application/json"
    told = http.media_type(exchange.header("content-type"))
    if told.essence != right or told.charset not in (None, "utf-8"):
        shown = exchange.header("content-type") or "absent"
        yield Finding(f"Content-Type is {shown}; right is {right}", where="header content-type")


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
    "http.anti-buffering-headers",
    Level.MAY,
    on="stream",
    needs="head",
    basis=Basis.POLICY,
    cites="nginx, X-Accel-Buffering; RFC 9111 5.2.2; corpus: OpenAI itself sends neither",
    bugs="ggml-org/llama.cpp#24774 blinkk/rootjs#1209 PostHog/posthog#25907",
)
def proxies_are_told_not_to_buffer(exchange: Exchange) -> Iterator[Finding]:
    """A stream has X-Accel-Buffering: no and Cache-Control with no-cache."""
    if (exchange.header("x-accel-buffering") or "").lower() != "no":
        yield Finding("no X-Accel-Buffering: no", where="header x-accel-buffering")
    if "no-cache" not in http.words(exchange.header("cache-control")):
        yield Finding("no Cache-Control: no-cache", where="header cache-control")


@rule(
    "http.no-content-length-on-stream",
    Level.MUST,
    on="stream",
    needs="head",
    basis=Basis.STANDARD,
    cites=f"{RFC_FRAMING}: a client stops at the declared length; corpus: OpenAI sends none",
    bugs="kubernetes-sigs/gateway-api-inference-extension#2993 "
    "kubernetes-sigs/gateway-api-inference-extension#2994",
)
def a_stream_has_no_length(exchange: Exchange) -> Iterator[Finding]:
    """A stream has no Content-Length: nobody knows it before the end."""
    if length := exchange.header("content-length"):
        yield Finding(f"Content-Length {length} on a stream", where="header content-length")


@rule(
    "http.framing-headers",
    Level.MUST,
    on="stream array plain",
    probes="healthy http.framing-headers",
    needs="head",
    basis=Basis.STANDARD,
    cites=f"RFC 9110 7.6.1: what Connection names ends there; {RFC_FRAMING}",
    bugs="open-webui/open-webui#23856 radixark/miles#1001 haga-rak/fluxzy.core#615 "
    "timoklimmer/powerproxy-aoai#53",
)
def headers_of_the_connection_stay_there(exchange: Exchange) -> Iterator[Finding]:
    """Headers of the provider's connection are not copied, and none of the framing comes twice."""
    count = Counter(name.lower() for name, _ in exchange.headers)
    for name in FRAMING:
        if count[name] > 1:
            yield Finding(f"{name} comes {count[name]} times", where=f"header {name}")
    for name, value in _of_the_connection(exchange.scenario):
        if value and value in (exchange.header(name) or ""):
            yield Finding(f"the provider's {name}: {value} was copied", where=f"header {name}")


def _of_the_connection(scenario: Json | None) -> Iterator[tuple[str, str]]:
    sent = [(name.lower(), value) for name, value in scripted_headers(scenario)]
    named = {word for name, value in sent if name == "connection" for word in http.words(value)}
    for name, value in sent:
        if name in HOP_BY_HOP or name in named:
            yield name, value


def scripted_headers(scenario: Json | None) -> list[tuple[str, str]]:
    """Return the headers that the scenario adds to the provider's answer."""
    listed = (scenario or {}).get("head", {}).get("headers", ())
    return [(str(name), str(value)) for name, value in listed]


@rule(
    "http.content-encoding-consistent",
    Level.MUST,
    on="stream array plain error",
    probes="healthy http.content-encoding-consistent",
    needs="head request",
    basis=Basis.STANDARD,
    cites="RFC 9110 8.4: Content-Encoding; 12.5.3: Accept-Encoding",
    bugs="Portkey-AI/gateway#1261 freelensapp/freelens-ai-extension#273 Kong/kong#12493 "
    "lsagetlethias/fine-grained-proxy#18",
)
def the_coding_is_what_it_says(exchange: Exchange) -> Iterator[Finding]:
    """The bytes are coded as Content-Encoding says, and only as the client accepts."""
    raw = b"".join(read.data for read in exchange.reads) or exchange.body
    codings = [word for word in http.words(exchange.header("content-encoding"))
               if word != http.IDENTITY]  # fmt: skip
    where = "header content-encoding"
    if wrong := [word for word in codings if not http.accepts(_accepted(exchange), word)]:
        asked = _accepted(exchange) or "absent"
        yield Finding(f"Content-Encoding {wrong[0]}, Accept-Encoding was {asked}", where=where)
    elif raw and codings and (trouble := http.undo(codings, raw).trouble):
        yield Finding(f"Content-Encoding {codings[0]}: {trouble}", where=where)
    elif raw[:2] == b"\x1f\x8b" and not codings:
        yield Finding("the body is gzip and Content-Encoding does not say so", where=where)


def _accepted(exchange: Exchange) -> str:
    sent = exchange.request.headers if exchange.request else ()
    return next((value for name, value in sent if name.lower() == "accept-encoding"), "")


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

    It reaches the provider once, on a fresh connection.
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


NEXT = ".next"  # of a request's name: it comes when the connection of the other has been closed
