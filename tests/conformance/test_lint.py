"""Recorded streams, judged without a router."""

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from conformance.resources import FIXTURES
from tests.conformance.made_messages import HELLO, OVER, begin, block, end, plain, stream
from tests.conformance.made_responses import life, message, streamed

Command = Callable[..., CompletedProcess[str]]


def chunk(delta: object, finish: str | None = None) -> bytes:
    value = {
        "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
    }  # fmt: skip
    return b"data: " + json.dumps(value, separators=(",", ":")).encode() + b"\n\n"


NEEDED = "at character 1; the JSON body of the request is needed"
TEXT = chunk({"role": "assistant", "content": "hi"}) + chunk({}, "stop")
GOOD = TEXT + b"data: [DONE]\n\n"


@pytest.fixture
def lint(conformance: Command, tmp_path: Path) -> Callable[..., CompletedProcess[str]]:
    def runs(body: bytes, *args: str) -> CompletedProcess[str]:
        (tmp_path / "it.sse").write_bytes(body)
        return conformance("lint", "it.sse", *args)

    return runs


def test_a_good_stream_has_no_findings(lint: Command) -> None:
    told = lint(GOOD)

    assert (told.returncode, told.stderr) == (0, "")
    assert len(told.stdout.splitlines()) == 1
    assert told.stdout.startswith("it.sse: ")
    assert "untestable (for want of head, request, upstream)" in told.stdout


@pytest.mark.parametrize(
    ("name", "judged"),
    [
        ("chat-text", 26), ("chat-tool", 26), ("messages-text", 17), ("responses-text", 5),
        ("gemini-text", 13), ("gemini-array", 10),
    ],
)  # fmt: skip
def test_a_recording_of_any_surface_is_judged_as_what_it_is(
    conformance: Command, name: str, judged: int
) -> None:
    told = conformance("lint", str(FIXTURES / "streams" / name / "wire.sse"))

    counted = re.search(r" (\d+) pass, \d+ untestable ", told.stdout)
    assert (told.returncode, told.stderr) == (0, "")
    assert counted
    assert int(counted[1]) >= judged


def test_a_finding_names_file_byte_and_rule_and_shows_the_bytes(lint: Command) -> None:
    told = lint(TEXT)
    first, second, *_ = told.stdout.splitlines()

    assert told.returncode == 1
    where = f"it.sse:{len(TEXT)}: fail: done.present (MUST): "
    assert first == where + "the body ended without data: [DONE]"
    assert second.endswith(r'"finish_reason":"stop"}]}\n\n«»')


RESPONSE = life(message("hi"))


def test_a_response_is_judged_by_its_own_rules(lint: Command) -> None:
    good, cut = streamed(RESPONSE).body, streamed(RESPONSE[:-1]).body

    assert lint(good).returncode == 0
    told = lint(cut)

    assert told.returncode == 1
    where = f"it.sse:{len(cut)}: fail: resp.single-terminal (MUST): "
    assert where + "the stream ended without response.completed" in told.stdout


def test_a_plain_response_is_judged_too(lint: Command) -> None:
    told = RESPONSE[-1]["response"]

    assert lint(json.dumps(told).encode()).returncode == 0
    bad = lint(json.dumps(told | {"output": None}).encode())

    assert bad.returncode == 1
    what = "response output is None; right is a list"
    assert f"fail: resp.schema-required-fields (MUST): {what}" in bad.stdout


def test_what_was_asked_lets_more_rules_judge(lint: Command, tmp_path: Path) -> None:
    asked = {"stream": True, "n": 2}
    (tmp_path / "asked.json").write_text(json.dumps(asked))

    told = lint(GOOD, "--request", "asked.json")

    assert told.returncode == 1
    assert "fail: choice.index-kept (MUST)" in told.stdout
    assert "(for want of head, upstream)" in told.stdout


def test_a_stream_may_come_from_stdin(conformance: Command) -> None:
    told = conformance("lint", "-", stdin=TEXT.decode())

    assert told.returncode == 1
    assert told.stdout.startswith(f"-:{len(TEXT)}: fail: done.present")


