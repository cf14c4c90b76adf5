"""Tool calls: how their fragments are numbered and named, and whether they arrive whole."""

from collections.abc import Iterator

from conformance.exchange import Exchange
from conformance.findings import Basis, Finding, Level
from conformance.protocols import calls, read
from conformance.protocols.calls import Kind
from conformance.rules.anth_blocks import misplaced
from conformance.rules.rule import rule
from conformance.rules.tool_odd import SCHEMA, departed
from conformance.wire.json import BadJson, parse

RECORDED = "corpus: 169 of 169 recorded OpenAI streams with tool calls"


def _flawed(exchange: Exchange, kind: Kind) -> Iterator[Finding]:
    for flaw in calls.flaws(exchange):
        if flaw.kind == kind:
            yield Finding(flaw.message, flaw.span)


@rule(
    "tool.index-present",
    Level.MUST,
    on="chat.stream",
    probes="tools",
    cites=f"{SCHEMA}: index is required; {RECORDED}",
    bugs="openai/openai-python#3246 chatanywhere/GPT_API_free#254 ollama/ollama#7881",
)
def every_fragment_has_an_index(exchange: Exchange) -> Iterator[Finding]:
    """Every streamed tool call fragment has an integer index of 0 or more."""
    yield from _flawed(exchange, Kind.INDEX)


@rule(
    "tool.index-distinct",
    Level.MUST,
    on="chat.stream",
    probes="tools",
    cites=f"{SCHEMA}: index tells the calls apart; {RECORDED} count 0, 1, 2",
    bugs="ai-dynamo/dynamo#4723 ollama/ollama#15457 mcowger/plexus#691 BerriAI/litellm#5231",
)
def each_call_has_its_own_index(exchange: Exchange) -> Iterator[Finding]:
    """Parallel calls have indexes of their own, counted from 0 in the order they open."""
    yield from _flawed(exchange, Kind.NUMBER)


@rule(
    "tool.first-fragment-complete",
    Level.MUST,
    on="chat.stream",
    probes="tools",
    basis=Basis.RECORDING,
    cites=f"{RECORDED}; the OpenAI SDKs build the call from its first fragment",
    bugs="BerriAI/litellm#15884 vllm-project/vllm#16340 vllm-project/vllm#18412 "
    "sandbaseai/sandbase-harness#220",
)
def the_first_fragment_names_the_call(exchange: Exchange) -> Iterator[Finding]:
    """The first fragment of a call has its id, type "function" and the name of the function."""
    yield from _flawed(exchange, Kind.FIRST)


@rule(
    "tool.id-stable",
    Level.MUST,
    on="chat.stream",
    probes="tools",
    basis=Basis.RECORDING,
    cites=f"{RECORDED}: later fragments carry no id",
    bugs="BerriAI/litellm#40040 poolsideai/pool#9 langchain-ai/langchainjs#11505 symfony/ai#2220",
)
def a_call_keeps_its_id(exchange: Exchange) -> Iterator[Finding]:
    """Later fragments of a call omit its id or repeat it; an empty id is another id."""
    yield from _flawed(exchange, Kind.ID)


@rule(
    "tool.name-once",
    Level.SHOULD,
    on="chat.stream",
    probes="tools",
    basis=Basis.RECORDING,
    cites=f"{RECORDED}: later fragments carry no name; the OpenAI SDKs add names up",
    bugs="lmstudio-ai/lmstudio-bug-tracker#649 0xPlaygrounds/rig#423",
)
def the_name_comes_once(exchange: Exchange) -> Iterator[Finding]:
    """The function's name is in the first fragment of a call only, not empty or again later."""
    yield from _flawed(exchange, Kind.NAME)


@rule(
    "tool.fragments-join",
    Level.SHOULD,
    on="chat.stream",
    probes="tools",
    basis=Basis.RECORDING,
    cites=f"{RECORDED}: later fragments carry index and arguments alone; measured: the official "
    "Python helper joins repeated ids and fails on a type or a function that is null",
)
def fragments_can_be_joined(exchange: Exchange) -> Iterator[Finding]:
    """Later fragments of a call do not repeat its id, and no type or function of theirs is null."""
    yield from _flawed(exchange, Kind.JOIN)


@rule(
    "tool.args-reassemble",
    Level.MUST,
    on="stream array",
    probes="tools tool.args-reassemble",
    cites=f"{SCHEMA}: function.arguments is a string; OpenAI API reference: generated as JSON; "
    "Anthropic documentation, streaming Messages: partial_json adds up to the input",
    bugs="BerriAI/litellm#37792 huggingface/text-generation-inference#2794 BerriAI/litellm#936 "
    "lmstudio-ai/lmstudio-bug-tracker#723",
)
def arguments_join_to_what_was_sent(exchange: Exchange) -> Iterator[Finding]:
    """The calls and their joined arguments are those the provider sent; arguments are a text.

    Without the script at hand, the joined arguments of a turn that ended with tool_calls are JSON.
    """
    flawed = list(_flawed(exchange, Kind.ARGUMENTS))
    yield from flawed
    if flawed or read.failed(exchange) or read.misnumbered(exchange):
        return
    if exchange.scenario:
        yield from departed(exchange) if _told_apart(exchange) else ()
    else:
        yield from _unreadable(exchange)


def _told_apart(exchange: Exchange) -> bool:
    """Fragments that cannot be told apart, twice named or in another's block are another rule's."""
    if exchange.surface == "messages" and misplaced(exchange):
        return False
    return not {flaw.kind for flaw in calls.flaws(exchange)} & {Kind.INDEX, Kind.NUMBER, Kind.NAME}


def _unreadable(exchange: Exchange) -> Iterator[Finding]:
    for choice in read.outcome(exchange).choices:
        for call in choice.calls if choice.finish == "tool_calls" else ():
            try:
                parse(call.arguments)
            except BadJson as error:
                yield Finding(f"the arguments of {call.name!r} are no JSON: {error}")
