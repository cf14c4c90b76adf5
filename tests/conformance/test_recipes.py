"""`conformance try`: recipes are read, followed and judged; what is wrong with one is said."""

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from conformance.plan import cases
from conformance.probes import PROBES
from conformance.recipes.installing import NotInstalled, installed, place
from conformance.recipes.recipe import BadRecipe, load, names, read
from conformance.recipes.rendering import filled, rendered
from conformance.recipes.trying import portable
from conformance.rules import RULES

Command = Callable[..., CompletedProcess[str]]

#: The reference router as a recipe: its program is the Python we run on.
RECIPE = f"""
title   = "Reference"
version = "1"
profile = "reference"
key     = "sk-conformance"
files   = ["notes.txt"]
install = {{ by = "system", binary = "{sys.executable}" }}

[start]
command = ["{sys.executable}", "-m", "conformance.selfcheck.serve", "--upstream", "{{{{upstream}}}}/v1", "--port", "{{{{port.main}}}}"]
ready   = "/reference/v1/models"
status  = [200]

[[route]]
name     = "good"
surfaces = ["chat"]
path     = "/reference/v1"

[[route]]
name     = "broken"
surfaces = ["chat"]
path     = "/drops_done/v1"
"""  # noqa: E501  (TOML has no way to break a line there)


@pytest.fixture
def recipe(tmp_path: Path) -> Callable[..., Path]:
    """Return what writes the recipe with something else in place of a part of it."""

    def written(old: str = "", new: str = "") -> Path:
        assert old in RECIPE
        folder = tmp_path / "mine"
        folder.mkdir(exist_ok=True)
        (folder / "notes.txt").write_text("upstream {{upstream}}", "utf-8")
        path = folder / "recipe.toml"
        path.write_text(RECIPE.replace(old, new) if old else RECIPE, "utf-8")
        return path

    return written


@pytest.mark.parametrize("name", names())
def test_a_shipped_recipe_can_be_read(name: str) -> None:
    told = load(name)

    assert told.routes
    assert all(path.is_file() for path in told.files)


@pytest.mark.parametrize(
    ("name", "home"),
    [
        ("sglang-router", "sglang-router"),
        ("sglang-router-engine", "sglang-router"),
        ("litellm-1.84", "litellm-1.84"),
    ],
)
def test_a_program_started_in_two_ways_is_installed_once(name: str, home: str) -> None:
    assert load(name).home == home


def test_the_list_names_every_recipe_and_its_routes(conformance: Command) -> None:
    done = conformance("try", "--list")

    assert done.returncode == 0
    assert [line.split()[0] for line in done.stdout.splitlines()] == names()
    assert "nginx system: default, streams, gzip" in done.stdout


def test_a_router_is_started_judged_and_stopped(
    recipe: Callable[..., Path], conformance: Command, tmp_path: Path
) -> None:
    done = conformance("try", str(recipe()), "--only", "done.present", "--run-dir", "runs")

    assert done.returncode == 1, done.stderr
    assert "Reference 1, good\n" in done.stdout
    assert "conformant: " in done.stdout
    assert "fail  done.present: " in done.stdout
    for name in ("good", "broken"):
        lines = (tmp_path / f"runs/mine/{name}/run.jsonl").read_text("utf-8").split("\n")
        assert json.loads(lines[0])["profile"]["name"] == "reference"
    assert (tmp_path / "runs/mine/good/report.md").is_file()


