"""`run.jsonl`: written line by line, read back, never trusted blindly."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from conformance.exchange import Json
from conformance.report.run import BadRun, Run, Writer, read

FOOTER = {
    "kind": "footer",
    "finished": "2026-11-21T12:00:01+00:00",
    "counts": {"pass": 1},
    "selected": 1,
    "exit": 0,
}


@pytest.fixture
def written(tmp_path: Path, lines: list[Json]) -> Path:
    path = tmp_path / "deep" / "run.jsonl"
    with Writer(path) as writer:
        for line in lines:
            writer.write(line)
        writer.close(FOOTER)
    return path


def test_what_was_written_is_read_back(written: Path, lines: list[Json]) -> None:
    header, rule, evidence, case = lines
    told = read(written)

    assert told.footer.pop("sha256")
    assert told == Run(
        header, {"done.present": rule}, [case], {"r1-0.stream": evidence}, FOOTER, ""
    )


def test_rules_and_evidence_are_written_once(tmp_path: Path, lines: list[Json]) -> None:
    header, rule, evidence, case = lines
    with Writer(tmp_path / "run.jsonl") as writer:
        writer.write(header)
        for _ in range(2):
            writer.tell(rule, case, [evidence])

    kinds = [json.loads(line)["kind"] for line in writer.path.read_text().splitlines()]
    assert kinds == ["header", "rule", "evidence", "case", "case"]


def test_text_that_is_no_unicode_is_written_as_an_escape(tmp_path: Path, lines: list[Json]) -> None:
    with Writer(tmp_path / "run.jsonl") as writer:
        writer.write({**lines[0], "note": "\udc80"})

    assert read(writer.path).header["note"] == "\udc80"


Change = Callable[[list[bytes]], list[bytes]]


@pytest.mark.parametrize(
    ("change", "damage"),
    [
        (lambda lines: lines[:-1], "the run was cut short: there is no footer"),
        (lambda lines: [*lines[:-2], lines[-2][:30]], "line 4 is no line of a run"),
        (
            lambda lines: [*lines[:3], lines[3].replace(b"pass", b"fail"), lines[4]],
            "the checksum in the footer does not match: the file was changed",
        ),
        (
            lambda lines: [*lines[:3], lines[4]],
            "the checksum in the footer does not match: the file was changed",
        ),
        (lambda lines: [*lines, lines[3]], "line 6: nothing may follow the footer"),
        (lambda lines: [*lines[:1], b"[]\n"], "line 2 is no line of a run"),
        (lambda lines: [*lines[:1], b'{"kind": "case"}\n'], "line 2 is no line of a run"),
    ],
)
def test_a_run_that_was_cut_or_changed_says_so(written: Path, change: Change, damage: str) -> None:
    lines = change(written.read_bytes().splitlines(keepends=True))
    written.write_bytes(b"".join(lines))

    assert read(written).damage == damage


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"", "no header; conformance run writes run.jsonl"),
        (b"\xff\xfe", "line 1 is no line of a run; conformance run writes run.jsonl"),
        (b'{"kind": "header", "schema": 99}\n', "line 1 is no line of a run; conformance run"),
        (b"{}\n", "line 1 is no line of a run; conformance run writes run.jsonl"),
    ],
)
def test_a_file_that_is_no_run_is_refused(tmp_path: Path, data: bytes, complaint: str) -> None:
    path = tmp_path / "run.jsonl"
    path.write_bytes(data)

    with pytest.raises(BadRun) as error:
        read(path)

    assert str(error.value).startswith(f"{path}: {complaint}")


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRun, match="No such file or directory"):
        read(tmp_path / "run.jsonl")
