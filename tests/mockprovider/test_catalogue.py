"""The catalogue of faults: complete, described, the same in schema, docs and command line."""

import json
from dataclasses import fields
from pathlib import Path

import pytest

from mockprovider.cli import main
from mockprovider.faults import CATALOGUE, fault
from mockprovider.faults.describing import markdown, shape
from mockprovider.faults.fault import Fault, Layer, Listed, Reaction
from mockprovider.routing import SURFACES
from mockprovider.scenario import schema
from mockprovider.shapes import Json, mismatches

DOCS = Path(__file__).parents[2] / "docs"
each_fault = pytest.mark.parametrize("listed", CATALOGUE.values(), ids=list(CATALOGUE))


def test_the_page_about_faults_is_current() -> None:
    assert (DOCS / "faults.md").read_text() == markdown(), "mockprovider faults --markdown"


def test_the_schema_of_faults_is_current() -> None:
    assert schema()["$defs"]["fault"] == shape(), "mockprovider faults --schema"


def test_the_protocol_refers_to_the_page() -> None:
    assert "[faults.md](faults.md)" in (DOCS / "mock-protocol.md").read_text()


def test_every_layer_and_every_reaction_is_used_and_told() -> None:
    assert {listed.layer for listed in CATALOGUE.values()} == set(Layer)
    assert {listed.reaction for listed in CATALOGUE.values()} == set(Reaction)
    assert all(f"| `{word}` |" in markdown() for word in Reaction)


@each_fault
def test_a_fault_is_a_frozen_value_that_is_described(listed: Listed) -> None:
    kind = listed.kind

    assert kind() == kind()
    assert hash(kind()) == hash(kind())
    assert kind.__doc__
    assert not kind.__doc__.startswith(f"{kind.__name__}(")
    assert listed.meaning.endswith((".", "?"))


@each_fault
def test_a_fault_means_something_on_known_surfaces(listed: Listed) -> None:
    assert set(listed.only) <= {surface.api for surface in SURFACES}


def test_no_two_names_are_of_one_fault() -> None:
    kinds = [listed.kind for listed in CATALOGUE.values()]

    assert len(set(kinds)) == len(kinds)


def in_full(made: Fault) -> Json:
    """Write a fault with all of its parameters, as JSON has them."""
    named = {each.name: getattr(made, each.name) for each in fields(made)}  # type: ignore[arg-type]
    return json.loads(
        json.dumps({name: value for name, value in named.items() if value not in (None, (), 0)})
    )


@pytest.mark.parametrize("name", list(CATALOGUE))
def test_what_a_fault_is_by_default_can_be_written_out(name: str) -> None:
    made = fault(name)
    entry = {name: in_full(made) or True}

    assert list(mismatches(shape(), entry, root=shape())) == []
    assert fault(entry) == made


def test_the_command_lists_every_fault(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["faults"]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines if not line.startswith(" ")] == list(CATALOGUE)
    at = lines.index("idle_close  may-repair")
    assert lines[at + 2 : at + 4] == [
        '    end = "fin"  (fin, rst)', '    when = "behind"  (behind, next)',
    ]  # fmt: skip
    assert "data_first  transparent (messages, responses only)" in lines


@pytest.mark.parametrize(("form", "text"), [("--markdown", "# Faults\n"), ("--schema", "{\n")])
def test_the_command_prints_the_page_and_the_schema(
    capsys: pytest.CaptureFixture[str], form: str, text: str
) -> None:
    assert main(["faults", form]) == 0
    assert capsys.readouterr().out.startswith(text)