def test_one_route_can_be_chosen(recipe: Callable[..., Path], conformance: Command) -> None:
    chosen = ("--route", "good", "--only", "done.present")

    assert conformance("try", str(recipe()), *chosen).returncode == 0


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('title   = "Reference"', "", "{path}: 'title' is missing"),
        ('title   = "Reference"', 'titel = "x"', ("{path}: no member 'titel'; there are files, "
         "from, install, key, lenient, ports, profile, route, setup, start, title, version, "
         "without")),
        ('title   = "Reference"', 'title = "x"\nwithout = ["goood"]',
         "{path}: without 'goood': one of good, broken"),
        ('by = "system"', 'by = "magic"', "{path}: install.by 'magic': one of pip, npm, system"),
        ('name     = "good"\nsurfaces = ["chat"]', 'name     = "good"\nsurfaces = ["soap"]',
         "{path}: route good: surface 'soap': one of chat, responses, messages, gemini"),
        ('path     = "/drops_done/v1"', 'port = "side"',
         "{path}: route broken: port 'side': one of main"),
        ("status  = [200]", "statsu = [200]",
         "{path}: Start.__init__() got an unexpected keyword argument 'statsu'"),
        ('"{{port.main}}"', '"{{port.side}}"', ("mine: nothing is called {{port.side}}; there are "
         "bin, dir, key, port.main, second, second.host, second.port, upstream, upstream.host, "
         "upstream.port")),
        ('path     = "/drops_done/v1"', 'fallback = ["often"]', ("{path}: route broken: fallback "
         "['often']: true, or a list of 5xx, connection, error, empty, timeout and of statuses "
         "such as 429 is needed")),
    ],
)  # fmt: skip
def test_a_recipe_that_cannot_be_followed_is_wrong_usage(
    old: str, new: str, message: str, recipe: Callable[..., Path], conformance: Command
) -> None:
    path = recipe(old, new)

    done = conformance("try", str(path), "--only", "done.present")

    assert done.returncode == 4
    assert done.stderr == f"conformance: {message.replace('{path}', str(path))}\n"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (f'binary = "{sys.executable}"', 'binary = "no-such-router"',
         "Reference: no no-such-router is installed"),
        ('"conformance.selfcheck.serve"', '"no.such"', "Reference: it ended with code 1; its log "),
        ("status  = [200]", "status = [418]\nseconds = 1", "Reference: not ready after 1 s: "),
    ],
)  # fmt: skip
def test_a_router_that_does_not_come_up_is_an_error_and_no_verdict(
    old: str, new: str, message: str, recipe: Callable[..., Path], conformance: Command
) -> None:
    done = conformance("try", str(recipe(old, new)), "--only", "done.present")

    assert done.returncode == 3
    assert done.stderr.startswith(f"conformance: {message}")
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("file", "text", "start"),
    [
        ("profile.toml", 'title = "Mine"', "mine: {path}: 'source' is missing"),
        ("expected-failures.good.toml", "[[expected]", "{path}"),
    ],
)
def test_what_is_wrong_with_a_file_beside_a_recipe_is_wrong_usage(
    file: str, text: str, start: str, recipe: Callable[..., Path], conformance: Command
) -> None:
    path = recipe().with_name(file)
    path.write_text(text, "utf-8")

    done = conformance("try", str(recipe()), "--route", "good", "--only", "done.present")

    assert done.returncode == 4
    assert done.stderr.startswith(f"conformance: {start.replace('{path}', str(path))}")


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("{{dir}}/notes.txt", "/notes.txt has no new line whose id is "),
        ("{{side}}/notes.txt", "profile.toml: nothing is called {{side}}; there are bin, dir, "),
    ],
)
def test_bills_may_be_in_what_a_recipe_has_rendered(
    file: str, said: str, recipe: Callable[..., Path], conformance: Command, tmp_path: Path
) -> None:
    bill = {"source": "file", "file": file, "id": "x-request-id", "output": "out", "seconds": 0.1}
    told = ('profile = "reference"', 'title = "Mine"', 'source = "this test"', "[bill]",
            *(f"{name} = {json.dumps(value)}" for name, value in bill.items()))  # fmt: skip
    text = "\n".join(told)
    recipe().with_name("profile.toml").write_text(text, "utf-8")
    only = ("--route", "good", "--only", "bill.stream-recorded")

    done = conformance("try", str(recipe()), *only, "--run-dir", "runs")

    assert done.returncode
    run = tmp_path / "runs/mine/good/run.jsonl"
    assert said in done.stderr + (run.read_text("utf-8") if run.is_file() else "")


