"""All the routers there are, by the name they are served under."""

from conformance.selfcheck import legal
from conformance.selfcheck.mutants import MUTANTS
from conformance.selfcheck.reference import REFERENCE
from conformance.selfcheck.router.relay import Parts
from conformance.selfcheck.variant import Variant, collected

LEGAL: dict[str, Variant] = collected(legal)


def routers() -> dict[str, Parts]:
    variants = {**LEGAL, **MUTANTS}
    changed = {name: variant.router(REFERENCE) for name, variant in variants.items()}
    return {"reference": REFERENCE, **changed}
