"""Cases in, judged cases out: drives the trials they need and asks the rules.

The same engine serves pytest and the command line; neither of them judges.
"""

import time
import traceback
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from conformance.clients.trying import Use, uses
from conformance.drive.bill import books
from conformance.drive.client import Client
from conformance.drive.mock import MockTrouble
from conformance.drive.pair import Mocks, mocks
from conformance.drive.trial import Bench
from conformance.exchange import SECOND_UPSTREAM, Exchange, Trial
from conformance.expected.outcome import expected
from conformance.plan import Case
from conformance.settings import Settings
from conformance.suite import MODEST_WIDTH, WIDTH, Background, Suite, Tried
from conformance.verdicts import Kind, Verdict, judge, settle, undeclared

HEALTHY = "healthy"  # the tag of probes whose answer nothing disturbs
CONTROLLED, BLACK_BOX = "controlled", "black-box"


@dataclass(frozen=True, slots=True)
class Ground:
    """What a run stands on; plain values, so that a worker in another process can have them."""

    mode: str
    run: str  # the first part of every nonce
    control_url: str = ""
    upstream_url: str = ""
    note: str = ""  # why the run is not what was asked for
    second_url: str = ""  # the control URL of the provider that the router falls back to
    second_upstream_url: str = ""

    @property
    def have(self) -> frozenset[str]:
        """What is at hand to judge with."""
        upstream = {"upstream"} if self.mode == CONTROLLED else set[str]()
        second = {SECOND_UPSTREAM} if self.mode == CONTROLLED and self.second_url else set[str]()
        return frozenset({"head", "request"} | upstream | second)

    @property
    def wanted(self) -> list[str]:
        """Say where the providers of the router have to be."""
        told = {"upstream": self.upstream_url, "second upstream": self.second_upstream_url}
        return [f"the router's {which} has to be {url}" for which, url in told.items() if url]


@dataclass(frozen=True, slots=True)
class Judged:
    case: Case
    verdict: Verdict
    seconds: float
    trial: Trial | None = None  # None where no request was sent for it


class Engine:
    """Judges cases; give it all it will be asked for early, so that the trials run meanwhile."""

    def __init__(self, settings: Settings, ground: Ground) -> None:
        self._settings = settings
        self._ground = ground
        self._background = Background()
        self._judging = ThreadPoolExecutor(1)
        self._http, self._mock = self._background.run(self._tools())
        bench = Bench(
            settings.target, self._http, self._mock, settings.limits, settings.profile.policy,
            books(settings.profile.bill),
        )  # fmt: skip
        width = WIDTH if ground.mode == CONTROLLED else MODEST_WIDTH
        self._suite = Suite(bench, ground.run, self._background, width)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    async def _tools(self) -> tuple[Client, Mocks | None]:
        """Made inside the loop that will use them."""
        control = self._ground.control_url if self._ground.mode == CONTROLLED else ""
        return Client(), mocks(control, self._ground.second_url) if control else None

    def start(self, cases: Iterable[Case]) -> None:
        self._suite.start(case.trial for case in cases if not self._unasked(case))

    def judge(self, case: Case) -> Judged:
        began = time.monotonic()
        if verdict := self._unasked(case):
            return Judged(case, verdict, 0.0)
        trying = self._suite.trying(*case.trial)
        if trouble := trying.exception():
            return Judged(case, _broken("the trial", trouble), time.monotonic() - began)
        tried = trying.result()
        judging = self._judging.submit(self._verdict, case, tried)
        found = guarded(f"rule {case.rule.id}", judging)
        verdict = expected(case.id, found, self._settings.expected.entries)
        return Judged(case, verdict, time.monotonic() - began, tried.first)

    def uses(self, cases: Iterable[Case]) -> list[Use]:
        """Let client programs read the undisturbed answers among those that were judged."""
        named: dict[str, Exchange] = {}
        for surface, probe in dict.fromkeys(each.trial for each in cases if _undisturbed(each)):
            tried = self._suite.trying(surface, probe)
            if tried.exception() is None:
                for name, exchange in tried.result().first.exchanges.items():
                    named[f"{surface}-{probe}.{name}"] = exchange
        return self._background.run(uses(named))

    def close(self) -> None:
        self._background.end_others()
        self._background.run(self._leave())
        self._background.close()
        self._judging.shutdown()

    def _unasked(self, case: Case) -> Verdict | None:
        """A real model cannot be made to play a scenario; it can only be asked a question."""
        probe = case.probe
        if need := self._settings.profile.lacks(probe.wants):
            return undeclared(need)
        if self._ground.mode == BLACK_BOX and not probe.question:
            return Verdict(Kind.UNTESTABLE, "needs a provider that plays the scenario")
        if probe.remembered and SECOND_UPSTREAM not in self._ground.have:
            return Verdict(Kind.UNTESTABLE, f"needs {SECOND_UPSTREAM}")
        return None

    def _verdict(self, case: Case, tried: Tried) -> Verdict:
        again = self._judged(case, tried.again) if tried.again else None
        return settle(self._judged(case, tried.first), again)

    def _judged(self, case: Case, trial: Trial) -> Verdict:
        return judge(
            case.rule, trial, self._settings.profile, self._ground.have,
            may_refuse=case.probe.may_refuse,
        )  # fmt: skip

    async def _leave(self) -> None:
        await self._http.aclose()
        if self._mock:
            # Forgetting is a courtesy to a mock that others use too; ours may be gone already.
            with suppress(MockTrouble):
                await self._mock.forget(self._ground.run)
            await self._mock.close()


def _undisturbed(case: Case) -> bool:
    return HEALTHY in case.probe.tags.split()


def guarded(who: str, judging: Future[Verdict]) -> Verdict:
    """Return a verdict, or a harness error where the judge broke down.

    What breaks down over something a router sent is our fault: it must neither end the run nor
    pass for a verdict. A future hands over its exception without a handler.
    """
    trouble = judging.exception()
    return _broken(who, trouble) if trouble else judging.result()


def _broken(who: str, trouble: BaseException) -> Verdict:
    place = traceback.extract_tb(trouble.__traceback__)[-1]
    what = f"{type(trouble).__name__}: {trouble} ({place.filename}:{place.lineno})"
    return Verdict(Kind.HARNESS_ERROR, f"{who} broke down: {what}")
