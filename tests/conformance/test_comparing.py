"""Runs compared and set side by side: `conformance diff` and `conformance matrix`."""

from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from conformance.exchange import Json
from conformance.report.diff import Change, changes, diff, regressed
from conformance.report.matrix import Cell, cell, markdown
from conformance.report.matrix_html import html
from conformance.report.run import Run, Writer

ROUTER = {"url": "http://127.0.0.1:8080/v1", "model": "m", "version": "1.2"}
Case = Callable[..., Json]
Command = Callable[..., CompletedProcess[str]]
Runs = Callable[..., Run]


def one(case: Case, verdict: str, id: str = "a") -> Json:
    return case(verdict, id=id)


def test_a_case_has_changed_where_its_verdict_is_another(case: Case, run: Runs) -> None:
    before = run(one(case, "pass", "a"), one(case, "fail", "b"), one(case, "warn", "c"))
    after = run(one(case, "fail", "a"), one(case, "pass", "b"), one(case, "warn", "c"),
                one(case, "fail", "d"))  # fmt: skip

    found = changes(before, after)

    assert [(each.id, each.before, each.after, each.worse, each.better) for each in found] == [
        ("a", "pass", "fail", True, False),
        ("b", "fail", "pass", False, True),
        ("d", "", "fail", True, False),
    ]


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("pass", "expected-fail", "worse"), ("expected-fail", "pass", "better"),
        ("expected-fail", "unexpected-pass", "better"), ("fail", "expected-fail", "otherwise"),
    ],
)  # fmt: skip
def test_what_an_owner_expects_makes_a_router_neither_better_nor_worse(
    before: str, after: str, told: str, case: Case, run: Runs
) -> None:
    lines = list(diff(run(case(before)), run(case(after))))

    assert lines[3] == f"{told}  done.present: chat-text ({before} -> {after})"


@pytest.mark.parametrize(
    ("before", "after", "worse"),
    [("pass", "fail", True), ("pass", "warn", False), ("fail", "pass", False),
     ("pass", "untestable", False), ("", "unexpected-pass", False),
     ("pass", "expected-fail", False), ("expected-fail", "fail", False)],
)  # fmt: skip
def test_a_run_has_regressed_where_a_case_fails_that_did_not(
    before: str, after: str, worse: bool, case: Case
) -> None:
    assert regressed([Change("a", before, after, case("fail"))]) is worse


def test_the_worse_is_told_first_with_its_finding(case: Case, run: Runs) -> None:
    before = run(one(case, "pass", "a"), one(case, "fail", "b"), one(case, "pass", "c"))
    after = run(one(case, "fail", "a"), one(case, "pass", "b"))

    assert list(diff(before, after))[3:] == [
        "worse  done.present: chat-text (pass -> fail)",
        "    stream, bytes 12..12: the body ended without data: [DONE]",
        "better  done.present: chat-text (fail -> pass)",
        "otherwise  done.present: chat-text (pass -> not asked)",
        "3 of 2 cases changed: 1 worse, 1 better, 1 otherwise",
    ]
    assert list(diff(before, before))[3:] == ["no change"]


def test_a_cell_counts_what_could_be_judged(case: Case, run: Runs) -> None:
    told = run(case("pass"), case("fail"), case("warn"), case("untestable"), case("inconclusive"),
               case("not-applicable"), case("pass", family="sse"))  # fmt: skip

    found = cell(told, "done")

    assert cell(run(case("expected-fail"), case("pass")), "done") == Cell(known=1, judged=2)
    assert cell(run(case("expected-fail", level="SHOULD")), "done") == Cell(warned=1, judged=1)
    assert [Cell(known=1).kind, Cell(warned=1).kind, Cell(open=1).kind] == ["known", "warn", "warn"]
    assert cell(told).judged == 6
    assert found == Cell(bad=1, warned=1, open=2, judged=5)
    assert (found.text, found.kind) == ("1 / 5", "bad")
    assert cell(told, "sse").kind == "ok"
    assert (cell(told, "hdr").text, cell(told, "hdr").kind) == ("", "ok")


def test_runs_side_by_side_are_a_table(case: Case, run: Runs) -> None:
    runs = [("good", run(case("pass"))), ("bad", run(case("fail"), case("pass", family="sse")))]

    assert list(markdown(runs)) == [
        "| family | good | bad |",
        "| --- | ---: | ---: |",
        "| done | 1 / 1 | **0 / 1** |",
        "| sse |  | 1 / 1 |",
    ]


