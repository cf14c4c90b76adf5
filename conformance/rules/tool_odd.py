"""Tool calls of odd providers: whether they arrive although their fragments are sent otherwise."""

from collections.abc import Iterator

from conformance.exchange import Exchange
from conformance.findings import Basis, Finding, Level
from conformance.protocols import read
from conformance.protocols.outcome import Call
from conformance.rules.rule import rule
from conformance.wire.json import BadJson, parse

SCHEMA = "OpenAI OpenAPI 2.3.0, ChatCompletionMessageToolCallChunk"

#: The APIs whose calls have a value for arguments, whatever the text that they come in.
OBJECTS = frozenset({"messages", "gemini"})


@rule(
    "tool.index-absent-tolerated",
    Level.SHOULD,
    on="chat.stream chat.error messages.stream messages.error",
    probes="tool.index-absent-tolerated",
    basis=Basis.RECORDING,
    needs="upstream",
    cites="corpus: Mistral has sent calls without an index; on Messages relays leave out that of a "
    "block, or say 0 for all",
    bugs="router-for-me/CLIProxyAPI#5058 openai/openai-python#3246",
)
def calls_without_index_stay_apart(exchange: Exchange) -> Iterator[Finding]:
    """Calls that the provider sends without an index, or with null or -1, stay separate calls.

    On Messages that is the index of their blocks, left out or 0 for each.
    """
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
        yield from departed(exchange)


def departed(exchange: Exchange) -> Iterator[Finding]:
    said = read.scripted(exchange).choices
    got = read.outcome(exchange).choices
    as_values = _given_as_values(exchange)
    for at, choice in enumerate(said):
        mine = got[at].calls if at < len(got) else ()
        if _comparable(choice.calls, as_values) != _comparable(mine, as_values):
            yield Finding(
                f"choice {at} has {_shown(mine)}, the provider sent {_shown(choice.calls)}"
            )


def _given_as_values(exchange: Exchange) -> bool:
    """Whether the provider's arguments are values, not texts."""
    habits = (exchange.scenario or {}).get("chat", {})
    translated = read.provided(exchange) - {exchange.surface}
    return habits.get("tool_arguments") == "object" or bool(translated & OBJECTS)


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
