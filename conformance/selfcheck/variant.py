"""Routers that differ from the reference in one part: mutants break rules, legal variants none."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from inspect import cleandoc
from types import ModuleType
from typing import Any

from conformance.selfcheck.router.relay import Parts

PARTS = sorted(part.name for part in fields(Parts))

Function = Callable[..., object]


class BadVariant(ValueError):
    """A variant that cannot be built; the message names its part and says what is right."""


@dataclass(frozen=True, slots=True)
class Variant:
    part: str
    value: Function
    text: str  # how the router is wrong, or odd
    breaks: frozenset[str] = frozenset()  # ids of the rules that must tell; empty if it is legal
    instead_of: Any = None  # the member it replaces: one of the repairs, or a key of conversions

    def router(self, reference: Parts) -> Parts:
        """Return the reference with the one part replaced, or one member of it."""
        if self.part not in PARTS:
            raise BadVariant(f"no part {self.part!r}; there are {', '.join(PARTS)}")
        value: Any = self.value
        if self.instead_of is not None:
            value = self._member(getattr(reference, self.part))
        return replace(reference, **{self.part: value})

    def _member(self, whole: Any) -> Any:  # noqa: ANN401  (whatever the part is made of)
        if not isinstance(whole, tuple | Mapping) or self.instead_of not in whole:
            raise BadVariant(f"part {self.part!r} has no member {self.instead_of!r} to replace")
        if isinstance(whole, tuple):
            return tuple(self.value if old is self.instead_of else old for old in whole)
        return {**whole, self.instead_of: self.value}


def mutant(part: str, *, breaks: str, instead_of: object = None) -> Callable[[Function], Variant]:
    """Make a broken router of a function that takes the place of one part.

    `breaks` is the ids of the rules it breaks, separated by spaces; the docstring says what is
    wrong with it, its name is the name of the router.
    """

    def decorate(value: Function) -> Variant:
        text = cleandoc(value.__doc__ or "")
        return Variant(part, value, text, frozenset(breaks.split()), instead_of)

    return decorate


def legal(part: str, *, instead_of: object = None) -> Callable[[Function], Variant]:
    """Make an odd but conformant router of a function that takes the place of one part."""
    return mutant(part, breaks="", instead_of=instead_of)


def collected(*modules: ModuleType) -> dict[str, Variant]:
    """Return the variants that modules define, by name."""
    return {
        name: value
        for module in modules
        for name, value in vars(module).items()
        if isinstance(value, Variant)
    }
