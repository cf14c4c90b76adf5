"""The projections of a run: terminal, JUnit, Markdown, progress."""

import io
from collections.abc import Callable
from xml.etree import ElementTree as ET

import pytest

from conformance.engine import Ground
from conformance.exchange import Json
from conformance.report.failure import failure
from conformance.report.junit import junit, legal
from conformance.report.markdown import code, markdown, text
from conformance.report.progress import Progress, bar
from conformance.report.run import Run
from conformance.report.terminal import details, summary
from conformance.verdicts import Kind

Case = Callable[..., Json]
Runs = Callable[..., Run]


def test_a_failure_says_all_one_needs_at_three_in_the_morning(case: Case, run: Runs) -> None:
    told = run(case("fail"))

    assert failure(told.cases[0], told) == [
        "done.present  MUST  fail        probe text, chat, profile generic",
        "    A stream that did not fail ends with data: [DONE].",
        "    the API reference",
        "    stream, bytes 12..12: the body ended without data: [DONE]",
        r"        data: {}\n\n«»",
        "    nonce: r1-0.stream",
        "    send: curl -sN http://127.0.0.1:8080/v1/chat/completions",
        "    again: conformance run URL --only X",
        "    again: pytest --pyargs conformance",
    ]


def test_a_failure_may_speak_of_a_header_and_of_many_places(case: Case, run: Runs) -> None:
    finding = {"message": "x", "exchange": "", "where": "header date", "span": None, "excerpt": ""}
    told = run(case("fail", findings=[finding], more_findings=3, reason="why", repeat={}))

    assert failure(told.cases[0], told)[3:6] == ["    why", "    header date: x", "    and 3 more"]


def test_the_summary_counts_by_level_and_by_basis_and_never_both(case: Case, run: Runs) -> None:
    told = run(
        case("pass"), case("fail"), case("fail", probe="other"),
        case("warn", level="SHOULD", basis="policy"),
        case("untestable", reason="needs upstream", id="a"),
        case("untestable", reason="needs upstream", id="b"),
        case("inconclusive", reason="answered 400", id="c"),
    )  # fmt: skip

    assert summary(told, "here/run.jsonl") == [
        "http://127.0.0.1:8080/v1  controlled  profile generic",
        "",
        "level   pass  fail  warn  untestable  inconclusive",
        "MUST       1     2                 2             1",
        "SHOULD                 1",
        "",
        "basis       pass  fail  warn  untestable  inconclusive",
        "vendor-doc     1     2                 2             1",
        "policy                     1",
        "",
        "fail  done.present: chat-text, chat-other",
        "warn  done.present: chat-text",
        "inconclusive  c: answered 400",
        "untestable  2 cases of 1 rule: needs upstream",
        "run: here/run.jsonl",
        "not conformant: 7 cases, exit 1",
    ]


def test_the_summary_says_why_a_run_is_not_what_was_asked_for(case: Case, run: Runs) -> None:
    told = run(case("pass"), exit=6, mode="black-box", note="the router did not call the mock")

    assert summary(told)[1] == "the router did not call the mock"
    assert summary(told)[-1].startswith("incomplete: not all that must hold could be judged")


def test_the_summary_of_a_run_without_footer_says_what_is_wrong(case: Case, run: Runs) -> None:
    told = run(case("pass"))
    told.footer, told.damage = None, "the run was cut short"

    assert summary(told)[-1] == "the run was cut short"


def test_the_summary_says_how_many_cases_were_left_out(case: Case, run: Runs) -> None:
    told = run(case("pass"), exit=2)
    told.footer["selected"] = 9

    assert summary(told)[-1] == "interrupted: 1 of 9 cases, exit 2"


def test_only_what_someone_has_to_look_at_is_shown_in_full(case: Case, run: Runs) -> None:
    told = run(*(case(kind) for kind in Kind))

    heads = [line.split()[2] for line in details(told) if line.startswith("done.present")]
    assert heads == ["fail", "unexpected-pass", "harness-error", "warn"]


