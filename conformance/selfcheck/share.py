"""Which trials a mutant is asked for, so that the self-check is done while one waits for it.

The reference and the legal variants are asked everything, and every mutant whatever its rules
judge. What is heavy is asked of mutants that break a rule of the same family: how bytes are framed
is nothing to who loses a tool call. Beyond that a mutant of what all surfaces have in common is
asked everything on one of them and a share on the others, another for each mutant: between them
all trials are asked.
"""

from collections.abc import Sequence
from zlib import crc32

from conformance.plan import Case
from conformance.selfcheck.variant import Variant

HOME = "chat"
SHARE = 6  # one in so many


def asked(name: str, variant: Variant | None, judging: Sequence[Case]) -> bool:
    """Tell whether a router is asked for the trial that decides these cases."""
    if variant is None or not variant.breaks:
        return True
    if any(case.rule.id in variant.breaks for case in judging):
        return True
    probe, surface = judging[0].probe, judging[0].surface
    if probe.heavy:
        families = {rule.partition(".")[0] for rule in variant.breaks}
        return any(case.rule.family in families for case in judging)
    at_home = variant.surface or HOME
    return surface == at_home or crc32(f"{name} {surface} {probe.id}".encode()) % SHARE == 0
