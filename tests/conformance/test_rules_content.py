"""Rules on what was said and what arrived: answers that break each, answers that do not."""

import pytest

from conformance.exchange import End
from conformance.rules import content
from tests.conformance.made import (
    REFUSED,
    Case,
    answered,
    body,
    choice,
    chunk,
    label,
    plain,
    said,
    script,
    streamed,
    text,
    told,
    unbroken,
)

SPACED = script({"say": "a "}, {"say": "\n"}, {"say": " b"}, {"finish": "stop"})
SPACE = "white space in the text of choice 0 departs"
REFUSAL = script({"refuse": "No."}, {"finish": "stop"})
TWO = script({"say": "a", "choice": 0}, {"say": "b", "choice": 1})
VENDOR = script(
    {"say": "a", "extra": {"x_delta": 1}},
    {"cite": {"url": "https://example.org/a"}},
    chat={"choice_extra": {"x_choice": [2]}, "chunk_extra": {"x_chunk": {"y": 3}}},
)
CITED = [{"type": "url_citation", "url_citation": {"url": "https://example.org/a"}}]
EXTRAS = [
    chunk(
        choice({"content": "a", "x_delta": 1, "annotations": CITED}, x_choice=[2]), x_chunk={"y": 3}
    )
]
OBJECTED = {"scenario": None, "objections": [{"message": "seed: no such member"}]}
MISSING = [
    "the provider's x_delta = 1 did not arrive",
    "the provider's url = 'https://example.org/a' did not arrive",
    "the provider's x_choice = [2] did not arrive",
    "the provider's x_chunk = {'y': 3} did not arrive",
]


def both(first: int, second: int) -> bytes:
    """Return two choices of one text each, under these indexes."""
    deltas = (choice({"content": "a"}, index=first), choice({"content": "b"}, index=second))
    return body([chunk(delta) for delta in deltas])


CASES: list[Case] = [
    ("content.whitespace-exact", "kept", text("a ", "\n", " b", scenario=SPACED), []),
    (
        "content.whitespace-exact",
        "kept, plain",
        plain(answered({"content": "a \n b"}), scenario=SPACED),
        [],
    ),
    (
        "content.whitespace-exact",
        "trimmed",
        text("a", "b", scenario=SPACED),
        [
            f"{SPACE} at character 1: 'b' where ' \\n b' was expected",
        ],
    ),
    (
        "content.whitespace-exact",
        "trimmed at the end, plain",
        plain(answered({"content": "a \n b "}), scenario=SPACED),
        [
            f"{SPACE} at character 5: ' ' where the end was expected",
        ],
    ),
    ("content.whitespace-exact", "other loss", text("a", scenario=SPACED), []),
    ("content.complete", "whole", text("a ", "\n", " b", scenario=SPACED), []),
    ("content.complete", "white space only", text("a", "b", scenario=SPACED), []),
    (
        "content.complete",
        "what the provider refused has no text",
        streamed(body([{"error": {"message": "no"}}]), scenario=SPACED, journal=(OBJECTED,)),
        [],
    ),
    (
        "content.complete",
        "a lost end",
        text("a ", "\n", scenario=SPACED),
        ["the text of choice 0 departs at character 3: the end where ' b' was expected"],
    ),
    (
        "content.complete",
        "doubled, plain",
        plain(answered({"content": "a \n b a"}), scenario=SPACED),
        ["the text of choice 0 departs at character 5: ' a' where the end was expected"],
    ),
    (
        "content.complete",
        "cut",
        streamed(body(said("a "), b""), scenario=SPACED, end=End.CUT),
        ["the text of choice 0 departs at character 2: the end where '\\n b' was expected"],
    ),
    (
        "content.complete",
        "no choice",
        streamed(body([]), scenario=SPACED),
        ["the text of choice 0 departs at character 0: the end where 'a \\n b' was expected"],
    ),
    (
        "content.complete",
        "a refusal as text",
        text("No.", scenario=REFUSAL),
        [
            "the text of choice 0 departs at character 0: 'No.' where the end was expected",
            "the refusal of choice 0 departs at character 0: the end where 'No.' was expected",
        ],
    ),
    ("content.complete", "two", streamed(both(0, 1), {"n": 2}, scenario=TWO), []),
    (
        "content.complete",
        "one index is another rule's",
        streamed(both(0, 0), {"n": 2}, scenario=TWO),
        [],
    ),
    (
        "content.complete",
        "swapped is another rule's",
        streamed(both(1, 0), {"n": 2}, scenario=TWO),
        [],
    ),
    ("content.with-finish-kept", "kept", {"baseline": text("a", "b"), "beside": text("ab")}, []),
    (
        "content.with-finish-kept",
        "lost",
        {"baseline": text("a", "b"), "beside": text("a")},
        ["choice 0: text departs at character 1: the end where 'b' was expected"],
    ),
    ("content.empty-stream-not-success", "an error", REFUSED, []),
    ("content.empty-stream-not-success", "cut", streamed(b"", end=End.CUT), []),
    (
        "content.empty-stream-not-success",
        "nothing",
        streamed(b""),
        ["the provider sent no event at all, and the client was told of no error"],
    ),
    ("content.extras-kept", "kept", streamed(body(EXTRAS), scenario=VENDOR), []),
    ("content.extras-kept", "lost", text("a", scenario=VENDOR), MISSING),
    (
        "content.extras-kept",
        "lost, plain",
        plain(answered({"content": "a"}), scenario=VENDOR),
        MISSING,
    ),
    (
        "content.extras-kept",
        "kept, plain",
        plain({**EXTRAS[0], "object": "chat.completion"}, scenario=VENDOR),
        [],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=label)
def test_a_rule_tells_what_breaks_it_and_nothing_else(case: Case) -> None:
    assert told(case) == case[-1]


def test_each_rule_has_a_case_on_either_side() -> None:
    assert unbroken(CASES, content) == set()
