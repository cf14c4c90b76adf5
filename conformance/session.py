"""One pytest session that judges a router: the mock, the preflight, the written run, the exit.

Under xdist the controller owns all of these; its workers drive and judge, and their reports carry
the lines of the run back.
"""

import json
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from _pytest.junitxml import xml_key

from conformance.drive.launch import LaunchFailed
from conformance.drive.mock import MockTrouble
from conformance.engine import Engine, Ground
from conformance.exits import Exit, failing
from conformance.items import NAME, WORDS, CaseItem, Cases, Judge, marks
from conformance.opening import ground, surveyed
from conformance.plan import Case, cases
from conformance.probes import PROBES
from conformance.redact import bare
from conformance.report import record
from conformance.report.excuses import updated
from conformance.report.failure import failure
from conformance.report.record import Told
from conformance.report.run import Run, Writer
from conformance.report.terminal import summary
from conformance.rules import RULES
from conformance.running import opened
from conformance.settings import WrongUsage, settings

PACKAGE = Path(__file__).parent
SELECTED = "conformance_selected"
STOPPED = {int(code): code for code in (Exit.INTERRUPTED, Exit.HARNESS_ERROR, Exit.USAGE)}
DECISIVE = (Exit.NOT_CONFORMANT, Exit.HARNESS_ERROR)


class Conformance:
    """The plugin proper; registered only where the cases were asked for."""

    def __init__(self, config: pytest.Config) -> None:
        try:
            self._settings = settings(config.option)
        except WrongUsage as error:
            raise pytest.UsageError(str(error)) from error
        if self._settings.clients and getattr(config.option, "numprocesses", None):
            raise pytest.UsageError("--clients and -n exclude each other: give one of them")
        self._config = config
        self._worker: dict[str, Any] | None = getattr(config, "workerinput", None)
        self._stack = ExitStack()
        self._ground: Ground | None = None
        self._engine: Engine | None = None
        self._writer: Writer | None = None
        self._selected = 0
        self._chosen: list[Case] = []
        self._lost = False
        self._cases = list(cases(RULES.values(), PROBES.values(), self._settings.surfaces))
        for mark in sorted({mark for case in self._cases for mark in marks(case)}):
            config.addinivalue_line("markers", f"{mark}: cases of the conformance suite")

    def pytest_sessionstart(self) -> None:
        if self._worker:
            self._ground = Ground(**self._worker[NAME])
        elif not self._config.option.collectonly:
            with _said():
                self._ground = self._stack.enter_context(ground(self._settings))

    def pytest_report_header(self) -> list[str]:
        router, profile = bare(self._settings.target.url), self._settings.profile.name
        lines = [f"{NAME}: {router}, profile {profile}"]
        if file := self._settings.expected.file:
            lines.append(f"{NAME}: expected failures are in {file}")
        wanted = self._ground.wanted if self._ground else []
        return [*lines, *(f"{NAME}: {line}" for line in wanted)]

    def pytest_collect_directory(self, path: Path, parent: pytest.Collector) -> Cases | None:
        if path != PACKAGE:
            return None
        judge = Judge(self._told, self._text, failing(strict=self._settings.strict))
        return Cases.from_parent(parent, name=NAME, path=path, listed=self._cases, judge=judge)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_setupnodes(self) -> None:
        self._survey()

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:  # noqa: ANN401  (xdist has no types)
        if self._ground:
            run = self._ground.run + node.workerinput["workerid"]
            node.workerinput[NAME] = asdict(replace(self._ground, run=run))

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self._chosen = [item.case for item in session.items if isinstance(item, CaseItem)]
        self._selected = len(self._chosen)
        if not self._chosen or not self._ground:
            return
        if not self._worker:
            self._survey()
        self._engine = self._stack.enter_context(Engine(self._settings, self._ground))
        if not self._worker:
            self._engine.start(self._chosen)

    def _survey(self) -> None:
        if self._ground:
            with _said():
                self._ground = surveyed(self._settings, self._ground)
                self._writer = self._stack.enter_context(opened(self._settings))
            self._writer.write(record.header(self._settings, self._ground))

    def pytest_runtest_protocol(self, nextitem: pytest.Item | None) -> None:
        """Under xdist nobody knows the cases of a worker ahead; the next one at least is known."""
        if self._engine and isinstance(nextitem, CaseItem):
            self._engine.start([nextitem.case])

    def _told(self, case: Case) -> Told:
        if self._engine is None:
            raise RuntimeError("no case is judged before the collection has ended")
        return record.told(self._engine.judge(case), self._settings)

    def _text(self, told: Told) -> str:
        run = Run(record.header(self._settings, self._ground or Ground("", "")))
        for line in (told.rule, *told.evidence):
            run.add(line)
        return "\n".join(failure(told.case, run))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        decided = call.when == "call" or (call.when == "setup" and report.failed)
        if isinstance(item, CaseItem) and item.told and decided:
            # As text: xdist hands reports on between processes and knows plain values only.
            setattr(report, NAME, json.dumps(item.told))
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if not self._writer:
            return
        if told := carried(report):
            self._writer.tell(*told)
            if xml := self._config.stash.get(xml_key, None):
                xml.node_reporter(report).add_attribute("classname", told.case["family"])
        elif report.failed and report.nodeid.startswith(f"{NAME}::"):
            self._lost = True

    def pytest_internalerror(self) -> None:
        """A worker of xdist that breaks down does not end the session by itself."""
        self._lost = True

    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, Any] | None:
        told = carried(report)
        if not told or report.failed or told.case["verdict"] not in WORDS:
            return None
        category, letter, word = WORDS[told.case["verdict"]]
        return category, letter, (word, {"yellow": True})

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:  # noqa: ANN401  (xdist has no types)
        told = getattr(node, "workeroutput", {})
        self._selected = max(self._selected, told.get(SELECTED, 0))

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        if self._worker is not None:
            vars(self._config)["workeroutput"][SELECTED] = self._selected
        if not self._writer:
            return
        for use in (
            self._engine.uses(self._chosen) if self._settings.clients and self._engine else ()
        ):
            self._writer.write(record.client(use))
        stopped = STOPPED.get(exitstatus) or (Exit.HARNESS_ERROR if self._lost else None)
        footer = record.footer(self._writer.run, self._settings, self._selected, stopped)
        self._writer.close(footer)
        code = Exit(footer["exit"])
        # Other tests may have been part of the session: their failures outweigh what we lack.
        if code in DECISIVE or exitstatus == pytest.ExitCode.OK:
            session.exitstatus = int(code)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self._writer and self._writer.run.footer:
            terminalreporter.section(NAME)
            for line in summary(self._writer.run, str(self._writer.path)):
                terminalreporter.write_line(line)
            if said := updated(self._writer.run, self._settings):
                terminalreporter.write_line(said)

    def pytest_unconfigure(self) -> None:
        self._stack.close()


def carried(report: pytest.TestReport) -> Told | None:
    """Return what a report has been given to carry."""
    text = getattr(report, NAME, None)
    return Told(*json.loads(text)) if text else None


@contextmanager
def _said() -> Iterator[None]:
    """Say in pytest's way why there is no run: wrong usage is 4, trouble of ours 3."""
    try:
        yield
    except WrongUsage as error:
        raise pytest.UsageError(str(error)) from error
    except (MockTrouble, LaunchFailed) as error:
        pytest.exit(f"{NAME}: {error}", returncode=Exit.HARNESS_ERROR)
