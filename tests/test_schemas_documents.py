"""Documents written by hand: a right one has no fault, a broken one has it where it is broken."""

import json
from collections.abc import Callable
from functools import reduce
from operator import getitem
from pathlib import Path

import pytest

from conformance.exchange import Json
from conformance.resources import FIXTURES

Faults = Callable[[str, Json], dict[str, str]]

# One file per schema: what is special -> a right document, and the places to break it at, each
# with what to put there; a place alone means that what stands there is left out.
DOCUMENTS: dict[str, Json] = {
    path.stem: json.loads(path.read_text("utf-8"))
    for path in sorted((Path(__file__).parent / "documents").glob("*.json"))
}
RIGHT = [(name, label) for name, told in DOCUMENTS.items() for label in told]
BROKEN = [
    (name, label, breach)
    for name, told in DOCUMENTS.items()
    for label, document in told.items()
    for breach in document["broken"]
]


def right(name: str, label: str) -> Json:
    return DOCUMENTS[name][label]["right"]


def broken(document: Json, path: str, *value: Json) -> Json:
    *way, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    copy = json.loads(json.dumps(document))
    holder = reduce(getitem, way, copy)
    if value:
        holder[last] = value[0]
    else:
        del holder[last]
    return copy


@pytest.mark.parametrize(("name", "label"), RIGHT)
def test_a_right_document_has_no_fault(name: str, label: str, faults: Faults) -> None:
    assert faults(name, right(name, label)) == {}


@pytest.mark.parametrize(("name", "label", "breach"), BROKEN)
def test_a_broken_document_has_its_fault_where_it_is_broken(
    name: str, label: str, breach: list[Json], faults: Faults
) -> None:
    document = broken(right(name, label), *breach)

    assert faults(name, document).keys() == {breach[0]}


@pytest.mark.parametrize(
    ("name", "label"), [("gemini-error", "full"), ("openai-chat-chunk", "text")]
)
def test_what_is_no_answer_of_gemini_is_refused_as_a_whole(
    name: str, label: str, faults: Faults
) -> None:
    assert faults("gemini-response", right(name, label)).keys() == {""}


def test_every_shape_has_a_right_and_a_broken_document() -> None:
    shapes = {
        path.name.removesuffix(".schema.json")
        for vendor in ("openai", "anthropic", "gemini")
        for path in (FIXTURES / "schemas").glob(f"{vendor}-*.schema.json")
    }

    assert {name for name, _ in RIGHT} == shapes
    assert {name for name, _, _ in BROKEN} == shapes
