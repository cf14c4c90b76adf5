"""Recorded Gemini answers: told by themselves, in every form, and judged by what they show."""

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.conformance.made_gemini import candidate, chunk, counts, elements, events, said

Command = Callable[..., CompletedProcess[str]]

WHOLE = [*said("Hel", "lo", finish=None),
         chunk(candidate({"text": ""}, finish="STOP"), usageMetadata=counts(7, 2))]  # fmt: skip
PLAIN = json.dumps(WHOLE[-1], indent=2).encode()


def linted(conformance: Command, data: bytes) -> CompletedProcess[str]:
    Path("it").write_bytes(data)
    return conformance("lint", "it")


@pytest.mark.parametrize(
    "data", [events(WHOLE), elements(WHOLE), PLAIN], ids=["events", "array", "plain"]
)
def test_a_genuine_answer_breaks_no_rule(conformance: Command, data: bytes) -> None:
    told = linted(conformance, data)

    assert told.returncode == 0, told.stdout
    assert "fail" not in told.stdout


# what is wrong with it, its bytes, the line that says so
WRONG = [
    (
        "an open array", elements(WHOLE)[:-1],
        "fail: gem.json-array-or-sse (MUST): the array is not closed",
    ),
    (
        "a terminator", events(WHOLE) + b"data: [DONE]\r\n\r\n",
        "fail: done.foreign-surface (MUST): data: [DONE], which is of another API",
    ),
    (
        "a cut array", elements(WHOLE)[:-20],
        "fail: gem.json-array-or-sse (MUST): the body ends inside an element",
    ),
    (
        "no finish reason", events(WHOLE[:-1]),
        "fail: finish.present (MUST): choice 0 ended without a finish reason",
    ),
    (
        "another id", events([WHOLE[0], {**WHOLE[-1], "responseId": "r2"}]),
        "warn: gem.identity-stable (SHOULD): responseId is 'r2', in earlier chunks it is 'r1'",
    ),
    (
        "a comment", b": working\r\n\r\n" + events(WHOLE),
        "info: gem.sdk-readable (SHOULD): a comment: 'working'",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("what", "data", "line"), WRONG, ids=[each[0] for each in WRONG])
def test_a_wrong_one_is_told_with_its_place(
    conformance: Command, what: str, data: bytes, line: str
) -> None:
    assert line in linted(conformance, data).stdout