def test_a_recipe_that_starts_from_another_has_its_files_and_its_profile() -> None:
    one, other = load("litellm"), load("litellm-1.84")

    assert (one.files, one.profile) == (other.files, other.profile)
    assert Path(one.profile).parts[-2:] == ("litellm", "profile.toml")


def test_a_route_that_falls_back_has_a_second_provider_and_may_be_for_that_alone(
    recipe: Callable[..., Path], conformance: Command
) -> None:
    second = '"--port", "{{port.main}}", "--second-upstream", "{{second}}/v1"'
    path = recipe('"--port", "{{port.main}}"', second)
    told = path.read_text("utf-8").replace("/drops_done/v1", "/reference-fallback/v1")
    alone = 'fallback = ["5xx"]\nonly = ["fallback-midway", "done.present"]\n'
    path.write_text(f"{told}{alone}", "utf-8")
    only = ("--only", "retry.no-duplicate-content", "--only", "client-error")

    done = conformance("try", str(path), "--route", "broken", *only)

    assert done.returncode == 0, done.stdout
    assert done.stderr.endswith("broken: 1 cases\n")
    assert "conformant: 1 case, exit 0" in done.stdout


def test_an_unknown_recipe_or_route_is_told_what_there_is(
    recipe: Callable[..., Path], conformance: Command
) -> None:
    told = conformance("try", "ngnix")
    assert (told.returncode, told.stderr) == (
        4, "conformance: no recipe 'ngnix'; did you mean 'nginx'?\n"
    )  # fmt: skip
    told = conformance("try", str(recipe()), "--route", "best")
    assert told.stderr == "conformance: mine has no route 'best'; there are good, broken\n"


def test_an_installer_that_fails_says_what_it_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, recipe: Callable[..., Path]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    by_pip = 'by = "pip", packages = ["./nowhere-to-be-found"], '
    told = read(recipe('by = "system", ', by_pip))

    with pytest.raises(NotInstalled, match=r"pip ended with 1: .*nowhere-to-be-found"):
        installed(told)


def test_a_recipe_that_wants_something_else_is_installed_beside_what_was(
    recipe: Callable[..., Path],
) -> None:
    one, other, same = (
        place(read(recipe('by = "system", ', f'by = "pip", packages = ["{package}"], ')))
        for package in ("herb==1", "herb==2", "herb==1")
    )

    assert one == same != other
    assert one.parent == other.parent


@pytest.mark.parametrize(
    ("said", "version"),
    [("server version: herb/1.22.1", "1.22.1"), ("no number", "1")],
)
def test_a_program_of_the_system_is_asked_for_its_version(
    said: str, version: str, recipe: Callable[..., Path], conformance: Command
) -> None:
    asked = json.dumps(["-c", f"print({said!r})"])
    path = recipe('by = "system", ', f'by = "system", asked = {asked}, ')

    done = conformance("try", str(path), "--route", "good", "--only", "done.present")

    assert f"Reference {version}, good\n" in done.stdout


def test_a_route_says_what_every_request_has(
    recipe: Callable[..., Path], conformance: Command, tmp_path: Path
) -> None:
    path = recipe('path     = "/drops_done/v1"', 'path = "/drops_done/v1"\nbody = { seed = 31 }')

    conformance("try", str(path), "--route", "broken", "--only", "done.present", "--run-dir", "r")

    lines = (tmp_path / "r/mine/broken/run.jsonl").read_text("utf-8").split("\n")
    told = [json.loads(line) for line in lines if line]
    asked = [line["request"]["body"] for line in told if line["kind"] == "evidence"]
    assert {body["seed"] for body in asked} == {31}


