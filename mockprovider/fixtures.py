"""The pytest plugin for those who test a client of their own.

Every pytest session of whoever has this package installed imports this module, so all that takes
time is imported by the fixtures themselves.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from mockprovider.harness import ArmedScenario, MockProvider
    from mockprovider.shapes import Json


@pytest.fixture(scope="session")
def mock_provider_options() -> Sequence[str]:
    """Options of `mockprovider serve`; override this fixture to give some."""
    return ()


@pytest.fixture(scope="session")
def mock_provider(mock_provider_options: Sequence[str]) -> "Iterator[MockProvider]":
    """A mock LLM provider in a process of its own: `url.chat`, `client`, `marker(scenario)`."""
    from mockprovider.harness import provider  # noqa: PLC0415

    with provider(*mock_provider_options) as running:
        yield running


@pytest.fixture
def mock_scenario(
    request: pytest.FixtureRequest, mock_provider: "MockProvider"
) -> "Iterator[Callable[[str | Mapping[str, Json]], ArmedScenario]]":
    """Call it with a scenario (a name, TOML, a document) for the text to put into a prompt.

    What it returns is that text, with `journal()`, `entry()`, `release(hold)` and `abort(how)`.
    """
    from mockprovider.harness import scenarios  # noqa: PLC0415

    with scenarios(mock_provider, request.node.name) as arm:
        yield arm
