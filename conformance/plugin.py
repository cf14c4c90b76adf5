"""The pytest plugin: options, and nothing else until a router's URL is given.

Every pytest session of whoever has this package installed imports this module.
"""

import pytest

from conformance.options import OPTIONS

PACKAGE = "conformance"


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup(PACKAGE, "conformance of an LLM router")
    for option in OPTIONS:
        group.addoption(option.flag, dest=option.dest, **option.how)


def pytest_configure(config: pytest.Config) -> None:
    if not named(config):
        return
    # Only now: the judge and its HTTP client take longer to import than most test files.
    from conformance.session import Conformance  # noqa: PLC0415

    config.pluginmanager.register(Conformance(config), "conformance-run")


def named(config: pytest.Config) -> bool:
    """Say whether the cases were asked for: `--pyargs conformance`."""
    return bool(config.option.pyargs) and PACKAGE in config.args
