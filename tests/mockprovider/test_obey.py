"""What a request asks for, done to neutral steps."""

import pytest

from mockprovider.obey import obeyed
from mockprovider.steps import Arguments, Call, Comment, Finish, Refuse, Say, Steps, Think, Usage
from mockprovider.surfaces.surface import Ask

STOP = Finish("stop", choice=0)


def said(text: str, choice: int = 0, tokens: int = 1) -> Say:
    return Say(text, choice=choice, tokens=tokens)


def stopped(matched: str, say: str = "") -> Finish:
    return Finish("stop", choice=0, say=say, matched=matched)


@pytest.mark.parametrize(
    ("steps", "n", "expected"),
    [
        (
            (Say("a"), Comment("c"), Finish("stop")),
            2,
            (said("a"), said("a", 1), Comment("c"), STOP, Finish("stop", choice=1)),
        ),
        ((Say("a", choice=0), Say("b", choice=1)), 1, (said("a"),)),
        (
            (Say("a", choice=0), Say("b", choice=1)),
            3,
            (said("a"), said("a", 2), said("b", 1)),
        ),
        (
            (Call("c", "f"), Arguments("{", of="c")),
            2,
            (
                Call("c", "f", choice=0),
                Call("c_1", "f", choice=1),
                Arguments("{", of="c", choice=0),
                Arguments("{", of="c_1", choice=1),
            ),
        ),
        (
            (Call("c", "f", choice=1), Arguments("{", of="c"), Say("a", choice=0)),
            2,
            (Call("c", "f", choice=1), Arguments("{", of="c", choice=1), said("a")),
        ),
    ],
)
def test_steps_are_dealt_out_to_the_choices(steps: Steps, n: int, expected: Steps) -> None:
    assert obeyed(steps, Ask(n=n), ()) == expected


@pytest.mark.parametrize(
    ("stop", "expected"),
    [
        (("z",), (said("ab"), said("cd"), STOP)),
        (("b",), (said("a"), stopped("b"))),
        (("bc",), (said("a"), stopped("bc"))),
        (("c",), (said("ab"), stopped("c"))),
        (("d", "c"), (said("ab"), stopped("c"))),
        (("a",), (stopped("a"),)),
    ],
)
def test_a_stop_text_ends_the_text_before_it(stop: tuple[str, ...], expected: Steps) -> None:
    steps = (Say("ab"), Say("cd"), Finish("stop"))

    assert obeyed(steps, Ask(stop=stop), ()) == expected


def test_a_stop_text_is_found_in_what_the_finish_says_and_in_repetitions() -> None:
    steps = (Say("a", repeat=3), Finish("length", say="bc"))

    assert obeyed(steps, Ask(stop=("c",)), ())[-1] == stopped("c", say="b")
    assert obeyed(steps, Ask(stop=("aa",)), ()) == (stopped("aa"),)


@pytest.mark.parametrize(
    ("limit", "kept"),
    [
        (9, (Think("t", choice=0), said("a"), said("bcde", tokens=2), STOP)),
        (4, (Think("t", choice=0), said("a"), said("bcde", tokens=2), STOP)),
        (3, (Think("t", choice=0), said("a"), said("bc"), Finish("length", choice=0))),
        (2, (Think("t", choice=0), said("a"), Finish("length", choice=0))),
        (1, (Think("t", choice=0), Finish("length", choice=0))),
    ],
)
def test_the_token_limit_ends_the_answer(limit: int, kept: Steps) -> None:
    steps = (Think("t"), Say("a"), Say("bcde", tokens=2), Finish("stop"))

    assert obeyed(steps, Ask(limit=limit), ()) == kept


def test_the_token_limit_cuts_arguments_and_refusals() -> None:
    call = Call("c", "f", ("1", "2", "3"))

    assert obeyed((call, Arguments("4", of="c"), Finish("tool_calls")), Ask(limit=2), ()) == (
        Call("c", "f", ("1", "2"), choice=0),
        Finish("length", choice=0),
    )
    assert obeyed((Refuse("no", tokens=2),), Ask(limit=1), ()) == ()


def test_no_more_is_billed_than_was_said() -> None:
    steps = (Say("a"), Say("b"), Finish("stop"), Usage(input=7, output=2))

    assert obeyed(steps, Ask(limit=1), ())[-1] == Usage(input=7, output=1)
    assert obeyed(steps, Ask(limit=2), ())[-1] == Usage(input=7, output=2)


def test_without_parallel_calls_only_the_first_is_made() -> None:
    steps = (Call("a", "f"), Call("b", "f"), Arguments("{", of="b"), Finish("tool_calls"))

    assert obeyed(steps, Ask(parallel=False), ()) == (
        Call("a", "f", choice=0),
        Finish("tool_calls", choice=0),
    )


@pytest.mark.parametrize(
    ("ask", "word"),
    [
        (Ask(n=2), "n"),
        (Ask(limit=1), "limit"),
        (Ask(stop=("b",)), "stop"),
        (Ask(parallel=False), "parallel"),
    ],
)
def test_a_provider_may_not_obey(ask: Ask, word: str) -> None:
    steps = (Say("a"), Say("b"), Call("a", "f"), Call("b", "f"))

    assert obeyed(steps, ask, {word}) == obeyed(steps, Ask(), ())
