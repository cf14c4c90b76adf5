"""The command line; the docstring of a command is its help."""

import argparse
import gc
import io
import os
import sys
from collections.abc import Callable, Sequence
from inspect import cleandoc

from conformance import lint as linting
from conformance.coverage import coverage
from conformance.demo import demo
from conformance.drive.launch import LaunchFailed
from conformance.drive.mock import MockTrouble
from conformance.exits import Exit
from conformance.manual.commands import explain, rules
from conformance.options import OPTIONS
from conformance.parser import Parser
from conformance.plan import UnknownCase, cases, selected
from conformance.probes import PROBES
from conformance.probing import FILE as FIRST
from conformance.probing import probe
from conformance.profiles.profile import Profile
from conformance.protocols.read import SURFACES
from conformance.recipes.trying import try_
from conformance.recorded.files import BadFile, request
from conformance.recorded.forms import recordings
from conformance.recorded.recording import Recording, Wanted
from conformance.report.commands import diff, matrix, project, projections, report
from conformance.report.excuses import updated
from conformance.report.progress import Progress
from conformance.report.run import FILE, BadRun
from conformance.report.terminal import details, summary
from conformance.rules import RULES
from conformance.running import run as judge_all
from conformance.selfcheck.check import arguments as selfcheck_arguments
from conformance.selfcheck.check import selfcheck
from conformance.settings import WrongUsage, named, profile

Command = Callable[[argparse.Namespace], int]

# In a pytest session other plugins have a --profile; here nobody else does.
SHORT = {"--router-profile": ("--profile",)}
PLAYED = "a router whose promises one of ours keeps, such as fluxrouter"


def run(args: argparse.Namespace) -> int:
    """Judge a router: send every probe through it and ask the rules what they make of it."""
    chosen = named(args)
    wanted = selected(cases(RULES.values(), PROBES.values(), chosen.surfaces), args.only)
    if not wanted:
        print(f"conformance: no case matches {' '.join(args.only)}", file=sys.stderr)
        return Exit.EMPTY
    with Progress(sys.stderr, len(wanted), known=bool(chosen.mock_url)) as progress:
        told = judge_all(chosen, wanted, progress)
    print("\n".join([*details(told), *summary(told, str(chosen.run_dir / FILE))]))
    project(told, args)
    if said := updated(told, chosen):
        print(said)
    return int(told.footer["exit"])


def lint(args: argparse.Namespace) -> int:
    """Judge recorded answers by the rules that need nothing but what the client read.

    A file is the body of an answer, what `curl -i -N` printed, or a HAR file.
    """
    chosen = profile(args.profile, "--profile")
    asked = request(args.request) if args.request else None
    wanted = Wanted(frozenset(SURFACES), args.surface, chosen.policy)
    # A long recording becomes millions of values that form no cycles; to look for some among
    # them, if only once when all is judged, takes a quarter of the time.
    gc.disable()
    try:
        return max(
            _linted(found, chosen, strict=args.strict_should)
            for name in args.files
            for found in recordings(name, wanted, asked)
        )
    finally:
        gc.enable()


def _linted(found: Recording | BadFile, profile: Profile, *, strict: bool) -> Exit:
    if isinstance(found, BadFile):
        print(f"conformance: {found}", file=sys.stderr)
        return Exit.USAGE
    judged = list(linting.judgements(RULES.values(), found.exchange, profile))
    print("\n".join(linting.told(found.name, found.exchange, judged)))
    return linting.exit_code(judged, strict=strict)