def test_an_expected_failure_is_told_and_is_no_pass(case: Case, run: Runs) -> None:
    told = run(case("pass"), case("expected-fail", reason="why"), exit=0)

    assert summary(told)[2:] == [
        "level  pass  expected-fail",
        "MUST      1              1",
        "",
        "basis       pass  expected-fail",
        "vendor-doc     1              1",
        "",
        "expected-fail  done.present[chat-text]: why",
        "conformant but for 1 expected failure: 2 cases, exit 0",
    ]


def test_a_stale_expected_failure_is_told(case: Case, run: Runs) -> None:
    told = run(case("pass"))
    told.footer["stale"] = [{"pattern": "done.*", "why": "none of its 1 case failed: 1 pass"}]

    assert "stale  done.*: none of its 1 case failed: 1 pass" in summary(told)
    assert markdown(told).splitlines()[-3:] == [
        "## Stale expected failures", "", "- `done.*`: none of its 1 case failed: 1 pass",
    ]  # fmt: skip


def test_markdown_has_a_section_for_expected_failures(case: Case, run: Runs) -> None:
    header = {"router": {"url": "http://r", "model": "m", "version": "1.8"}}
    told = run(case("expected-fail", reason="why"), exit=0, expected_failures="e.toml", **header)
    lines = markdown(told).splitlines()

    assert {"| version | 1.8 |", "| expected failures | e.toml |"} <= set(lines)
    assert lines[lines.index("## Expected failures") + 9 :] == [
        "#### chat, probe text", "", "why", "",
    ]  # fmt: skip


def test_junit_says_why_a_failure_was_expected(case: Case, run: Runs) -> None:
    finding = {"message": "x", "exchange": "", "where": "", "span": None, "excerpt": ""}
    told = run(case("expected-fail", reason="why", findings=[finding]))
    skipped = ET.fromstring(junit(told).encode()).find(".//skipped")  # noqa: S314  (ours)

    assert skipped is not None
    assert skipped.attrib == {"message": "why", "type": "expected-fail"}


@pytest.mark.parametrize(
    ("verdict", "tag"),
    [
        ("pass", None), ("fail", "failure"), ("warn", None), ("info", None), ("deviates", None),
        ("expected-fail", "skipped"),
        ("unexpected-pass", "failure"), ("untestable", "skipped"), ("inconclusive", "skipped"),
        ("not-applicable", "skipped"), ("harness-error", "error"),
    ],
)  # fmt: skip
def test_junit_tells_failures_from_errors(
    case: Case, run: Runs, verdict: str, tag: str | None
) -> None:
    root = ET.fromstring(junit(run(case(verdict, reason="why"))).encode())  # noqa: S314  (ours)
    found = root.find("testsuite/testcase")

    assert found is not None
    assert found.attrib == {"name": "done.present[chat-text]", "classname": "done", "time": "0.250"}
    assert [child.tag for child in found] == ["properties", *([tag] if tag else [])]
    assert {p.get("name"): p.get("value") for p in found.iterfind("properties/property")} == {
        "rule": "done.present", "level": "MUST", "basis": "vendor-doc", "surface": "chat",
        "verdict": verdict,
    }  # fmt: skip


def test_junit_counts_what_it_holds(case: Case, run: Runs) -> None:
    told = run(case("pass"), case("fail"), case("harness-error"), case("untestable"))
    suite = ET.fromstring(junit(told).encode()).find("testsuite")  # noqa: S314  (ours)

    assert suite is not None
    assert suite.attrib == {
        "name": "conformance", "tests": "4", "failures": "1", "errors": "1", "skipped": "1",
        "time": "1.000", "timestamp": "2026-11-21T12:00:00.000+00:00",
    }  # fmt: skip


