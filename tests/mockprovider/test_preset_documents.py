"""Presets of providers: what a scenario becomes under one, and what is said about a wrong one."""

import zlib
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from jsonschema import Draft202012Validator

from mockprovider import marker, presets, scenario
from mockprovider.cli import main
from mockprovider.marker import Marker
from mockprovider.scenario import Scenario
from mockprovider.shapes import Json
from mockprovider.steps import BadScenario

if TYPE_CHECKING:
    from tests.mockprovider.conftest import Mock

FOLDER = scenario.fixtures_dir() / "providers"
NAMES = sorted(path.stem for path in FOLDER.glob("*.toml"))
TITLED = {"title": "T", "source": "S"}
TEXT: dict[str, Json] = {"summary": "", "step": [{"say": "Aloe"}, {"finish": "stop"}]}


def built(**members: Json) -> Scenario:
    return scenario.built({**TEXT, **members}, "x.toml")


@pytest.mark.parametrize("name", NAMES)
def test_every_preset_renders_on_every_surface(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for surface in ("chat", "messages", "responses", "gemini"):
        for told in ("text", "tool-call", "reasoning", "error-inband"):
            assert main(["show", f"{told}@{name}", "--surface", surface]) == 0
            assert main(["show", f"{told}@{name}", "--surface", surface, "--plain"]) == 0
    assert capsys.readouterr().err == ""


def test_presets_fit_the_schema_as_others_read_it() -> None:
    shape = {**scenario.schema(), "$ref": "#/$defs/provider"}
    validator = Draft202012Validator({key: shape[key] for key in ("$defs", "$ref")})

    for path in FOLDER.glob("*.toml"):
        validator.validate(presets.document(path))


def test_a_scenario_wins_over_the_preset_it_names() -> None:
    told = built(provider="cerebras", chat={"done": True})

    assert told.habits["chat"]["done"] is True
    assert told.habits["chat"]["finish_before"] == "absent"


def test_a_scenario_has_the_headers_and_the_framing_of_its_provider(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "own.toml"
    file.write_text(
        'summary = ""\nprovider = "perplexity"\nstep = [{ say = "Aloe" }]\n'
        'head = { headers = [["cache-control", "mine"]] }\n'
    )

    assert main(["show", str(file)]) == 0
    shown = capsys.readouterr().out
    assert "cache-control: mine" in shown
    assert "no-cache" not in shown
    assert "ping - " in shown
    assert "\\r\\n" in shown


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"title": "T"}, "provider x: the document lacks 'source'"),
        ({**TITLED, "caht": {}}, "provider x: unknown member 'caht'; did you mean 'chat'?"),
        (
            {**TITLED, "chat": {"role": "evry"}},
            "provider x: chat.role is 'evry'; did you mean 'every'?",
        ),
        (
            {**TITLED, "messages": {"pong": "start"}},
            "provider x: unknown member 'messages.pong'; did you mean 'ping'?",
        ),
    ],
)
def test_a_wrong_preset_is_said_in_one_sentence(document: Json, message: str) -> None:
    with pytest.raises(BadScenario) as caught:
        presets.built(document, "x", scenario.schema())

    assert str(caught.value).startswith(message)


def test_an_unknown_provider_gets_a_near_match_or_all_names() -> None:
    with pytest.raises(BadScenario, match=r"x.toml: no provider 'azur'; did you mean 'azure'\?"):
        built(provider="azur")
    with pytest.raises(BadScenario, match="no provider 'qqqq'; there is alibaba, azure, "):
        built(provider="qqqq")


def test_a_scenario_has_one_provider() -> None:
    with pytest.raises(BadScenario, match=r"'x.toml' has provider 'groq'; it takes no other"):
        scenario.named(built(provider="groq"), "azure")


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b"[[mock:text@azure#r1-1]]", Marker("text", "r1-1", provider="azure")),
        (b"[[mock:inline:QUI=@xai#r1-1]]", Marker("inline", "r1-1", b"QUI", provider="xai")),
    ],
)
def test_a_marker_may_name_a_provider(body: bytes, found: Marker) -> None:
    assert marker.find(body) == found


def test_the_mock_plays_the_provider_of_the_marker(mock: "Mock") -> None:
    nonce = mock.nonce()
    answer = mock.ask("text@azure", nonce)

    assert answer.events[0]["id"] == ""
    assert answer.headers["x-accel-buffering"] == "no"
    assert mock.entry(nonce)["scenario"] == "text@azure"


def test_an_inline_script_may_name_its_provider(mock: "Mock") -> None:
    script = 'summary = ""\nprovider = "writer"\nstep = [{ say = "Aloe" }, { finish = "stop" }]'
    packed = urlsafe_b64encode(zlib.compress(script.encode())).decode()

    assert mock.ask(f"inline:{packed}").body.count(b"[DONE]") == 0


def test_an_unknown_provider_in_a_marker_is_refused(mock: "Mock") -> None:
    answer = mock.ask("text@azur")

    assert answer.status == 400
    told = answer.json["error"]
    assert told["code"] == "mock_marker"
    assert told["message"] == "no provider 'azur'; did you mean 'azure'?"
