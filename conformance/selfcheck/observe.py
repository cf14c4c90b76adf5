"""Every case against every router: trials side by side, each judged by all its rules at once."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from conformance.drive import trial as driving
from conformance.drive.capture import Limits, client
from conformance.drive.mock import Mock
from conformance.drive.target import target
from conformance.drive.trial import Bench
from conformance.plan import Case
from conformance.probes import PROBES
from conformance.profiles.profile import Profile
from conformance.selfcheck.matrix import Observed
from conformance.verdicts import Kind, judge

# Mutants hold events back on purpose and run into our patience: it is short.
LIMITS = Limits(deadline=8.0, patience=1.5)
HAVE = frozenset({"head", "request", "upstream"})
WIDTH = 48  # trials at once: many, as some of them only wait


@dataclass(frozen=True, slots=True)
class Job:
    """One probe against one router, and the cases that its trial decides."""

    router: str
    nonce: str
    cases: tuple[Case, ...]


def jobs(routers: Sequence[str], cases: Sequence[Case], run: str) -> Iterator[Job]:
    trials: dict[tuple[str, str], list[Case]] = {}
    for case in cases:
        trials.setdefault(case.trial, []).append(case)
    for number, router in enumerate(routers):
        for position, judging in enumerate(trials.values()):
            yield Job(router, f"{run}.{number}-{position}", tuple(judging))


async def observed(
    routers_url: str, control_url: str, work: Sequence[Job], profile: Profile
) -> list[Observed]:
    """Return every verdict that is not a pass."""
    found: list[Observed] = []
    waiting = iter(work)

    async def worker() -> None:
        # A client of its own each: with many connections a pool spends its time choosing one.
        mock = Mock(control_url)
        async with client(LIMITS) as http:
            for job in waiting:
                router = target(f"{routers_url}/{job.router}/v1")
                bench = Bench(router, http, mock, LIMITS, profile.policy)
                found.extend(await _judged(job, bench, profile))
        await mock.close()

    await asyncio.gather(*(worker() for _ in range(WIDTH)))
    return found


async def _judged(job: Job, bench: Bench, profile: Profile) -> list[Observed]:
    surface, probe = job.cases[0].trial
    trial = await driving.run(PROBES[probe], surface, bench, job.nonce)
    verdicts = (
        Observed(
            job.router,
            case,
            judge(case.rule, trial, profile, HAVE, may_refuse=case.probe.may_refuse),
        )
        for case in job.cases
    )
    return [each for each in verdicts if each.verdict.kind != Kind.PASS]
