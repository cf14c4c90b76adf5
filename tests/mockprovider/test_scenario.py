"""Scenario documents: what they become, and what is said about a wrong one."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from mockprovider import scenario, steps
from mockprovider.faults.dialect import Bom, Crlf
from mockprovider.faults.slicing import Split
from mockprovider.scenario import HeadTable
from mockprovider.shapes import Json
from mockprovider.steps import BadScenario
from mockprovider.timeline import Close, Hold

SCENARIOS = sorted((scenario.fixtures_dir() / "scenarios").iterdir())
SAYS = [{"say": "Aloe"}]


def wrong_with(document: Json) -> str:
    with pytest.raises(BadScenario) as caught:
        scenario.built(document, "x.toml")
    return str(caught.value)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([], "the document must be a table, not []"),
        ({"step": SAYS}, "the document lacks 'summary'"),
        ({"summary": ""}, "the document lacks 'step'"),
        ({"summary": 5, "step": SAYS}, "summary must be a text, not 5"),
        (
            {"summary": "", "step": SAYS, "summry": ""},
            "unknown member 'summry'; did you mean 'summary'?",
        ),
        ({"summary": "", "step": {}}, "step must be a list, not {}"),
        ({"summary": "", "step": [{"arguments": ""}]}, "step 1: it lacks 'of'"),
        (
            {"summary": "\ud83d", "step": SAYS},
            "half a surrogate pair, '\\ud83d', is no text; say it as raw_base64",
        ),
        (
            {"summary": "", "step": SAYS, "x": json.loads("[" * 200 + "]" * 200)},
            "the document is nested more than 100 deep",
        ),
        ({"summary": "", "step": [5]}, "step 1: it must be a table, not 5"),
        (
            {"summary": "", "step": [*SAYS, {"sya": "x"}]},
            "step 2: no verb 'sya'; did you mean 'say'?",
        ),
        (
            {"summary": "", "step": [{"choice": 1}]},
            (
                "step 1: no verb in 'choice'; the verbs are say, think, call, arguments, refuse, "
                "cite, finish, usage, comment, ping, wait_ms, hold, await_close, error, raw, "
                "raw_base64, reset, close, stall"
            ),
        ),
        ({"summary": "", "step": [{}]}, "step 1: no verb in an empty table; the verbs are"),
        (
            {"summary": "", "step": [{"say": "a", "think": "b"}]},
            "step 1: two verbs, 'say' and 'think'; a step has one",
        ),
        ({"summary": "", "step": [{"say": 5}]}, "step 1: say must be a text, not 5"),
        (
            {"summary": "", "step": [{"say": "a", "tokns": 2}]},
            "step 1: unknown member 'tokns'; did you mean 'tokens'?",
        ),
        (
            {"summary": "", "step": [{"ping": True, "choice": 0}]},
            "step 1: unknown member 'choice'; it can be ping",
        ),
        (
            {"summary": "", "step": [{"say": "a", "choice": -1}]},
            "step 1: choice must be at least 0, not -1",
        ),
        (
            {"summary": "", "step": [{"call": {"id": "c"}}]},
            "step 1: call lacks 'name'",
        ),
        (
            {"summary": "", "step": [{"call": {"id": "c", "name": "n", "arguments": 5}}]},
            "step 1: call.arguments must be a text or a list, not 5",
        ),
        (
            {"summary": "", "step": [{"call": {"id": "c", "name": "n", "arguments": ["a", 5]}}]},
            "step 1: call.arguments 2: it must be a text, not 5",
        ),
        (
            {"summary": "", "step": [{"arguments": "}", "of": "c"}]},
            "step 1: no call 'c'; no call was opened before it",
        ),
        (
            {
                "summary": "",
                "step": [{"call": {"id": "call_1", "name": "n"}}, {"arguments": "", "of": "cal_1"}],
            },
            "step 2: no call 'cal_1'; did you mean 'call_1'?",
        ),
        (
            {"summary": "", "step": [{"call": {"id": "c", "name": "n"}}] * 2},
            "step 2: a second call 'c'",
        ),
        (
            {"summary": "", "step": [{"raw_base64": "A"}]},
            "step 1: raw_base64 does not match",
        ),
        (
            {"summary": "", "step": [{"close": "cutt"}]},
            "step 1: close is 'cutt'; did you mean 'cut'?",
        ),
        (
            {"summary": "", "step": [{"close": "x"}]},
            "step 1: close is 'x'; it can be clean, cut, half",
        ),
        ({"summary": "", "step": [{"reset": False}]}, "step 1: reset is False; it can be True"),
        (
            {"summary": "", "step": [{"hold": "a b"}]},
            "step 1: hold does not match ^[A-Za-z0-9._-]{1,64}$: 'a b'",
        ),
        (
            {"summary": "", "step": [{"hold": "a"}, {"hold": "a"}]},
            "hold 'a' appears twice; each needs its own name",
        ),
        (
            {"summary": "", "step": [], "fault": ["crfl"]},
            "fault 1: it is 'crfl'; did you mean 'crlf'?",
        ),
        (
            {"summary": "", "step": [], "fault": ["bom", {"splitt": 5}]},
            "fault 2: unknown member 'splitt'; did you mean 'split'?",
        ),
        (
            {"summary": "", "step": [], "fault": [{"split": {"evry": 5}}]},
            "fault 1: unknown member 'split.evry'; did you mean 'every'?",
        ),
        (
            {"summary": "", "step": [], "fault": [{"split": "5"}]},
            "fault 1: split must be true or false or a whole number or a table, not '5'",
        ),
        (
            {"summary": "", "step": [], "fault": [{"crlf": True, "cr": True}]},
            "fault 1: it has several names; write one table for each",
        ),
        (
            {"summary": "", "step": [], "fault": [{}]},
            "fault 1: it is an empty table; it needs a name",
        ),
        (
            {"summary": "", "step": [], "write": "paced"},
            "write is 'paced'; it goes together only with a pace table",
        ),
        (
            {"summary": "", "step": [], "write": "burst", "pace": {"every_ms": 5}},
            "write is 'burst'; it goes together only with write = 'paced'",
        ),
        (
            {"summary": "", "step": [], "head": {"status": 99}},
            "head.status must be at least 200, not 99",
        ),
        (
            {"summary": "", "step": [], "head": {"headers": [["a"]]}},
            "head.headers 1: it needs at least 2 items",
        ),
        (
            {"summary": "", "step": [], "attempt": []},
            "attempt needs at least 1 items",
        ),
        (
            {"summary": "", "step": [], "attempt": [{}, {"step": [{"sya": ""}]}]},
            "attempt 2: step 1: no verb 'sya'; did you mean 'say'?",
        ),
        (
            {"summary": "", "step": [], "attempt": [{}, {"step": [{"arguments": "", "of": "c"}]}]},
            "attempt 2: step 1: no call 'c'; no call was opened before it",
        ),
        (
            {"summary": "", "step": [], "chat": {"role": "evry"}},
            "chat.role is 'evry'; did you mean 'every'?",
        ),
        (
            {"summary": "", "step": [], "chat": {"rolle": "every"}},
            "unknown member 'chat.rolle'; did you mean 'role'?",
        ),
        (
            {"summary": "", "step": [], "mock": {"b": {"head": {}}}},
            "mock.b lacks 'step'",
        ),
        (
            {"summary": "", "step": [], "mock": {"b": {"step": [{"hold": "a"}, {"hold": "a"}]}}},
            "mock 'b': hold 'a' appears twice",
        ),
    ],
)
def test_a_wrong_scenario_is_explained(document: Json, message: str) -> None:
    assert wrong_with(document).startswith(f"x.toml: {message}")


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_a_shipped_scenario_fits_the_schema(path: Path) -> None:
    document = scenario.tomllib.loads(path.read_text())  # type: ignore[attr-defined]

    Draft202012Validator(scenario.schema()).validate(document)
    assert scenario.load(path).name == path.stem


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(scenario.schema())


def test_a_scenario_becomes_values() -> None:
    document = {
        "summary": "All of it.",
        "step": [{"say": "Aloe", "tokens": 2}, {"hold": "h"}, {"close": "cut"}],
        "head": {"status": 202, "headers": [["X-A", "1"], ["x-a", "2"]], "hold": "head"},
        "fault": ["crlf", {"split": 7}, {"bom": {"split": True}}],
        "pace": {"first_ms": 5, "every_ms": 2.5},
        "model": "other",
        "obey": {"n": False, "stop": True},
        "attempt": [{}, {"step": [{"raw_base64": "AAE="}]}],
    }

    built = scenario.built(document, "x.toml")

    first, second = built.scripts
    assert first.steps == (steps.Say("Aloe", tokens=2), Hold("h"), Close("cut"))
    assert first.head == HeadTable(202, (("X-A", "1"), ("x-a", "2")), hold="head")
    assert first.faults == (Crlf(), Split(7), Bom(split=True))
    assert second.steps == (steps.Raw(b"\x00\x01"),)
    assert (built.write, built.pace, built.model) == ("paced", (5, 2.5), "other")
    assert (built.disobeys, built.holds) == (frozenset({"n"}), frozenset({"head", "h"}))


def test_a_mock_with_a_name_plays_what_is_said_of_it_alone() -> None:
    document = {
        "summary": "",
        "step": [],
        "head": {"status": 500},
        "attempt": [{"step": []}, {"step": []}],
        "fault": ["crlf"],
        "model": "other",
        "mock": {"b": {"step": SAYS}},
    }

    built = scenario.built(document, "x.toml", "x")

    own = built.at("b")
    (script,) = own.scripts
    assert (script.steps, script.head, script.faults) == ((steps.Say("Aloe"),), HeadTable(), ())
    assert (own.name, own.model) == ("x", "other")
    assert built.at("c") is built.at("") is built


def test_any_hold_of_a_script_may_be_released_at_every_mock() -> None:
    held = [{"hold": "here"}, *SAYS]
    document = {"summary": "", "step": held, "mock": {"b": {"step": [{"hold": "there"}]}}}

    built = scenario.built(document, "x.toml")

    assert [sorted(each.holds) for each in (built, built.at("b"))] == [["here", "there"]] * 2


def test_the_last_attempt_repeats() -> None:
    built = scenario.built(
        {"summary": "", "step": [], "attempt": [{"step": SAYS}, {"step": []}]}, "x.toml"
    )

    said = [built.script(attempt).steps for attempt in (1, 2, 3)]
    assert said == [(steps.Say("Aloe"),), (), ()]


def test_json_and_toml_say_the_same() -> None:
    toml = scenario.parsed('summary = "s"\nstep = [{ say = "Aloe" }]', "x")
    other = scenario.parsed(json.dumps({"summary": "s", "step": SAYS}), "x")

    assert toml.scripts[0].steps == other.scripts[0].steps


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("step = ", "x.toml: Invalid value (at end of document)"),
        ('{"step": ', "x.toml: Expecting value: line 1 column 10 (char 9)"),
        ('{"step": ' + "[" * 50_000, "x.toml: the document is nested more than 100 deep"),
        ("step = " + "[" * 50_000, "x.toml: the document is nested more than 100 deep"),
    ],
)
def test_text_that_is_no_document_is_reported(text: str, message: str) -> None:
    with pytest.raises(BadScenario) as caught:
        scenario.parsed(text, "x.toml")

    assert str(caught.value) == message


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadScenario, match=r"missing\.toml: cannot be read: .*No such file"):
        scenario.load(tmp_path / "missing.toml")


def test_a_library_has_the_shipped_scenarios_and_those_of_a_directory(tmp_path: Path) -> None:
    (tmp_path / "mine.json").write_text(json.dumps({"summary": "", "step": SAYS}))
    (tmp_path / "notes.txt").write_text("no scenario")

    library = scenario.library(tmp_path)

    assert {"text", "holds", "mine"} <= set(library)
    assert "notes" not in library


def test_a_directory_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadScenario, match="nowhere: no such directory"):
        scenario.library(tmp_path / "nowhere")


def test_an_unknown_name_gets_a_hint() -> None:
    with pytest.raises(BadScenario) as caught:
        scenario.find(scenario.library(None), "hold")

    assert str(caught.value) == "no scenario 'hold'; did you mean 'holds'?"
