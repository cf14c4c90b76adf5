"""Judges every route of every router, so many times: what the page of real routers is made of.

`python -m conformance.manual.judging RUNS TIMES` leaves `RUNS/1/ROUTER/ROUTE/run.jsonl` and so on,
beside each what `conformance try` said. A route that cannot be judged keeps no other from it.
"""

import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from conformance.drive.launch import python
from conformance.exits import MEANING, Exit
from conformance.manual.findings import SEPARATOR
from conformance.manual.kept import SAID, routes
from conformance.report.run import FILE

#: A run that ended so has judged the router.
JUDGED = frozenset({Exit.CONFORMANT, Exit.NOT_CONFORMANT, Exit.INCOMPLETE})
SECONDS = 1200.0  # that a route may take
Judge = Callable[[Path, str], int]


def tried(runs: Path, route: str) -> int:
    """Judge one route, as anyone would."""
    place = runs / route
    place.mkdir(parents=True, exist_ok=True)
    # What an earlier run has left is no answer to this one.
    (place / FILE).unlink(missing_ok=True)
    name, _, way = route.partition(SEPARATOR)
    command = python("conformance", "try", name, "--route", way, "--run-dir", str(runs))
    return limited(command, place / SAID, SECONDS)


def limited(command: Sequence[str], said: Path, seconds: float) -> int:
    """Run a command, with what it says on stderr in a file; one that takes too long is ended."""
    with (
        said.open("wb") as errors,
        subprocess.Popen(  # noqa: S603  (our own command)
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors
        ) as process,
    ):
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            # It ends what it has started.
            process.terminate()
            process.wait()
            errors.write(f"\nconformance: no end after {seconds:g} s\n".encode())
            return Exit.HARNESS_ERROR


def judged(runs: Path, times: int, asked: Iterable[str], judge: Judge = tried) -> int:
    """Judge routes so many times, say what became of each, and return how many were judged."""
    count, asked = 0, list(asked)
    for number in range(1, times + 1):
        for route in asked:
            began = time.monotonic()
            code = judge(runs / str(number), route)
            seconds = time.monotonic() - began
            meaning = MEANING[Exit(code)] if code in list(Exit) else f"ended with {code}"
            print(f"{number} of {times}  {route}: {meaning}, {seconds:.0f} s", flush=True)
            count += code in JUDGED
    return count


def main(args: Sequence[str]) -> int:
    directory, times = args
    if not times.isdecimal() or not int(times):
        print(f"judging: {times!r} times: one or more is right", file=sys.stderr)
        return Exit.USAGE
    return Exit.CONFORMANT if judged(Path(directory), int(times), routes()) else Exit.HARNESS_ERROR


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
