"""Which trials a mutant is asked for, so that the self-check is done while one waits for it.

The reference is asked everything, a legal variant everything on its surface, and where it is odd
on all of them everything on one and half on the others. Every mutant is asked whatever its rules
judge. What is about load is asked of nobody else but a few of the legal variants. What is heavy is
asked of mutants that break a rule of the same family: how bytes are framed is nothing to who loses
a tool call. Where each byte is waited for, who is not broken there is asked on one surface, but for
the reference. On one surface, chat for those of all, a mutant is asked all that rules of its
families judge, and so much else that every other rule judges it too; on the others a share. What is
left out is something else for each mutant: between them all trials are asked.

A mutant of the router with two providers is asked what is about them, and a share of all else.

A router that plays another is asked the few probes by which promises show, and a share: a
demonstration asks it everything. A mutant of one is asked those probes, and whatever its rules
judge nowhere else.
"""

from collections.abc import Iterable, Sequence
from functools import cache
from zlib import crc32

from conformance.exchange import SURFACES
from conformance.plan import EVERY, Case, cases
from conformance.probes import PROBES
from conformance.probes.probe import Probe
from conformance.rules.rule import Rule
from conformance.selfcheck.emulations import EMULATIONS
from conformance.selfcheck.observe import Job
from conformance.selfcheck.routers import VARIANTS
from conformance.selfcheck.variant import Variant

HOME = "chat"
PROMISES = "declared"  # the tag of the probes by which a router's own promises show
LOAD = {"isolation", "load"}  # families whose trials take what a machine can give
SHARE = 8  # one in so many


def shared(work: Iterable[Job]) -> list[Job]:
    """Return the jobs of a self-check that has to be quick."""
    of: dict[str, list[Job]] = {}
    for job in work:
        if asked(job.router, VARIANTS.get(job.router), job.cases):
            of.setdefault(job.router, []).append(job)
    return [job for name, jobs in of.items() for job in _sufficient(name, jobs)]


def _sufficient(name: str, jobs: list[Job]) -> list[Job]:
    """Leave out what brings a mutant before no rule that does not judge it anyway."""
    variant = VARIANTS.get(name)
    if variant is None or not variant.breaks or variant.of:
        return jobs
    near = {job.nonce for job in jobs if _near(job, variant)}
    judged = {rule for job in jobs if job.nonce in near for rule in _judging(job)}
    for job in sorted(jobs, key=lambda job: crc32(f"{name} {job.cases[0].probe.id}".encode())):
        if _judging(job) - judged:
            near.add(job.nonce)
            judged |= _judging(job)
    return [job for job in jobs if job.nonce in near]


def _near(job: Job, variant: Variant) -> bool:
    """Tell whether a job is about what a mutant breaks, or is its share of another surface."""
    families = {rule.partition(".")[0] for rule in variant.breaks}
    return job.cases[0].surface != (variant.surface or HOME) or any(
        case.rule.id in variant.breaks
        or (case.rule.family in families and EVERY not in case.rule.probes)
        for case in job.cases
    )


def _judging(job: Job) -> set[str]:
    return {f"{case.surface} {case.rule.id}" for case in job.cases}


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
        return _chance(name, judging) or not (loaded(judging) or _spared(name, variant, judging))
    if loaded(judging):
        return False
    if probe.heavy:
        families = {rule.partition(".")[0] for rule in variant.breaks}
        return any(case.rule.family in families for case in judging)
    if variant.of:
        return probe.remembered or _chance(name, judging)
    at_home = variant.surface or HOME
    return surface == at_home or _chance(name, judging)


def _spared(name: str, variant: Variant, judging: Sequence[Case]) -> bool:
    """Tell whether it is the half of a surface that a router odd on all of them is not asked on."""
    probe, surface = judging[0].probe, judging[0].surface
    elsewhere = not (variant.surface or variant.of) and surface != _one(name)
    return elsewhere and crc32(f"{probe.id} {surface} {name}".encode()) % 2 == 0


def loaded(judging: Sequence[Case]) -> bool:
    """Tell whether a trial is about load alone."""
    return all(case.rule.family in LOAD for case in judging)


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
