"""All the routers there are, by the name they are served under."""

from conformance.selfcheck import legal
from conformance.selfcheck.mutants import MUTANTS
from conformance.selfcheck.reference import REFERENCE
from conformance.selfcheck.router.relay import Parts
from conformance.selfcheck.variant import Variant, collected

REFERENCE_NAME = "reference"

LEGAL: dict[str, Variant] = collected(legal)

VARIANTS: dict[str, Variant] = {**LEGAL, **MUTANTS}


def routers() -> dict[str, Parts]:
    changed = {name: variant.router(REFERENCE) for name, variant in VARIANTS.items()}
    return {REFERENCE_NAME: REFERENCE, **changed}
