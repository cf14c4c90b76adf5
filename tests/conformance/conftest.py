"""Running servers and a run written down by hand, for the tests of what is around the judge."""

import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from conformance.cli import main
from conformance.exchange import Json
from conformance.report.run import SCHEMA, Run
from conformance.selfcheck.servers import Servers, servers

Command = Callable[..., "subprocess.CompletedProcess[str]"]

HEADER = {
    "kind": "header",
    "schema": SCHEMA,
    "tool": {"name": "streamproof", "version": "1.2.3"},
    "run": "r1",
    "started": "2026-11-21T12:00:00.000+00:00",
    "mode": "controlled",
    "note": "",
    "router": {"url": "http://127.0.0.1:8080/v1", "model": "mock-model"},
    "profile": {"name": "generic", "title": "Any router", "source": "here"},
    "mock": {"upstream_url": "http://127.0.0.1:9100/v1"},
    "options": {"deadline": 20.0, "patience": 3.0, "strict_should": False, "black_box": False},
    "platform": {"python": "3.11.7", "system": "Linux", "machine": "x86_64"},
}
RULE = {
    "kind": "rule", "id": "done.present", "family": "done", "level": "MUST", "basis": "vendor-doc",
    "needs": [], "policy": "", "text": "A stream that did not fail ends with data: [DONE].",
    "cites": ["the API reference"], "bugs": ["owner/router#7"],
}  # fmt: skip
FINDING = {
    "message": "the body ended without data: [DONE]", "exchange": "stream", "where": "",
    "span": [12, 12], "excerpt": r"data: {}\n\n«»",
}  # fmt: skip
CASE = {
    "kind": "case", "id": "done.present[chat-text]", "rule": "done.present", "level": "MUST",
    "basis": "vendor-doc", "family": "done", "probe": "text", "surface": "chat", "verdict": "pass",
    "reason": "", "findings": [], "more_findings": 0,
    "exchanges": [{"name": "stream", "nonce": "r1-0.stream", "status": 200, "end": "complete"}],
    "repeat": {}, "seconds": 0.25,
}  # fmt: skip
EVIDENCE = {
    "kind": "evidence", "nonce": "r1-0.stream", "exchange": "stream",
    "request": {"method": "POST", "url": "http://127.0.0.1:8080/v1/chat/completions",
                "headers": [["authorization", "[redacted]"]], "body": {"stream": True}},
    "curl": "curl -sN http://127.0.0.1:8080/v1/chat/completions", "status": 200,
    "headers": [["content-type", "text/event-stream"]], "body": "ZGF0YToge30KCg==", "bytes": 10,
    "reads": [[1, 10]], "end": "complete", "error": "", "holds": [{"name": "first", "lag": 0}],
    "journal": [],
}  # fmt: skip
FOOTER = {
    "kind": "footer", "finished": "2026-11-21T12:00:01.000+00:00", "counts": {"fail": 1},
    "selected": 1, "exit": 1, "sha256": "0" * 64,
}  # fmt: skip
REPEAT = {"conformance": "conformance run URL --only X", "pytest": "pytest --pyargs conformance"}


@pytest.fixture
def case() -> Callable[..., Json]:
    """Return what makes a case of a verdict; one that is broken has a finding."""

    def made(verdict: str, **members: Json) -> Json:
        broken = verdict in {"fail", "warn"}
        found = {"findings": [FINDING], "repeat": REPEAT} if broken else {}
        return {**CASE, "verdict": verdict, **found, **members}

    return made


@pytest.fixture
def run() -> Callable[..., Run]:
    """Return what makes a run of cases."""

    def made(*cases: Json, exit: int = 1, **header: Json) -> Run:
        told = Run({**HEADER, **header})
        for line in (RULE, EVIDENCE, *cases, {**FOOTER, "selected": len(cases), "exit": exit}):
            told.add(line)
        return told

    return made


@pytest.fixture
def lines() -> list[Json]:
    """Return the lines of a run without its footer."""
    return [HEADER, RULE, EVIDENCE, CASE]


@pytest.fixture(scope="session")
def started() -> Iterator[Servers]:
    """The mock, and all routers of the self-check in front of it."""
    with servers() as running:
        yield running


@pytest.fixture(scope="session")
def impatient() -> Iterator[Servers]:
    """The same with limits so short that a test can wait for them."""
    with servers("--keepalive-ms", "100", "--idle-ms", "400") as running:
        yield running


@pytest.fixture
def conformance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    """Return what runs a command here: as in a process of its own, only faster."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ROUTER_KEY", raising=False)

    def runs(*args: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        try:
            code = main(args)
        except SystemExit as end:  # argparse ends so
            code = int(end.code or 0)
        return subprocess.CompletedProcess(args, code, *capsys.readouterr())

    return runs


@pytest.fixture
def process(tmp_path: Path) -> Command:
    return command(tmp_path, "conformance")


@pytest.fixture
def testing(tmp_path: Path) -> Command:
    return command(tmp_path, "pytest", "--pyargs", "conformance")


def command(where: Path, module: str, *always: str) -> Command:
    """Return what runs a module as users do: in a process of its own, in an empty directory."""
    plain = {key: value for key, value in os.environ.items() if key != "ROUTER_KEY"}

    def runs(*args: str, **env: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", module, *always, *args],
            check=False, timeout=300, capture_output=True, text=True, cwd=where, env=plain | env,
        )  # fmt: skip

    return runs
