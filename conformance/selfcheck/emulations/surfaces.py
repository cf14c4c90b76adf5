"""The surfaces of a router that is not the reference."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from conformance.selfcheck.router.dialects import DIALECTS
from conformance.selfcheck.router.relay import Dialect


def surfaces(**changes: Mapping[str, Any]) -> dict[str, Dialect]:
    """Return the surfaces that are named, each as the reference has it but for these parts."""
    return {name: replace(DIALECTS[name], **changed) for name, changed in changes.items()}
