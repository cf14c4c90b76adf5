"""The commands that show the rules: all of them as a list or as pages, or one of them."""

import argparse
import json
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path

from conformance.exits import Exit
from conformance.manual.page import pages, section
from conformance.report import record
from conformance.rules import RULES
from conformance.settings import WrongUsage


def rules(args: argparse.Namespace) -> int:
    """List the rules: id, level, basis and what each requires."""
    listed = [rule for rule in RULES.values() if args.family in (None, rule.family)]
    if not listed:
        families = sorted({rule.family for rule in RULES.values()})
        raise WrongUsage(f"no family {args.family!r}; {_near(args.family, families)}")
    if args.markdown:
        return _written(Path(args.markdown))
    if args.json:
        print(json.dumps([record.rule(rule) for rule in listed], indent=2, ensure_ascii=False))
        return Exit.CONFORMANT
    width = max(len(rule.id) for rule in listed)
    for rule in listed:
        print(f"{rule.id:{width}}  {rule.level:6}  {rule.basis:10}  {rule.text.splitlines()[0]}")
    return Exit.CONFORMANT


def explain(args: argparse.Namespace) -> int:
    """Print one rule: what it requires, why, where that is written, and how it is broken."""
    rule = RULES.get(args.rule)
    if rule is None:
        raise WrongUsage(f"no rule {args.rule!r}; {_near(args.rule, RULES)}")
    print("\n".join(section(rule)), end="")
    return Exit.CONFORMANT


def _written(directory: Path) -> int:
    """Write the manual, one file for each page."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name, text in pages().items():
            (directory / name).write_text(text, "utf-8")
    except OSError as error:
        raise WrongUsage(f"--markdown {directory}: {error.strerror}") from error
    print(f"{len(RULES)} rules on {len(pages())} pages in {directory}")
    return Exit.CONFORMANT


def _near(word: str, known: Iterable[str]) -> str:
    found = get_close_matches(word, list(known), n=1)
    return f"did you mean {found[0]!r}?" if found else "`conformance rules` lists them"
