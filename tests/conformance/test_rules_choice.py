"""Rules on several choices and on log probabilities: answers that break each, and others."""

import pytest

from conformance.exchange import End, Exchange, Json
from conformance.rules import choice as family
from tests.conformance.made import (
    ENVELOPE,
    Case,
    body,
    choice,
    chunk,
    label,
    plain,
    script,
    streamed,
    text,
    told,
    unbroken,
)

N: Json = {"n": 2}
TWO = script({"say": "a", "choice": 0}, {"say": "b", "choice": 1})
AB = script({"say": "a"}, {"say": "b"})
LOGPROBS: Json = {"logprobs": True, "top_logprobs": 1}
TOKENS = "the tokens with log probabilities of choice 0 depart"
OTHER: Json = {"token": "c", "logprob": -2}


def taking_turns(first: int, second: int, **members: Json) -> Exchange:
    """Return two choices of one text each, under these indexes."""
    deltas = (choice({"content": "a"}, index=first), choice({"content": "b"}, index=second))
    return streamed(body([chunk(delta) for delta in deltas]), N, **members)


def at_once(*indexes: int) -> Exchange:
    choices = [
        {"index": at, "message": {"content": word}} for at, word in zip(indexes, "ab", strict=False)
    ]
    return plain({**ENVELOPE, "choices": choices}, N, scenario=TWO)


def row(token: str, top: int = 1) -> Json:
    return {"token": token, "logprob": -1, "top_logprobs": [OTHER] * top}


def logged(*rows: Json, scenario: Json = AB) -> Exchange:
    """Return a stream of one text per row, and no row for None."""
    chunks = [
        chunk(choice({"content": "x"}, logprobs={"content": [each]} if each else None))
        for each in rows
    ]
    return streamed(body(chunks), LOGPROBS, scenario=scenario)


CUT = streamed(body([chunk(choice({"content": "a"}))], b""), N, scenario=TWO, end=End.CUT)

CASES: list[Case] = [
    ("choice.index-kept", "two", taking_turns(0, 1, scenario=TWO), []),
    ("choice.index-kept", "two, plain", at_once(0, 1), []),
    ("choice.index-kept", "one", text("a", scenario=AB), []),
    ("choice.index-kept", "none at all", streamed(body([])), []),
    ("choice.index-kept", "cut before the second", CUT, []),
    (
        "choice.index-kept",
        "all 0",
        taking_turns(0, 0, scenario=TWO),
        ["choices [1] never came, 2 were asked for"],
    ),
    (
        "choice.index-kept",
        "one missing, plain",
        at_once(0),
        ["choices [1] never came, 2 were asked for"],
    ),
    (
        "choice.index-kept",
        "counted tokens",
        taking_turns(1, 2),
        ["choices [2] came, 2 were asked for"],
    ),
    (
        "choice.index-kept",
        "swapped",
        taking_turns(1, 0, scenario=TWO),
        ["the texts of the choices came as ['b', 'a'], not as ['a', 'b']"],
    ),
    ("choice.logprobs-kept", "kept", logged(row("a"), row("b")), []),
    (
        "choice.logprobs-kept",
        "kept, plain",
        plain(
            {
                "choices": [
                    {"index": 0, "message": {}, "logprobs": {"content": [row("a"), row("b")]}}
                ]
            },
            LOGPROBS,
            scenario=AB,
        ),
        [],
    ),
    (
        "choice.logprobs-kept",
        "none",
        text("a", "b", ask=LOGPROBS, scenario=AB),
        [f"{TOKENS} at character 0: the end where 'ab' was expected"],
    ),
    (
        "choice.logprobs-kept",
        "the last only",
        logged(None, row("b")),
        [f"{TOKENS} at character 0: 'b' where 'ab' was expected"],
    ),
    (
        "choice.logprobs-kept",
        "none of the others",
        logged(row("a", 0), row("b")),
        ["a token of choice 0 has not the 1 top_logprobs asked for"],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=label)
def test_a_rule_tells_what_breaks_it_and_nothing_else(case: Case) -> None:
    assert told(case) == case[-1]


def test_each_rule_has_a_case_on_either_side() -> None:
    assert unbroken(CASES, family) == set()