@pytest.mark.parametrize(("lenient", "code"), [("true", 0), ("false", 4)])
def test_a_lenient_provider_takes_what_a_strict_one_refuses(
    lenient: str, code: int, recipe: Callable[..., Path], conformance: Command
) -> None:
    path = recipe('path     = "/reference/v1"', 'path = "/reference/v1"\nbody = { no_stop = 1 }')
    path.write_text(f"lenient = {lenient}\n{path.read_text('utf-8')}", "utf-8")

    done = conformance("try", str(path), "--route", "good", "--only", "done.present")

    assert done.returncode == code, done.stderr


def test_what_fails_is_written_down_and_then_expected(
    recipe: Callable[..., Path], conformance: Command
) -> None:
    asked = ("try", str(recipe()), "--route", "broken", "--only", "done.present")

    first = conformance(*asked, "--update-expected", "herb team")
    again = conformance(*asked)

    assert (first.returncode, again.returncode) == (1, 0)
    assert "expected-failures.broken.toml: " in first.stdout
    assert "expected failures: " in again.stdout


SETUP = """[[setup]]
path    = "/reference/v1/chat/completions"
headers = { authorization = "Bearer {{key}}" }
body    = { model = "mock-model", messages = [{ role = "user", content = "of {{upstream.host}}" }] }
keep    = { model = "model", word = "choices.0.message.content" }

[[setup]]
path    = "/reference/v1/models"
method  = "GET"
headers = { authorization = "Bearer {{key}}", x-model = "{{model}}" }

"""
HEADED = 'path     = "/reference/v1"\nheaders  = { x-model = "{{model}}" }'


def test_a_router_is_set_up_before_it_is_asked(
    recipe: Callable[..., Path], conformance: Command, tmp_path: Path
) -> None:
    path = recipe('path     = "/reference/v1"', HEADED)
    path.write_text(path.read_text("utf-8").replace("[[route]]", f"{SETUP}[[route]]", 1), "utf-8")

    done = conformance(
        "try", str(path), "--route", "good", "--only", "done.present", "--run-dir", "r"
    )

    assert done.returncode == 0, done.stderr
    lines = (tmp_path / "r/mine/good/run.jsonl").read_text("utf-8").split("\n")
    told = [json.loads(line) for line in lines if line]
    headers = [line["request"]["headers"] for line in told if line["kind"] == "evidence"]
    assert all(["x-model", "mock-model"] in each for each in headers)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"/reference/v1/models"', '"reference"',
         "{path}: setup[1].path 'reference': a path such as /keys is needed"),
        ('"GET"', '"FETCH"', "{path}: setup[1].method 'FETCH': one of POST, PUT, PATCH, GET"),
        ('keep    = { model = "model"', "keep    = { model = 3",
         "{path}: setup[0].keep {'model': 3, 'word': "),
        ("keep    = { model", 'keep    = { "the model"', ("{path}: setup[0].keep 'the model': "
         "a name of letters, digits, _ and . is needed")),
        ("method  =", "methods =", ("{path}: setup[1].methods: no such member; "
         "there are path, body, keep, headers, method")),
        ('path    = "/reference/v1/models"\n', "", "{path}: setup[1] {'method': 'GET', "),
        ("{{upstream.host}}", "{{host}}", "mine: setup[0]: nothing is called {{host}}; "),
    ],
)  # fmt: skip
def test_a_request_that_cannot_be_sent_is_wrong_usage(
    old: str, new: str, message: str, recipe: Callable[..., Path], conformance: Command
) -> None:
    path = recipe("[[route]]", f"{SETUP.replace(old, new)}[[route]]")

    done = conformance("try", str(path), "--route", "good", "--only", "done.present")

    assert done.returncode == 4
    assert done.stderr.startswith(f"conformance: {message.replace('{path}', str(path))}")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("Bearer {{key}}", "Bearer sk-no", "POST {url} answered 401, not 2xx: "),
        ('"model"', '"modell"', "POST {url} has no 'modell' for 'model' in its answer: {"),
    ],
)
def test_a_router_that_is_not_set_up_is_an_error_and_no_verdict(
    old: str, new: str, message: str, recipe: Callable[..., Path], conformance: Command
) -> None:
    path = recipe("[[route]]", f"{SETUP.replace(old, new)}[[route]]")

    done = conformance("try", str(path), "--route", "good", "--only", "done.present")

    url = r"http://127.0.0.1:\d+/reference/v1/chat/completions"
    said = re.escape(f"conformance: Reference: setup[0]: {message}").replace(r"\{url\}", url)
    assert done.returncode == 3
    assert re.match(said, done.stderr)