def test_each_file_is_judged_and_the_worst_decides(conformance: Command, tmp_path: Path) -> None:
    (tmp_path / "good.sse").write_bytes(GOOD)
    (tmp_path / "bad.sse").write_bytes(TEXT)

    told = conformance("lint", "good.sse", "bad.sse", "lost.sse")

    assert told.returncode == 4
    assert "good.sse: " in told.stdout
    assert f"bad.sse:{len(TEXT)}: fail" in told.stdout
    assert told.stderr == "conformance: lost.sse: No such file or directory\n"


def test_bytes_that_are_no_text_are_a_finding_not_a_crash(lint: Command) -> None:
    told = lint(bytes(range(256)) * 10, "--surface", "chat")

    assert (told.returncode, told.stderr) == (1, "")


def test_a_line_of_many_megabytes_is_read_in_one_go(lint: Command) -> None:
    told = lint(b"data: " + b"x" * (20 << 20), "--surface", "chat")

    assert (told.returncode, told.stderr) == (1, "")
    assert max(map(len, told.stdout.splitlines())) < 500


def test_files_that_cannot_be_judged_are_named(conformance: Command, tmp_path: Path) -> None:
    (tmp_path / "empty.sse").write_bytes(b"")
    with (tmp_path / "large.sse").open("wb") as file:
        os.truncate(file.fileno(), (64 << 20) + 1)

    told = conformance("lint", "empty.sse", "large.sse", ".")

    assert (told.returncode, told.stdout) == (4, "")
    assert told.stderr.splitlines() == [
        "conformance: empty.sse: empty; the body of a streamed answer is needed",
        "conformance: large.sse: larger than 64 MiB; a recorded answer is not",
        "conformance: .: Is a directory",
    ]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (b"{", f"asked.json: Expecting property name enclosed in double quotes {NEEDED}"),
        (b"[]", "asked.json: not a JSON object; the body of the request is needed"),
        (b"\xff", "asked.json: not UTF-8 at byte 0; the JSON body of the request is needed"),
    ],
)  # fmt: skip
def test_a_request_that_is_none_is_refused(
    lint: Command, tmp_path: Path, asked: bytes, said: str
) -> None:
    (tmp_path / "asked.json").write_bytes(asked)

    told = lint(GOOD, "--request", "asked.json")

    assert (told.returncode, told.stdout, told.stderr) == (4, "", f"conformance: {said}\n")


def test_an_unknown_profile_is_refused(lint: Command) -> None:
    told = lint(GOOD, "--profile", "generik")

    assert told.returncode == 4
    assert told.stderr == (
        "conformance: --profile: no profile 'generik'; did you mean 'generic'?\n"
    )


def test_a_recommendation_counts_only_if_it_is_to(lint: Command) -> None:
    body = GOOD[:-1] + b": in the midst of an event\n\n"

    relaxed, strict = lint(body), lint(body, "--strict-should")

    assert "warn: http.keepalive-neutral (SHOULD)" in relaxed.stdout
    assert "MUST" not in relaxed.stdout
    assert (relaxed.returncode, strict.returncode) == (0, 1)


def test_a_stream_of_messages_is_known_by_its_events(lint: Command) -> None:
    good = stream(begin(), *HELLO, end(), OVER).body
    jump = stream(begin(), *HELLO, block(2)).body
    told, broken = lint(good), lint(jump)

    assert (told.returncode, told.stderr) == (0, "")
    assert broken.returncode == 1
    assert broken.stdout.splitlines()[0] == (
        f"it.sse:{len(stream(begin(), *HELLO).body)}: fail: anth.index-contiguous (MUST): "
        "a block starts with index 2, 1 was due"
    )


def test_a_plain_message_is_known_by_its_type(lint: Command) -> None:
    told = lint(plain({"type": "text"}, reason="stop").body)

    assert told.returncode == 1
    assert "fail: finish.enum-value (MUST): choice 0 ended with 'stop'" in told.stdout
    assert "fail: parity.answer-shape (MUST): text text is missing" in told.stdout
