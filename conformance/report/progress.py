"""A bar while a run goes on, where there is a terminal to see it."""

from collections import Counter
from types import TracebackType
from typing import Self, TextIO

from conformance.report.run import Run
from conformance.verdicts import Kind

WIDTH = 40
TOLD = (Kind.FAIL, Kind.WARN, Kind.HARNESS_ERROR)


class Progress:
    def __init__(self, stream: TextIO, total: int) -> None:
        self._stream = stream
        self._total = total
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

    def show(self, run: Run) -> None:
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
