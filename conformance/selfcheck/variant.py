"""Routers that differ from the reference in one part: mutants break rules, legal variants none."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from inspect import cleandoc
from types import MappingProxyType, ModuleType
from typing import Any

from conformance.selfcheck.router.relay import Dialect, Parts

#: The good router that has a second provider.
FALLBACK = "reference-fallback"
NEUTRAL = frozenset(part.name for part in fields(Parts)) - {"dialects"}
OF_A_SURFACE = frozenset(part.name for part in fields(Dialect)) - {"name"}

NONE: Mapping[str, Any] = MappingProxyType({})

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
    surface: str = ""  # the only one on which it is asked; empty: all of them
    of: str = ""  # the good router it is made of, and held to the profile of; empty: the reference
    features: Mapping[str, Any] = field(default_factory=dict)  # what its profile declares beside

    def router(self, reference: Parts) -> Parts:
        """Return the reference, or another good router, with one part or member of it replaced."""
        if self.part in NEUTRAL:
            return replace(reference, **self._changed(reference))
        if self.part not in OF_A_SURFACE:
            known = ", ".join(sorted(NEUTRAL | OF_A_SURFACE))
            raise BadVariant(f"no part {self.part!r}; there are {known}")
        dialect = reference.dialects.get(self.surface)
        if dialect is None:
            known = ", ".join(reference.dialects)
            raise BadVariant(f"no surface {self.surface!r}; there are {known}")
        changed = replace(dialect, **self._changed(dialect))
        return replace(reference, dialects={**reference.dialects, self.surface: changed})

    def _changed(self, whole: Parts | Dialect) -> dict[str, Any]:
        if self.instead_of is None:
            return {self.part: self.value}
        return {self.part: self._member(getattr(whole, self.part))}

    def _member(self, whole: Any) -> Any:  # noqa: ANN401  (whatever the part is made of)
        if not isinstance(whole, tuple | Mapping) or self.instead_of not in whole:
            raise BadVariant(f"part {self.part!r} has no member {self.instead_of!r} to replace")
        if isinstance(whole, tuple):
            return tuple(self.value if old is self.instead_of else old for old in whole)
        return {**whole, self.instead_of: self.value}


def mutant(  # noqa: PLR0913  (what tells one variant from another)
    part: str,
    *,
    breaks: str,
    surface: str = "",
    instead_of: object = None,
    of: str = "",
    features: Mapping[str, Any] = NONE,
) -> Callable[[Function], Variant]:
    """Make a broken router of a function that takes the place of one part.

    `breaks` is the ids of the rules it breaks, separated by spaces; the docstring says what is
    wrong with it, its name is the name of the router. A part that every surface has in common is
    asked on all of them unless `surface` names one; a part of a surface is one of chat's unless
    it names another. One of an emulation keeps a promise less than the router of that name. What
    not every router offers is in `features`, as in a profile.
    """
    where = surface or ("" if part in NEUTRAL else "chat")

    def decorate(value: Function) -> Variant:
        text = cleandoc(value.__doc__ or "")
        named = frozenset(breaks.split())
        return Variant(part, value, text, named, instead_of, where, of, features)

    return decorate


def legal(
    part: str,
    *,
    surface: str = "",
    instead_of: object = None,
    of: str = "",
    features: Mapping[str, Any] = NONE,
) -> Callable[[Function], Variant]:
    """Make an odd but conformant router of a function that takes the place of one part."""
    return mutant(part, breaks="", surface=surface, instead_of=instead_of, of=of, features=features)


def collected(*modules: ModuleType) -> dict[str, Variant]:
    """Return the variants that modules define, by name."""
    return {
        name: value
        for module in modules
        for name, value in vars(module).items()
        if isinstance(value, Variant)
    }
