"""Rules on guardrails: answers that break each, and answers that do not."""

from dataclasses import replace

import pytest

from conformance.exchange import End, Exchange, HoldSeen, Json
from conformance.plan import cases
from conformance.probes import PROBES
from conformance.rules import RULES, guard
from conformance.selfcheck.legal.guard import FEATURES
from conformance.selfcheck.router.guard import may_become_it
from tests.conformance.made import (
    REFUSED,
    Case,
    answered,
    label,
    plain,
    script,
    text,
    told,
    unbroken,
)

WORD: Json = {"guard": "saffron"}
SAID = script({"say": "a sack"}, {"say": " of rice"}, {"finish": "stop"})


def stream(*words: str, **members: Json) -> Exchange:
    return replace(text(*words), policy=WORD, scenario=SAID, **members)


def held(*lags: int) -> tuple[HoldSeen, ...]:
    return tuple(HoldSeen("first", "a sack", lag) for lag in lags)


BLOCKED = replace(REFUSED, policy=WORD)
ENFORCED, USABLE = "guard.stream-enforced", "guard.stream-usable"
CASES: list[Case] = [
    (ENFORCED, "blocked in the stream", stream("some ", end=End.CUT), []),
    (ENFORCED, "refused", BLOCKED, []),
    (ENFORCED, "masked", stream("some ", "*******"), []),
    (ENFORCED, "no answer", stream("some ", "saff", end=End.TIMEOUT), []),
    (ENFORCED, "in one event", stream("some ", "saffron"), ["'saffron' was delivered"]),
    (
        ENFORCED,
        "cut in two",
        stream("some saff", "ron"),
        ["'saffron' was delivered, in pieces that a client puts together"],
    ),
    (
        ENFORCED,
        "plainly",
        plain(answered({"role": "assistant", "content": "saffron"}), policy=WORD),
        ["'saffron' was delivered"],
    ),
    (USABLE, "as it was", stream("a sack", " of rice", holds=held(0, 1)), []),
    (
        USABLE,
        "held back",
        stream("a sack", " of rice", holds=held(0, 2)),
        ["'a sack' came only once the provider had gone on; 1 events may be kept back"],
    ),
    (
        USABLE,
        "emptied",
        stream(),
        [("a stream without the forbidden text was altered: choice 0: text departs at character 0: "
         "the end where 'a sack of rice' was expected")],
    ),
    (
        USABLE,
        "broken off",
        stream("a sack", end=End.RESET),
        ["a stream without the forbidden text was refused or broke off"],
    ),
    (USABLE, "refused", BLOCKED, ["a stream without the forbidden text was refused or broke off"]),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=label)
def test_a_guard_blocks_what_it_should_or_the_rule_says_so(case: Case) -> None:
    assert told(case) == case[-1]


def test_every_rule_is_broken_by_one_answer_and_not_by_another() -> None:
    assert unbroken(CASES, guard) == set()


def test_what_a_probe_says_has_nothing_of_the_forbidden_text_by_chance() -> None:
    asked = {case.probe.id for case in cases([RULES[ENFORCED], RULES[USABLE]], PROBES.values())}

    assert asked == {"forbidden", "not-forbidden"}
    assert not any(FEATURES["guard"] in str(PROBES[name].sends) for name in asked)


@pytest.mark.parametrize(("text", "may"), [("some quick", True), ("some", False), ("", False)])
def test_a_guard_knows_how_the_word_begins(text: str, may: bool) -> None:
    assert may_become_it(text) is may
