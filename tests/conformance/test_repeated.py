"""A finding is repeated with what anyone has: the small provider, a router, its requests."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.manual.findings import REPEATED, Finding, Setup
from conformance.manual.repeated import again, main
from conformance.recipes.recipe import Install, Recipe, Start

ROUTER = """
import http.server, urllib.request
class Router(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
    def do_POST(self):
        asked = self.rfile.read(int(self.headers["content-length"]))
        answer = urllib.request.urlopen("http://127.0.0.1:9100/v1", asked).read()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"spoilt: " + answer)
http.server.HTTPServer(("127.0.0.1", 4000), Router).serve_forever()
"""
RECIPE = Recipe(
    "mine", "Mine", "1.0", "generic", Path(), Path(), Install("system", "curl"), Start((), "/"), ()
)
FINDING = Finding(
    name="mine", route="mine/x", case="c", title="t", text="t", right="r", answer=("data: hi",),
    asks=("curl -sN http://127.0.0.1:4000/v1 -d '{}'",), mark="spoilt", config=ROUTER,
)  # fmt: skip
SETUP = Setup("", f"{sys.executable} router.py", 4000, "router.py")


def test_what_comes_of_a_finding_is_what_was_said_on_both_sides() -> None:
    came = again(FINDING, RECIPE, SETUP)

    assert came.client == "spoilt: data: hi\n\ncurl ends with 0\n"
    assert came.provider.startswith("POST /v1 HTTP/1.1\n")
    assert came.provider.endswith("\n\n{}\n")
    assert "Host: 127.0.0.1:9100\n" in came.provider


def test_a_command_that_fails_is_told_with_its_code() -> None:
    came = again(replace(FINDING, end="cut", asks=("curl -sN http://x.invalid/",)), RECIPE, SETUP)

    assert came.client == "\n\ncurl ends with 6\n"


def test_a_router_that_is_not_to_be_had_leaves_what_was_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    before = REPEATED.read_bytes()

    assert main(["portkey-cut"]) == 3

    assert REPEATED.read_bytes() == before
    assert capsys.readouterr().err == (
        "portkey-cut: not repeated: Portkey gateway: it is installed by npm, and there is none\n"
    )


def test_the_provider_says_where_it_listens(tmp_path: Path) -> None:
    program = Path(__file__).parents[2] / "docs" / "findings" / "provider.py"
    command = [sys.executable, str(program), str(tmp_path / "none"), "0"]

    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        said = process.stderr.readline()
        process.terminate()

    assert said.startswith("provider on http://127.0.0.1:")
