"""Rules on reasoning: answers that break each, answers that do not."""

from dataclasses import replace

import pytest

from conformance.exchange import Exchange, Json
from conformance.rules import reason
from tests.conformance.made import (
    Case,
    answered,
    body,
    choice,
    chunk,
    label,
    plain,
    script,
    streamed,
    told,
    unbroken,
)

STEPS = ({"think": "ab"}, {"think": " cd"}, {"say": "x"}, {"finish": "stop"})


def by(*names: str) -> Json:
    """Return the script of a provider that says its reasoning under these names."""
    return script(*STEPS, chat={"reasoning": list(names)})


def thought(*deltas: Json, scenario: Json = None) -> Exchange:
    return streamed(
        body([chunk(choice(delta)) for delta in deltas]), scenario=scenario or script(*STEPS)
    )


def asked_of_gemini(body: str) -> Json:
    return {"surface": "gemini", "request": {"body": body}}


def piece(text: str) -> Json:
    return [{"type": "reasoning.text", "text": text}]


WHOLE = thought({"reasoning_content": "ab"}, {"reasoning_content": " cd"})
PLAIN = plain(answered({"content": "x", "reasoning": "ab cd"}), scenario=script(*STEPS))
DETAILS = thought({"reasoning_details": piece("ab")}, {"reasoning_details": piece(" cd")})
PAIR = [{"reasoning": word, "reasoning_details": piece(word)} for word in ("ab", " cd")]
BOTH = [{"reasoning": word, "reasoning_content": word} for word in ("ab", " cd")]

CASES: list[Case] = [
    ("reason.passthrough", "whole", WHOLE, []),
    ("reason.passthrough", "whole, plain", PLAIN, []),
    ("reason.passthrough", "as details", DETAILS, []),
    ("reason.passthrough", "twice is another rule's", thought({"reasoning": "abab cd cd"}), []),
    (
        "reason.passthrough",
        "lost",
        thought({"content": "x"}),
        ["the reasoning 'ab' did not arrive"],
    ),
    *(
        (
            "reason.passthrough",
            f"Gemini, asked with {body}",
            replace(thought({"content": "x"}), journal=(asked_of_gemini(body),)),
            said,
        )
        for body, said in (
            ('{"generationConfig":{}}', []),
            ('{"thinkingConfig":{"includeThoughts":true}}', ["the reasoning 'ab' did not arrive"]),
        )
    ),
    (
        "reason.passthrough",
        "lost, plain",
        plain(answered({"content": "x"}), scenario=script(*STEPS)),
        ["the reasoning 'ab' did not arrive"],
    ),
    (
        "reason.passthrough",
        "lost in part",
        thought({"reasoning": "ab"}),
        ["the reasoning ' cd' did not arrive"],
    ),
    (
        "reason.passthrough",
        "out of order",
        thought({"reasoning": " cd"}, {"reasoning": "ab"}),
        ["the reasoning arrived as ' cdab', not as 'ab cd'"],
    ),
    ("reason.not-duplicated", "once", WHOLE, []),
    ("reason.not-duplicated", "once, plain", PLAIN, []),
    ("reason.not-duplicated", "a vendor's pair", thought(*PAIR), []),
    (
        "reason.not-duplicated",
        "the provider's own two names",
        thought(*BOTH, scenario=by("reasoning", "reasoning_content")),
        [],
    ),
    (
        "reason.not-duplicated",
        "two names",
        thought(*BOTH, scenario=by("reasoning")),
        ["the reasoning came under reasoning_content and reasoning, to be added up"],
    ),
    (
        "reason.not-duplicated",
        "twice",
        thought({"reasoning": "ab"}, {"reasoning": "ab"}, {"reasoning": " cd"}),
        ["the reasoning 'ab' came 2 times in reasoning"],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=label)
def test_a_rule_tells_what_breaks_it_and_nothing_else(case: Case) -> None:
    assert told(case) == case[-1]


def test_each_rule_has_a_case_on_either_side() -> None:
    assert unbroken(CASES, reason) == set()
