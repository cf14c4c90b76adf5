"""Whole events of a stream: well formed, of any length, not lost at the end, not all there."""

from collections.abc import Iterator
from dataclasses import replace

from conformance.exchange import End, Exchange, Trial
from conformance.findings import Basis, Finding, Level
from conformance.protocols import read
from conformance.protocols.surface import BadEvent, items
from conformance.rules.difference import parted
from conformance.rules.invariance import (
    BASELINE,
    closed,
    departure,
    same_choices,
    same_usage,
    sound,
    succeeded,
    unreadable,
)
from conformance.rules.rule import comparison, rule
from conformance.rules.sse import GRAMMAR, READING
from conformance.wire.sse import Oddity


@comparison(
    "sse.long-line",
    Level.MUST,
    on="stream",
    probes="sse.long-line",
    basis=Basis.STANDARD,
    cites=f"{GRAMMAR}: a line has no length limit",
    bugs="openai/openai-go#368 mlflow/mlflow#23865 achetronic/magec#45 "
    "TencentCloud/tencentcloud-sdk-go#315",
)
def long_lines_arrive(trial: Trial) -> Iterator[Finding]:
    """An event of 63 KiB to 4 MiB arrives whole, or the client is told of an error.

    A limit is a router's right; a quiet end is not.
    """
    if not sound(trial, CUT) or _text(trial[BASELINE]) != _scripted_text(trial[BASELINE]):
        return
    for name, exchange in trial.exchanges.items():
        if exchange.form == "stream" and not read.failed(exchange):
            wanted, got = _scripted_text(exchange), _text(exchange)
            if what := parted(wanted, got):
                size = f"{len(got)} of {len(wanted)} characters came"
                yield Finding(f"{size}, and no error: they part {what}", exchange=name)


CUT = "cut"  # the control whose writes are small: a long line comes in many reads


def _text(exchange: Exchange) -> str:
    return "".join(choice.text for choice in read.outcome(exchange).choices)


def _scripted_text(exchange: Exchange) -> str:
    return "".join(choice.text for choice in read.scripted(exchange).choices)


@rule(
    "sse.framing-valid",
    Level.MUST,
    on="stream",
    basis=Basis.STANDARD,
    cites=f"{GRAMMAR}; {READING}; "
    "OpenAI OpenAPI 2.3.0, CreateChatCompletionRequest.stream: data-only events, data: [DONE]",
    bugs="gpustack/gpustack#6155 BerriAI/litellm#30224 routatic/proxy#79 lm-sys/FastChat#1259",
)
def events_are_well_formed(exchange: Exchange) -> Iterator[Finding]:
    """Each event is closed by a blank line and holds one JSON object or [DONE].

    Nor is there a byte order mark, an event without data, a line that is no field of the standard,
    or a byte that is not UTF-8. Comments, event names, id and retry are legal.
    """
    yield from unreadable(exchange)
    for item in items(exchange):
        if isinstance(item, Oddity) and item.kind in MALFORMED:
            cut = item.kind == "unterminated" and exchange.end != End.COMPLETE
            if not cut:
                yield Finding(MALFORMED[item.kind].format(item.text[:60]), item.span)


MALFORMED = {
    "bom": "a byte order mark opens the body",
    "not-utf8": "not UTF-8: {}",
    "unknown-field": "a line that is no field of an event: {!r}",
    "unterminated": "the body ends inside an event: {!r}",
}


@comparison(
    "sse.final-event-flush",
    Level.MUST,
    on="stream",
    probes="sse.final-event-flush",
    basis=Basis.RECORDING,
    cites=f"{READING}: an event without its blank line is discarded; "
    "measured: the official Node SDK delivers it, the Python SDK does not",
    bugs="earendil-works/pi#8997 NousResearch/hermes-agent#106404",
)
def the_last_event_is_not_lost(trial: Trial) -> Iterator[Finding]:
    """A last event without its blank line is delivered, or the client is told of an error.

    The standard lets a reader discard it; a router that does so has lost what its client was to
    get, and must not then end the stream as if it were whole. Its bytes handed on are delivery.
    """
    for name, exchange in trial.exchanges.items():
        controls = (OPEN,) if name.startswith(OPEN) else ()
        told = exchange.form != "stream" or read.failed(exchange)
        if name in (BASELINE, OPEN) or told or _unterminated(exchange):
            continue
        if sound(trial, *controls, facets=(succeeded, same_choices)):
            measure = trial[OPEN] if controls else trial[BASELINE]
            if found := departure(measure, exchange, (same_choices, same_usage, closed)):
                yield replace(found, exchange=name)


OPEN = "open"  # the control whose provider never sends [DONE]


def _unterminated(exchange: Exchange) -> bool:
    found = items(exchange)[-1:]
    return any(isinstance(item, Oddity) and item.kind == "unterminated" for item in found)


@comparison(
    "sse.malformed-event-policy",
    Level.SHOULD,
    on="stream",
    probes="sse.malformed-event-policy",
    basis=Basis.POLICY,
    cites="measured: the official SDKs throw on an event that is not JSON",
    bugs="BerriAI/litellm#40404 milady-ai/milady#116 anomalyco/opencode#28870",
)
def a_malformed_event_is_skipped_or_told(trial: Trial) -> Iterator[Finding]:
    """One malformed event is skipped and the rest delivered, or the client is told of an error.

    Which of the two is the policy `malformed-event`; where it is declared it is kept to.
    """
    for name, exchange in trial.exchanges.items():
        if name != BASELINE and sound(trial):
            declared = exchange.policy.get("malformed-event")
            found = _not_skipped(trial[BASELINE], exchange)
            told = succeeded(trial[BASELINE], exchange) is not None
            if found and (not told or declared == "skip"):
                yield replace(found, exchange=name)
            elif not found and declared == "error":
                yield Finding("the malformed event was skipped without an error", exchange=name)


def _not_skipped(measure: Exchange, exchange: Exchange) -> Finding | None:
    for event in read.events(exchange):
        if isinstance(event, BadEvent):
            return Finding(f"the malformed event reached the client: {event.data!r}", event.span)
    return departure(measure, exchange, (succeeded, same_choices, same_usage, closed))
