"""A whole run without pytest: settings and cases in, a run written down out."""

from collections.abc import Sequence
from typing import Protocol

from conformance.engine import Engine, Ground
from conformance.exits import Exit
from conformance.opening import ground, surveyed
from conformance.plan import Case
from conformance.report import record
from conformance.report.run import FILE, Run, Writer
from conformance.settings import Settings, WrongUsage


class Watch(Protocol):
    """Whoever wants to know how a run gets on."""

    def started(self, ground: Ground) -> None: ...
    def judged(self, run: Run) -> None: ...


def run(settings: Settings, cases: Sequence[Case], watch: Watch) -> Run:
    """Judge the cases one after the other."""
    with ground(settings) as found:
        watch.started(found)
        settled = surveyed(settings, found)
        with opened(settings) as writer, Engine(settings, settled) as engine:
            writer.write(record.header(settings, settled))
            stopped = None
            try:
                engine.start(cases)
                for case in cases:
                    writer.tell(*record.told(engine.judge(case), settings))
                    watch.judged(writer.run)
                for use in engine.uses(cases) if settings.clients else ():
                    writer.write(record.client(use))
            except KeyboardInterrupt:
                stopped = Exit.INTERRUPTED
            writer.close(record.footer(writer.run, settings, len(cases), stopped))
            return writer.run


def opened(settings: Settings) -> Writer:
    path = settings.run_dir / FILE
    try:
        return Writer(path)
    except OSError as error:
        raise WrongUsage(f"--run-dir: {path} cannot be written: {error.strerror}") from error
