"""Tool calls: how their fragments are numbered and named, and whether they arrive whole."""

from collections.abc import Iterator

from conformance.exchange import Exchange
from conformance.findings import Basis, Finding, Level
from conformance.protocols import calls, read
from conformance.protocols.calls import Kind
from conformance.protocols.outcome import Call
from conformance.rules.anth_blocks import misplaced
from conformance.rules.rule import rule
from conformance.wire.json import BadJson, parse

SCHEMA = "OpenAI OpenAPI 2.3.0, ChatCompletionMessageToolCallChunk"
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
        yield from _departed(exchange) if _told_apart(exchange) else ()
    else:
        yield from _unreadable(exchange)


def _told_apart(exchange: Exchange) -> bool:
    """Fragments that cannot be told apart, or twice named, are another rule's."""
    return not {flaw.kind for flaw in calls.flaws(exchange)} & {Kind.INDEX, Kind.NUMBER, Kind.NAME}


def _unreadable(exchange: Exchange) -> Iterator[Finding]:
    for choice in read.outcome(exchange).choices:
        for call in choice.calls if choice.finish == "tool_calls" else ():
            try:
                parse(call.arguments)
            except BadJson as error:
                yield Finding(f"the arguments of {call.name!r} are no JSON: {error}")


@rule(
    "tool.index-absent-tolerated",
    Level.SHOULD,
    on="chat.stream chat.error",
    probes="tool.index-absent-tolerated",
    basis=Basis.RECORDING,
    needs="upstream",
    cites="corpus: Mistral has sent calls without an index",
    bugs="router-for-me/CLIProxyAPI#5058 openai/openai-python#3246",
)
def calls_without_index_stay_apart(exchange: Exchange) -> Iterator[Finding]:
    """Calls that the provider sends without an index, or with null or -1, stay separate calls."""
    yield from _lost(exchange)


@rule(
    "tool.empty-id-continuation",
    Level.SHOULD,
    on="chat.stream chat.error",
    probes="tool.empty-id-continuation",
    basis=Basis.RECORDING,
    needs="upstream",
    cites="corpus: Alibaba sends an empty id, Writer a null id and name, on later fragments",
    bugs="symfony/ai#2220 spring-projects/spring-ai#6369 langchain-ai/langchain#39335",
)
def an_empty_id_opens_no_call(exchange: Exchange) -> Iterator[Finding]:
    """A later fragment with an empty or null id or name goes on with the call; it opens none."""
    yield from _lost(exchange)


@rule(
    "tool.args-on-done-only",
    Level.MUST,
    on="stream array error",
    probes="tool.args-on-done-only",
    basis=Basis.RECORDING,
    needs="upstream",
    cites="corpus: Mistral, Z.ai and OpenRouter send calls in the chunk that finishes the choice",
    bugs="BerriAI/litellm#25321",
)
def a_call_in_the_last_chunk_arrives(exchange: Exchange) -> Iterator[Finding]:
    """A call, or its arguments, sent whole where fragments are usual arrives.

    On chat that is the chunk that finishes the choice, on Messages the start of the block.
    """
    yield from _lost(exchange)


@rule(
    "tool.text-and-tool-same-chunk",
    Level.MUST,
    on="chat.stream chat.error gemini.stream gemini.array gemini.error",
    probes="tool.text-and-tool-same-chunk",
    needs="upstream",
    cites="OpenAI OpenAPI 2.3.0, ChatCompletionStreamResponseDelta: content and tool_calls may be "
    "in one delta",
    bugs="BerriAI/litellm#18238",
)
def text_and_call_in_one_delta_arrive(exchange: Exchange) -> Iterator[Finding]:
    """Text and a tool call in one delta both arrive."""
    lost = list(_lost(exchange))
    yield from lost
    said = [choice.text for choice in read.scripted(exchange).choices]
    got = [choice.text for choice in read.outcome(exchange).choices]
    if not lost and said != got:
        yield Finding(f"the text is {got}, not {said}")


@rule(
    "tool.interleaved-fragments",
    Level.MUST,
    on="stream error",
    probes="tool.interleaved-fragments",
    needs="upstream",
    cites=f"{SCHEMA}: a fragment belongs to the call of its index",
    bugs="praxis-proxy/ai#266 ls1intum/edutelligence#923 maximhq/bifrost#1829 "
    "microsoft/agent-framework#8336",
)
def interleaved_fragments_find_their_call(exchange: Exchange) -> Iterator[Finding]:
    """Fragments of two calls that alternate end up in the right call."""
    yield from _lost(exchange)


def _lost(exchange: Exchange) -> Iterator[Finding]:
    """Yield how an answer to an odd provider falls short of its calls, an error included."""
    if exchange.form == "error":
        yield Finding(f"answered {exchange.status} where the provider's calls were due")
    elif read.failed(exchange):
        yield Finding("the stream failed where the provider's calls were due")
    else:
        yield from _departed(exchange)


def _departed(exchange: Exchange) -> Iterator[Finding]:
    if exchange.surface == "messages" and misplaced(exchange):
        return
    said = read.scripted(exchange).choices
    got = read.outcome(exchange).choices
    as_values = (
        exchange.scenario["chat"].get("tool_arguments") == "object"
        if (exchange.scenario and "chat" in exchange.scenario)
        else False
    )
    for at, choice in enumerate(said):
        mine = got[at].calls if at < len(got) else ()
        if _comparable(choice.calls, as_values) != _comparable(mine, as_values):
            yield Finding(
                f"choice {at} has {_shown(mine)}, the provider sent {_shown(choice.calls)}"
            )


def _comparable(listed: tuple[Call, ...], as_values: bool) -> list[tuple[str, object]]:
    return [(call.name, _value(call.arguments) if as_values else call.arguments) for call in listed]


def _value(arguments: str) -> object:
    """Arguments that the provider gives as a value may be written as text in more than one way."""
    try:
        value: object = parse(arguments)
    except BadJson:
        return arguments
    return value


def _shown(listed: tuple[Call, ...]) -> str:
    return ", ".join(f"{call.name}({call.arguments[:60]})" for call in listed) or "no call"
