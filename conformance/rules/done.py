"""What ends a stream: data: [DONE] on chat, message_stop on Messages."""

from collections.abc import Iterator

from conformance.exchange import Exchange, Trial
from conformance.findings import Basis, Finding, Level
from conformance.protocols import chat, messages, read
from conformance.protocols.grammar import END
from conformance.rules.invariance import departures, same_choices, same_usage, succeeded
from conformance.rules.rule import comparison, rule
from conformance.wire.sse import Event

CITES = "OpenAI OpenAPI 2.3.0, CreateChatCompletionRequest.stream: terminated by data: [DONE]"
ANTHROPIC = "Anthropic documentation, streaming Messages: a final message_stop event"
STREAMS = "chat.stream messages.stream"
#: What breaks the order of a stream, by its surface.
ORDERS = {"chat": chat.stream_violations, "messages": messages.stream_violations}


@rule(
    "done.present",
    Level.MUST,
    on=STREAMS,
    cites=f"{CITES}; {ANTHROPIC}",
    bugs="BerriAI/litellm#1255 NousResearch/hermes-agent#91189 "
    "huggingface/text-generation-inference#2221",
)
def a_complete_stream_ends_with_done(exchange: Exchange) -> Iterator[Finding]:
    """A stream that did not fail ends with its terminator: data: [DONE], or message_stop."""
    if not read.failed(exchange) and not read.closed(exchange):
        for token in read.tokens(exchange):
            if token.kind == END:
                what = f"the body ended without {read.terminator(exchange)}"
                yield Finding(what, token.span)


@rule(
    "done.exactly-once",
    Level.MUST,
    on=STREAMS,
    probes="healthy done.missing-tolerated",
    cites=f"{CITES}; {ANTHROPIC}",
    bugs="ray-project/ray#62246 songquanpeng/one-api#1628 Th0rgal/sandboxed.sh#389 PlawIO/veto#207",
)
def nothing_follows_done(exchange: Exchange) -> Iterator[Finding]:
    """The terminator is sent once and nothing follows it; a ping after message_stop is legal."""
    last = read.terminator(exchange).removeprefix("data: ")
    for state, token in ORDERS[exchange.surface](exchange):
        if state == "closed":
            what = f"a second {last}" if token.kind == "done" else f"a {token.kind}"
            yield Finding(f"{what} after {last}", token.span)


@rule(
    "done.ends-stream",
    Level.MUST,
    on=f"{STREAMS} responses.stream",
    probes="done.ends-stream",
    needs="upstream",
    cites=f"{CITES}; measured: clients that read to the end of the body hang",
    bugs="NousResearch/hermes-agent#106404 NousResearch/hermes-agent#9834 openai/codex#8708 "
    "anomalyco/opencode#45850",
)
def done_ends_the_stream(exchange: Exchange) -> Iterator[Finding]:
    """The client's stream ends after its terminator though the provider keeps its connection open.

    Judged without a clock: the provider holds the connection, and lets go of it only once the
    client's stream has ended or nothing more is to be expected.
    """
    for hold in exchange.holds:
        if hold.lag:
            size = len(exchange.body)
            yield Finding(f"no end of the stream while the provider held {hold.name!r}, "
                          f"after {size} bytes")  # fmt: skip


@comparison(
    "done.missing-tolerated",
    Level.SHOULD,
    on=STREAMS,
    probes="done.missing-tolerated",
    basis=Basis.RECORDING,
    cites=f"recorded: Cerebras, Perplexity and Writer never send [DONE]; {CITES}",
    bugs="maximhq/bifrost#6390 maximhq/bifrost#7115 gethnet/litellm-connector-copilot#97 "
    "NousResearch/hermes-agent#91189",
)
def a_missing_done_is_made_up_for(trial: Trial) -> Iterator[Finding]:
    """A provider's stream that states its finish reason and ends without terminator is complete.

    The client gets the whole answer, no error, and the terminator that its surface promises. A
    router that hands on what it gets is a fair pass-through, but its clients see a cut stream.
    """
    yield from departures(trial)


@comparison(
    "done.upstream-done-tolerated",
    Level.MUST,
    on=f"{STREAMS} gemini.stream",
    probes="done.upstream-done-tolerated",
    basis=Basis.RECORDING,
    cites="measured: the official Python SDK ends at any data that begins with [DONE]",
    bugs="Portkey-AI/gateway#1710 Portkey-AI/gateway#1526",
)
def odd_terminators_end_the_stream(trial: Trial) -> Iterator[Finding]:
    """[DONE] with a space after it, under a name, or where it is foreign, is no JSON to fail on.

    The answer is whole and no error follows. What the client gets for it is not judged here.
    """
    yield from departures(trial, (succeeded, same_choices, same_usage))


@rule(
    "done.foreign-surface",
    Level.MUST,
    on="messages.stream messages.plain messages.error "
    "gemini.stream gemini.array gemini.plain gemini.error",
    probes="healthy inband-error done.upstream-done-tolerated",
    cites="Anthropic API version history: 2023-06-01 removed data: [DONE]; recorded: 668 of 668 "
    "Anthropic streams and all of 308 of the Gemini API and Vertex; measured: under an event name "
    "the official Anthropic SDKs throw on it, both of Google's do in any case",
    bugs="huggingface/tau#692 vllm-project/vllm#37510 anthropics/anthropic-sdk-csharp#202",
)
def no_done_where_it_is_foreign(exchange: Exchange) -> Iterator[Finding]:
    """data: [DONE] belongs to the chat API: no other surface gets it, after an error neither."""
    for event in read.events(exchange):
        if isinstance(event, Event):
            yield Finding("data: [DONE], which is of another API", event.span)
