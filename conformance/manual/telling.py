"""A finding as its router's maintainers would want to be told of it, as Markdown."""

import re
from collections.abc import Iterator

from conformance.exchange import Json
from conformance.manual.findings import SEPARATOR, VERSION, Finding, Repeated, Setup, setups
from conformance.manual.page import plain
from conformance.recipes.recipe import load

INDENT = "    "
LONGEST, FIRST, LAST = 240, 150, 60  # characters of a line that is not marked
MARKS = "«»"
NEXT = " \\\n  {} "


def told(number: int, finding: Finding, came: Repeated, kept: Json) -> Iterator[str]:
    """Yield what is wrong, how to see it, both wires, and what would be right."""
    recipe, setup = load(finding.recipe), setups()[finding.recipe]
    yield from (f"### {number}. {finding.title}", "", *_lines(finding.text), "")
    yield f"- {recipe.title} {came.version}, repeated on {came.date}."
    yield f"- Found by `{finding.case}` on {kept['date']}: {plain(kept['said'][finding.case])}"
    if finding.threads:
        yield f"- Public threads: {', '.join(finding.threads)}."
    yield from ("", "The router:", "", *_block(_router(finding, setup, came)), "")
    yield from (
        _answering(finding),
        "",
        *_block("\n".join((*finding.head, "", _body(finding)))),
        "",
    )
    yield from ("The client asks:", "", *(INDENT + line for line in _asked(finding)), "")
    yield from _seen(finding, came)
    yield from ("What would be right:", "", *_lines(finding.right), "")
    yield "To see it with the suite:"
    again = f"conformance try {finding.recipe} --route {finding.route.partition(SEPARATOR)[2]}"
    yield from ("", *_block(f"{again} --only '{finding.case}'"), "")


def marked(finding: Finding, came: Repeated) -> str:
    """Return what shows a finding, with what is wrong in it between « and »."""
    text = came.client if finding.shows == "client" else came.provider
    return re.sub(finding.mark, lambda found: f"«{found[0]}»", text, count=1)


def _lines(text: str) -> list[str]:
    return text.strip().split("\n")


def _router(finding: Finding, setup: Setup, came: Repeated) -> str:
    install = setup.install.replace(VERSION, came.version)
    if not setup.file:
        return f"{install}\n{setup.start}"
    config = finding.config.strip()
    return f"{install}\ncat > {setup.file} <<'END'\n{config}\nEND\n{setup.start}"


def _asked(finding: Finding) -> list[str]:
    """Return the commands, an option a line."""
    commands = (command.strip().replace(" -H ", NEXT.format("-H")) for command in finding.asks)
    return "\n".join(command.replace(" -d ", NEXT.format("-d")) for command in commands).split("\n")


def _answering(finding: Finding) -> str:
    how = f", in chunks of {finding.chunk} bytes" if finding.chunk else ""
    end = " and closes the connection ahead of the last chunk" if finding.end == "cut" else ""
    command = f"`python3 provider.py {finding.name}.http`"
    link = f"([bytes](findings/{finding.name}.http))"
    return f"The provider, {command} {link}, answers{how}{end}:"


def _body(finding: Finding) -> str:
    return b"".join(finding.pieces).decode()


def _seen(finding: Finding, came: Repeated) -> Iterator[str]:
    who = "It gets:" if finding.shows == "client" else "The provider is asked:"
    yield from (who, "", *_block(marked(finding, came)), "")


def _block(text: str) -> Iterator[str]:
    """Yield text as a block in which nothing is invisible; long lines are shortened."""
    inside = False
    for line in text.replace("\r", "").strip("\n").split("\n"):
        whole = inside or any(mark in line for mark in MARKS)
        inside = line.rfind(MARKS[0]) > line.rfind(MARKS[1]) or (inside and MARKS[1] not in line)
        yield (INDENT + _visible(line if whole else _short(line))).rstrip()


def _short(line: str) -> str:
    return line if len(line) <= LONGEST else f"{line[:FIRST]} … {line[-LAST:]}"


def _visible(line: str) -> str:
    return "".join(each if each.isprintable() else f"<U+{ord(each):04X}>" for each in line)
