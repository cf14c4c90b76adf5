"""Runs trials in the background, as many at once as one likes; whoever needs one waits for it."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterable
from concurrent.futures import Future
from types import TracebackType
from typing import Any, NamedTuple, Self, TypeVar

from conformance.drive import trial as driving
from conformance.drive.trial import Bench
from conformance.exchange import Trial
from conformance.probes import PROBES

T = TypeVar("T")

# Trials at once: enough to hide waiting, few enough not to queue at a small router. A real model
# behind it has a rate limit.
WIDTH, MODEST_WIDTH = 16, 4


class Tried(NamedTuple):
    """A trial, and the same once more alone if a clock had a part in it."""

    first: Trial
    again: Trial | None = None


class Gate:
    """Lets many in at once, or one alone."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._places = asyncio.Semaphore(width)
        self._alone = asyncio.Lock()

    async def among_others(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        async with self._places:
            return await work()

    async def alone(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        taken = 0
        async with self._alone:
            try:
                while taken < self._width:
                    await self._places.acquire()
                    taken += 1
                return await work()
            finally:
                for _ in range(taken):
                    self._places.release()


async def attempt(bench: Bench, surface: str, probe: str, nonce: str, gate: Gate) -> Tried:
    async def work(suffix: str = "") -> Trial:
        return await driving.run(PROBES[probe], surface, bench, nonce + suffix)

    shared = bool(PROBES[probe].billed and bench.books and bench.books.shared)
    first = await (gate.alone if shared or PROBES[probe].alone else gate.among_others)(work)
    if not driving.chance(first):
        return Tried(first)
    return Tried(first, await gate.alone(lambda: work(".again")))


class Background:
    """An event loop in a thread of its own, for a caller that knows no loops."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def start(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.start(work).result()

    def end_others(self) -> None:
        """Cancel whatever still runs and wait until it has ended."""
        self.run(self._end_others())

    def close(self) -> None:
        self.end_others()
        self.run(self._loop.shutdown_asyncgens())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _end_others(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


class Suite:
    """The trials of one run against one router."""

    def __init__(self, bench: Bench, run: str, background: Background, width: int = WIDTH) -> None:
        self._bench = bench
        self._run = run
        self._background = background
        self._gate = Gate(width)
        self._trials: dict[tuple[str, str], Future[Tried]] = {}

    def start(self, wanted: Iterable[tuple[str, str]]) -> None:
        for surface, probe in sorted(wanted, key=lambda each: PROBES[each[1]].alone):
            if (surface, probe) not in self._trials:
                nonce = f"{self._run}-{len(self._trials)}"
                work = attempt(self._bench, surface, probe, nonce, self._gate)
                self._trials[surface, probe] = self._background.start(work)

    def trying(self, surface: str, probe: str) -> Future[Tried]:
        """Return a trial to wait for; starts it if nobody has."""
        self.start([(surface, probe)])
        return self._trials[surface, probe]
