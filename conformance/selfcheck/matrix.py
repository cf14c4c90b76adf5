"""What the rules made of every router, and whether that is as it should be. Pure."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from conformance.plan import Case
from conformance.rules.rule import Rule
from conformance.selfcheck.variant import Variant
from conformance.verdicts import Kind, Verdict

TELLING = frozenset({Kind.FAIL, Kind.WARN, Kind.INFO})


@dataclass(frozen=True, slots=True)
class Observed:
    """One case against one router."""

    router: str
    case: Case
    verdict: Verdict

    @property
    def line(self) -> str:
        finding = next(iter(self.verdict.findings), None)
        what = finding.message if finding else self.verdict.reason
        where = f", {finding.exchange}" if finding and finding.exchange else ""
        return f"{self.case.id}{where}: {self.verdict.kind}: {what}"


@dataclass(frozen=True, slots=True)
class Matrix:
    variants: Mapping[str, Variant]
    rules: Mapping[str, Rule]  # those that were asked
    observed: tuple[Observed, ...]  # all that did not pass
    asked: frozenset[tuple[str, str]] = frozenset()  # rules and surfaces, if all was asked
    good: Collection[str] = ("reference",)  # the routers that nothing may object to

    def of(self, router: str) -> list[Observed]:
        return [each for each in self.observed if each.router == router]

    def told(self) -> dict[str, set[str]]:
        """Return the rules that object to each router."""
        told: dict[str, set[str]] = defaultdict(set)
        for each in self.observed:
            if each.verdict.kind in TELLING:
                told[each.router].add(each.case.rule.id)
        return told


def complaints(matrix: Matrix, known: Mapping[str, Rule], *, whole: bool) -> Iterator[str]:
    """Say what is not as it should be; `whole`: every mutant ran, so every rule must be killed."""
    told = matrix.told()
    for each in matrix.observed:
        # Who departs from a rule as its profile says departs as it should.
        if each.router in matrix.good and each.verdict.kind != Kind.DEVIATES:
            yield f"{each.router}: {each.line}"
    for name, variant in matrix.variants.items():
        for rule in sorted(variant.breaks - set(known)):
            yield f"{name}: breaks {rule!r}, which is no rule"
        for rule in sorted(variant.breaks & set(matrix.rules) - told[name]):
            yield f"{name}: {rule} does not object"
        for each in matrix.of(name):
            if not _expected(each, variant):
                yield f"{name}: {each.line}"
    if whole:
        killed = set().union(*(told[name] & each.breaks for name, each in matrix.variants.items()))
        for rule in sorted(set(matrix.rules) - killed):
            yield f"{rule}: no mutant dies of it"


def unproved(matrix: Matrix) -> dict[str, list[str]]:
    """Return the surfaces on which no mutant dies of a rule, though one does on another."""
    killed = {
        (each.case.rule.id, each.case.surface)
        for each in matrix.observed
        if each.verdict.kind in TELLING and each.router in matrix.variants
        if each.case.rule.id in matrix.variants[each.router].breaks
    }
    somewhere = {rule for rule, _ in killed}
    found: dict[str, list[str]] = defaultdict(list)
    for rule, surface in sorted(matrix.asked - killed):
        if rule in somewhere:
            found[rule].append(surface)
    return found


def _expected(each: Observed, variant: Variant) -> bool:
    """Say whether a verdict other than a pass is in order for a variant.

    What breaks down for a mutant may leave another rule without a verdict; a legal variant gives
    every rule what it needs, and may be told that it has made a contested choice.
    """
    kind, rule = each.verdict.kind, each.case.rule
    if kind == Kind.HARNESS_ERROR:
        return False
    if variant.breaks:
        return kind not in TELLING or rule.id in variant.breaks
    return kind == Kind.INFO and rule.policy != ""
