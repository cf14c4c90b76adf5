"""Expected failures: every complaint, what they excuse, when they are stale, their upkeep."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from textwrap import dedent

import pytest

from conformance.expected.choosing import Expectations, expectations
from conformance.expected.editing import edited
from conformance.expected.entry import Entry
from conformance.expected.outcome import Stale, expected, stale
from conformance.expected.reading import BadExpected, Known, parsed, read
from conformance.findings import Finding
from conformance.plan import cases
from conformance.probes import PROBES
from conformance.rules import RULES
from conformance.verdicts import Kind, Verdict

TODAY, LATER = date(2026, 11, 21), date(2027, 3, 1)
TEXT, TOOL, OTHER = "done.last[chat-text]", "done.last[chat-tool]", "usage.sums[messages-text]"
SUITE = (TEXT, TOOL, OTHER)
KNOWN = Known(SUITE, TODAY, "1.8.3")
FULL = """
[[expected]]
pattern = "done.*[chat-*]"
reason  = "cost is told after [DONE]"
issue   = "https://example.com/issues/12"
owner   = "gateway team"
expires = 2027-03-01
version = ">=1.4, <1.9"
"""
WHOLE = Entry(
    ("done.*[chat-*]",), "cost is told after [DONE]", "gateway team", LATER,
    "https://example.com/issues/12", ">=1.4, <1.9",
)  # fmt: skip


def entry(*patterns: str, version: str = "") -> Entry:
    return Entry(patterns, "why", "me", LATER, version=version)


def test_an_entry_is_read() -> None:
    assert parsed(FULL, "it", KNOWN) == (WHOLE,)


def test_an_entry_may_have_several_patterns_and_no_issue() -> None:
    text = f'expected = [{{pattern=["{TEXT}", "{TOOL}"], reason="why", owner="me", '

    assert parsed(text + "expires=2027-03-01}]", "it", KNOWN) == (entry(TEXT, TOOL),)


LINES = 'pattern = "done.last[chat-text]"\nreason = "why"\nowner = "me"\nexpires = 2027-03-01\n'
RIGHT = "there are pattern, reason, owner, expires, version, issue, sometimes"
NO_DATE = "a date without quotes is needed, such as 2026-11-21"
NO_CASE = "pattern {!r} matches no case of the suite"
COMPARE = "comparisons are needed, such as '<1.9' or '>=1.4, <1.9'"


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("owner", "onwer"), f"'onwer': no such member; {RIGHT}"),
        (('reason = "why"\n', ""), "'reason' is missing"),
        (('owner = "me"\n', ""), "'owner' is missing"),
        (("expires = 2027-03-01\n", ""), "'expires' is missing"),
        (('pattern = "done.last[chat-text]"\n', ""), "'pattern' is missing"),
        (('"why"', '" "'), "reason ' ': a text is needed"),
        (('"me"', "7"), "owner 7: a text is needed"),
        (("2027-03-01", '"2027-03-01"'), f"expires '2027-03-01': {NO_DATE}"),
        (("2027-03-01", "2027-03-01T10:00:00Z"), f"expires '2027-03-01 10:00:00+00:00': {NO_DATE}"),
        (("2027-03-01", "2026-11-20"),
         "expired on 2026-11-20: mend the router, or give a later date"),
        (("done.last[chat-text]", "done.lst[chat-text]"),
         f"{NO_CASE.format('done.lst[chat-text]')}; did you mean 'done.last[chat-text]'?"),
        (("done.last[chat-text]", "done.last"),
         f"{NO_CASE.format('done.last')}; did you mean 'done.last[*]'?"),
        (("done.last[chat-text]", "xyz*"),
         f"{NO_CASE.format('xyz*')}; a case is RULE[SURFACE-PROBE]"),
        (('"done.last[chat-text]"', "7"),
         "pattern 7: the id of a case is needed; * and ? are wildcards"),
        (('"done.last[chat-text]"', "[]"),
         "pattern []: the id of a case is needed, or several; * and ? are wildcards"),
        (("owner", "issue = 7\nowner"), "issue 7: a text is needed, a URL or an id"),
        (("owner", 'version = "1.9"\nowner'), f"version '1.9': {COMPARE}"),
        (("owner", "version = 2\nowner"), f"version 2: {COMPARE}"),
        (("owner", "sometimes = 2\nowner"), "sometimes 2: true or false"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_an_entry_is_said_in_one_line(
    change: tuple[str, str], complaint: str
) -> None:
    with pytest.raises(BadExpected) as error:
        parsed("[[expected]]\n" + LINES.replace(*change), "it.toml", KNOWN)

    assert str(error.value) == f"it.toml: entry 1: {complaint}"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("expect = []", "'expect': no such member; entries are [[expected]] tables"),
        ("expected = 7", "'expected' = 7: entries are [[expected]] tables"),
        ("expected = [7]", "'expected' = [7]: entries are [[expected]] tables"),
        ("[[expected]]\n" + LINES + "[[expected]]\n" + LINES,
         "entry 2: pattern 'done.last[chat-text]' is in entry 1 already"),
        ("[[expected]]\n" + LINES.replace(f'"{TEXT}"', f'["{TEXT}", "{TEXT}"]'),
         "entry 1: pattern 'done.last[chat-text]' is in entry 1 already"),
        ("[", "Expected '=' after a key in a key/value pair (at end of document)"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_file_is_said_in_one_line(text: str, complaint: str) -> None:
    with pytest.raises(BadExpected) as error:
        parsed(text, "it.toml", KNOWN)

    said = str(error.value)
    assert said == f"it.toml: {complaint}" or (text == "[" and said.startswith("it.toml: "))


@pytest.mark.parametrize(("version", "more"), [("", ""), ("main", "; 'main' begins with none")])
def test_a_version_must_be_known_where_an_entry_depends_on_it(version: str, more: str) -> None:
    with pytest.raises(BadExpected) as error:
        parsed(FULL, "it", replace(KNOWN, version=version))

    need = "needs --router-version with a number such as 1.8.3"
    assert str(error.value) == f"it: entry 1: version '>=1.4, <1.9' {need}{more}"


@pytest.mark.parametrize(
    ("data", "complaint"),
    [(None, "No such file or directory"), (b"\xff", "'utf-8' codec can't decode byte 0xff in")],
)
def test_a_file_that_cannot_be_read_is_said_to_be_so(
    tmp_path: Path, data: bytes | None, complaint: str
) -> None:
    if data:
        (tmp_path / "it").write_bytes(data)
    with pytest.raises(BadExpected) as error:
        read(tmp_path / "it", KNOWN)

    assert str(error.value).startswith(f"{tmp_path / 'it'}: {complaint}")


@pytest.mark.parametrize(
    ("condition", "version", "applies"),
    [
        ("", "", True), ("<1.9", "1.8.3", True), ("<1.9", "1.10", False), ("<1.9", "v1.9.0", False),
        ("<=1.9", "1.9.0-rc1", True), (">=1.4, <1.9", "1.3", False), ("==2", "2.0.0", True),
        ("!=2", "2.0.1", True), (">2", "2.0", False),
    ],
)  # fmt: skip
def test_an_entry_is_about_the_versions_it_says(
    condition: str, version: str, applies: bool
) -> None:
    assert entry(TEXT, version=condition).applies(version) is applies


FINDINGS = (Finding("x"),)
WHY = "why (no issue; me, until 2027-03-01)"


@pytest.mark.parametrize(
    ("pattern", "found", "told"),
    [
        (TEXT, Verdict(Kind.FAIL, "", FINDINGS), Verdict(Kind.EXPECTED_FAIL, WHY, FINDINGS)),
        ("done.*", Verdict(Kind.WARN, "", FINDINGS), Verdict(Kind.EXPECTED_FAIL, WHY, FINDINGS)),
        (TOOL, Verdict(Kind.FAIL), Verdict(Kind.FAIL)),
        (TEXT, Verdict(Kind.PASS), Verdict(Kind.UNEXPECTED_PASS, f"expected to fail: {WHY}")),
        ("done.*", Verdict(Kind.PASS), Verdict(Kind.PASS)),
        ("done.*", Verdict(Kind.INCONCLUSIVE), Verdict(Kind.INCONCLUSIVE)),
        ("done.*", Verdict(Kind.HARNESS_ERROR), Verdict(Kind.HARNESS_ERROR)),
        ("done.*", Verdict(Kind.INFO), Verdict(Kind.INFO)),
    ],
)
def test_only_a_broken_rule_is_excused_and_only_an_exact_id_must_fail(
    pattern: str, found: Verdict, told: Verdict
) -> None:
    assert expected(TEXT, found, [entry(pattern)]) == told


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (Verdict(Kind.FAIL, "", FINDINGS), Kind.EXPECTED_FAIL),
        (Verdict(Kind.INCONCLUSIVE, "fail, pass", FINDINGS), Kind.EXPECTED_FAIL),
        (Verdict(Kind.INCONCLUSIVE, "not answered"), Kind.INCONCLUSIVE),
        (Verdict(Kind.PASS), Kind.PASS),
    ],
)
def test_what_fails_now_and_then_may_pass(found: Verdict, told: Kind) -> None:
    race = replace(entry(TEXT), sometimes=True)

    assert expected(TEXT, found, [race]).kind == told
    assert not list(stale([race], SUITE, {TEXT: Kind.PASS}))


def test_brackets_of_a_case_are_no_wildcards() -> None:
    assert entry("done.*[chat-*]").names(TEXT)
    assert not entry("done.*[chat-text]").names(TOOL)


FAILS, PASSES, INFORMS = Kind.EXPECTED_FAIL, Kind.PASS, Kind.INFO


@pytest.mark.parametrize(
    ("pattern", "verdicts", "why"),
    [
        ("done.*", {TEXT: PASSES, TOOL: PASSES}, "none of its 2 cases failed: 2 pass"),
        (TEXT, {TEXT: INFORMS}, "none of its 1 case failed: 1 info"),
        ("done.*", {TEXT: PASSES, TOOL: Kind.NOT_APPLICABLE},
         "none of its 2 cases failed: 1 pass, 1 not-applicable"),
        ("done.*", {TEXT: PASSES, TOOL: FAILS}, ""),
        ("done.*", {TEXT: PASSES}, ""),
        ("done.*", {TEXT: PASSES, TOOL: Kind.UNTESTABLE}, ""),
        (TEXT, {TEXT: Kind.UNEXPECTED_PASS}, ""),
        ("gone.*", {TEXT: PASSES, TOOL: PASSES, OTHER: PASSES}, ""),
    ],
)  # fmt: skip
def test_an_entry_is_stale_once_all_of_it_was_judged_and_nothing_failed(
    pattern: str, verdicts: dict[str, Kind], why: str
) -> None:
    told = [Stale(pattern, "", why)] if why else []

    assert list(stale([entry(pattern)], SUITE, verdicts)) == told


BEFORE = f"""# Ours, reviewed each month.

