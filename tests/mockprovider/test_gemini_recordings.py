"""Requests that Google answered: the mock must not be stricter than the service it plays.

The recordings are not ours to ship, so without them these tests skip.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from mockprovider.shapes import Json
from mockprovider.surfaces.gemini import reading

CORPUS = Path(__file__).parents[3] / "shared" / "corpus" / "gemini-generate-content"
CUT = re.compile(r"<cut \d+ chars>")


def whole(value: Json) -> Json:
    """Undo the mark of a text that was shortened; base64 comes in fours."""
    match value:
        case dict():
            return {name: whole(each) for name, each in value.items()}
        case list():
            return [whole(each) for each in value]
        case str() if CUT.search(value):
            kept = CUT.sub("", value)
            return kept[: len(kept) // 4 * 4]
    return value


def answered() -> Iterator[tuple[str, Json, str]]:
    """Yield each request a hosted provider answered, with its path."""
    for path in sorted(CORPUS.glob("*/*.json")):
        told = json.loads(path.read_text("utf-8"))
        if told["class"] == "hosted-provider" and told.get("request"):
            endpoint = told["endpoint"].partition("?")[0]
            yield path.stem, whole(told["request"]), endpoint


ANSWERED = list(answered())


@pytest.mark.skipif(not ANSWERED, reason="no recorded requests at ../shared/corpus")
@pytest.mark.parametrize(
    ("body", "path"), [each[1:] for each in ANSWERED], ids=[each[0] for each in ANSWERED]
)
def test_a_request_that_was_answered_is_not_refused(body: Json, path: str) -> None:
    told = reading.read(body, path)

    assert (told.refusal, bool(told.model)) == (None, True)
