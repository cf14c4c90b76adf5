"""Judges recorded answers: an exchange in, findings out, no router and no network.

Only rules about what a client reads can be judged so; the others stay untestable.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from conformance.engine import guarded
from conformance.excerpt import excerpt
from conformance.exchange import Exchange, Trial
from conformance.exits import Exit, failing
from conformance.probes import PROBES
from conformance.profiles.profile import Profile
from conformance.rules.rule import Rule
from conformance.verdicts import Kind, Verdict, judge

HEALTHY = "healthy"  # a recording is taken for an undisturbed answer, with whatever is in one
FAILED = {"refusal", "inband-error"}  # or for an error, if it is one, or has one in it
TAGS = {
    tag
    for tags in (probe.tags.split() for probe in PROBES.values())
    if HEALTHY in tags
    for tag in tags
} | FAILED


class Judgement(NamedTuple):
    rule: Rule
    verdict: Verdict


def judgements(rules: Iterable[Rule], exchange: Exchange, profile: Profile) -> Iterator[Judgement]:
    """Yield what each rule about an undisturbed stream makes of a recorded one."""
    trial = Trial("lint", {"": exchange})
    have = at_hand(exchange)
    with ThreadPoolExecutor(1) as judging:
        for rule in rules:
            if TAGS & rule.probes and exchange.kind in rule.on:
                future = judging.submit(judge, rule, trial, profile, have)
                yield Judgement(rule, guarded(f"rule {rule.id}", future))


def at_hand(exchange: Exchange) -> frozenset[str]:
    """Return what a recording has; a status without header lines is one we made up."""
    request, head = bool(exchange.request), bool(exchange.headers)
    return frozenset({"request"} if request else ()) | frozenset({"head"} if head else ())


def told(name: str, exchange: Exchange, judged: Iterable[Judgement]) -> Iterator[str]:
    """Yield each finding with the bytes around it, then what was judged at all."""
    have = at_hand(exchange)
    kinds: Counter[Kind] = Counter()
    missing: set[str] = set()
    for rule, verdict in judged:
        kinds[verdict.kind] += 1
        if verdict.kind == Kind.UNTESTABLE:
            missing |= rule.needs - have
        elif verdict.kind in (Kind.HARNESS_ERROR, Kind.INCONCLUSIVE):
            yield f"{name}: {verdict.kind}: {rule.id} ({rule.level}): {verdict.reason}"
        yield from _findings(name, exchange.body, rule, verdict)
    counts = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    lacking = f" (for want of {', '.join(sorted(missing))})" if missing else ""
    yield f"{name}: {counts}{lacking}"


def _findings(name: str, data: bytes, rule: Rule, verdict: Verdict) -> Iterator[str]:
    for finding in verdict.findings:
        place = f"{name}:{finding.span.start}" if finding.span else name
        yield f"{place}: {verdict.kind}: {rule.id} ({rule.level}): {finding.message}"
        if finding.span:
            yield f"    {excerpt(data, finding.span)}"


def exit_code(judged: Iterable[Judgement], *, strict: bool) -> Exit:
    """A recording is judged by what it shows: what it cannot show does not count against it."""
    kinds = {verdict.kind for _, verdict in judged}
    if Kind.HARNESS_ERROR in kinds:
        return Exit.HARNESS_ERROR
    if kinds & failing(strict=strict):
        return Exit.NOT_CONFORMANT
    return Exit.CONFORMANT if kinds - {Kind.UNTESTABLE} else Exit.EMPTY