def parser() -> Parser:
    top = Parser("conformance", description="Judges LLM routers on the wire.")
    commands = top.add_subparsers(metavar="COMMAND", required=True, parser_class=Parser)
    judging, probing = command(commands, run), command(commands, probe)
    for asking in (judging, probing):
        asking.add_argument("url", nargs="?", metavar="URL", help="the same as --router-url")
        for option in OPTIONS:
            flags = (option.flag, *SHORT.get(option.flag, ()))
            asking.add_argument(*flags, dest=option.dest, **option.how)
    probing.add_argument("--out", default=FIRST, metavar="FILE", help=f"(default: {FIRST})")
    probing.add_argument("--force", action="store_true", help="write over a file that is there")
    only = "rule, family, probe or case id, with wildcards; may be given more than once"
    judging.add_argument("--only", action="append", default=[], metavar="PATTERN", help=only)
    projections(judging)
    listing = command(commands, rules)
    listing.add_argument("--family", help="only the rules of one family, such as done")
    pages = "write the manual of the rules into a directory, a page for each family"
    listing.add_argument("--markdown", metavar="DIR", help=pages)
    listing.add_argument("--json", action="store_true", help="as JSON, with everything known")
    linted = command(commands, lint)
    files = "body of an answer, what `curl -i -N` printed, or a HAR file; - is stdin"
    linted.add_argument("files", nargs="+", metavar="FILE", help=files)
    surface = "whose answer it is (default: told by what is in it)"
    linted.add_argument("--surface", default="", choices=sorted(SURFACES), help=surface)
    linted.add_argument("--profile", default="generic", metavar="NAME", help="what is promised")
    linted.add_argument("--request", metavar="FILE", help="JSON body of the request, if known")
    linted.add_argument("--strict-should", action="store_true", help="SHOULD counts as MUST")
    covering = command(commands, coverage)
    covering.add_argument("--family", help="only the rules of one family, such as done")
    covering.add_argument("--json", action="store_true", help="as JSON, with everything known")
    showing_off = command(commands, demo)
    showing_off.add_argument("--as", dest="router", default="", metavar="NAME", help=PLAYED)
    showing_off.add_argument("--run-dir", default="streamproof-run", metavar="DIR")
    trying(command(commands, try_))
    selfcheck_arguments(command(commands, selfcheck))
    command(commands, explain).add_argument("rule", metavar="RULE", help="such as done.present")
    showing = command(commands, report)
    showing.add_argument("run", metavar=FILE, help="what a run has written")
    projections(showing)
    comparing = command(commands, diff)
    comparing.add_argument("before", metavar=FILE, help="what the earlier run has written")
    comparing.add_argument("after", metavar=FILE, help="what the later run has written")
    table = command(commands, matrix)
    table.add_argument("runs", nargs="+", metavar=f"NAME={FILE}", help="a run, and what to call it")
    table.add_argument("--html", metavar="FILE", help="write one HTML file, with what is broken")
    table.add_argument("--title", default="Conformance of LLM routers", help="of the HTML file")
    return top


def command(commands: "argparse._SubParsersAction[Parser]", work: Command) -> Parser:
    text = cleandoc(work.__doc__ or "")
    name = work.__name__.rstrip("_")  # some are words of the language
    added = commands.add_parser(name, help=text.splitlines()[0], description=text)
    added.set_defaults(work=work)
    return added


def trying(to: Parser) -> None:
    which = "one that --list names, or a recipe.toml"
    to.add_argument("name", nargs="?", metavar="NAME", help=which)
    to.add_argument("--list", action="store_true", help="say which routers there are")
    route = "only this way through it; may be given more than once"
    to.add_argument("--route", action="append", default=[], metavar="NAME", help=route)
    only = "rule, family, probe or case id, with wildcards; may be given more than once"
    to.add_argument("--only", action="append", default=[], metavar="PATTERN", help=only)
    to.add_argument("--clients", action="store_true", help="say which clients can use it")
    to.add_argument("--update-expected", metavar="OWNER", help="write down what fails")
    to.add_argument("--load", action="store_true", help="ask also what takes hundreds of MB")
    to.add_argument("--run-dir", default="streamproof-run", metavar="DIR")


def main(argv: Sequence[str] | None = None) -> int:
    # Evidence holds any character; where the terminal has no such one, its escape is shown.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    args = parser().parse_args(argv)
    try:
        return int(args.work(args))
    except (WrongUsage, UnknownCase, BadRun, BadFile) as error:
        print(f"conformance: {error}", file=sys.stderr)
        return Exit.USAGE
    except (MockTrouble, LaunchFailed) as error:
        print(f"conformance: {error}", file=sys.stderr)
        return Exit.HARNESS_ERROR
    except BrokenPipeError:
        # Whoever read our output has gone; the interpreter must not try to flush it at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.HARNESS_ERROR
    except OSError as error:
        print(f"conformance: {error}", file=sys.stderr)
        return Exit.HARNESS_ERROR
    except KeyboardInterrupt:
        print("conformance: interrupted", file=sys.stderr)
        return Exit.INTERRUPTED
