"""Numbers of tokens, as every surface reads them."""

from collections.abc import Callable

import pytest

from conformance.exchange import Json
from conformance.protocols import chat_outcome, gemini_outcome, messages_outcome, responses_outcome
from conformance.protocols.outcome import Usage, count

Read = Callable[[Json], Usage | None]


@pytest.mark.parametrize(
    ("value", "told"), [(7, 7), (0, 0), (True, None), (False, None), ("7", None), (None, None)]
)
def test_only_an_integer_is_a_number_of_tokens(value: Json, told: int | None) -> None:
    assert count({"n": value}, "n") == told


@pytest.mark.parametrize(
    ("read", "name"),
    [
        (chat_outcome.read_usage, "total_tokens"),
        (responses_outcome.read_usage, "total_tokens"),
        (gemini_outcome.read_usage, "totalTokenCount"),
    ],
)
def test_no_surface_takes_true_for_one(read: Read, name: str) -> None:
    told = read({name: True})

    assert told is not None
    assert told.total is None


def test_messages_has_no_total_of_what_is_no_number() -> None:
    assert messages_outcome.read_usage({"input_tokens": True, "output_tokens": 2}) == Usage(None, 2)
