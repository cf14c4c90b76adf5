"""What several tests need: where a document departs from its published shape."""

import json
import os
from collections.abc import Callable

import hypothesis
import pytest
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from referencing import Registry, Resource

from conformance.exchange import Json
from conformance.resources import FIXTURES

Faults = Callable[[str, Json], dict[str, str]]

# A slow machine is no failure; and what is drawn in CI is the same each time, so that a red run
# is about the change. Everywhere else each run draws anew.
hypothesis.settings.register_profile("here", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "here")


@pytest.fixture(scope="session")
def faults() -> Faults:
    """Return what says, of a schema's name and a document, place by place what is wrong."""
    shapes = validators()
    return lambda name, document: {
        place(error): error.message for error in shapes[name].iter_errors(document)
    }


def validators() -> dict[str, Draft202012Validator]:
    schemas: dict[str, Json] = {
        path.name.removesuffix(".schema.json"): json.loads(path.read_text("utf-8"))
        for path in (FIXTURES / "schemas").glob("*.schema.json")
    }
    known: Registry[Json] = Registry().with_resources(
        (schema["$id"], Resource.from_contents(schema)) for schema in schemas.values()
    )
    return {name: Draft202012Validator(schema, registry=known) for name, schema in schemas.items()}


def place(error: ValidationError) -> str:
    """Return the path of what is wrong; of a member that is missing, where it should be."""
    steps = [str(step) for step in error.absolute_path]
    if error.validator in {"required", "dependentRequired"}:
        steps.append(error.message.split("'")[1])
    return ".".join(steps)
