"""The whole path in one command: mock, router, suite, report; then a router that is broken."""

import argparse
import sys
from pathlib import Path

from conformance.drive.capture import Limits
from conformance.exits import Exit
from conformance.plan import cases
from conformance.probes import PROBES
from conformance.profiles.policy import FALLBACK as FEATURE
from conformance.report.markdown import markdown
from conformance.report.progress import Progress
from conformance.report.run import FILE, Run
from conformance.report.terminal import details, summary
from conformance.rules import RULES
from conformance.running import run
from conformance.selfcheck.emulations import EMULATIONS
from conformance.selfcheck.routers import promised, reached
from conformance.selfcheck.servers import Servers, servers
from conformance.selfcheck.variant import FALLBACK
from conformance.settings import Settings, WrongUsage

BROKEN = "drops_done"
REPORT = "report.md"


def demo(args: argparse.Namespace) -> int:
    """Judge two routers of ours, a good one and a broken one, to see what a run looks like.

    `--as` takes one that keeps all that a named router promises, and holds it to that.
    """
    if args.router:
        return _emulated(args.router, args.run_dir)
    with servers() as started:
        good = _judged(FALLBACK, started, args.run_dir)
        print("\nThe same again, with a router that forgets to end its streams with [DONE]:\n")
        bad = _judged(BROKEN, started, args.run_dir)
    caught = bad.footer["exit"] == Exit.NOT_CONFORMANT
    if not caught:
        print(f"conformance: the router {BROKEN} was not caught", file=sys.stderr)
    return int(good.footer["exit"]) or (Exit.CONFORMANT if caught else Exit.NOT_CONFORMANT)


def _emulated(router: str, directory: str) -> int:
    if router not in EMULATIONS:
        raise WrongUsage(f"--as {router!r}: nobody plays it; there are {', '.join(EMULATIONS)}")
    with servers() as started:
        return int(_judged(router, started, directory).footer["exit"])


def _judged(router: str, started: Servers, directory: str) -> Run:
    where, profile = Path(directory) / router, promised(router)
    asked = reached(started.routers_url, router)
    second = "" if profile.lacks([FEATURE]) else started.second_url
    settings = Settings(
        asked,
        profile,
        Limits(),
        where,
        mock_url=started.control_url,
        second_mock_url=second,
        given=(
            ("--router-url", asked.url),
            ("--router-profile", profile.name),
            ("--mock-url", started.control_url),
            *([("--second-mock-url", second)] if second else []),
        ),
    )
    chosen = list(cases(RULES.values(), PROBES.values(), profile.surfaces))
    with Progress(sys.stderr, len(chosen), known=True) as progress:
        told = run(settings, chosen, progress)
    (where / REPORT).write_text(markdown(told), "utf-8")
    print("\n".join([*_first(details(told)), *summary(told, str(where / FILE))]))
    print(f"report: {where / REPORT}")
    return told


def _first(lines: list[str]) -> list[str]:
    """Return the first case only; a demonstration need not show them all."""
    return lines[: lines.index("") + 1] if lines else []
