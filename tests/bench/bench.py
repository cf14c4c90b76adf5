"""Holds the mock against nginx, a bare ASGI application and a socket, all in one run.

python -m tests.bench.bench [--rounds N] [--seconds S] [--streams N] [--dry]

Every server has core 0, the load core 1. Rounds take turns between the servers, and what is held
against a bar is the median of the ratios within a round: a neighbour slows both alike. The bare
loop beside them tells what of a bar Python can reach on this machine.
"""

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.bench import load, lockstep, servers
from tests.bench.load import Rate, rate
from tests.bench.process import CLIENT_CORE, Server, started
from tests.bench.report import Figure, at_least, at_most, document, into, missed, table
from tests.bench.streams import Paced, answer, first_echo, first_event, paced

ROOT = Path(__file__).parents[2]
STARTS = 5
FIRSTS = 200
STEPS = 200
Rounds = dict[str, list[Rate]]


@dataclass(slots=True)
class Measured:
    """All that one run finds out."""

    rates: Rounds
    firsts: list[tuple[float, float]]
    slow: list[Paced]
    steps: list[float]
    fresh: float
    resident: float
    peak: float
    starts: list[float]


def main() -> int:
    options = arguments()
    if (os.cpu_count() or 1) < 2:
        print("bench: two cores are needed: one for servers, one for the load", file=sys.stderr)
        return 4
    servers.install()
    os.sched_setaffinity(0, {CLIENT_CORE})
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.chmod(0o755)
        told = measure(options, folder, stack)
    found = figures(told, options.streams)
    text = table(found, note(options))
    print(text)
    if not options.dry:
        raw = document(found, {"note": note(options), "measured": asdict(told)})
        (ROOT / "bench.json").write_text(f"{json.dumps(raw, indent=2)}\n", encoding="utf-8")
        into(ROOT / "docs" / "performance.md", text)
    for line in missed(found):
        print(f"bench: missed: {line}", file=sys.stderr)
    return 1 if list(missed(found)) else 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", allow_abbrev=False)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=4, help="of load, per server and round")
    parser.add_argument("--streams", type=int, default=2000, help="paced ones")
    parser.add_argument("--dry", action="store_true", help="write no file")
    return parser.parse_args()


def measure(options: argparse.Namespace, folder: Path, stack: ExitStack) -> Measured:
    """Start all servers, and let them take turns."""
    scenarios = servers.scenarios(folder)
    mock = stack.enter_context(servers.mock(scenarios))
    fresh, body = mock.resident(), answer(mock)
    nginx = stack.enter_context(servers.nginx(folder, body))
    asgi = stack.enter_context(servers.asgi(folder, body))
    echo = stack.enter_context(servers.echo())
    bare = stack.enter_context(servers.bare(folder, body))
    agree(body, [server for server in (nginx, asgi, bare) if server is not None])
    turns = [("mock burst", mock, "bench-burst"), ("mock event", mock, "bench-event"),
             ("bare burst", bare, "bench-burst"), ("bare event", bare, "bench-event"),
             ("asgi", asgi, "bench-event")]  # fmt: skip
    if nginx is not None:
        turns.append(("nginx", nginx, "bench-burst"))
    rates: Rounds = {name: [] for name, *_ in turns}
    firsts, slow, steps = list[tuple[float, float]](), list[Paced](), list[float]()
    for number in range(options.rounds):
        # Whoever comes after whom should not matter either.
        for name, server, scenario in turns[number % len(turns) :] + turns[: number % len(turns)]:
            rates[name].append(rate(server, scenario, options.seconds, folder))
        firsts.append((first_event(mock, FIRSTS), first_echo(echo, FIRSTS)))
        slow.append(paced(mock, options.streams))
        steps.append(lockstep.bare_step(mock.line, STEPS))
    return Measured(
        rates, firsts, slow, steps, fresh, mock.resident(), mock.resident("VmHWM"),
        [start(scenarios) for _ in range(STARTS)],
    )  # fmt: skip


def agree(body: bytes, others: Iterable[Server]) -> None:
    """Make sure that all send the same."""
    for server in others:
        if (found := answer(server)) != body:
            raise RuntimeError(f"{server.name} sends {len(found)} bytes, not {len(body)}")


def start(scenarios: Path) -> float:
    """Return how many seconds a mock takes until it listens."""
    began = time.monotonic()
    with started(servers.mock_command(scenarios), says=True):
        return time.monotonic() - began


def figures(told: Measured, streams: int) -> list[Figure]:
    """Hold what was measured against the bars."""
    first = statistics.median(mock / echo for mock, echo in told.firsts)
    micro = [statistics.median(column) for column in zip(*told.firsts, strict=True)]
    late = statistics.median(each.p99 for each in told.slow)
    worst = max(each.worst for each in told.slow)
    cores = statistics.median(each.cores for each in told.slow)
    between = f" ({micro[0]:.0f} and {micro[1]:.0f} us)"
    spread = f" (p50 {statistics.median(each.p50 for each in told.slow):.2g}, worst {worst:.3g} ms)"
    fresh = f" (fresh {told.fresh:.0f}, peak {told.peak:.0f} MB)"
    return [
        *(rates(name, many) for name, many in told.rates.items()),
        compared("whole body at once", told.rates, "mock burst", "nginx", 0.6),
        compared("the same by a bare loop", told.rates, "bare burst", "nginx"),
        compared("one write per event", told.rates, "mock event", "asgi", 1.3),
        compared("the same by a bare loop", told.rates, "bare event", "asgi"),
        at_most(f"{streams} streams at 20 events/s: p99 lateness", late, 15, "ms", spread),
        at_most(f"{streams} streams at 20 events/s: CPU", cores, 0.6, "cores"),
        at_most("time to first event", first, 3, "x raw socket echo", between),
        at_most("a step in lock-step", statistics.median(told.steps), lockstep.BAR_MS, "ms"),
        at_most("resident memory after all of this", told.resident, 50, "MB", fresh),
        Figure("start to listening", f"{statistics.median(told.starts):.2f} s"),
    ]


def rates(name: str, many: Sequence[Rate]) -> Figure:
    wall, cpu = middle(many, lambda each: each.wall), middle(many, lambda each: each.cpu)
    return Figure(f"{name}, answers", f"{wall:.0f} /s, {1e6 / cpu:.0f} us of its CPU each")


def compared(what: str, told: Rounds, mock: str, other: str, bar: float | None = None) -> Figure:
    """Compare two servers round by round."""
    if other not in told:
        return at_least(what, None, bar, f"x {other}")
    pairs = list(zip(told[mock], told[other], strict=True))
    cpu = statistics.median(ours.cpu / theirs.cpu for ours, theirs in pairs)
    wall = statistics.median(ours.wall / theirs.wall for ours, theirs in pairs)
    return at_least(what, wall, bar, f"x {other}", f" ({cpu:.2f} per CPU second)")


def middle(many: Sequence[Rate], of: Callable[[Rate], float]) -> float:
    return statistics.median(of(each) for each in many)


def note(options: argparse.Namespace) -> str:
    """Say under what circumstances it was measured."""
    busy = os.getloadavg()[0]
    return (
        f"Measured {datetime.now(UTC):%Y-%m-%d} with Python {platform.python_version()} on "
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, "
        f"load average {busy:.1f}; load from {load.tool()}, {load.CONNECTIONS} connections; "
        f"{options.rounds} rounds of {options.seconds} s each."
    )


if __name__ == "__main__":
    sys.exit(main())
