"""An expected failure: which cases, why, whose it is, until when, in which versions."""

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from conformance.plan import glob

RELEASE = re.compile(r"v?(\d+(?:\.\d+)*)")
COMPARISON = re.compile(r"\s*(<=|>=|==|!=|<|>)\s*v?(\d+(?:\.\d+)*)\s*")
OPERATORS: Mapping[str, Callable[[tuple[int, ...], tuple[int, ...]], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
    "==": operator.eq, "!=": operator.ne,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    patterns: tuple[str, ...]
    reason: str
    owner: str
    expires: date  # the last day it holds
    issue: str = ""
    version: str = ""  # comparisons such as ">=1.4, <1.9"; empty for every version
    sometimes: bool = False  # it fails now and then: that it passes breaks nothing

    @property
    def why(self) -> str:
        return f"{self.reason} ({self.issue or 'no issue'}; {self.owner}, until {self.expires})"

    def names(self, case: str) -> bool:
        return any(glob(pattern).fullmatch(case) for pattern in self.patterns)

    def applies(self, version: str) -> bool:
        """Say whether it is about this version of the router."""
        return all(_holds(part, version) for part in self.version.split(",") if part.strip())


def release(version: str) -> tuple[int, ...] | None:
    """Return the numbers a version begins with; 1.9.0 is 1.9, and what follows does not count."""
    found = RELEASE.match(version)
    return _numbers(found[1]) if found else None


def _holds(comparison: str, version: str) -> bool:
    found, told = COMPARISON.fullmatch(comparison), release(version)
    if not found or told is None:
        return False
    return OPERATORS[found[1]](told, _numbers(found[2]))


def _numbers(text: str) -> tuple[int, ...]:
    numbers = [int(part) for part in text.split(".")]
    while numbers and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)
