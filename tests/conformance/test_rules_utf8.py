"""The rule on characters cut in two: streams that break it, streams that do not."""

import pytest

from conformance.rules import utf8
from tests.conformance.made import REFUSED, Case, label, text, told, unbroken

WHOLE = text("木蘭")
TORN = text("\ufffd\ufffd蘭")
LOSS = (
    "choice 0: text departs at character 0: '\ufffd\ufffd蘭' where '木蘭' was expected,"
    " as it is undisturbed"
)
SOUND = {"baseline": WHOLE, "ascii": WHOLE, "bom": WHOLE}

CASES: list[Case] = [
    ("utf8.split-preserved", "whole", {**SOUND, "after.1": WHOLE, "bom.cut": WHOLE}, []),
    ("utf8.split-preserved", "torn", {**SOUND, "after.1": TORN}, [LOSS]),
    ("utf8.split-preserved", "a torn mark", {**SOUND, "bom.cut": TORN}, [LOSS]),
    (
        "utf8.split-preserved",
        "aborted",
        {**SOUND, "after.2": REFUSED},
        ["was answered 502, undisturbed it is 200"],
    ),
    ("utf8.split-preserved", "ASCII torn too", {**SOUND, "ascii": TORN, "after.1": TORN}, []),
    ("utf8.split-preserved", "no mark read", {**SOUND, "bom": TORN, "bom.cut": TORN}, []),
]


@pytest.mark.parametrize("case", CASES, ids=label)
def test_a_rule_tells_what_breaks_it_and_nothing_else(case: Case) -> None:
    assert told(case) == case[-1]


def test_each_rule_has_a_case_on_either_side() -> None:
    assert unbroken(CASES, utf8) == set()
