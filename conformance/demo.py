"""The whole path in one command: mock, router, suite, report; then a router that is broken."""

import argparse
import sys
from pathlib import Path

from conformance.drive.capture import Limits
from conformance.drive.target import target
from conformance.exits import Exit
from conformance.plan import cases
from conformance.probes import PROBES
from conformance.profiles.profile import load
from conformance.report.markdown import markdown
from conformance.report.progress import Progress
from conformance.report.run import FILE, Run
from conformance.report.terminal import details, summary
from conformance.rules import RULES
from conformance.running import run
from conformance.selfcheck.check import Servers, servers
from conformance.selfcheck.routers import REFERENCE_NAME
from conformance.settings import Settings

BROKEN = "drops_done"
REPORT = "report.md"


def demo(args: argparse.Namespace) -> int:
    """Judge two routers of ours, a good one and a broken one, to see what a run looks like."""
    with servers() as started:
        good = _judged(REFERENCE_NAME, started, args.run_dir)
        print("\nThe same again, with a router that forgets to end its streams with [DONE]:\n")
        bad = _judged(BROKEN, started, args.run_dir)
    caught = bad.footer["exit"] == Exit.NOT_CONFORMANT
    if not caught:
        print(f"conformance: the router {BROKEN} was not caught", file=sys.stderr)
    return int(good.footer["exit"]) or (Exit.CONFORMANT if caught else Exit.NOT_CONFORMANT)


def _judged(router: str, started: Servers, directory: str) -> Run:
    where, url = Path(directory) / router, f"{started.routers_url}/{router}/v1"
    settings = Settings(
        target(url),
        load("reference"),
        Limits(),
        where,
        mock_url=started.control_url,
        given=(("--router-url", url), ("--mock-url", started.control_url)),
    )
    chosen = list(cases(RULES.values(), PROBES.values()))
    with Progress(sys.stderr, len(chosen), known=True) as progress:
        told = run(settings, chosen, progress)
    (where / REPORT).write_text(markdown(told), "utf-8")
    print("\n".join([*_first(details(told)), *summary(told, str(where / FILE))]))
    print(f"report: {where / REPORT}")
    return told


def _first(lines: list[str]) -> list[str]:
    """Return the first case only; a demonstration need not show them all."""
    return lines[: lines.index("") + 1] if lines else []
