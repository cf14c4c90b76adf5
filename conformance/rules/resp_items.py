"""What the items of a response say, wherever they are told: in deltas, when done, in the response.

What an answer loses of the script is a rule of `content`, `tool` and `reason`; here it is compared
with itself, and with what a provider says in ways of its own.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from conformance.exchange import Exchange, Json, Trial
from conformance.findings import Basis, Finding, Level
from conformance.protocols import read, responses
from conformance.protocols.outcome import Outcome, steps
from conformance.protocols.responses_items import WHOLE, Item, texts, whole_texts
from conformance.rules.difference import parted
from conformance.rules.invariance import BASELINE, departure, sound, succeeded
from conformance.rules.rule import comparison, rule

MEASURED = (
    "measured: in the helpers of both official SDKs what the terminal event lists takes the place "
    "of what was streamed"
)


def departed(exchange: Exchange) -> Iterator[Finding]:
    """Yield where a text that is told whole is not the one that was streamed."""
    if not _as_scripted(exchange):
        return
    items = responses.grown(exchange)
    listed = responses.output(responses.terminal(exchange))
    aligned = [item.value.get("type") for item in items.values()] == [i.get("type") for i in listed]
    for at, (index, item) in enumerate(items.items()):
        yield from _told(index, item)
        yield from _whole(index, item.streamed, item.done, "when it is done")
        if aligned and not read.failed(exchange):
            yield from _whole(index, texts(item), listed[at], "in the response")


def _as_scripted(exchange: Exchange) -> bool:
    wanted = read.scripted(exchange) if exchange.scenario else read.outcome(exchange)
    return bool(_says(read.outcome(exchange)) == _says(wanted))


def _says(outcome: Outcome) -> Json:
    return [
        (c.text, c.reasoning, c.refusal, [(call.name, call.arguments) for call in c.calls])
        for c in outcome.choices
    ]


def _told(index: int, item: Item) -> Iterator[Finding]:
    for text in item.texts.values():
        joined = "".join(text.pieces)
        for name, whole in (("done event", text.told), ("part", text.part)):
            if text.pieces and whole is not None and (what := parted(joined, whole)):
                yield Finding(f"the {text.kind} of item {index} departs in its {name} {what}")


def _whole(
    index: int, said: Mapping[str, str], item: dict[str, Json] | None, when: str
) -> Iterator[Finding]:
    whole = {} if item is None else whole_texts(item)
    for kind, text in said.items() if item is not None else ():
        if kind in WHOLE and (what := parted(text, whole.get(kind, ""))):
            yield Finding(f"the {kind} of item {index} departs {when} {what}")


def lost(exchange: Exchange) -> Iterator[Finding]:
    """Yield the items that the provider sent and that did not arrive, of whatever kind."""
    sent = as_sent(exchange)
    if sent is None:
        return
    wanted, got = _types(sent), _types(exchange)
    if read.failed(exchange):
        yield Finding(f"the stream failed where items {', '.join(wanted)} were due")
    elif wanted != got:
        yield Finding(f"the items are {', '.join(got) or 'none'}, not {', '.join(wanted)}")


def _types(exchange: Exchange) -> list[str]:
    return [str(item.value.get("type")) for item in responses.grown(exchange).values()]


def as_sent(exchange: Exchange) -> Exchange | None:
    """Return the provider's stream where the script has it byte for byte."""
    raw = "".join(step.get("raw", "") for step in steps(exchange.scenario or {"step": []}))
    if "response.output_item" not in raw:
        return None
    return Exchange(exchange.surface, "stream", body=raw.encode())


def _items(exchange: Exchange) -> list[tuple[Json, dict[str, str]]]:
    return [
        (item.value.get("type"), {kind: text for kind, text in texts(item).items() if text})
        for item in responses.grown(exchange).values()
    ]


def same_items(measure: Exchange, exchange: Exchange) -> Finding | None:
    wanted, got = _items(measure), _items(exchange)
    if len(wanted) != len(got):
        return Finding(f"{len(got)} items came, not {len(wanted)}")
    pairs = enumerate(zip(wanted, got, strict=True))
    told = (f"item {at} is {got}, not {wanted}" for at, (wanted, got) in pairs if wanted != got)
    return next(map(Finding, told), None)


@comparison(
    "resp.items-faithful",
    Level.SHOULD,
    on="responses.stream",
    probes="resp.items-faithful",
    basis=Basis.RECORDING,
    cites="OpenAI OpenAPI 2.3.0, sequence_number: what has come before comes again after a "
    "reconnect; recorded: most of OpenAI's reasoning is in output_item.done alone",
    bugs="diegosouzapw/OmniRoute#5832 diegosouzapw/OmniRoute#5786 BerriAI/litellm#41196 "
    "BerriAI/litellm#41109",
)
def items_are_the_providers(trial: Trial) -> Iterator[Finding]:
    """An event that comes again is dropped, and items that say the same stay two.

    What is said only when an item is done arrives like what was streamed.
    """
    truth = trial.exchanges.get(BASELINE)
    if truth is not None and not (sound(trial) and _as_scripted(truth)):
        return
    for name, exchange in trial.exchanges.items():
        measure = truth or as_sent(exchange)
        if name == BASELINE or measure is None:
            continue
        if found := departure(measure, exchange, (succeeded, same_items)):
            yield replace(found, exchange=name)


@rule(
    "resp.empty-terminal-output",
    Level.SHOULD,
    on="responses.stream",
    probes="healthy resp.empty-terminal-output",
    cites=f"OpenAI OpenAPI 2.3.0, response.output: the items of the response; {MEASURED}",
    bugs="NousResearch/hermes-agent#5698 bubbuild/republic#37 bytedance/deer-flow#1928 "
    "sipeed/picoclaw#2674 BYK/loreai#1608",
)
def the_response_lists_its_items(exchange: Exchange) -> Iterator[Finding]:
    """The terminal event lists all items that were streamed, whatever the provider's listed."""
    listed = responses.terminal(exchange).get("output")
    streamed = len(responses.grown(exchange))
    if isinstance(listed, list) and len(listed) < streamed and not read.failed(exchange):
        yield Finding(f"the terminal event lists {len(listed)} items, {streamed} were streamed")