def test_junit_holds_no_character_that_xml_forbids() -> None:
    assert legal("a\x00b\ud800\ufffe\tc\U0001f600") == "a\\u0000b\\ud800\\ufffe\tc\U0001f600"


def test_markdown_tells_the_whole_story(case: Case, run: Runs) -> None:
    told = run(
        case("fail"),
        case("untestable", reason="needs upstream"),
        case("warn", findings=[], more_findings=2, reason="no | pipes", repeat={}),
    )

    assert markdown(told).splitlines() == [
        "# Conformance of http://127.0.0.1:8080/v1",
        "",
        "**Not conformant: 3 cases, exit 1**",
        "",
        "|  |  |",
        "| --- | --- |",
        "| router | http://127.0.0.1:8080/v1 |",
        "| model | mock-model |",
        "| profile | generic: Any router |",
        "| mode | controlled |",
        "| date | 2026-11-21T12:00:00.000+00:00 |",
        "| run | r1 |",
        "| suite | streamproof 1.2.3 |",
        "",
        "## By level",
        "",
        "| level | fail | warn | untestable |",
        "| --- | --- | --- | --- |",
        "| MUST | 1 | 1 | 1 |",
        "",
        "## By basis",
        "",
        "| basis | fail | warn | untestable |",
        "| --- | --- | --- | --- |",
        "| vendor-doc | 1 | 1 | 1 |",
        "",
        "## By family",
        "",
        "| family | level | basis | fail | warn | untestable |",
        "| --- | --- | --- | --- | --- | --- |",
        "| done | MUST | vendor-doc | 1 | 1 | 1 |",
        "",
        "## Broken rules",
        "",
        "### done.present (MUST, vendor-doc)",
        "",
        r"A stream that did not fail ends with data: \[DONE\].",
        "",
        "- the API reference",
        "- seen in owner/router#7",
        "",
        "#### chat, probe text",
        "",
        r"- stream, bytes 12..12: the body ended without data: \[DONE\]" + "\\",
        r"  `data: {}\n\n«»`",
        "",
        "```sh",
        "conformance run URL --only X",
        "pytest --pyargs conformance",
        "```",
        "",
        "## Broken recommendations",
        "",
        "### done.present (MUST, vendor-doc)",
        "",
        r"A stream that did not fail ends with data: \[DONE\].",
        "",
        "- the API reference",
        "- seen in owner/router#7",
        "",
        "#### chat, probe text",
        "",
        r"no \| pipes",
        "",
        "- and 2 more",
        "",
        "## Untestable here",
        "",
        "None of these counts as passed.",
        "",
        "- needs upstream: `done.present[chat-text]`",
    ]


def test_nothing_a_router_says_becomes_markup() -> None:
    assert text("<b> *x*\n# y") == r"\<b\> \*x\* # y"
    assert code("a ``b`` c") == "``` a ``b`` c ```"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_bar_fills_and_is_gone_at_the_end(case: Case, run: Runs) -> None:
    told, stream = run(case("fail"), case("pass")), Terminal()

    with Progress(stream, 4) as progress:
        progress.judged(told)

    shown = f"[{'#' * 20}{'.' * 20}] 2/4  1 fail"
    assert bar(told, 4) == shown
    assert stream.getvalue() == f"\r{shown}\r{' ' * len(shown)}\r"


@pytest.mark.parametrize(
    ("known", "said"), [(False, "the router's upstream has to be http://mock/v1\n"), (True, "")]
)
def test_whoever_has_to_configure_the_router_is_told_the_upstream(known: bool, said: str) -> None:
    stream = io.StringIO()

    with Progress(stream, 1, known=known) as progress:
        progress.started(Ground("controlled", "r1", upstream_url="http://mock/v1"))

    assert stream.getvalue() == said


def test_there_is_no_bar_without_a_terminal(case: Case, run: Runs) -> None:
    stream = io.StringIO()

    with Progress(stream, 1) as progress:
        progress.judged(run(case("pass")))

    assert stream.getvalue() == ""