def test_what_starts_from_another_has_its_programs_and_files_but_for_its_own() -> None:
    server, gateway = load("mlflow-server"), load("mlflow")

    assert (server.home, server.install) == (gateway.home, gateway.install)
    assert [path.parent.name for path in server.files] == ["mlflow-server"]
    older = load("litellm-1.84")
    assert older.home == "litellm-1.84"
    assert {path.parent.name for path in older.files} == {"litellm"}
    assert {each.name for each in load("litellm").routes} > {each.name for each in older.routes}


@pytest.mark.parametrize(
    ("version", "code"), [("", 0), ('version = ">=2"', 0), ('version = "<2"', 1)]
)
def test_what_fails_in_both_is_written_down_once(
    version: str, code: int, recipe: Callable[..., Path], conformance: Command, tmp_path: Path
) -> None:
    asked = ("--route", "broken", "--only", "done.present")
    first = recipe()
    conformance("try", str(first), *asked, "--update-expected", "herb team")
    with first.with_name("expected-failures.broken.toml").open("a", encoding="utf-8") as file:
        file.write(f"{version}\n")
    later = tmp_path / "later.toml"
    later.write_text(f'from = "{first.parent}"\nversion = "2"\n', "utf-8")

    done = conformance("try", str(later), *asked)

    assert done.returncode == code, done.stdout


ASKED_OF_LOAD = "no case matches load.*beside-stalled*; the family load is asked with --load"


@pytest.mark.parametrize(
    ("more", "code", "said"), [((), 5, ASKED_OF_LOAD), (("--load",), 0, " cases")]
)
def test_what_takes_a_great_deal_is_asked_on_request(
    more: tuple[str, ...], code: int, said: str, recipe: Callable[..., Path], conformance: Command
) -> None:
    asked = ("--route", "good", "--only", "load.*beside-stalled*", *more)

    done = conformance("try", str(recipe()), *asked)

    assert done.returncode == code
    assert done.stderr.strip().endswith(said)


def test_templates_are_filled_in(tmp_path: Path) -> None:
    source, into = tmp_path / "a.conf", tmp_path / "into"
    source.write_text("listen {{port}}; $host", "utf-8")
    into.mkdir()

    rendered([source], {"port": "80"}, into)

    assert (into / "a.conf").read_text("utf-8") == "listen 80; $host"
    with pytest.raises(BadRecipe, match=r"a.conf: nothing is called {{port}}; there are host"):
        filled("{{port}}", {"host": "h"}, "a.conf")


def test_bytes_of_one_api_are_not_asked_of_another() -> None:
    asked = list(cases(RULES.values(), PROBES.values()))
    chat, messages = (
        {case.probe.id for case in asked if portable(case, upstream)}
        for upstream in ("chat", "messages")
    )

    assert {"text", "tool-call", "refusal", "incremental-tools"} <= messages
    assert {"cut", "unfinished", "leave", "leave-early", "bill-cancel"} <= chat & messages
    assert {"done-then-open", "tool-in-finish", "two-choices"} <= chat - messages
    assert not {"extras", "unread-messages", "done-foreign"} & chat
    assert not any(
        portable(case, upstream)
        for case in asked
        for upstream, word in (
            ("gemini", "incremental-tools"),
            ("gemini", "content.complete[chat-content-filter]"),
            ("chat", "gem.continuation-kept"),
        )
        if word in (case.probe.id, case.rule.id, case.id)
    )
