"""Many runs side by side: routers by families, and the table as Markdown."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from conformance.exchange import Json
from conformance.exits import FAILING
from conformance.findings import Level
from conformance.report.run import Run
from conformance.verdicts import Kind

BAD = frozenset(map(str, FAILING))
OPEN = frozenset({str(Kind.INCONCLUSIVE), str(Kind.UNTESTABLE)})
BESIDE = frozenset({str(Kind.NOT_APPLICABLE)})


class Cell(NamedTuple):
    """What became of the cases of one family in one run."""

    bad: int = 0
    warned: int = 0
    open: int = 0
    judged: int = 0
    known: int = 0  # that break what MUST hold, as their owner expects

    @property
    def passed(self) -> int:
        return self.judged - self.bad - self.known - self.warned - self.open

    @property
    def text(self) -> str:
        if not self.judged:
            return ""
        return f"{self.passed} / {self.judged}"

    @property
    def kind(self) -> str:
        if self.bad or self.known:
            return "bad" if self.bad else "known"
        return "warn" if self.warned or self.open else "ok"


Runs = Sequence[tuple[str, Run]]  # by the name of the router


def families(runs: Runs) -> list[str]:
    """Return the families of which anything has been judged."""
    judged = (case for _, run in runs for case in run.cases if case["verdict"] not in BESIDE)
    return sorted({case["family"] for case in judged})


def cell(run: Run, family: str = "") -> Cell:
    """Count the cases of a family, or of all."""
    kinds = Counter(sort(case) for case in run.cases if family in ("", case["family"]))
    return Cell(
        kinds["bad"], kinds["warn"], kinds["open"], kinds.total() - kinds[""], kinds["known"]
    )


def sort(case: Json) -> str:
    """Return what became of a case, in the words of a cell; nothing where it was not judged."""
    match case["verdict"]:
        case verdict if verdict in BESIDE:
            return ""
        case verdict if verdict in BAD:
            return "bad"
        case verdict if verdict in OPEN:
            return "open"
        case Kind.EXPECTED_FAIL:
            return "known" if case["level"] == Level.MUST else "warn"
        case Kind.WARN:
            return "warn"
    return "ok"


def markdown(runs: Runs) -> Iterator[str]:
    """Yield a table: passed of judged, a router a column, since there are more families."""
    heads = [name for name, _ in runs]
    yield f"| family | {' | '.join(heads)} |"
    yield f"| --- |{' ---: |' * len(heads)}"
    for family in families(runs):
        cells = [cell(run, family) for _, run in runs]
        shown = [f"**{each.text}**" if each.bad else each.text for each in cells]
        yield f"| {family} | {' | '.join(shown)} |"
