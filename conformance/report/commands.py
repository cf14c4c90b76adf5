"""The commands that show runs again: one, two of them compared, many side by side."""

import argparse
import sys
from pathlib import Path

from conformance.exits import Exit
from conformance.parser import Parser
from conformance.report import diff as differing
from conformance.report import matrix as side_by_side
from conformance.report import matrix_html
from conformance.report.junit import junit
from conformance.report.markdown import markdown
from conformance.report.run import Run, read
from conformance.report.terminal import details, summary
from conformance.settings import WrongUsage


def report(args: argparse.Namespace) -> int:
    """Show a run again: in the terminal, or as Markdown or JUnit files.

    Ends with 3 where the run was cut short or changed since.
    """
    told = read(Path(args.run))
    if not project(told, args):
        print("\n".join([*details(told), *summary(told)]))
    if told.damage:
        print(f"conformance: {args.run}: {told.damage}", file=sys.stderr)
        return Exit.HARNESS_ERROR
    return Exit.CONFORMANT


def project(run: Run, args: argparse.Namespace) -> bool:
    """Write the files that were asked for; say whether there was one."""
    wanted = [(args.markdown, markdown), (args.junit, junit)]
    for path, projection in wanted:
        if path == "-":
            print(projection(run), end="")
        elif path:
            _write(path, projection(run))
    return any(path for path, _ in wanted)


def diff(args: argparse.Namespace) -> int:
    """Compare two runs, before and after: what has become worse, what better.

    Ends with 1 where a case fails that did not.
    """
    before, after = read(Path(args.before)), read(Path(args.after))
    print("\n".join(differing.diff(before, after)))
    worse = differing.regressed(differing.changes(before, after))
    return Exit.NOT_CONFORMANT if worse else Exit.CONFORMANT


def matrix(args: argparse.Namespace) -> int:
    """Set runs side by side: routers by families of rules."""
    runs = [(name or path, read(Path(path))) for name, path in map(_named, args.runs)]
    if args.html:
        text = "\n".join(matrix_html.html(runs, args.title)) + "\n"
        _write(args.html, text)
    else:
        print("\n".join(side_by_side.markdown(runs)))
    return Exit.CONFORMANT


def _named(given: str) -> tuple[str, str]:
    name, equals, path = given.partition("=")
    return (name, path) if equals else ("", given)


def _write(path: str, text: str) -> None:
    try:
        Path(path).write_text(text, "utf-8")
    except OSError as error:
        raise WrongUsage(f"{path}: {error.strerror}") from error


def projections(to: Parser) -> None:
    to.add_argument("--markdown", metavar="FILE", help="write a compliance report; - is stdout")
    to.add_argument("--junit", metavar="FILE", help="write JUnit XML; - is stdout")
