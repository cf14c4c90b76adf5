"""All the routers there are, by the name they are served under."""

from conformance.selfcheck.legal import LEGAL
from conformance.selfcheck.mutants import MUTANTS
from conformance.selfcheck.reference import REFERENCE
from conformance.selfcheck.router.relay import Parts
from conformance.selfcheck.variant import Variant

REFERENCE_NAME = "reference"

VARIANTS: dict[str, Variant] = {**LEGAL, **MUTANTS}

#: The surface each is asked on, empty for all: elsewhere a variant of one surface is the reference.
ASKED = {REFERENCE_NAME: "", **{name: variant.surface for name, variant in VARIANTS.items()}}


def routers() -> dict[str, Parts]:
    changed = {name: variant.router(REFERENCE) for name, variant in VARIANTS.items()}
    return {REFERENCE_NAME: REFERENCE, **changed}
