"""Routers that differ from the reference in one part: mutants break rules, legal variants none."""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from inspect import cleandoc
from types import ModuleType
from typing import Any

from conformance.selfcheck.router.relay import Parts

PARTS = {part.name for part in fields(Parts)}


class BadVariant(ValueError):
    """A variant that cannot be built; the message names it and says what is right."""


@dataclass(frozen=True, slots=True)
class Variant:
    part: str
    value: Any  # whatever that part is
    text: str  # how the router is wrong, or odd
    breaks: frozenset[str] = frozenset()  # ids of the rules that must tell; empty if it is legal

    def __post_init__(self) -> None:
        if self.part not in PARTS:
            raise BadVariant(f"part {self.part!r}: one of {', '.join(sorted(PARTS))}")

    def router(self, reference: Parts) -> Parts:
        return replace(reference, **{self.part: self.value})


def mutant(part: str, *, breaks: str) -> Callable[[Callable[..., object]], Variant]:
    """Make a broken router of a function that takes the place of one part.

    `breaks` is the ids of the rules it breaks, separated by spaces; the docstring says what is
    wrong with it, its name is the name of the router.
    """

    def decorate(value: Callable[..., object]) -> Variant:
        return Variant(part, value, cleandoc(value.__doc__ or ""), frozenset(breaks.split()))

    return decorate


def legal(part: str) -> Callable[[Callable[..., object]], Variant]:
    """Make an odd but conformant router of a function that takes the place of one part."""

    def decorate(value: Callable[..., object]) -> Variant:
        return Variant(part, value, cleandoc(value.__doc__ or ""))

    return decorate


def collected(*modules: ModuleType) -> dict[str, Variant]:
    """Return the variants that modules define, by name."""
    return {
        name: value
        for module in modules
        for name, value in vars(module).items()
        if isinstance(value, Variant)
    }
