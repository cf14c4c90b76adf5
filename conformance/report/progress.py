"""How a run gets on: where the mock is, then a bar where there is a terminal to see it."""

from collections import Counter
from types import TracebackType
from typing import Self, TextIO

from conformance.engine import Ground
from conformance.report.run import Run
from conformance.verdicts import Kind

WIDTH = 40
TOLD = (Kind.FAIL, Kind.UNEXPECTED_PASS, Kind.WARN, Kind.HARNESS_ERROR)


class Progress:
    def __init__(self, stream: TextIO, total: int, *, known: bool = False) -> None:
        """`known`: whoever watches started the mock, and need not be told where it is."""
        self._stream = stream
        self._total = total
        self._known = known
        self._shown = 0  # characters of the line that stands there now

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._write("\r" + " " * self._shown + "\r")

    def started(self, ground: Ground) -> None:
        for line in () if self._known else ground.wanted:
            print(line, file=self._stream)

    def judged(self, run: Run) -> None:
        line = bar(run, self._total)
        self._write("\r" + line.ljust(self._shown))
        self._shown = len(line)

    def _write(self, text: str) -> None:
        if self._stream.isatty():
            self._stream.write(text)
            self._stream.flush()


def bar(run: Run, total: int) -> str:
    done = len(run.cases)
    filled = WIDTH * done // total
    counts = Counter(case["verdict"] for case in run.cases)
    told = "".join(f"  {counts[kind]} {kind}" for kind in TOLD if counts[kind])
    return f"[{'#' * filled}{'.' * (WIDTH - filled)}] {done}/{total}{told}"
