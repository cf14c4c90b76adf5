"""What the self-check complains of, and how the kill matrix is printed."""

from collections.abc import Iterable

import pytest

from conformance.findings import Finding, Level
from conformance.plan import Case
from conformance.probes import PROBES
from conformance.rules.rule import Rule, rule
from conformance.selfcheck.matrix import Matrix, Observed, complaints, unproved
from conformance.selfcheck.sheet import document, sheet
from conformance.selfcheck.variant import Variant
from conformance.verdicts import Kind, Verdict


def made(id: str, policy: str = "") -> Rule:
    def check(exchange: object) -> Iterable[Finding]:
        """Is what the test says."""
        return ()

    make = rule(id, Level.MUST, on="chat.stream", cites="here", policy=policy)
    return make(check)  # type: ignore[arg-type]


RULES = {one.id: one for one in (made("a.one"), made("a.two"), made("b.taste", "role"))}


def variant(*breaks: str) -> Variant:
    return Variant("events", print, "does it", frozenset(breaks))


def saw(router: str, rule: str, kind: Kind = Kind.FAIL) -> Observed:
    findings = (Finding("so it is", exchange="stream"),) if kind == Kind.FAIL else ()
    verdict = Verdict(kind, "" if findings else "why", findings)
    return Observed(router, Case(RULES[rule], PROBES["text"], "chat"), verdict)


MUTANTS = {
    "first": variant("a.one"),
    "second": variant("a.two"),
    "third": variant("b.taste"),
    "odd": variant(),
}
DYING = (saw("first", "a.one"), saw("second", "a.two"), saw("third", "b.taste"))


def complained(
    observed: Iterable[Observed], variants: dict[str, Variant] = MUTANTS, *, whole: bool = True
) -> list[str]:
    return list(complaints(Matrix(variants, RULES, tuple(observed)), RULES, whole=whole))


SIGHTS: dict[str, tuple[tuple[Observed, ...], list[str]]] = {
    "all is well": (DYING, []),
    "the reference is told off": (
        (*DYING, saw("reference", "a.one")),
        ["reference: a.one[chat-text], stream: fail: so it is"],
    ),
    "the reference departs as its profile says": (
        (*DYING, saw("reference", "a.one", Kind.DEVIATES)),
        [],
    ),
    "the reference gets no verdict": (
        (*DYING, saw("reference", "a.one", Kind.INCONCLUSIVE)),
        ["reference: a.one[chat-text]: inconclusive: why"],
    ),
    "a mutant lives": (
        DYING[:2],
        ["third: b.taste does not object", "b.taste: no mutant dies of it"],
    ),
    "a mutant dies of what it does not name": (
        (*DYING, saw("first", "a.two")),
        ["first: a.two[chat-text], stream: fail: so it is"],
    ),
    "a mutant leaves a rule without a verdict": (
        (*DYING, saw("first", "a.two", Kind.INCONCLUSIVE)),
        [],
    ),
    "the harness breaks down over a mutant": (
        (*DYING, saw("first", "a.one", Kind.HARNESS_ERROR)),
        ["first: a.one[chat-text]: harness-error: why"],
    ),
    "a legal variant is told off": (
        (*DYING, saw("odd", "a.one")),
        ["odd: a.one[chat-text], stream: fail: so it is"],
    ),
    "a legal variant is told that its choice is contested": (
        (*DYING, saw("odd", "b.taste", Kind.INFO)),
        [],
    ),
    "a legal variant is told something else": (
        (*DYING, saw("odd", "a.one", Kind.INFO)),
        ["odd: a.one[chat-text]: info: why"],
    ),
}


@pytest.mark.parametrize("sight", SIGHTS)
def test_the_gate_says_what_is_not_as_it_should_be(sight: str) -> None:
    observed, expected = SIGHTS[sight]

    assert complained(observed) == expected


def test_a_rule_that_only_dies_by_accident_has_no_mutant() -> None:
    wrong = {**MUTANTS, "third": variant("a.one")}

    assert complained((*DYING, saw("third", "a.one")), wrong) == [
        "third: b.taste[chat-text], stream: fail: so it is",
        "b.taste: no mutant dies of it",
    ]


def test_a_mutant_names_rules_that_exist() -> None:
    assert complained((), {"first": variant("a.nothing")}, whole=False) == [
        "first: breaks 'a.nothing', which is no rule"
    ]


def test_some_routers_alone_need_not_kill_every_rule() -> None:
    assert complained(DYING[:1], {"first": MUTANTS["first"]}, whole=False) == []


def test_the_matrix_is_printed_family_by_family() -> None:
    observed = (saw("first", "a.one"), saw("third", "b.taste"), saw("third", "a.two"))

    assert sheet(Matrix(MUTANTS, RULES, observed)).split("\n") == [
        "X dies as named   - named, but lives   ! dies of it unnamed   . nothing",
        "",
        "       1  2  3",
        "a.one  X  .  .",
        "a.two  .  -  !",
        "   1 first",
        "   2 second",
        "   3 third",
        "",
        "         1",
        "b.taste  X",
        "   1 third",
    ]


def test_a_rule_that_dies_on_one_surface_alone_is_told_of() -> None:
    asked = frozenset({("a.one", "chat"), ("a.one", "gemini"), ("a.two", "gemini")})
    matrix = Matrix(MUTANTS, RULES, (*DYING[:1], saw("odd", "a.two")), asked)

    assert unproved(matrix) == {"a.one": ["gemini"]}
    assert sheet(matrix).split("\n")[-1] == "a.one: on gemini no mutant dies of it"


def test_the_matrix_as_json_has_what_the_rules_said() -> None:
    told = document(Matrix({"first": MUTANTS["first"]}, RULES, DYING), ["oh"])

    assert told == {
        "rules": ["a.one", "a.two", "b.taste"],
        "variants": {
            "first": {
                "text": "does it",
                "breaks": ["a.one"],
                "told": ["a.one"],
                "said": ["a.one[chat-text], stream: fail: so it is"],
            }
        },
        "unproved": {},
        "complaints": ["oh"],
    }
