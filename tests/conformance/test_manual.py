"""The pages of docs/rules are what the rules say of themselves today."""

import re
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from conformance.manual.examples import examples
from conformance.manual.page import pages, reasons, section
from conformance.rules import RULES
from conformance.selfcheck.mutants import MUTANTS

Command = Callable[..., CompletedProcess[str]]

DOCS = Path(__file__).parents[2] / "docs" / "rules"


def test_the_pages_in_the_tree_are_current() -> None:
    written = {path.name: path.read_text("utf-8") for path in DOCS.iterdir()}

    assert written.keys() == pages().keys(), "`make docs` writes them anew"
    assert [name for name, text in pages().items() if written[name] != text] == [], (
        "`make docs` writes them anew"
    )


def test_the_manual_is_written_where_it_is_wanted(conformance: Command, tmp_path: Path) -> None:
    told = conformance("rules", "--markdown", "new/rules")
    written = {path.name: path.read_text("utf-8") for path in (tmp_path / "new/rules").iterdir()}

    assert (told.returncode, written) == (0, pages())
    assert told.stdout == f"{len(RULES)} rules on {len(written)} pages in new/rules\n"


def test_a_directory_that_cannot_be_written_is_wrong_usage(
    conformance: Command, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")

    told = conformance("rules", "--markdown", "file")

    assert (told.returncode, told.stdout) == (4, "")
    assert told.stderr == "conformance: --markdown file: File exists\n"


def test_a_terminal_shows_what_the_page_has(conformance: Command) -> None:
    told = conformance("explain", "done.present")

    assert told.stdout == "\n".join(section(RULES["done.present"]))
    assert told.stdout in pages()["done.md"]
    for words in (
        "## `done.present`", "A stream that did not fail ends with its terminator:", "Why: ",
        "- level: MUST, basis: vendor-doc", "- surfaces: chat", "- probes: ", "- written in: ",
        "](https://github.com/", "- `drops_done`: Ends the stream without the terminator.",
        "What it says of `drops_done`, probe `text` on chat:", "«»",
    ):  # fmt: skip
        assert words in told.stdout


def test_every_link_within_the_manual_leads_somewhere() -> None:
    linked = re.findall(r"\]\((?P<page>[a-z0-9]+\.md)#(?P<heading>[^)]+)\)", pages()["README.md"])

    headings = {
        (name, heading.replace(".", ""))
        for name, text in pages().items()
        for heading in re.findall(r"^## `(.+)`$", text, re.MULTILINE)
    }
    assert set(linked) == headings
    assert len(linked) == len(RULES)


def test_reasons_and_examples_are_of_rules_there_are() -> None:
    assert (reasons().keys() | examples().keys()) - RULES.keys() == set()


@pytest.mark.parametrize("rule", examples())
def test_an_example_is_of_a_mutant_that_breaks_the_rule(rule: str) -> None:
    assert rule in MUTANTS[examples()[rule].mutant].breaks
