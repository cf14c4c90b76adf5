"""One timer for all streams: absolute deadlines, sorted into ticks."""

import asyncio
import time
from collections.abc import Callable
from heapq import heappop, heappush

# Finer ticks cost more than they give: a loop's own timers are good to a millisecond.
TICK = 0.002


class Wheel:
    """Calls back at deadlines of the monotonic clock, never before them."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._ticks = dict[int, list[Callable[[], None]]]()
        self._order = list[int]()
        self._armed: tuple[int, asyncio.TimerHandle] | None = None

    @staticmethod
    def now() -> float:
        return time.monotonic()

    def soon(self, call: Callable[[], None]) -> None:
        """Call after whatever else is ready."""
        self._loop.call_soon(call)

    def at(self, deadline: float, call: Callable[[], None]) -> None:
        """Call once the deadline has passed."""
        tick = int(deadline / TICK) + 1
        waiting = self._ticks.get(tick)
        if waiting is None:
            waiting = self._ticks[tick] = []
            heappush(self._order, tick)
        waiting.append(call)
        self._arm()

    def _arm(self) -> None:
        tick = self._order[0]
        if self._armed is not None:
            if self._armed[0] <= tick:
                return
            self._armed[1].cancel()
        delay = max(tick * TICK - self.now(), 0.001)
        self._armed = tick, self._loop.call_later(delay, self._turn)

    def _turn(self) -> None:
        self._armed = None
        now = self.now()
        while self._order and self._order[0] * TICK <= now:
            for call in self._ticks.pop(heappop(self._order)):
                call()
        if self._order:
            self._arm()
