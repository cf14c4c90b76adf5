"""Requests that OpenAI answered: the mock must not be stricter than the service it plays.

The recordings are not ours to ship, so without them these tests skip.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from mockprovider.shapes import Json
from mockprovider.surfaces.responses import reading

CORPUS = Path(__file__).parents[3] / "shared" / "corpus" / "openai-responses"
# Others that speak this API take members of their own.
STRICT = ("openai", "azure")


def answered() -> Iterator[tuple[str, Json]]:
    """Yield each request that was answered."""
    for path in sorted(CORPUS.glob("*/*.json")):
        told = json.loads(path.read_text("utf-8"))
        if told["provider"] in STRICT and told.get("request") and told.get("status", 200) < 400:
            yield path.stem, told["request"]


ANSWERED = list(answered())


@pytest.mark.skipif(not ANSWERED, reason="no recorded requests at ../shared/corpus")
@pytest.mark.parametrize("body", [each[1] for each in ANSWERED], ids=[each[0] for each in ANSWERED])
def test_a_request_that_was_answered_is_not_refused(body: Json) -> None:
    told = reading.read(body)

    assert (told.refusal, bool(told.model)) == (None, True)
