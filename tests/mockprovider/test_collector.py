"""The garbage collector of a mock: no full collection while something is open."""

import subprocess
import sys

import pytest

from mockprovider.collector import PLENTY, due

ONE = """
import asyncio, gc
from mockprovider import collector
from mockprovider.clock import Wheel

async def main():
    collector.postpone(Wheel(asyncio.get_running_loop()), lambda: True)
    full = gc.get_stats()[2]["collections"]
    kept = [[] for _ in range(500_000)]
    print(gc.get_stats()[2]["collections"] - full, gc.get_freeze_count() > 0)

asyncio.run(main())
"""


@pytest.mark.parametrize(
    ("collections", "busy", "wanted"),
    [
        (0, False, False),
        (1, False, True),
        (1, True, False),
        (PLENTY - 1, True, False),
        (PLENTY, True, True),
    ],
)
def test_a_full_collection_waits_for_an_idle_moment(
    collections: int, busy: bool, wanted: bool
) -> None:
    assert due(collections, busy=busy) is wanted


def test_nothing_collects_everything_by_itself() -> None:
    told = subprocess.run([sys.executable, "-c", ONE], capture_output=True, text=True, check=True)

    assert told.stdout.split() == ["0", "True"]
