"""The command line: serve, check, show, faults, explain; replay, record, import."""

import argparse
import json
import re
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NoReturn

from mockprovider import __version__, certificates, recorded, replay, requestfile, scenario
from mockprovider.certificates import BadCertificate
from mockprovider.explain import explained
from mockprovider.faults import describing
from mockprovider.journal import MAX_ENTRIES
from mockprovider.recordings.recording import BadRecording
from mockprovider.scenario import Scenario
from mockprovider.show import lines
from mockprovider.steps import BadScenario

USAGE = 4
MAX_WORKERS = 64
LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Parser(argparse.ArgumentParser):
    """argparse with one line for an error, and the exit code of this project."""

    def error(self, message: str) -> NoReturn:
        print(f"{self.prog}: {message}", file=sys.stderr)
        sys.exit(USAGE)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; its return value is the exit code."""
    options = parser().parse_args(argv)
    try:
        code: int = options.command(options)
    except (BadScenario, BadRecording, BadCertificate, requestfile.Unreadable, OSError) as error:
        print(f"mockprovider: {error}", file=sys.stderr)
        return USAGE
    return code


def serve(options: argparse.Namespace) -> int:
    """Play the provider until SIGTERM or SIGINT."""
    # The servers take most of the start-up time, and no other command needs them.
    from mockprovider import serve as server  # noqa: PLC0415

    if options.control_host not in LOOPBACK and not options.token:
        raise BadScenario(
            f"--control-host {options.control_host} is not loopback; give it a --token"
        )
    with ExitStack() as stack:
        library = scenario.library(options.scenarios)
        played = replay.chosen(options.recordings, options.pace)
        identity = certificates.chosen(options)
        data = server.listeners(options.host, options.port, options.workers)
        for listener in data:
            stack.enter_context(listener)
        control = stack.enter_context(server.bound(options.control_host, options.control_port))
        journal = None
        if options.journal:
            journal = stack.enter_context(options.journal.open("a", buffering=1, encoding="utf-8"))
        settings = server.Settings(
            data[0], control, library | played, journal, frozenset(options.key), options.token,
            options.print_json, replay.unmarked(played, options.pace, strict=options.strict),
            identity=identity, name=options.name, lenient=options.lenient,
            entries=options.entries,
        )  # fmt: skip
        if options.workers > 1:
            from mockprovider import workers as several  # noqa: PLC0415

            return several.run(settings, data)
        server.run(settings)
    return 0


def check(options: argparse.Namespace) -> int:
    """Read scenarios, or directories of recordings, and say what is wrong with them."""
    code = 0
    for path in options.file:
        try:
            for each in valid(path):
                print(f"{each}: ok")
        except (BadScenario, BadRecording) as error:
            print(f"mockprovider: {error}", file=sys.stderr)
            code = USAGE
    return code


def valid(path: Path) -> list[Path]:
    """Return the scenario or the recordings at a path, if they are sound."""
    if recorded.is_about_recordings(path):
        return recorded.checked(path)
    scenario.load(path)
    return [path]


def show(options: argparse.Namespace) -> int:
    """Print the timeline of a scenario."""
    for line in lines(named(options.scenario), options.surface, plain=options.plain):
        print(line)
    return 0


def explain(options: argparse.Namespace) -> int:
    """Say which scenario answers a request, and why."""
    told = requestfile.load(options.file)
    library = scenario.library(options.scenarios)
    for line in explained(told, library, frozenset(options.key)):
        print(line)
    return 0


def faults(options: argparse.Namespace) -> int:
    """List the faults: parameters, what each demands of a router, and what it does."""
    if options.markdown:
        print(describing.markdown(), end="")
    elif options.schema:
        print(json.dumps(describing.shape(), indent=2))
    else:
        print("\n".join(describing.lines()))
    return 0


def named(name: str) -> Scenario:
    """Find a scenario by its file, or by its name in the library; `@PROVIDER` may follow."""
    path = Path(name)
    if path.suffix in scenario.SUFFIXES:
        return scenario.load(path)
    what, at, vendor = name.rpartition("@")
    if at:
        return scenario.named(named(what), vendor)
    return scenario.find(scenario.library(None), name)


def parser() -> Parser:
    """Describe the commands."""
    top = Parser(prog="mockprovider", description="A scriptable LLM provider.", allow_abbrev=False)
    top.add_argument("--version", action="version", version=__version__)
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    each = commands.add_parser("serve", help=serve.__doc__)
    _serve(each)
    each.add_argument("--recordings", type=Path, metavar="DIR", help="play recorded answers too")
    each = commands.add_parser("replay", help="Play recorded answers, and nothing else.")
    _serve(each)
    each.set_defaults(strict=True)
    shipped = scenario.fixtures_dir() / "streams"
    each.add_argument("recordings", type=Path, nargs="?", default=shipped, metavar="DIR")
    each = commands.add_parser("record", help=recorded.record.__doc__)
    recorded.describe_record(each)
    each.add_argument("--port", type=port, default=9100, help="its port; 0 picks one")
    recorded.describe_import(commands.add_parser("import", help=recorded.take_in.__doc__))
    each = commands.add_parser("check", help=check.__doc__)
    each.set_defaults(command=check)
    each.add_argument("file", nargs="+", type=Path, metavar="FILE")
    each = commands.add_parser("show", help=show.__doc__)
    each.set_defaults(command=show)
    each.add_argument("scenario", metavar="NAME_OR_FILE[@PROVIDER]")
    each.add_argument("--surface", default="chat", help="the API to render it for")
    each.add_argument("--plain", action="store_true", help="not streamed")
    _faults(commands.add_parser("faults", help=faults.__doc__))
    each = commands.add_parser("explain", help=explain.__doc__)
    each.set_defaults(command=explain)
    each.add_argument("file", type=Path, metavar="REQUEST.json")
    _answering(each)
    return top


def _faults(command: argparse.ArgumentParser) -> None:
    command.set_defaults(command=faults)
    form = command.add_mutually_exclusive_group()
    form.add_argument("--markdown", action="store_true", help="as docs/faults.md")
    form.add_argument("--schema", action="store_true", help="as the scenario schema has them")


def _serve(command: argparse.ArgumentParser) -> None:
    command.set_defaults(command=serve, strict=False)
    command.add_argument("--host", default="127.0.0.1", help="address of the data plane")
    command.add_argument("--port", type=port, default=9100, help="its port; 0 picks one")
    command.add_argument("--control-host", default="127.0.0.1", help="address of the control plane")
    command.add_argument("--control-port", type=port, default=9101, help="its port; 0 picks one")
    _answering(command)
    command.add_argument(
        "--name", type=name, default="", help="which of several mocks it is, in scripts and journal"
    )
    command.add_argument(
        "--journal", type=Path, help="append entries as JSON lines", metavar="FILE"
    )
    command.add_argument(
        "--print-json", action="store_true", help="print the URLs as one JSON line"
    )
    command.add_argument(
        "--lenient", action="store_true", help="answer what a strict provider refuses"
    )
    command.add_argument(
        "--entries", type=count, default=MAX_ENTRIES, metavar="N",
        help="keep so many entries of the journal (default: %(default)s)",
    )  # fmt: skip
    command.add_argument("--token", help="bearer token of the control plane")
    command.add_argument(
        "--pace", type=replay.pace, default="real", metavar="real|xN|burst|lockstep",
        help="when the reads of recordings are written",
    )  # fmt: skip
    command.add_argument(
        "--workers", type=workers, default=1, help="so many processes on the data port", metavar="N"
    )
    certificates.describe(command)


def _answering(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--scenarios", type=Path, help="directory of further scenarios", metavar="DIR"
    )
    command.add_argument(
        "--key", action="append", default=[], help="accept this API key only; repeatable"
    )


def port(text: str) -> int:
    """Read a port number."""
    if not text.isdecimal() or int(text) > 65535:  # noqa: PLR2004
        raise argparse.ArgumentTypeError(f"{text!r} is no port; it is a number from 0 to 65535")
    return int(text)


def name(text: str) -> str:
    """Read the name of a mock."""
    if not re.fullmatch(r"[A-Za-z0-9_-]*", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no name; it has letters, digits, _ and -")
    return text


def count(text: str) -> int:
    """Read how many of something there are to be."""
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no number above 0")
    return int(text)


def workers(text: str) -> int:
    """Read a number of processes."""
    if not text.isdecimal() or not 0 < int(text) <= MAX_WORKERS:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 to {MAX_WORKERS}")
    return int(text)