# Costs come late.
[[expected]]
pattern = [  # two of them
  "{TEXT}",
  "{TOOL}",
]
reason = "why"  # as the vendor says
owner = "me"
expires = 2027-03-01

# Totals.
[[expected]]
pattern = "{OTHER}"
reason = '''
[sums]'''
owner = "me"
expires = 2027-03-01

# The end.
"""


def test_a_pattern_that_is_gone_leaves_what_a_person_wrote() -> None:
    assert edited(BEFORE, "it", gone={(TOOL, "")}, new=[]) == BEFORE.replace(
        f'pattern = [  # two of them\n  "{TEXT}",\n  "{TOOL}",\n]', f'pattern = "{TEXT}"'
    )


def test_an_entry_without_a_pattern_is_gone_with_its_comment() -> None:
    first = BEFORE[: BEFORE.index("# Totals.")]

    assert edited(BEFORE, "it", gone={(OTHER, "")}, new=[]) == first + "# The end.\n"


def test_an_entry_for_another_version_is_left_alone() -> None:
    assert edited(FULL, "it", gone={("done.*[chat-*]", "<1")}, new=[]) == FULL.lstrip()


def test_what_is_new_comes_last_and_can_be_read() -> None:
    new = Entry((TEXT, TOOL), 'a "b" \\ \x7f\n\udc80', "me", LATER)
    text = edited("", "it", gone=(), new=[new])

    assert text.splitlines()[:5] == ["[[expected]]", "pattern = [", f'  "{TEXT}",', f'  "{TOOL}",',
                                     "]"]  # fmt: skip
    assert parsed(text, "it", KNOWN) == (replace(new, reason='a "b" \\ \x7f\n?'),)


@pytest.mark.parametrize("text", [f"expected = [{{pattern = '{TEXT}'}}]", "[[expected]]\na = 1"])
def test_a_text_that_cannot_be_updated_is_refused(text: str) -> None:
    with pytest.raises(BadExpected) as error:
        edited(text, "it", gone=(), new=[])

    right = "each entry has to be a [[expected]] table with a line for its pattern"
    assert str(error.value) == f"it: cannot be updated: {right}"


def chosen(
    file: str | None = None, profile: str = "generic", version: str = "", owner: str | None = None
) -> Expectations:
    return expectations(file, profile, SUITE, version, owner)


def test_without_a_file_nothing_is_expected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    assert chosen() == Expectations()


def test_the_file_is_beside_the_profile_or_else_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    here, beside = Path("expected-failures.toml"), Path("sub/expected-failures.toml")
    beside.parent.mkdir()
    here.write_text("")

    assert chosen(profile="sub/mine.toml").file == here
    beside.write_text("")
    assert chosen(profile="sub/mine.toml").file == beside
    assert chosen().file == here
    assert chosen("/dev/null").entries == ()


def test_a_file_that_is_to_be_written_need_not_be_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    assert chosen(owner="me").file == Path("expected-failures.toml")
    assert chosen(owner="me", profile="sub/a.toml").file == Path("sub/expected-failures.toml")
    assert chosen("new.toml", owner="me").file == Path("new.toml")


def test_only_what_is_about_this_version_is_in_force(tmp_path: Path) -> None:
    path = tmp_path / "it.toml"
    path.write_text(FULL.replace("2027", "9999"))

    assert len(chosen(str(path), version="1.8").entries) == 1
    assert chosen(str(path), version="1.9").entries == ()


def test_new_entries_need_an_owner() -> None:
    with pytest.raises(BadExpected, match="--update-expected ' ': say whose new entries are"):
        chosen(owner=" ")


def test_a_file_that_cannot_be_updated_is_refused_before_the_run(tmp_path: Path) -> None:
    path = tmp_path / "it.toml"
    path.write_text("expected = []\n")
    assert chosen(str(path), owner="me").entries == ()

    told = f"{{pattern = '{TEXT}', reason = 'a', owner = 'b', expires = 9999-01-01}}"
    path.write_text(f"expected = [{told}]\n")
    with pytest.raises(BadExpected, match="cannot be updated"):
        chosen(str(path), owner="me")


def test_the_example_of_the_documentation_is_right() -> None:
    page = (Path(__file__).parents[2] / "docs/expected-failures.md").read_text("utf-8")
    shown = dedent(page.partition("    # expected-failures.toml\n")[2].partition("\n| member")[0])
    suite = {case.id for case in cases(RULES.values(), PROBES.values())}

    assert len(parsed(shown, "it", Known(suite, TODAY, "1.8.3"))) == 2
