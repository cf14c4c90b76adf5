"""Steps as APIs want them that say one thing at a time, or a call at once."""

import pytest

from mockprovider.shapes import Json
from mockprovider.steps import Arguments, Call, Comment, Finish, Ping, Raw, Say, Step, Usage
from mockprovider.surfaces.neutral import aside, calls_beside, one_by_one, whole
from mockprovider.timeline import Send

CALL = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
BESIDE = {"tool_calls": [CALL], "note": 1}


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (Say("A", extra={"note": 1}), [Say("A", extra={"note": 1})]),
        (Say("A", extra=BESIDE), [Say("A", extra={"note": 1}), Call("c", "f", "{}")]),
        (Finish("stop", say="A"), [Say("A"), Finish("stop")]),
        (Finish("stop", extra=BESIDE), [Call("c", "f", "{}"), Finish("stop", extra={"note": 1})]),
        (Say("A", choice=0), [Say("A", choice=0)]),
        (Say("B", choice=1), []),
        (Usage(), [Usage()]),
    ],
)
def test_one_thing_is_said_at_a_time(step: Step, expected: list[Step]) -> None:
    assert [*one_by_one((step,))] == expected


@pytest.mark.parametrize(
    ("told", "calls"),
    [
        (5, []),
        ([5, {}], [Call("", "", "")]),
        ([{"id": 5, "function": "f"}], [Call("5", "", "")]),
        (
            [{"id": "c", "function": {"name": None, "arguments": {"a": 1}}}],
            [Call("c", "null", '{"a": 1}')],
        ),
    ],
)
def test_odd_calls_beside_a_text_are_taken_for_what_they_can_be(
    told: Json, calls: list[Call]
) -> None:
    assert calls_beside({"tool_calls": told}) == (calls, {})


def test_a_call_is_sent_when_its_last_argument_is_due() -> None:
    steps = (
        Call("a", "f", ("1",)), Call("b", "g"), Call("c", "h"), Arguments("2", "a"),
        Arguments("3", "b"), Arguments("4", "a"),
    )  # fmt: skip

    assert [*whole(steps)] == [
        Call("c", "h"), Call("b", "g", ("3",)), Call("a", "f", ("1", "2", "4")),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (Comment("c"), Send(b": c\n\n", "comment", 0)),
        (Raw(b"a\n\nb\n\n"), Send(b"a\n\nb\n\n", "raw", 2)),
        (Raw(b"x", 3), Send(b"x", "raw", 0, times=3)),
        (Ping(), Ping()),
    ],
)
def test_what_stands_beside_the_answer_is_the_same_everywhere(step: Step, expected: object) -> None:
    assert aside(step) == expected
