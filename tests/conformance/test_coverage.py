"""The catalogue of streaming bugs, the rules, and the document the catalogue was drawn from."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from conformance.catalogue import Entry, State, catalogue, complaints, entries
from conformance.coverage import counts
from conformance.findings import Level
from conformance.rules import RULES
from conformance.rules.rule import Rule

Command = Callable[..., CompletedProcess[str]]

DOCUMENT = Path(__file__).parents[3] / "shared" / "reference" / "bug-catalogue.md"
ROW = re.compile(
    r"^\| `(?P<id>[a-z0-9]+\.[a-z0-9-]+)` \| (?P<level>[A-Z]+) \| (?P<surfaces>[^|]+) "
    r"\| (?P<needs>[^|]+) \|"
)
SURFACES = {"openai-chat": "chat", "anthropic": "messages", "billing": "bill"}
NEEDS = {"controlled upstream": "upstream", "billing probe": "bill", "blackbox": ""}


def without(*names: str) -> Mapping[str, Rule]:
    return {name: rule for name, rule in RULES.items() if name not in names}


def with_rule(name: str, **members: object) -> Mapping[str, Rule]:
    return {**RULES, name: replace(RULES["done.present"], id=name, **members)}  # type: ignore[arg-type]


def test_the_catalogue_and_the_rules_fit_together() -> None:
    assert list(complaints(RULES)) == []


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        (without("sse.crlf"), "sse.crlf: no rule, and neither planned nor excluded"),
        (without("http.answered"), "http.answered: an addition, and yet no rule"),
        (with_rule("sse.new"), "sse.new: neither in the catalogue nor among the additions"),
        (with_rule("err.h2-reset", level=Level.SHOULD), "err.h2-reset: excluded, and yet a rule"),
        (with_rule("done.present", level=Level.MAY),
         "done.present: MAY here, MUST there; levels says why if they differ"),
        (with_rule("http.keepalive-neutral", level=Level.MUST),
         "http.keepalive-neutral: MUST here, MUST there; levels says why if they differ"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_said(rules: Mapping[str, Rule], said: str) -> None:
    assert list(complaints(rules)) == [said]


@pytest.mark.parametrize("part", ["planned", "excluded"])
def test_what_is_planned_or_excluded_is_no_rule(part: str) -> None:
    for name in catalogue()[part]:
        assert f"{name}: {part}, and yet a rule" in list(complaints(with_rule(name)))


def test_every_reason_is_said_of_something_in_the_catalogue() -> None:
    told = catalogue()
    families = {entry.family for entry in entries(RULES)}

    reasons = told["planned"].keys() | told["excluded"].keys() | told["levels"].keys()
    assert reasons - families - told["rules"].keys() == set()


@pytest.mark.skipif(not DOCUMENT.is_file(), reason="no catalogue of bugs at ../shared/reference")
def test_the_catalogue_is_that_of_the_document() -> None:
    part = DOCUMENT.read_text("utf-8").partition("### 2.4")[2].partition("\n## 3")[0]
    rows = [found.groupdict() for line in part.splitlines() if (found := ROW.match(line))]

    assert len(rows) == 159
    assert catalogue()["rules"] == {
        row["id"]: {
            "level": row["level"],
            "surfaces": " ".join(SURFACES.get(each, each) for each in row["surfaces"].split(", ")),
            "needs": " ".join(NEEDS[each] for each in row["needs"].split(", ")),
        }
        for row in rows
    }


def test_the_counts_add_up() -> None:
    told = counts(entries(RULES))

    assert told["rules"] == told["implemented"] + told["planned"] + told["excluded"] == 159


def test_a_rule_is_covered_in_part_until_it_judges_all_it_is_named_for() -> None:
    entry = Entry(
        "a.rule", "MUST", ("chat", "messages", "gemini", "http"), ("bill",), State.IMPLEMENTED,
        judged=("chat",), narrowed={"gemini": "it has none"},
    )  # fmt: skip

    assert entry.open == ["messages", "bill"]
    assert replace(entry, judged=("chat", "messages", "bill")).open == []
    assert replace(entry, judged=()).open == []


def test_a_surface_that_is_left_out_is_one_the_catalogue_names() -> None:
    named = {entry.id: entry.surfaces for entry in entries(RULES)}

    for surface, told in catalogue()["narrowed"].items():
        assert [rule for rule in told if surface not in named[rule]] == []


def test_what_is_left_out_and_judged_all_the_same_is_said() -> None:
    rule = replace(RULES["tool.empty-id-continuation"], on=RULES["tool.args-reassemble"].on)
    asked = replace(rule, probes=RULES["tool.args-reassemble"].probes)

    assert list(complaints({**RULES, rule.id: asked})) == [
        f"{rule.id}: narrowed on messages, and yet judged there"
    ]


def test_coverage_is_told_by_family_and_in_all(conformance: Command) -> None:
    told = conformance("coverage")
    lines = told.stdout.splitlines()

    assert (told.returncode, told.stderr) == (0, "")
    assert lines[0].split() == [
        "family", "rules", "implemented", "planned", "excluded", "in", "part",
    ]  # fmt: skip
    assert next(line for line in lines if line.startswith("total")).split()[1] == "159"
    graceful = "  http.graceful-drain (SHOULD): it ends the router"
    assert any(line.startswith(graceful) for line in lines)
    assert lines.index("excluded:") < lines.index("narrowed:") < lines.index("additions:")
    narrowed = "  tool.text-and-tool-same-chunk (MUST): not on messages: an event is of one block"
    assert any(line.startswith(narrowed) for line in lines)


def test_coverage_of_one_family_has_no_other(conformance: Command) -> None:
    told = conformance("coverage", "--family", "isolation")

    assert [line.split()[0] for line in told.stdout.splitlines() if line] == [
        "family", "isolation", "total",
    ]  # fmt: skip


def test_coverage_as_json_has_every_rule(conformance: Command) -> None:
    told = json.loads(conformance("coverage", "--json").stdout)

    assert told["total"]["rules"] == len(told["rules"]) == 159
    assert sum(family["rules"] for family in told["families"].values()) == 159
    assert told["additions"].keys() | {
        rule["id"] for rule in told["rules"] if rule["state"] == State.IMPLEMENTED
    } == set(RULES)


def test_a_family_that_is_none_is_wrong_usage(conformance: Command) -> None:
    told = conformance("coverage", "--family", "don")

    assert (told.returncode, told.stdout) == (4, "")
    assert told.stderr.startswith("conformance: no family 'don'; there are anth, bill, cache, ")
    assert len(told.stderr.splitlines()) == 1
