"""The page on recipes: its example can be read, and it names all that a recipe may say."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from conformance.recipes.recipe import MEMBERS, Install, Recipe, Route, Setup, Start, read

PAGE = Path(__file__).parents[2] / "docs" / "recipes.md"


@pytest.fixture
def example(tmp_path: Path) -> Recipe:
    """Return the recipe that the page shows."""
    text = PAGE.read_text("utf-8").split("    # ours/recipe.toml\n")[1].split("\n\nIts files")[0]
    path = tmp_path / "recipe.toml"
    path.write_text(re.sub("^    ", "", text, flags=re.MULTILINE), "utf-8")
    return read(path)


def test_the_example_can_be_read(example: Recipe) -> None:
    assert [route.name for route in example.routes] == ["openai", "anthropic-as-chat"]
    assert [setup.keep for setup in example.setup] == [{"project": "project.id"}]


def test_the_page_has_every_member() -> None:
    rows = re.findall(r"^\| `([a-z]+)` \|", PAGE.read_text("utf-8"), re.MULTILINE)
    tables = (Install, Start, Setup, Route)

    assert set(rows) >= MEMBERS | {each.name for table in tables for each in fields(table)}
