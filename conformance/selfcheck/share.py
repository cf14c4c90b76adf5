"""Which trials a mutant is asked for, so that the self-check is done while one waits for it.

The reference and the legal variants are asked everything, and every mutant whatever its rules
judge. What is heavy is asked of mutants that break a rule of the same family: how bytes are framed
is nothing to who loses a tool call. Where each byte is waited for, who is not broken there is asked
on one surface, but for the reference. Beyond that a mutant of what all surfaces have in common is
asked everything on one of them and a share on the others, another for each mutant: between them
all trials are asked.

A mutant of the router with two providers is asked what is about them, and a share of all else.

A router that plays another is asked the few probes by which promises show, and a share: a
demonstration asks it everything. A mutant of one is asked those probes, and whatever its rules
judge nowhere else.
"""

from collections.abc import Sequence
from functools import cache
from zlib import crc32

from conformance.exchange import SURFACES
from conformance.plan import Case, cases
from conformance.probes import PROBES
from conformance.probes.probe import Probe
from conformance.rules.rule import Rule
from conformance.selfcheck.emulations import EMULATIONS
from conformance.selfcheck.variant import Variant

HOME = "chat"
PROMISES = "declared"  # the tag of the probes by which a router's own promises show
SHARE = 6  # one in so many


def asked(name: str, variant: Variant | None, judging: Sequence[Case]) -> bool:
    """Tell whether a router is asked for the trial that decides these cases."""
    probe, surface = judging[0].probe, judging[0].surface
    if name in EMULATIONS:
        return shows(probe) or _chance(name, judging)
    if variant and variant.of in EMULATIONS:
        named = [each for each in judging if each.rule.id in variant.breaks]
        return shows(probe) or not all(_shown(each.rule, surface) for each in named)
    if variant is None or any(case.rule.id in variant.breaks for case in judging):
        return True
    if probe.patient and surface != (variant.surface or _one(name)):
        return False
    if not variant.breaks:
        return True
    if probe.heavy:
        families = {rule.partition(".")[0] for rule in variant.breaks}
        return any(case.rule.family in families for case in judging)
    if variant.of:
        return probe.remembered or _chance(name, judging)
    at_home = variant.surface or HOME
    return surface == at_home or _chance(name, judging)


def shows(probe: Probe) -> bool:
    """Tell whether a probe is one by which promises show."""
    return PROMISES in probe.tags.split()


@cache
def _shown(rule: Rule, surface: str) -> bool:
    """Tell whether a rule judges one of those probes."""
    return any(cases([rule], filter(shows, PROBES.values()), [surface]))


def _chance(name: str, judging: Sequence[Case]) -> bool:
    probe, surface = judging[0].probe, judging[0].surface
    return crc32(f"{name} {surface} {probe.id}".encode()) % SHARE == 0


def _one(name: str) -> str:
    return SURFACES[crc32(name.encode()) % len(SURFACES)]
