"""Every case against every router: trials side by side, each judged by all its rules at once."""

import asyncio
import traceback
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from conformance.drive import trial as driving
from conformance.drive.bill import books
from conformance.drive.capture import Limits
from conformance.drive.client import Client
from conformance.drive.pair import Mocks, mocks
from conformance.drive.trial import Bench
from conformance.plan import Case
from conformance.profiles.profile import Profile
from conformance.selfcheck.matrix import Observed
from conformance.selfcheck.routers import have, promised, reached, terms
from conformance.selfcheck.servers import Servers
from conformance.verdicts import Kind, Verdict, judge

# Mutants hold events back on purpose and run into our patience: it is short.
LIMITS = Limits(deadline=16.0, patience=1.5, crowd=32, rest=0.05)
WIDTH = 48  # trials at once: many, as some of them wait
WAITING = 5  # beside each of them, of those that do nothing else


@dataclass(frozen=True, slots=True)
class Job:
    """One probe against one router, and the cases that its trial decides."""

    router: str
    run: str
    nonce: str
    cases: tuple[Case, ...]

    @property
    def waits(self) -> bool:
        """Tell whether the trial is about a limit, and takes as long as that."""
        return bool(self.cases[0].probe.limit)

    @property
    def taxing(self) -> bool:
        """Tell whether the trial takes so much that there is one of its kind at a time."""
        return self.cases[0].probe.taxing


def jobs(routers: Mapping[str, str], cases: Sequence[Case], run: str) -> Iterator[Job]:
    """Pair each router with the trials of the surface it is asked on, or of all if that is ''.

    It is asked nothing that its profile says nothing of.
    """
    trials: dict[tuple[str, str], list[Case]] = {}
    for case in cases:
        trials.setdefault(case.trial, []).append(case)
    rounds: dict[tuple[str, ...], list[tuple[int, tuple[Case, ...]]]] = {}
    for number, (router, only) in enumerate(routers.items()):
        if terms(router) not in rounds:
            rounds[terms(router)] = list(_round(trials.values(), promised(router)))
        for position, left in rounds[terms(router)]:
            if only in ("", left[0].surface):
                yield Job(router, f"{run}.{number}", f"{run}.{number}-{position}", left)


def _round(
    trials: Iterable[Sequence[Case]], profile: Profile
) -> Iterator[tuple[int, tuple[Case, ...]]]:
    for position, judging in enumerate(trials):
        if left := tuple(case for case in judging if due(case, profile)):
            yield position, left


def due(case: Case, profile: Profile) -> bool:
    """Tell whether a profile says anything of what a case asks."""
    wanted = case.probe.wants | case.rule.needs
    return case.surface in profile.surfaces and not profile.lacks(wanted)


async def observed(servers: Servers, work: Sequence[Job]) -> list[Observed]:
    """Return every verdict that is not a pass."""
    found: list[Observed] = []
    waiting = iter([job for job in work if job.waits])
    # What takes longest comes first, or the others wait for it in the end.
    slowest = sorted(work, key=lambda job: -job.cases[0].probe.patient)
    busy = iter([job for job in slowest if not (job.waits or job.taxing)])
    taxing = iter([job for job in work if job.taxing])
    left = Counter(job.run for job in work)
    accounts = {router: books(promised(router).bill) for router in {job.router for job in work}}

    async def worker(listed: Iterator[Job], http: Client, mock: Mocks) -> None:
        for job in listed:
            profile, router = promised(job.router), reached(servers.routers_url, job.router)
            bench = Bench(router, http, mock, LIMITS, profile.policy, accounts[job.router])
            judging = asyncio.create_task(_judged(job, bench, profile))
            # What breaks down over something a router sent must not end the run.
            await asyncio.wait({judging})
            trouble = judging.exception()
            found.extend(_broken(job, trouble) if trouble else judging.result())
            left[job.run] -= 1
            if not left[job.run]:
                await mock.forget(job.run)

    async def bench() -> None:
        # A client for a few workers: with many connections a pool spends its time choosing one.
        mock = mocks(servers.control_url, servers.second_url)
        async with Client() as http:
            await asyncio.gather(
                worker(busy, http, mock), *(worker(waiting, http, mock) for _ in range(WAITING))
            )
        await mock.close()

    async def loaded() -> None:
        mock = mocks(servers.control_url, servers.second_url)
        async with Client() as http:
            await worker(taxing, http, mock)
        await mock.close()

    await asyncio.gather(*(bench() for _ in range(WIDTH)))
    # All routers are one process: what takes all that it has would hold up the others' trials.
    await loaded()
    return found


def _broken(job: Job, trouble: BaseException) -> list[Observed]:
    place = traceback.extract_tb(trouble.__traceback__)[-1]
    what = f"{type(trouble).__name__}: {trouble} ({place.filename}:{place.lineno})"
    verdict = Verdict(Kind.HARNESS_ERROR, f"broke down: {what}")
    return [Observed(job.router, case, verdict) for case in job.cases]


async def _judged(job: Job, bench: Bench, profile: Profile) -> list[Observed]:
    first = job.cases[0]
    trial = await driving.run(first.probe, first.surface, bench, job.nonce)
    verdicts = (
        Observed(
            job.router,
            case,
            judge(case.rule, trial, profile, have(job.router), may_refuse=case.probe.may_refuse),
        )
        for case in job.cases
    )
    return [each for each in verdicts if each.verdict.kind != Kind.PASS]
