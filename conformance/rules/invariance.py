"""Compares what a client reads of one answer, undisturbed and oddly written by the provider.

A trial has a `baseline`; the other exchanges of the same scenario are measured by it. What a router
does to the baseline too is another rule's affair, so one defect is one finding.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from conformance.exchange import Exchange, Trial
from conformance.findings import Finding
from conformance.protocols import read
from conformance.protocols.outcome import Choice, Usage
from conformance.protocols.surface import BadEvent, items
from conformance.rules.difference import choices_parted
from conformance.wire.sse import Oddity

BASELINE = "baseline"

Facet = Callable[[Exchange, Exchange], Finding | None]


def departures(
    trial: Trial, facets: tuple[Facet, ...] = (), *, given: Mapping[str, str] | None = None
) -> Iterator[Finding]:
    """Yield the first way in which each exchange departs from the baseline.

    `given` names the controls of an exchange, words separated by spaces: each has only that part
    of the disturbance which another rule is about. Where one of them departs, that is said there.
    What the provider refused was not disturbed either.
    """
    controls = {name: words.split() for name, words in (given or {}).items()}
    unjudged = {BASELINE}.union(*controls.values())
    for name, exchange in trial.exchanges.items():
        if (
            name in unjudged
            or read.objection(exchange)
            or not sound(trial, *controls.get(name, ()))
        ):
            continue
        if found := departure(trial[BASELINE], exchange, facets or ALL):
            yield replace(found, exchange=name)


def sound(trial: Trial, *controls: str, facets: tuple[Facet, ...] = ()) -> bool:
    """Say whether the baseline succeeded and the controls do not depart from it."""
    baseline = trial[BASELINE]
    if not baseline.streamed or read.failed(baseline):
        return False
    return not any(departure(baseline, trial[name], facets or ALL) for name in controls)


def departure(measure: Exchange, exchange: Exchange, facets: tuple[Facet, ...]) -> Finding | None:
    return next((found for facet in facets if (found := facet(measure, exchange))), None)


def succeeded(measure: Exchange, exchange: Exchange) -> Finding | None:
    if exchange.form != measure.form:
        return Finding(f"was answered {exchange.status}, undisturbed it is {measure.status}")
    if not read.failed(exchange):
        return None
    failure = read.outcome(exchange).failure
    how = f"failed: {failure.message!r}" if failure else f"was {exchange.end}"
    return Finding(f"the stream {how}; undisturbed it succeeds")


def readable(measure: Exchange, exchange: Exchange) -> Finding | None:
    """No event of the answer is one that a client cannot read."""
    bad = unreadable(exchange)
    return bad[0] if len(bad) > len(unreadable(measure)) else None


def same_choices(measure: Exchange, exchange: Exchange) -> Finding | None:
    what = choices_parted(read.outcome(measure).choices, read.outcome(exchange).choices)
    return Finding(f"{what}, as it is undisturbed") if what else None


def same_text(measure: Exchange, exchange: Exchange) -> Finding | None:
    wanted, got = read.outcome(measure).choices, read.outcome(exchange).choices
    what = choices_parted(*(tuple(Choice(c.text) for c in side) for side in (wanted, got)))
    return Finding(what) if what else None


def same_usage(measure: Exchange, exchange: Exchange) -> Finding | None:
    wanted, got = _counted(measure), _counted(exchange)
    return Finding(f"usage is {got}, undisturbed it is {wanted}") if wanted != got else None


def _counted(exchange: Exchange) -> Usage | None:
    """Return the usage that is the same whenever the answer is.

    Where the provider sent none, a router that makes one up counts the prompt, and the prompts of
    two exchanges differ by their markers.
    """
    usage = read.outcome(exchange).usage
    if usage and exchange.scenario and read.scripted(exchange).usage is None:
        return replace(usage, input=None, total=None)
    return usage


def closed(measure: Exchange, exchange: Exchange) -> Finding | None:
    if read.closed(measure) and not read.closed(exchange):
        return Finding(f"{read.terminator(exchange)} never came; undisturbed it does")
    return None


ALL: tuple[Facet, ...] = (succeeded, readable, same_choices, same_usage, closed)


def unreadable(exchange: Exchange) -> list[Finding]:
    """Return the events that make the parsers of the official SDKs throw."""
    bad = [
        Finding(f"an event that is {event.reason}: {event.data[:60]!r}", event.span)
        for event in read.events(exchange)
        if isinstance(event, BadEvent)
    ]
    bad += [
        Finding("an event without data", item.span)
        for item in items(exchange)
        if isinstance(item, Oddity) and item.kind == "no-data"
    ]
    return bad
