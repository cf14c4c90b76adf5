"""The self-check: the reference, the legal variants and the mutants under every rule."""

import argparse
import asyncio
import gc
import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from conformance.drive.launch import LaunchFailed
from conformance.drive.mock import MockTrouble
from conformance.exits import Exit
from conformance.parser import Parser
from conformance.plan import Case, UnknownCase, cases, selected
from conformance.probes import PROBES
from conformance.rules import RULES
from conformance.selfcheck.matrix import Matrix, complaints
from conformance.selfcheck.observe import Job, jobs, observed
from conformance.selfcheck.routers import ASKED, GOOD, VARIANTS
from conformance.selfcheck.servers import servers
from conformance.selfcheck.share import shared
from conformance.selfcheck.sheet import document, sheet
from conformance.settings import WrongUsage


class NothingSelected(ValueError):
    """There is nothing to check."""


@dataclass(frozen=True, slots=True)
class Selection:
    routers: Mapping[str, str]  # and the surface each is asked on, empty for all
    cases: tuple[Case, ...]
    whole: bool  # every mutant is in it, so that every rule must be killed


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--only", metavar="PATTERN", action="append", default=[],
        help="check only the routers whose names match; may be given again",
    )  # fmt: skip
    parser.add_argument(
        "--rule", metavar="PATTERN", action="append", default=[],
        help="ask only these rules, families, probes or cases; may be given again",
    )  # fmt: skip
    parser.add_argument(
        "--all", action="store_true",
        help="ask every mutant everything; without it each is asked a share",
    )  # fmt: skip
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the matrix to a file too")


def selfcheck(args: argparse.Namespace) -> int:
    """Run the reference router, legal variants and mutants and print which rules kill which."""
    try:
        chosen = selection(args.only, args.rule)
        _writable(args.json)
        began = time.monotonic()
        work = list(jobs(chosen.routers, chosen.cases, f"selfcheck.{os.getpid()}"))
        if not (args.all or args.only or args.rule):
            work = shared(work)
        matrix = check(chosen, work)
        wrong = list(complaints(matrix, RULES, whole=chosen.whole))
        seconds = time.monotonic() - began
    except (UnknownCase, WrongUsage) as error:
        return _say(error, Exit.USAGE)
    except NothingSelected as error:
        return _say(error, Exit.EMPTY)
    except (LaunchFailed, MockTrouble) as error:
        return _say(error, Exit.HARNESS_ERROR)
    total = (
        f"{len(matrix.rules)} rules, {len(chosen.routers)} routers, {len(work)} trials "
        f"in {seconds:.1f} s: {len(wrong) or 'no'} complaints"
    )
    print("\n".join([sheet(matrix), "", *wrong, total]))
    if args.json:
        args.json.write_text(json.dumps(document(matrix, wrong), indent=1) + "\n", "utf-8")
    return Exit.NOT_CONFORMANT if wrong else Exit.CONFORMANT


def _say(error: Exception, code: Exit) -> Exit:
    print(f"selfcheck: {error}", file=sys.stderr)
    return code


def _writable(path: Path | None) -> None:
    """Complain ahead of the run, not after it."""
    if path is None:
        return
    try:
        path.open("a").close()
    except OSError as error:
        raise WrongUsage(f"--json {path}: {error.strerror}") from error


def selection(only: Sequence[str], rules: Sequence[str]) -> Selection:
    routers = {name: on for name, on in ASKED.items() if not only or _any(name, only)}
    if not routers:
        raise NothingSelected(f"no router matches {' '.join(only)}")
    wanted = selected(cases(RULES.values(), PROBES.values()), rules)
    if not wanted:
        raise NothingSelected(f"no case matches {' '.join(rules)}")
    return Selection(routers, tuple(wanted), routers == ASKED)


def _any(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def check(chosen: Selection, work: Sequence[Job]) -> Matrix:
    with servers() as started:
        gc.freeze()  # cases and jobs stay; looking through them again and again takes its time
        found = asyncio.run(observed(started, work))
    everything = {(case.rule.id, case.surface) for case in chosen.cases} if chosen.whole else ()
    return Matrix(
        {name: VARIANTS[name] for name in chosen.routers if name in VARIANTS},
        {case.rule.id: case.rule for case in chosen.cases},
        tuple(found),
        frozenset(everything),
        tuple(GOOD),
    )


def main(argv: Sequence[str] | None = None) -> int:
    parser = Parser("selfcheck", description=selfcheck.__doc__)
    arguments(parser)
    return selfcheck(parser.parse_args(argv))
