"""The garbage collector, kept from stopping all streams at once.

A full collection looks at all that the journal keeps, which takes tens of milliseconds. It waits
until nothing is open, or, in case that never happens, until a great deal is new.
"""

import gc
from collections.abc import Callable

from mockprovider.clock import Wheel

YOUNG, MIDDLE = 2_000, 10
# What the collector calls a full one by itself; we do it ourselves.
NEVER = 1 << 30
# In collections of the middle generation, each for some 20 000 new objects.
PLENTY = 2_000
PAUSE = 1.0


def postpone(wheel: Wheel, busy: Callable[[], bool]) -> None:
    """Leave alone what is there at the start, and full collections to idle moments."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, NEVER)
    _tidy(wheel, busy)


def _tidy(wheel: Wheel, busy: Callable[[], bool]) -> None:
    if due(gc.get_count()[2], busy=busy()):
        gc.collect()
    wheel.at(wheel.now() + PAUSE, lambda: _tidy(wheel, busy))


def due(collections: int, *, busy: bool) -> bool:
    """Tell whether a full collection is worth its time after so many of the middle generation."""
    return collections >= (PLENTY if busy else 1)
