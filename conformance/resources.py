"""The data both programs read: beside the packages in a checkout, inside each in a wheel."""

import tomllib
from functools import cache
from pathlib import Path

from conformance.exchange import Json

_INSIDE = Path(__file__).parent / "fixtures"
FIXTURES = _INSIDE if _INSIDE.is_dir() else Path(__file__).parents[1] / "fixtures"


@cache
def scenario(name: str) -> Json:
    """Return a shipped scenario: what the provider was told to do, and so the truth."""
    return tomllib.loads((FIXTURES / "scenarios" / f"{name}.toml").read_text("utf-8"))
