"""The event stream's line syntax: whatever the standard allows a provider, a router can read."""

from collections.abc import Iterator

from conformance.exchange import Exchange, Json, Trial
from conformance.findings import Basis, Finding, Level
from conformance.protocols import read
from conformance.protocols.surface import Data
from conformance.rules.invariance import ALL, departures
from conformance.rules.rule import comparison

GRAMMAR = "WHATWG HTML 9.2.5, Parsing an event stream"
READING = "WHATWG HTML 9.2.6, Interpreting an event stream"


@comparison(
    "sse.split-reads",
    Level.MUST,
    on="stream",
    probes="sse.split-reads",
    basis=Basis.STANDARD,
    cites=f"RFC 9112 7.1: the borders of HTTP chunks have no meaning; {READING}",
    bugs="higress-group/higress#4616 apache/apisix#13090 open-webui/open-webui#13474 "
    "9j/claude-code-mux#14",
)
def reads_may_end_anywhere(trial: Trial) -> Iterator[Finding]:
    """The same bytes give the same answer however the provider's writes cut them.

    Cut after every byte of the stream and of the HTTP chunks around it, each read by itself; once
    or twice in each event, at another of its bytes every time; every few bytes; or not at all, so
    that many events arrive in one read.
    """
    yield from departures(trial)


@comparison(
    "sse.crlf",
    Level.MUST,
    on="stream",
    probes="sse.crlf",
    basis=Basis.STANDARD,
    cites=f"{GRAMMAR}: end-of-line; recorded: Perplexity sends CR LF",
    bugs="envoyproxy/ai-gateway#2463 Portkey-AI/gateway#896 miruamel/xuan#194 "
    "Continuum-AI-Corp/OrcaRouter-Lite#98",
)
def crlf_ends_lines(trial: Trial) -> Iterator[Finding]:
    """Lines that end in CR LF, or in LF and CR LF mixed, read like lines that end in LF."""
    yield from departures(trial, given={"crlf.cut": "cut", "crlf.inside": "cut lines"})


@comparison(
    "sse.bare-cr",
    Level.SHOULD,
    on="stream",
    probes="sse.bare-cr",
    basis=Basis.STANDARD,
    cites=f"{GRAMMAR}: end-of-line",
    bugs="EdamAme-x/pentect#1438 a2aproject/a2a-js#714",
)
def bare_cr_ends_lines(trial: Trial) -> Iterator[Finding]:
    """Lines that end in CR alone read like lines that end in LF."""
    yield from departures(trial)


@comparison(
    "sse.data-no-space",
    Level.MUST,
    on="stream",
    probes="sse.data-no-space",
    basis=Basis.STANDARD,
    cites=f"{GRAMMAR}: the space after the colon is optional",
    bugs="envoyproxy/ai-gateway#2470 numman-ali/opencode-openai-codex-auth#96 "
    "googleapis/python-genai#2584",
)
def the_space_is_optional(trial: Trial) -> Iterator[Finding]:
    """data:x reads like data: x, for text, usage and terminator alike."""
    yield from departures(trial)


@comparison(
    "sse.multi-line-data",
    Level.SHOULD,
    on="stream",
    probes="sse.multi-line-data",
    basis=Basis.STANDARD,
    cites=f"{READING}: data lines of one event are joined with LF",
    bugs="EasyMetaAu/helm-api#199 numman-ali/opencode-openai-codex-auth#96",
)
def data_lines_are_joined(trial: Trial) -> Iterator[Finding]:
    """JSON spread over several data lines of one event is one event."""
    yield from departures(trial)


@comparison(
    "sse.bom",
    Level.SHOULD,
    on="stream",
    probes="sse.bom",
    basis=Basis.STANDARD,
    cites=f"{READING}: one leading byte order mark is dropped",
    bugs="openai/openai-python#3819 assistant-ui/assistant-ui#6954 vm0-ai/vm0#24687 "
    "elastic/elasticsearch#154632",
)
def a_bom_hides_nothing(trial: Trial) -> Iterator[Finding]:
    """A leading byte order mark loses no event, the first one neither.

    Handing it on is legal, though the official Python SDK then loses the first event.
    """
    yield from departures(trial, (*ALL, same_first))


def same_first(measure: Exchange, exchange: Exchange) -> Finding | None:
    wanted, got = _first(measure), _first(exchange)
    return (
        Finding(f"the first event is {got}, undisturbed it is {wanted}") if wanted != got else None
    )


def _first(exchange: Exchange) -> Json:
    """Return the type of the first event, on surfaces whose events say one."""
    told = (event.value for event in read.events(exchange) if isinstance(event, Data))
    return next(told, {}).get("type")


@comparison(
    "sse.comments-tolerated",
    Level.MUST,
    on="stream",
    probes="sse.comments-tolerated",
    basis=Basis.STANDARD,
    cites=f"{READING}: comments and unknown fields are ignored; "
    "recorded: OpenRouter and Perplexity send comments",
    bugs="mnfst/llm-gateway#2053 docker/docker-agent#2349 Portkey-AI/gateway#1035 "
    "Lambdua/openai4j#90",
)
def comments_change_nothing(trial: Trial) -> Iterator[Finding]:
    """Comments and unknown fields change nothing in the answer and never become data."""
    yield from departures(trial)


@comparison(
    "sse.empty-data-tolerated",
    Level.SHOULD,
    on="stream",
    probes="sse.empty-data-tolerated",
    basis=Basis.RECORDING,
    cites=f"{READING}: a block without data dispatches nothing; "
    "measured: the official Python and Node SDKs throw on events without data",
    bugs="openai/openai-python#2960 anthropics/anthropic-sdk-typescript#292",
)
def blocks_without_data_stop_here(trial: Trial) -> Iterator[Finding]:
    """Events with empty data, or with a name only, neither end the stream nor reach the client.

    The standard lets a router hand them on; the official SDKs throw on them.
    """
    yield from departures(trial)


@comparison(
    "sse.unicode-line-separators",
    Level.MUST,
    on="stream",
    probes="sse.unicode-line-separators",
    basis=Basis.STANDARD,
    cites=f"{GRAMMAR}: only CR LF, LF and CR end a line; "
    "RFC 8259 7: U+2028, U+2029 and U+0085 need no escape in JSON",
    bugs="Soju06/codex-lb#1011 langgenius/dify#39008 BerriAI/litellm#30602 "
    "florimondmanca/httpx-sse#37",
)
def only_cr_and_lf_end_lines(trial: Trial) -> Iterator[Finding]:
    """U+2028, U+2029 and U+0085 in JSON texts end no line and reach the client unchanged."""
    yield from departures(trial)
