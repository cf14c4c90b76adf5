"""The head of an answer: its labels, its framing and its coding."""

from collections import Counter
from collections.abc import Iterator

from conformance.exchange import Exchange, Json
from conformance.findings import Basis, Finding, Level
from conformance.protocols import gemini
from conformance.rules.rule import rule
from conformance.wire import http

EVENTS = "text/event-stream"
RFC_FRAMING = "RFC 9112 6.1-6.3"
#: Headers that say how a message is framed or what its connection does; never two of a kind.
FRAMING = ("content-length", "transfer-encoding", "content-type", "content-encoding", "connection")
#: Headers that end at the next hop, but for those that HTTP libraries write of their own accord.
# Trailer was among them in RFC 2616; RFC 9110 6.6.2 lets it go all the way.
HOP_BY_HOP = ("keep-alive", "te", "upgrade", "proxy-authenticate", "proxy-connection")


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
    """A stream is labelled text/event-stream, a plain answer application/json; charset is UTF-8.

    A stream of Gemini's that should be an array and is events is labelled as what it is.
    """
    told = http.media_type(exchange.header("content-type"))
    events = exchange.mode == "stream" or (told.essence == EVENTS and _unasked(exchange))
    right = EVENTS if events else "application/json"
    if told.essence != right or told.charset not in (None, "utf-8"):
        shown = exchange.header("content-type") or "absent"
        yield Finding(f"Content-Type is {shown}; right is {right}", where="header content-type")


def _unasked(exchange: Exchange) -> bool:
    """Say whether these are events where a JSON array was asked for, which is another rule's."""
    return exchange.mode == "array" and not gemini.listed(exchange)


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
