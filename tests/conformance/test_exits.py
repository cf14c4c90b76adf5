"""How a run ends."""

import pytest

from conformance.exits import MEANING, Exit, exit_code, together
from conformance.findings import Level
from conformance.verdicts import Kind

MUST, SHOULD = Level.MUST, Level.SHOULD
PASS = (MUST, Kind.PASS)


@pytest.mark.parametrize(
    ("verdicts", "how", "code"),
    [
        ([], {}, Exit.EMPTY),
        ([(MUST, Kind.PASS)], {}, Exit.CONFORMANT),
        ([(MUST, Kind.NOT_APPLICABLE), (MUST, Kind.DEVIATES)], {}, Exit.CONFORMANT),
        ([(SHOULD, Kind.WARN), (MUST, Kind.INFO)], {}, Exit.CONFORMANT),
        ([PASS, (MUST, Kind.EXPECTED_FAIL)], {}, Exit.CONFORMANT),
        ([(SHOULD, Kind.EXPECTED_FAIL)], {"strict": True}, Exit.CONFORMANT),
        ([(SHOULD, Kind.WARN)], {"strict": True}, Exit.NOT_CONFORMANT),
        ([(MUST, Kind.FAIL), (MUST, Kind.UNTESTABLE)], {}, Exit.NOT_CONFORMANT),
        ([(MUST, Kind.UNEXPECTED_PASS)], {}, Exit.NOT_CONFORMANT),
        ([(MUST, Kind.FAIL), (MUST, Kind.HARNESS_ERROR)], {}, Exit.HARNESS_ERROR),
        ([(MUST, Kind.UNTESTABLE)], {}, Exit.INCOMPLETE),
        ([(MUST, Kind.INCONCLUSIVE)], {}, Exit.INCOMPLETE),
        ([PASS, (SHOULD, Kind.UNTESTABLE), (SHOULD, Kind.INCONCLUSIVE)], {}, Exit.CONFORMANT),
        ([PASS, (MUST, Kind.UNTESTABLE)], {"black_box": True}, Exit.CONFORMANT),
        ([PASS, (MUST, Kind.INCONCLUSIVE)], {"black_box": True}, Exit.INCOMPLETE),
        ([(MUST, Kind.UNTESTABLE)], {"black_box": True}, Exit.INCOMPLETE),
        ([(SHOULD, Kind.NOT_APPLICABLE)], {}, Exit.INCOMPLETE),
        ([(MUST, Kind.PASS)], {"complete": False}, Exit.INCOMPLETE),
        ([(MUST, Kind.PASS)], {"selected": 2}, Exit.INCOMPLETE),
    ],
)
def test_verdicts_decide_the_exit_code(
    verdicts: list[tuple[Level, Kind]], how: dict[str, bool], code: Exit
) -> None:
    selected = int(how.pop("selected", len(verdicts)))

    assert exit_code(verdicts, selected=selected, **how) == code


@pytest.mark.parametrize(
    ("ends", "end"),
    [
        ([Exit.CONFORMANT, Exit.EMPTY], Exit.CONFORMANT),
        ([Exit.EMPTY, Exit.EMPTY], Exit.EMPTY),
        ([Exit.INCOMPLETE, Exit.NOT_CONFORMANT, Exit.EMPTY], Exit.NOT_CONFORMANT),
        ([Exit.INCOMPLETE, Exit.CONFORMANT], Exit.INCOMPLETE),
        ([Exit.NOT_CONFORMANT, Exit.HARNESS_ERROR], Exit.HARNESS_ERROR),
    ],
)
def test_several_runs_end_as_the_worst_that_was_judged(ends: list[Exit], end: Exit) -> None:
    assert together(ends) == end


def test_every_exit_code_has_a_meaning() -> None:
    assert set(MEANING) == set(Exit)
