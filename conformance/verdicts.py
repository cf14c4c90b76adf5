"""A case and its trial in, a verdict out."""

from dataclasses import dataclass
from enum import StrEnum

from conformance.exchange import Exchange, Trial
from conformance.findings import Finding, Level
from conformance.profiles.policy import PROVIDER_DEPENDENT, UNSPECIFIED
from conformance.profiles.profile import DECLARED, Profile
from conformance.rules.rule import Rule


class Kind(StrEnum):
    PASS = "pass"  # noqa: S105  (a verdict, not a password)
    FAIL = "fail"
    WARN = "warn"
    INFO = "info"
    DEVIATES = "deviates"
    EXPECTED_FAIL = "expected-fail"
    UNEXPECTED_PASS = "unexpected-pass"  # noqa: S105  (as above)
    UNTESTABLE = "untestable"
    INCONCLUSIVE = "inconclusive"
    NOT_APPLICABLE = "not-applicable"
    HARNESS_ERROR = "harness-error"


BROKEN = {Level.MUST: Kind.FAIL, Level.SHOULD: Kind.WARN, Level.MAY: Kind.INFO,
          Level.INFO: Kind.INFO}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Verdict:
    kind: Kind
    reason: str = ""
    findings: tuple[Finding, ...] = ()


def judge(
    rule: Rule,
    trial: Trial,
    profile: Profile,
    have: frozenset[str],
    *,
    may_refuse: bool = False,
) -> Verdict:
    """Say what a rule makes of a trial; `have` is what is at hand to judge with."""
    if trial.trouble:
        return Verdict(Kind.HARNESS_ERROR, trial.trouble)
    if need := profile.lacks(rule.needs):
        return undeclared(need)
    if missing := rule.needs - DECLARED - have:
        return Verdict(Kind.UNTESTABLE, f"needs {' and '.join(sorted(missing))}")
    if trial.unready:
        return Verdict(Kind.INCONCLUSIVE, trial.unready)
    if reason := _unjudgeable(rule, trial):
        declined = may_refuse and any(e.status == 400 for e in trial.exchanges.values())  # noqa: PLR2004
        kind = Kind.NOT_APPLICABLE if declined else Kind.INCONCLUSIVE
        return Verdict(kind, reason)
    findings = tuple(rule.check(trial))
    if not findings:
        return Verdict(Kind.PASS)
    deviation = profile.deviations.get(rule.id)
    if deviation and all(deviation.excuses(finding.message) for finding in findings):
        return Verdict(Kind.DEVIATES, f"{deviation.reason} ({deviation.source})", findings)
    chosen = profile.chosen(rule.policy) if rule.policy else ""
    if chosen in (UNSPECIFIED, PROVIDER_DEPENDENT):
        return Verdict(Kind.INFO, f"policy {rule.policy} is {chosen}", findings)
    return Verdict(BROKEN[rule.level], findings=findings)


def undeclared(need: str) -> Verdict:
    return Verdict(Kind.NOT_APPLICABLE, f"the profile declares no {need}")


def settle(first: Verdict, again: Verdict | None) -> Verdict:
    """Make one verdict of two: a clock had a part in the first, the second was alone."""
    if again is None or again.kind == first.kind:
        return first
    reason = f"{first.kind} among others, {again.kind} when tried once more alone"
    return Verdict(Kind.INCONCLUSIVE, reason, first.findings or again.findings)


def _unjudgeable(rule: Rule, trial: Trial) -> str:
    """Say why there is nothing this rule could judge, or nothing at all."""
    for name, exchange in trial.exchanges.items():
        if exchange.form == "unanswered" and exchange.kind not in rule.on:
            return f"the {name} request was not answered: {exchange.end} {exchange.error}".strip()
    judged = [exchange for exchange in trial.exchanges.values() if exchange.kind in rule.on]
    if judged and all(each.bill and each.bill.unnamed for each in judged):
        return judged[0].bill.trouble if judged[0].bill else ""
    if judged:
        return ""
    return "; ".join(f"the {name} request {_said(e)}" for name, e in trial.exchanges.items())


def _said(exchange: Exchange) -> str:
    return f"was answered {exchange.status} as {exchange.kind}"
