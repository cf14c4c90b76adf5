"""All the routers there are, by the name they are served under, and what each is held to."""

from dataclasses import replace
from functools import cache

from conformance.drive.target import Target, target
from conformance.exchange import SECOND_UPSTREAM
from conformance.profiles.policy import FALLBACK as FEATURE
from conformance.profiles.profile import Profile, load
from conformance.selfcheck import variant
from conformance.selfcheck.emulations import EMULATIONS
from conformance.selfcheck.fallback import FALLBACK
from conformance.selfcheck.legal import LEGAL
from conformance.selfcheck.mutants import MUTANTS
from conformance.selfcheck.reference import REFERENCE
from conformance.selfcheck.router.relay import Parts
from conformance.selfcheck.variant import Variant

REFERENCE_NAME = "reference"
GOOD: dict[str, Parts] = {REFERENCE_NAME: REFERENCE, variant.FALLBACK: FALLBACK, **EMULATIONS}
HAVE = frozenset({"head", "request", "upstream"})

VARIANTS: dict[str, Variant] = {**LEGAL, **MUTANTS}

#: The surface each is asked on, empty for all: elsewhere a variant of one surface is the reference.
ASKED = {
    **dict.fromkeys(GOOD, ""),
    **{name: each.surface for name, each in VARIANTS.items()},
}


def routers() -> dict[str, Parts]:
    return {**GOOD, **{name: each.router(GOOD[origin(name)]) for name, each in VARIANTS.items()}}


def origin(name: str) -> str:
    """Return the good router that a router is, or is made of."""
    if name in GOOD:
        return name
    made = VARIANTS.get(name)
    return (made.of if made else "") or REFERENCE_NAME


def terms(name: str) -> tuple[str, ...]:
    """Return what its profile depends on: the good router it is made of, what it alone offers."""
    return origin(name), *(VARIANTS[name].features if name in VARIANTS else ())


@cache
def promised(name: str) -> Profile:
    """Return the profile a router is held to: that of the good one it is made of.

    A variant may offer what that one does not.
    """
    profile = load(origin(name))
    features = VARIANTS[name].features if name in VARIANTS else {}
    return replace(profile, policy={**profile.policy, **features})


def have(name: str) -> frozenset[str]:
    """Return what is at hand to judge a router with."""
    return HAVE if promised(name).lacks([FEATURE]) else HAVE | {SECOND_UPSTREAM}


@cache
def reached(root: str, name: str) -> Target:
    """Return where a router is, of all those below one root, and how it is asked."""
    profile = promised(name)
    return target(
        f"{root}/{name}{profile.address.base.get('chat', '/v1')}",
        model=profile.model,
        address=profile.address,
    )
