"""What is published of real routers: the page is current, and each finding has its evidence."""

import json
from pathlib import Path

import pytest

from conformance.exchange import Json
from conformance.expected.choosing import expectations
from conformance.manual.routers import RESULTS, SEPARATOR, findings, main, page, results, whole
from conformance.plan import cases
from conformance.probes import PROBES
from conformance.recipes.recipe import DIRECTORY, load, names
from conformance.rules import RULES

PAGE = Path(__file__).parents[2] / "docs" / "routers.md"
KEPT = json.loads(RESULTS.read_text("utf-8"))


def test_the_page_is_current() -> None:
    assert PAGE.read_text("utf-8") == whole(), (
        "python -m conformance.manual.routers docs/routers.md"
    )


def test_every_router_has_been_judged() -> None:
    assert {name.partition(SEPARATOR)[0] for name in KEPT} == set(names())


@pytest.mark.parametrize("row", findings(), ids=lambda row: row["title"])
def test_a_finding_is_of_a_case_that_failed(row: Json) -> None:
    shown = KEPT[row["route"]]["shown"][row["case"]]

    assert shown["message"]
    assert "mock:" in shown["curl"]


def test_what_is_kept_of_a_run_is_what_the_page_needs(tmp_path: Path) -> None:
    kept = results(tmp_path)

    assert kept == {}
    assert "## Findings" in list(page(KEPT))


def test_the_page_is_written_without_runs(tmp_path: Path) -> None:
    assert main([str(tmp_path / "routers.md")]) == 0

    assert (tmp_path / "routers.md").read_text("utf-8") == whole()


def test_a_route_that_is_told_of_is_one_of_its_recipe() -> None:
    for name in KEPT:
        recipe, _, route = name.partition(SEPARATOR)
        assert load(recipe).route(route).surfaces


@pytest.mark.parametrize(
    "path", sorted(DIRECTORY.glob("*/expected-failures.*.toml")), ids=lambda path: path.name
)
def test_what_is_expected_of_a_route_can_be_read(path: Path) -> None:
    recipe = load(path.parent.name)
    suite = {case.id for case in cases(RULES.values(), PROBES.values())}

    told = expectations(str(path), "", suite, "1.0", None)

    assert told.entries
    assert recipe.route(path.name.split(".")[1]).surfaces
