"""Fills in a recipe's templates: `{{name}}` becomes the value of that name."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from conformance.recipes.recipe import BadRecipe

PLACE = re.compile(r"\{\{([\w.]+)\}\}")


def filled(text: str, values: Mapping[str, str], where: str) -> str:
    def value(match: re.Match[str]) -> str:
        if match[1] not in values:
            known = ", ".join(sorted(values))
            raise BadRecipe(f"{where}: nothing is called {match[0]}; there are {known}")
        return values[match[1]]

    return PLACE.sub(value, text)


def rendered(files: Sequence[Path], values: Mapping[str, str], into: Path) -> None:
    for path in files:
        text = filled(path.read_text("utf-8"), values, str(path))
        (into / path.name).write_text(text, "utf-8")
