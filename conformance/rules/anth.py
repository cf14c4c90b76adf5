"""Anthropic's Messages: the envelope of a stream, from message_start to message_stop."""

from collections.abc import Iterator

from conformance.exchange import Exchange, Json
from conformance.findings import Basis, Finding, Level
from conformance.protocols import messages
from conformance.protocols.grammar import END
from conformance.protocols.messages_outcome import read_usage
from conformance.rules.anth_shape import misnamed, of_the_rest, of_the_start
from conformance.rules.rule import rule

STREAMING = "Anthropic documentation, streaming Messages"
RECORDED = "recorded: 668 of 668 Anthropic streams"
NAMES = {kind: name for name, kind in messages.KINDS.items()}
TYPES = "Anthropic Python SDK 2.11.0, types"


@rule(
    "anth.message-start-first",
    Level.MUST,
    on="messages.stream",
    cites=f"{STREAMING}: each stream begins with message_start; {RECORDED}; measured: the official "
    "Python helper asserts, the Node helper throws",
    bugs="router-for-me/CLIProxyAPI#530 heyhuynhgiabuu/proxypal#19 heyhuynhgiabuu/proxypal#20",
)
def message_start_comes_first(exchange: Exchange) -> Iterator[Finding]:
    """message_start is the first event; nothing but a ping or an error may come before it."""
    for state, token in messages.stream_violations(exchange):
        if state == "start" and token.kind != END:
            yield Finding(f"{NAMES[token.kind]} before message_start", token.span)


@rule(
    "anth.message-start-once",
    Level.MUST,
    on="messages.stream",
    cites=f"{STREAMING}: one message per stream; {RECORDED}; measured: the Node helper throws on a "
    "second message_start",
    bugs="BerriAI/litellm#33859 LuthienResearch/luthien-proxy#59 NVIDIA/NemoClaw#6297",
)
def message_start_comes_once(exchange: Exchange) -> Iterator[Finding]:
    """message_start comes once. What follows message_stop is under `done.exactly-once`."""
    for state, token in messages.stream_violations(exchange):
        if token.kind == "start" and state != "closed":
            yield Finding("a second message_start", token.span)


@rule(
    "anth.message-start-shape",
    Level.MUST,
    on="messages.stream",
    cites=f"{TYPES}: Message; measured: without content or usage the official SDKs throw",
    bugs="farion1231/cc-switch#7396 farion1231/cc-switch#7390 SaladDay/cc-switch-cli#320",
)
def message_start_is_complete(exchange: Exchange) -> Iterator[Finding]:
    """message_start has a whole message: id, type, role, model, no content yet, usage.

    Its stop_reason and stop_sequence are there and null: they are told at the end.
    """
    yield from of_the_start(exchange)


@rule(
    "anth.message-start-usage",
    Level.SHOULD,
    on="messages.stream",
    basis=Basis.RECORDING,
    cites=f"{RECORDED} count the prompt in message_start; clients show the context used by it",
    bugs="CloudWaddie/LMArenaBridge#160 sgl-project/sglang#20678 vercel/ai#17326 zai-org/GLM-5#139",
)
def message_start_counts_the_prompt(exchange: Exchange) -> Iterator[Finding]:
    """message_start says how long the prompt is, or an estimate of it; not 0, to be told later."""
    counted = [token for token in messages.tokens(exchange) if token.kind == "usage"]
    if len(counted) > 1 and not _input(counted[0].value) and _input(counted[-1].value):
        what = f"message_start counts 0 tokens of input, the end {_input(counted[-1].value)}"
        yield Finding(what, counted[0].span)


def _input(value: Json) -> int:
    usage = read_usage(value)
    return usage.input or 0 if usage else 0


@rule(
    "anth.event-names",
    Level.MUST,
    on="messages.stream",
    cites=f"{STREAMING}: each event has a named type; {RECORDED}; measured: the official SDKs drop "
    "an event without a name they know",
    bugs="earendil-works/pi#1983 seifghazi/claude-code-proxy#32",
)
def events_are_named_by_their_type(exchange: Exchange) -> Iterator[Finding]:
    """Each event has an event line, and it says what the type in its data says.

    Errors are under `err.surface-native-shape`.
    """
    yield from misnamed(exchange)


@rule(
    "anth.event-shape",
    Level.MUST,
    on="messages.stream",
    cites=f"{TYPES}: RawMessageStreamEvent; measured: the official Python SDK throws on a text "
    "that is missing or null, and on message_delta without delta or usage",
    bugs="anthropics/anthropic-sdk-csharp#181 maximhq/bifrost#5638",
)
def events_have_their_members(exchange: Exchange) -> Iterator[Finding]:
    """Blocks, deltas and message_delta have the members that the API's types require.

    Those of message_start and the index of a block have rules of their own; types and members
    that the API does not know yet are legal.
    """
    yield from of_the_rest(exchange)