def test_the_page_shows_what_is_broken_and_escapes_what_it_says(case: Case, run: Runs) -> None:
    page = "\n".join(html([("<b>", run(case("fail"), router=ROUTER))], "All & sundry"))

    assert "<title>All &amp; sundry</title>" in page
    assert "&lt;b&gt;" in page
    assert "<b>" not in page
    for words in (
        '<td>1.2<td>2026-11-21\n<td class="bad" title="1 failed, 0 of them expected; ',
        ' 0 warned, 0 open"><a href="#&lt;b&gt;.done">0/1</a>',
        '<h3 id="&lt;b&gt;.done">done</h3>',
        '<code class="bad">done.present</code> broken: 1 case',
        "the body ended without data: [DONE]",
        "conformance run URL --only X",
    ):
        assert words in page


def test_the_page_shows_what_is_broken_as_expected(case: Case, run: Runs) -> None:
    known = case("expected-fail", reason="it is old (no issue; us, until 2027-01-01)")
    told = run(known, {**known, "id": "done.present[chat-cut]"}, case("pass", family="sse"),
               case("not-applicable", family="bill"))  # fmt: skip

    page = "\n".join(html([("a/b", told)], "T"))

    assert '<a href="#a/b">a/b</a>' in page
    assert (
        'title="2 failed, 2 of them expected; 0 warned, 0 open"><a href="#a/b.done">0/2</a>' in page
    )
    assert '<td class="ok" title="0 failed, 0 of them expected; 0 warned, 0 open">1' in page
    assert '<code class="known">done.present</code> broken, as expected: 2 cases' in page
    assert "it is old (no issue; us, until 2027-01-01)" in page
    assert "<p>And done.present[chat-cut]" in page
    assert '<th scope="col">bill' not in page


def test_the_page_says_that_a_run_was_cut_short(case: Case, run: Runs) -> None:
    told = run(case("pass"))
    told.damage = "the run was cut short: there is no footer"

    assert '<p class="bad">the run was cut short: there is no footer' in "\n".join(
        html([("a", told)], "T")
    )


def test_the_page_can_be_read_by_keys_and_in_the_dark(case: Case, run: Runs) -> None:
    page = "\n".join(html([("a", run(case("pass")))], "T"))

    for words in ('tabindex="0" role="region" aria-label=', ":focus-visible", 'scope="row"',
                  "prefers-color-scheme: dark", "max-width: 40rem"):  # fmt: skip
        assert words in page


@pytest.fixture
def written(run: Runs, tmp_path: Path) -> Callable[..., str]:
    """Return what writes a run of cases and returns the name of its file."""

    def writes(name: str, *cases: Json) -> str:
        told = run(*cases)
        with Writer(tmp_path / name) as writer:
            for line in (told.header, *told.rules.values(), *told.evidence.values(), *told.cases):
                writer.write(line)
            writer.close(told.footer)
        return name

    return writes


def test_the_command_ends_with_one_where_something_became_worse(
    written: Callable[..., str], case: Case, conformance: Command
) -> None:
    good, bad = written("good.jsonl", case("pass")), written("bad.jsonl", case("fail"))

    assert conformance("diff", good, bad).returncode == 1
    assert conformance("diff", bad, good).returncode == 0
    assert conformance("diff", good, good).stdout.endswith("\nno change\n")


def test_a_matrix_is_printed_or_written(
    written: Callable[..., str], case: Case, conformance: Command, tmp_path: Path
) -> None:
    good = written("good.jsonl", case("pass"))

    assert "| done | 1 / 1 |" in conformance("matrix", f"mine={good}").stdout
    assert conformance("matrix", good).stdout.startswith("| family | good.jsonl |")
    done = conformance("matrix", f"mine={good}", "--html", "all.html", "--title", "Mine")
    assert done.returncode == 0
    assert "<title>Mine</title>" in (tmp_path / "all.html").read_text("utf-8")


def test_what_cannot_be_read_or_written_is_said(
    written: Callable[..., str], case: Case, conformance: Command
) -> None:
    good = written("good.jsonl", case("pass"))

    told = conformance("diff", good, "none.jsonl")
    assert (told.returncode, told.stderr) == (
        4, "conformance: none.jsonl: No such file or directory\n"
    )  # fmt: skip
    told = conformance("matrix", good, "--html", "no/where.html")
    assert (told.returncode, told.stderr) == (
        4, "conformance: no/where.html: No such file or directory\n"
    )  # fmt: skip
