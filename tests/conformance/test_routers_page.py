"""What is published of real routers: the page is current, and each finding has its evidence."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from conformance.exchange import Json
from conformance.expected.choosing import expectations
from conformance.manual.findings import ANSWERS, Finding, findings, races, repeated, setups
from conformance.manual.judging import judged, limited
from conformance.manual.judging import main as judging
from conformance.manual.kept import SAID, results, routes
from conformance.manual.routers import RESULTS, UNEXPLAINED, main, page, whole
from conformance.manual.telling import marked, told
from conformance.plan import cases
from conformance.probes import PROBES
from conformance.recipes.recipe import DIRECTORY, load
from conformance.report.run import FILE, Run, Writer
from conformance.rules import RULES

PAGE = Path(__file__).parents[2] / "docs" / "routers.md"
KEPT = json.loads(RESULTS.read_text("utf-8"))
ROUTE = "nginx/default"
Case = Callable[..., Json]
Runs = Callable[..., Run]
Written = Callable[..., Path]


@pytest.fixture
def written(run: Runs, tmp_path: Path) -> Written:
    """Return what writes a run of a route into a directory of this name."""

    def writes(name: str, *cases: Json, started: str = "2026-11-21T12:00:00.000+00:00") -> Path:
        router = {"url": "http://127.0.0.1:8080/v1", "model": "m", "version": "1.0"}
        made = run(*cases, started=started, router=router)
        with Writer(tmp_path / name / ROUTE / FILE) as writer:
            for line in (made.header, *made.rules.values(), *made.evidence.values(), *made.cases):
                writer.write(line)
            writer.close(made.footer)
        return tmp_path / name

    return writes


def test_the_page_is_current() -> None:
    assert PAGE.read_text("utf-8") == whole(), (
        "python -m conformance.manual.routers docs/routers.md"
    )


def test_the_answers_of_the_provider_are_current() -> None:
    written = {path.stem: path.read_bytes() for path in ANSWERS.glob("*.http")}

    assert written == {finding.name: finding.wire for finding in findings()}


def test_every_route_is_told_of() -> None:
    text = "\n".join(page({}))

    assert [route for route in routes() if f"- {route}: there is no run of it" not in text] == []


@pytest.mark.parametrize("finding", findings(), ids=lambda finding: finding.name)
def test_a_finding_is_of_a_case_that_failed_and_shows_what_is_wrong(finding: Finding) -> None:
    kept, came = KEPT[finding.route], repeated()[finding.name]

    assert kept["said"][finding.case]
    assert came.version == kept["version"]
    assert "«" in marked(finding, came)


def test_a_finding_can_be_repeated_by_anyone() -> None:
    finding = next(each for each in findings() if each.name == "portkey-cut")

    text = "\n".join(told(7, finding, repeated()[finding.name], KEPT[finding.route]))

    assert text.startswith("### 7. A connection that broke ends as a stream that is over\n")
    assert "mock:" not in text
    for words in (
        "    npm install --legacy-peer-deps @portkey-ai/gateway@",
        "The provider, `python3 provider.py portkey-cut.http` ",
        " answers and closes the connection ahead of the last chunk:\n\n    HTTP/1.1 200 OK\n",
        "    curl -sN http://127.0.0.1:8787/v1/chat/completions \\\n      -H 'content-type: ",
        "\n    «curl ends with 0»\n",
        "What would be right:\n\nA body without its last chunk is [incomplete](https://",
        "    conformance try portkey --route openai --only 'err.midstream-signalled[chat-cut]'\n",
    ):
        assert words in text


def test_nothing_in_a_block_is_invisible() -> None:
    finding = next(each for each in findings() if each.name == "litellm-line-separators")

    lines = list(told(1, finding, repeated()[finding.name], KEPT[finding.route]))

    assert any('"mix<U+2028>bleach"' in line for line in lines)


def test_a_long_line_is_shortened_where_nothing_is_wrong() -> None:
    finding = next(each for each in findings() if each.name == "portkey-parallel-calls")

    lines = list(told(1, finding, repeated()[finding.name], KEPT[finding.route]))
    data = [line for line in lines if line.startswith('    data: {"id":"google-')]

    assert [" … " in line for line in data] == [True, False, True]


@pytest.mark.parametrize(
    ("members", "wire"),
    [
        ({}, b"5\r\na\xc3\xa9\n\n\r\n3\r\nb\n\n\r\n0\r\n\r\n"),
        ({"end": "cut"}, b"5\r\na\xc3\xa9\n\n\r\n3\r\nb\n\n\r\n"),
        ({"chunk": 2}, b"2\r\na\xc3\r\n2\r\n\xa9\n\r\n2\r\n\nb\r\n2\r\n\n\n\r\n0\r\n\r\n"),
        ({"kind": "application/json"}, b"3\r\na\xc3\xa9\r\n1\r\nb\r\n0\r\n\r\n"),
    ],
)
def test_an_answer_is_what_stands_on_the_wire(members: Json, wire: bytes) -> None:
    finding = Finding("n", "r/x", "c", "t", "t", "r", ("aé", "b"), (), "", **members)

    head, _, body = finding.wire.partition(b"\r\n\r\n")

    assert head.startswith(b"HTTP/1.1 200 OK\r\ncontent-type: " + finding.kind.encode())
    assert body == wire


def test_every_router_of_a_finding_can_be_set_up() -> None:
    assert {finding.recipe for finding in findings()} <= setups().keys()


def test_what_is_kept_of_runs_is_what_the_page_needs(written: Written, case: Case) -> None:
    first = written(
        "1",
        case("pass", id="a[chat-text]"),
        case("expected-fail", id="b[chat-text]"),
        case("pass", id="c[chat-text]"),
    )
    second = written(
        "2",
        case("fail", id="a[chat-text]"),
        case("expected-fail", id="b[chat-text]", level="SHOULD"),
        case("unexpected-pass", id="d[chat-text]"),
        started="2026-11-22T12:00:00.000+00:00",
    )

    kept = results([first, second], {"nginx/gzip": {"absent": "later"}})

    assert kept.keys() == set(routes())
    assert kept["nginx/gzip"] == {"absent": "later"}
    assert kept["nginx/streams"] == {"absent": "there is no run of it"}
    assert kept[ROUTE]["date"] == "2026-11-22"
    assert kept[ROUTE]["runs"] == 2
    assert kept[ROUTE]["counts"] == {"fail": 1, "warn": 1, "pass": 1}
    assert kept[ROUTE]["families"] == {"done": [1, 3]}
    assert kept[ROUTE]["differed"] == {
        "a[chat-text]": ["pass", "fail"],
        "c[chat-text]": ["pass", "not asked"],
        "d[chat-text]": ["not asked", "unexpected-pass"],
    }


def test_the_page_tells_what_differed_and_what_is_absent(written: Written, case: Case) -> None:
    race = races()[0]
    left = f"{race.patterns[0].removesuffix('*')}[chat-leave]"
    runs = [
        written("1", case("pass", id="a[chat-text]"), case("pass", id=left)),
        written("2", case("fail", id="a[chat-text]"), case("info", id=left)),
    ]

    text = "\n".join(page(results(runs, {})))

    assert (
        "| nginx/default | chat, responses, messages, gemini | 1.0 | 2026-11-21 | 2 | 1 |" in text
    )
    assert "2 of 2 cases that were judged more than once." in text
    assert f"- nginx/default, `a[chat-text]`: pass, fail: {UNEXPLAINED}\n" in text
    assert f"- nginx/default, `{left}`: pass, info: {race.title}\n" in text
    assert text.count(f"### Several routers: {race.title}\n\n{race.text.strip()}") == 1
    assert "Not judged:\n\n- caddy/default: there is no run of it\n" in text


def test_what_kept_a_route_from_being_judged_is_told(written: Written, case: Case) -> None:
    runs = written("1", case("pass"))
    said = runs / "portkey" / "openai" / SAID
    said.parent.mkdir(parents=True)
    said.write_text("Portkey gateway: 9 cases\nconformance: Portkey gateway: there is no npm\n")
    cut = runs / ROUTE / FILE
    cut.write_bytes(b"".join(cut.read_bytes().splitlines(keepends=True)[:-1]))

    kept = results([runs], {})

    assert kept["portkey/openai"] == {"absent": "Portkey gateway: there is no npm"}
    assert kept[ROUTE] == {"absent": "the run was cut short: there is no footer"}


def test_a_route_that_cannot_be_judged_keeps_no_other_from_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seen = []

    def judge(runs: Path, route: str) -> int:
        seen.append((runs.name, route))
        return {"a/x": 0, "b/x": 3, "c/x": -9}[route]

    assert judged(tmp_path, 2, ["a/x", "b/x", "c/x"], judge) == 2

    assert seen == [(run, f"{name}/x") for run in "12" for name in "abc"]
    assert [line.rpartition(",")[0] for line in capsys.readouterr().out.splitlines()][:3] == [
        "1 of 2  a/x: conformant",
        "1 of 2  b/x: the harness failed, the router is not judged",
        "1 of 2  c/x: ended with -9",
    ]


@pytest.mark.parametrize(
    ("program", "seconds", "code", "said"),
    [
        ("import sys; sys.exit('gone')", 20.0, 1, "gone\n"),
        ("import signal; signal.pause()", 0.2, 3, "no end after 0.2 s"),
    ],
)
def test_a_route_that_takes_too_long_is_ended(
    program: str, seconds: float, code: int, said: str, tmp_path: Path
) -> None:
    assert limited([sys.executable, "-c", program], tmp_path / SAID, seconds) == code

    assert said in (tmp_path / SAID).read_text("utf-8")


@pytest.mark.parametrize("times", ["0", "-1", "often"])
def test_routers_are_judged_at_least_once(
    times: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert judging([str(tmp_path), times]) == 4

    assert capsys.readouterr().err == f"judging: {times!r} times: one or more is right\n"


def test_the_page_is_written_without_runs(tmp_path: Path) -> None:
    assert main([str(tmp_path / "routers.md")]) == 0

    assert (tmp_path / "routers.md").read_text("utf-8") == whole()
    assert (tmp_path / "findings" / "portkey-cut.http").is_file()


def test_runs_that_are_not_there_leave_the_page_as_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "none"), str(tmp_path / "routers.md")]) == 4

    assert list(tmp_path.iterdir()) == []
    assert capsys.readouterr().err == (
        f"routers: {tmp_path}/none: no directory; RUNS is what was judged into\n"
    )


@pytest.mark.parametrize(
    "path", sorted(DIRECTORY.glob("*/expected-failures.*.toml")), ids=lambda path: path.name
)
def test_what_is_expected_of_a_route_can_be_read(path: Path) -> None:
    recipe = load(path.parent.name)
    suite = {case.id for case in cases(RULES.values(), PROBES.values())}

    told = expectations(str(path), "", suite, "1.0", None)

    assert told.entries
    assert recipe.route(path.name.split(".")[1]).surfaces
