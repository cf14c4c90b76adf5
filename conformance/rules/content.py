"""What the provider said and what the client got: fidelity to the byte."""

from collections.abc import Iterator
from typing import NamedTuple

from conformance.exchange import Exchange, Json, Trial
from conformance.findings import Basis, Finding, Level
from conformance.protocols import read
from conformance.protocols.outcome import steps
from conformance.protocols.surface import Data, answer
from conformance.rules.difference import parted
from conformance.rules.invariance import departures, same_text
from conformance.rules.rule import comparison, rule

#: Where a scenario has members of its vendor's own, and what a surface calls the source of a text.
PLACES = ("choice_extra", "candidate_extra", "chunk_extra", "item_extra", "response_extra")
ADDRESS = {"gemini": "uri"}

FOLD = "OpenAI API reference, chat streaming: the message is the deltas joined in order"


class Pair(NamedTuple):
    """One text of one choice, as the provider said it and as the client got it."""

    where: str
    said: str
    got: str


@rule(
    "content.whitespace-exact",
    Level.MUST,
    on="stream array plain",
    needs="upstream",
    cites=FOLD,
    bugs="langchain4j/langchain4j#5531 spacedriveapp/spacebot#413 paiml/aprender#2367 "
    "openai/openai-node#1351",
)
def whitespace_is_kept(exchange: Exchange) -> Iterator[Finding]:
    """Spaces, tabs and line ends of the text arrive to the byte, deltas of nothing else too."""
    for pair in _texts(exchange):
        if pair.said != pair.got and _squeezed(pair.said) == _squeezed(pair.got):
            yield Finding(f"white space in {pair.where} departs {parted(pair.said, pair.got)}")


@rule(
    "content.complete",
    Level.MUST,
    on="stream array plain",
    needs="upstream",
    cites=FOLD,
    bugs="maximhq/bifrost#597 BerriAI/litellm#27139 alexrudall/ruby-openai#251 "
    "labring/FastGPT#4849",
)
def the_text_is_complete(exchange: Exchange) -> Iterator[Finding]:
    """The client gets the text and the refusal the provider sent, each piece once and in order."""
    for pair in _texts(exchange):
        if _squeezed(pair.said) != _squeezed(pair.got):
            yield Finding(f"{pair.where} departs {parted(pair.said, pair.got)}")


def _texts(exchange: Exchange) -> Iterator[Pair]:
    """Yield text and refusal of each choice; with choices misnumbered there is no telling whose."""
    if not read.failed(exchange) and read.misnumbered(exchange):
        return
    said = read.scripted(exchange).choices
    got = read.outcome(exchange).choices
    if _swapped([choice.text for choice in said], [choice.text for choice in got]):
        return
    for at, choice in enumerate(said):
        mine = got[at] if at < len(got) else None
        yield Pair(f"the text of choice {at}", choice.text, mine.text if mine else "")
        yield Pair(f"the refusal of choice {at}", choice.refusal, mine.refusal if mine else "")


def _swapped(said: list[str], got: list[str]) -> bool:
    return said != got and sorted(said) == sorted(got)


def _squeezed(text: str) -> str:
    return "".join(text.split())


@comparison(
    "content.with-finish-kept",
    Level.MUST,
    on="chat.stream gemini.stream",
    probes="content.with-finish-kept",
    basis=Basis.RECORDING,
    cites="recorded: Mistral, vLLM, Together and Writer put text into the finishing chunk",
    bugs="jeremychone/rust-genai#164 ag-ui-protocol/ag-ui#2006",
)
def text_beside_finish_is_kept(trial: Trial) -> Iterator[Finding]:
    """Text in the chunk that states the finish reason reaches the client."""
    yield from departures(trial, (same_text,))


@rule(
    "content.empty-stream-not-success",
    Level.SHOULD,
    on="stream array error",
    probes="content.empty-stream-not-success",
    basis=Basis.POLICY,
    needs="upstream",
    cites="measured: from an empty stream the official Python and Node SDKs yield no chunk and "
    "raise nothing",
    bugs="QuantumNous/new-api#2989 kartikkabadi/opencode-go-proxy#12 chenyme/grok2api#498",
)
def an_empty_stream_is_no_success(exchange: Exchange) -> Iterator[Finding]:
    """A provider that answers 200 and ends without any event gives the client an error.

    An answer that is complete and says nothing is left alone: a model may say nothing.
    """
    if exchange.streamed and not read.failed(exchange):
        yield Finding("the provider sent no event at all, and the client was told of no error")


@rule(
    "content.extras-kept",
    Level.SHOULD,
    on="chat.stream chat.plain responses.stream messages.stream messages.plain gemini.stream "
    "gemini.plain",
    probes="extras",
    basis=Basis.POLICY,
    needs="upstream",
    cites="OpenAI OpenAPI 2.3.0: additional properties are allowed; "
    "recorded: annotations and citations on Perplexity, OpenRouter and search models",
    bugs="BerriAI/litellm#41492 BerriAI/litellm#23662 openai/openai-agents-python#4252",
)
def extras_arrive(exchange: Exchange) -> Iterator[Finding]:
    """Annotations and members the router does not know reach the client, streamed or not."""
    got = list(_members(exchange))
    for name, value in _extras(exchange.scenario, exchange.surface):
        if (name, value) not in got:
            yield Finding(f"the provider's {name} = {value!r} did not arrive")


def _extras(scenario: Json, surface: str) -> Iterator[tuple[str, Json]]:
    """Yield what the script says beyond the API: per delta, per choice and per chunk."""
    for step in steps(scenario):
        yield from step.get("extra", {}).items()
        if "cite" in step:
            yield ADDRESS.get(surface, "url"), step["cite"]["url"]
    for place, members in scenario.get(surface, {}).items():
        if place in PLACES:
            yield from members.items()


def _members(exchange: Exchange) -> Iterator[tuple[str, Json]]:
    """Yield every member of the answer, at any depth."""
    waiting: list[Json] = [answer(exchange)]
    if exchange.mode == "stream" or waiting == [None]:
        waiting = [event.value for event in read.events(exchange) if isinstance(event, Data)]
    while waiting:
        match waiting.pop():
            case dict() as value:
                yield from value.items()
                waiting += value.values()
            case list() as value:
                waiting += value
