"""Cases as pytest items: what is collected and what comes of it; the engine judges."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from conformance.plan import Case
from conformance.report.record import Told
from conformance.verdicts import Kind

NAME = "conformance"

#: Verdicts that pytest has no word for: its category, letter and word for them.
WORDS = {
    Kind.WARN: ("warned", "w", "WARNED"),
    Kind.INFO: ("informed", "i", "INFORMED"),
    Kind.DEVIATES: ("deviating", "d", "DEVIATING"),
    Kind.UNTESTABLE: ("untestable", "u", "UNTESTABLE"),
    Kind.INCONCLUSIVE: ("inconclusive", "?", "INCONCLUSIVE"),
    Kind.NOT_APPLICABLE: ("not applicable", "n", "NOT APPLICABLE"),
}
SKIPPED = (Kind.UNTESTABLE, Kind.INCONCLUSIVE, Kind.NOT_APPLICABLE)


class NotConformant(Exception):
    """The case failed; its message is all there is to say."""


class HarnessTrouble(Exception):
    """The case could not be judged, and not through the router's fault."""


class Judge(NamedTuple):
    """What an item needs to come to its outcome."""

    told: Callable[[Case], Told]
    text: Callable[[Told], str]
    failing: frozenset[Kind]


class CaseItem(pytest.Item):
    """One rule with one probe."""

    def __init__(self, *, case: Case, judge: Judge, **how: Any) -> None:  # noqa: ANN401  (pytest's)
        # Said in full, so that pytest tells what is in brackets from the name, as --lf needs it.
        super().__init__(name=case.id, nodeid=f"{NAME}::{case.id}", **how)
        self.case = case
        self.told: Told | None = None
        self._judge = judge
        for mark in marks(case):
            self.add_marker(mark)

    def setup(self) -> None:
        """Judge here: what goes wrong in a setup is an error to pytest, not a failure."""
        self.told = self._judge.told(self.case)
        for name in ("rule", "level", "basis", "surface", "verdict"):
            self.user_properties.append((name, self.told.case[name]))
        if self.told.case["verdict"] == Kind.HARNESS_ERROR:
            raise HarnessTrouble(self._judge.text(self.told))

    def runtest(self) -> None:
        if self.told is None:
            return
        verdict = self.told.case["verdict"]
        if verdict == Kind.EXPECTED_FAIL:
            pytest.xfail(self.told.case["reason"])
        # Where pytest is told --runxfail, what is expected to fail fails like anything else.
        if verdict in self._judge.failing or verdict == Kind.EXPECTED_FAIL:
            raise NotConformant(self._judge.text(self.told))
        if verdict in SKIPPED:
            pytest.skip(self.told.case["reason"])

    def repr_failure(
        self,
        excinfo: pytest.ExceptionInfo[BaseException],
        style: Any = None,  # noqa: ANN401  (pytest's)
    ) -> Any:  # noqa: ANN401  (pytest's)
        if isinstance(excinfo.value, NotConformant | HarnessTrouble):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        # Not the name: pytest would take its dots for those of a module path.
        return self.path, None, f"{self.case.rule.id} on {self.case.surface}, {self.case.probe.id}"


class Cases(pytest.Collector):
    """All cases, under one name, wherever the package lies."""

    def __init__(self, *, listed: Iterable[Case], judge: Judge, **how: Any) -> None:  # noqa: ANN401
        super().__init__(nodeid=NAME, **how)
        self._listed, self._judge = listed, judge

    def collect(self) -> Iterator[CaseItem]:
        for case in self._listed:
            yield CaseItem.from_parent(self, case=case, judge=self._judge)


def marks(case: Case) -> list[str]:
    return [case.rule.level.lower(), str(case.rule.basis), case.rule.family, case.surface]
