"""The pytest fixtures, as somebody's own test files use them."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

IMPORTS = """
import json
import httpx
import pytest

def ask(mock_provider, text):
    body = {"model": "m", "stream": True, "messages": [{"role": "user", "content": text}]}
    return httpx.post(
        mock_provider.url.chat + "/chat/completions", json=body,
        headers={"authorization": "Bearer k"}, trust_env=False,
    )
"""

pytestmark = pytest.mark.slow


def ran(folder: Path, code: str, *options: str) -> str:
    """Run a test file as its author would, and return what pytest says."""
    (folder / "test_own.py").write_text(IMPORTS + code)
    command = [sys.executable, "-W", "error", "-m", "pytest", "-p", "no:cacheprovider", "-q"]
    done = subprocess.run(
        [*command, *options], cwd=folder, capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr


def test_a_scenario_is_armed_as_toml_as_a_document_or_by_its_name(tmp_path: Path) -> None:
    code = """
TOML = 'summary = "."\\nstep = [{ say = "Aloe" }]'
DOCUMENT = {"summary": ".", "step": [{"say": "Aloe"}]}

@pytest.mark.parametrize("script", [TOML, DOCUMENT, "text"])
def test_it_answers(mock_provider, mock_scenario, script):
    marker = mock_scenario(script)
    answer = ask(mock_provider, "please " + marker)
    assert ("birch" if script == "text" else "Aloe") in answer.text
    entry = marker.entry()
    assert entry["end"]["kind"] == "complete"
    assert marker in entry["request"]["body"]
    assert marker.journal() == [entry]

def test_each_call_is_a_scenario_of_its_own(mock_provider, mock_scenario):
    first, second = mock_scenario(TOML), mock_scenario("error-500")
    assert ask(mock_provider, second).status_code == 500
    assert ask(mock_provider, first).status_code == 200
    assert (len(first.journal()), len(second.journal())) == (1, 1)
    assert first.nonce.startswith("test_each_call_is_a_scenario_of_its_own.")
"""

    assert "4 passed" in ran(tmp_path, code)


def test_a_stream_is_held_released_and_aborted(tmp_path: Path) -> None:
    code = """
def test_it_stands_still(mock_provider, mock_scenario):
    marker = mock_scenario("holds")
    body = {"model": "m", "stream": True, "messages": [{"role": "user", "content": marker}]}
    url = mock_provider.url.chat + "/chat/completions"
    with httpx.Client(headers={"authorization": "Bearer k"}, trust_env=False) as client:
        with client.stream("POST", url, json=body) as answer:
            assert marker.entry("hold:first")["end"] is None
            assert marker.release("first") == ["first"]
            marker.entry("hold:second")
            assert marker.abort("rst") == 1
            with pytest.raises(httpx.ReadError):
                answer.read()
    assert marker.entry()["end"]["kind"] == "aborted"
"""

    assert "1 passed" in ran(tmp_path, code)


def test_a_marker_needs_no_fixture_but_the_mock(tmp_path: Path) -> None:
    code = """
@pytest.mark.parametrize("script", ["text", {"summary": ".", "step": [{"say": "birch"}]}])
def test_it_carries_the_script(mock_provider, script):
    assert "birch" in ask(mock_provider, mock_provider.marker(script)).text

def test_it_names_the_nonce(mock_provider):
    ask(mock_provider, mock_provider.marker("text", "mine-1"))
    assert len(mock_provider.client.journal("mine-1")) == 1

def test_every_surface_has_a_url(mock_provider):
    base = mock_provider.data_url
    assert mock_provider.client.health()["data_url"] == base
    assert mock_provider.url.messages == mock_provider.url.gemini == base
    assert mock_provider.url.chat == mock_provider.url.responses == base + "/v1"
"""

    assert "4 passed" in ran(tmp_path, code)


def test_a_test_leaves_nothing_behind(tmp_path: Path) -> None:
    code = """
def test_first(mock_provider, mock_scenario):
    ask(mock_provider, mock_scenario("text"))
    assert len(mock_provider.client.journal()) == 1

def test_second(mock_provider):
    assert mock_provider.client.journal() == []
"""

    assert "2 passed" in ran(tmp_path, code)


def test_the_options_of_the_mock_are_a_fixture(tmp_path: Path) -> None:
    code = """
@pytest.fixture(scope="session")
def mock_provider_options():
    return ["--token=open-sesame", "--key", "other"]

def test_they_are_used(mock_provider, mock_scenario):
    assert ask(mock_provider, mock_scenario("text")).status_code == 401
    assert mock_provider.client.health()["ok"]
"""

    assert "1 passed" in ran(tmp_path, code)


NO_NAME = """
def test_it(mock_scenario):
    mock_scenario("txt")
"""
NO_SCENARIO = """
def test_it(mock_scenario):
    mock_scenario("summary = 5")
"""
NO_REQUEST = """
def test_it(mock_scenario):
    mock_scenario("text").entry(timeout_ms=1)
"""
NO_OPTION = """
@pytest.fixture(scope="session")
def mock_provider_options():
    return ["--prot"]

def test_it(mock_provider): ...
"""
KILLED = """
import os, signal

def test_it(mock_provider):
    os.kill(mock_provider.pid, signal.SIGKILL)
    with pytest.raises(RuntimeError, match="no mock provider answers there"):
        mock_provider.client.health()
"""


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (NO_NAME, r"MockError: no scenario 'txt'; did you mean 'text'\?"),
        (
            NO_SCENARIO,
            r"MockError: PUT http://\S+/_mock/armed/test_it\.\d+-\d+: 400: armed: the doc",
        ),
        (NO_REQUEST, r"no request with the marker \[\[mock:text#test_it\.\d+-\d+\]\] has come"),
        (
            NO_OPTION,
            "did not start, with code 4; it said: mockprovider: unrecognized arg.*: --prot",
        ),
        (KILLED, "--print-json: ended too soon, with code -9; it said: nothing"),
    ],
)
def test_what_goes_wrong_is_said(tmp_path: Path, code: str, message: str) -> None:
    told = ran(tmp_path, code)

    assert re.search(message, told), told


def test_the_plugin_costs_nothing_until_it_is_used() -> None:
    code = (
        "import sys, mockprovider.fixtures;"
        "print(sorted({'httpx', 'uvicorn', 'mockprovider.client'} & set(sys.modules)))"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"
