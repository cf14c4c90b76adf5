"""`run.jsonl`: everything of one run, a JSON value a line; written as it happens, read whole.

Lines: a header, the rules and cases as they are judged, the evidence they speak of, the clients
that read the streams, a footer with the counts and the SHA-256 of every byte before it. A run
without a footer was cut short.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Self

from jsonschema import Draft202012Validator

from conformance.exchange import Json
from conformance.resources import FIXTURES

FILE = "run.jsonl"
SCHEMA = 1


class BadRun(ValueError):
    """A file that is no run; the message names file, line and what is wrong."""


@dataclass
class Run:
    """A run in memory, as far as it has come."""

    header: Json = field(default_factory=dict)
    rules: dict[str, Json] = field(default_factory=dict)
    cases: list[Json] = field(default_factory=list)
    evidence: dict[str, Json] = field(default_factory=dict)
    footer: Json = None
    damage: str = ""  # why it cannot be relied on
    clients: list[Json] = field(default_factory=list)

    def add(self, line: Json) -> None:
        match line["kind"]:
            case "header":
                self.header = line
            case "rule":
                self.rules[line["id"]] = line
            case "case":
                self.cases.append(line)
            case "evidence":
                self.evidence[line["nonce"]] = line
            case "client":
                self.clients.append(line)
            case "footer":
                self.footer = line


class Writer:
    """Writes a run down line by line, so that a run that is killed leaves what it had."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.run = Run()
        self._digest = hashlib.sha256()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("wb")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def write(self, line: Json) -> None:
        self.run.add(line)
        data = json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode(
            "utf-8", "backslashreplace"
        )
        self._digest.update(data + b"\n")
        self._file.write(data + b"\n")
        self._file.flush()

    def tell(self, rule: Json, case: Json, evidence: Iterable[Json]) -> None:
        """Write a judged case, ahead of it whatever it refers to and is not written yet."""
        if rule["id"] not in self.run.rules:
            self.write(rule)
        for line in evidence:
            if line["nonce"] not in self.run.evidence:
                self.write(line)
        self.write(case)

    def close(self, footer: Json) -> None:
        self.write({**footer, "sha256": self._digest.hexdigest()})
        self._file.close()


def read(path: Path) -> Run:
    """Read a run back; `damage` says if it was cut or changed."""
    run, digest, number = Run(), hashlib.sha256(), 0
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if run.footer:
                    run.damage = f"line {number}: nothing may follow the footer"
                    break
                _take(run, line, digest.hexdigest())
                digest.update(line)
    except OSError as error:
        raise BadRun(f"{path}: {error.strerror}") from error
    except ValueError as error:
        if not run.header:
            what = f"line {number} is no line of a run; conformance run writes {FILE}"
            raise BadRun(f"{path}: {what}") from error
        run.damage = f"line {number} is no line of a run"
    if not run.header:
        raise BadRun(f"{path}: no header; conformance run writes {FILE}")
    if not run.footer and not run.damage:
        run.damage = "the run was cut short: there is no footer"
    return run


@cache
def _shape() -> Draft202012Validator:
    path = FIXTURES / "schemas" / "run.schema.json"
    return Draft202012Validator(json.loads(path.read_text("utf-8")))


def _take(run: Run, line: bytes, digest: str) -> None:
    value = json.loads(line)
    if not _shape().is_valid(value):
        raise ValueError("not the shape of a line")
    if value["kind"] == "footer" and value["sha256"] != digest:
        run.damage = "the checksum in the footer does not match: the file was changed"
    run.add(value)
