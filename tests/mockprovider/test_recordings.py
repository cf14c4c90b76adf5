"""The format of recordings: what is written is read again, and what is wrong is said."""

import json
import shlex
import tomllib
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from mockprovider.cli import main, parser
from mockprovider.recordings import content, kinds
from mockprovider.recordings.recording import (
    META,
    WIRE,
    Asked,
    BadRecording,
    Read,
    Recording,
    built,
    library,
    load,
    schema,
)
from mockprovider.recordings.store import Taken, as_name, meta, next_name, save
from mockprovider.recordings.toml import document
from mockprovider.routing import SURFACES
from mockprovider.scenario import fixtures_dir

if TYPE_CHECKING:
    from tests.conftest import Faults

STREAMS = fixtures_dir() / "streams"
SHIPPED = library(STREAMS)
SHAPES = {
    "chat": "openai-chat-chunk", "responses": "openai-responses-event",
    "messages": "anthropic-messages-event", "gemini": "gemini-response",
    "gemini-array": "gemini-response",
}  # fmt: skip
GOOD = Recording(
    "chat", "stream", b"data: {}\n\ndata: [DONE]\n\n", (Read(5, 10), Read(9, 14)),
    Asked("POST", "/v1/chat/completions", (("accept", "*/*"),), '{"seed": null}'),
    headers=(("content-type", "text/event-stream"),),
)  # fmt: skip
texts = st.text(st.characters(exclude_categories=[]), max_size=30)


@st.composite
def recordings(draw: st.DrawFn) -> Recording:
    wire = draw(st.binary(min_size=1, max_size=60))
    cuts = sorted(draw(st.sets(st.integers(1, len(wire)), max_size=5)) | {len(wire)})
    lengths = [end - start for start, end in zip([0, *cuts], cuts, strict=False)]
    times = accumulate(draw(st.integers(0, 10**7)) for _ in lengths)
    values = st.text("abc\t ~!\xe9", max_size=8)
    return Recording(
        draw(st.sampled_from(schema()["properties"]["surface"]["enum"])),
        draw(st.sampled_from(["stream", "plain"])),
        wire,
        tuple(Read(*each) for each in zip(times, lengths, strict=True)),
        Asked("POST", "/v1/x", (), draw(st.none() | st.builds(json.dumps, texts))),
        status=draw(st.integers(200, 599)),
        headers=tuple(draw(st.lists(st.tuples(st.sampled_from(["date", "x-A"]), values)))),
        end=draw(st.sampled_from(["fin", "cut", "rst", "left", "capped"])),
        end_at_us=draw(st.none() | st.integers(0)),
        model=draw(texts).encode("utf-8", "replace").decode(),
        note=draw(texts).encode("utf-8", "replace").decode(),
    )


@given(recordings())
def test_what_is_written_is_read_again(recording: Recording) -> None:
    assert built(meta(recording), recording.wire) == recording


@given(recording=recordings())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
def test_a_recording_survives_the_disk(recording: Recording, tmp_path: Path) -> None:
    (path,) = save([(next_name(tmp_path, "x"), recording)], tmp_path)

    assert load(path) == recording
    assert b"".join(data for _, data in recording.pieces()) == recording.wire


@given(st.dictionaries(st.from_regex(r"[a-z_]+", fullmatch=True), texts))
def test_any_text_can_be_said_in_toml(members: dict[str, str]) -> None:
    # Lone surrogates cannot: there is no way to write one in UTF-8.
    said = {key: text.encode("utf-8", "replace").decode() for key, text in members.items()}

    assert tomllib.loads(document(members)) == said


@given(st.text(st.sampled_from("a'\\\n\"\t\x7f\r#"), max_size=12))
def test_a_text_of_several_lines_is_said_as_it_is(text: str) -> None:
    assert tomllib.loads(document({"body": text, "table": {"body": text}})) == {
        "body": text,
        "table": {"body": text},
    }


def test_the_commands_of_the_manual_are_commands() -> None:
    lines = (Path(__file__).parents[2] / "docs" / "recordings.md").read_text("utf-8").splitlines()
    shown = [line.strip().removeprefix("$ ") for line in lines if line.startswith("    ")]
    commands = [line for line in shown if line.startswith("mockprovider ")]

    told = [parser().parse_args(shlex.split(line.partition(" #")[0])[1:]) for line in commands]

    assert len(told) > 6


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_recording_fits_the_schema(name: str) -> None:
    beside = tomllib.loads((STREAMS / name / META).read_text("utf-8"))

    Draft202012Validator(schema()).validate(beside)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_recording_is_in_its_api_s_words(name: str, faults: "Faults") -> None:
    recording = SHIPPED[name]
    shape = SHAPES[recording.surface] if recording.mode == "stream" else "openai-error"

    said = list(content.documents(recording.wire))

    assert said
    assert [faults(shape, each) for each in said] == [{} for _ in said]


@pytest.mark.parametrize("name", [name for name in SHIPPED if name != "chat-limited"])
def test_a_shipped_recording_shows_its_surface(name: str) -> None:
    recording = SHIPPED[name]

    assert kinds.of_body(recording.wire) == recording.surface
    assert kinds.of_target(recording.request.path) == recording.surface


def test_every_route_of_the_mock_leads_to_its_surface() -> None:
    targets = {
        "chat": "/v1/chat/completions", "messages": "/v1/messages", "responses": "/v1/responses",
        "messages-count": "/v1/messages/count_tokens", "completions": "/v1/completions",
        "embeddings": "/v1/embeddings", "gemini": "/v1beta/models/m:generateContent",
        "gemini-array": "/v1beta/models/m:streamGenerateContent",
        "gemini-count": "/v1beta/models/m:countTokens",
    }  # fmt: skip

    assert {name: kinds.of_target(target) for name, target in targets.items()} == {
        surface.name: surface.name for surface in SURFACES
    }


@pytest.mark.parametrize(
    ("target", "surface"),
    [
        ("/openai/deployments/d/chat/completions?api-version=1", "chat"),
        ("/api/v1/chat/completions", "chat"),
        ("/v1/threads/t/messages", None),
        ("/v1beta/models/m:streamGenerateContent?alt=sse&key=k", "gemini"),
        ("/v1/projects/p/locations/l/publishers/anthropic/models/m:streamRawPredict", "messages"),
        ("/v1/images/generations", None),
        ("/v1/models", None),
    ],
)
def test_a_surface_is_known_by_how_a_path_ends(target: str, surface: str | None) -> None:
    assert kinds.of_target(target) == surface


@pytest.mark.parametrize(
    ("body", "surface"),
    [
        (b'data: {"choices":[{"delta":{}}]}\n\n', "chat"),
        (b'{"object":"chat.completion","choices":[]}', "chat"),
        (b'{"object":"text_completion"}', "completions"),
        (b'event: ping\r\ndata: {"type":"ping"}\r\n\r\ndata: {"type":"message_stop"}', "messages"),
        (b'{"object":"response"}', "responses"),
        (b'{"totalTokens":3}', "gemini-count"),
        (b'{"input_tokens":3}', "messages-count"),
        (b'{"object":"list","data":[{"object":"embedding"}]}', "embeddings"),
        (b'[{"candidates":[]}\n,\r\n{"candi', "gemini-array"),
        (b'{"candidates":[]}', "gemini"),
        (b'{"error":{"message":"no"}}', None),
        (b'{"choices":"none","data":{}}', None),
        (b"data: [1]\n\ndata: nonsense\n\n", None),
        (b"", None),
    ],
)
def test_a_surface_is_known_by_what_a_body_says(body: bytes, surface: str | None) -> None:
    assert kinds.of_body(body) == surface


@pytest.mark.parametrize(
    ("url", "provider"),
    [
        ("https://api.openai.com/v1", "openai"),
        ("https://x.openai.azure.com/openai", "azure"),
        ("https://europe-west4-aiplatform.googleapis.com/v1", "vertex"),
        ("https://llm.intranet.example/v1", "unknown"),
    ],
)
def test_a_provider_is_known_by_its_host(url: str, provider: str) -> None:
    assert kinds.provider_of(url) == provider


@pytest.mark.parametrize(
    ("body", "pieces"),
    [
        (b"data: a\n\ndata: b\n\n", [b"data: a\n\n", b"data: b\n\n"]),
        (b": c\r\n\r\ndata: a\r\r\rdata: b", [b": c\r\n\r\n", b"data: a\r\r\r", b"data: b"]),
        (b"data: a\r\n\ndata: b\n\r\n", [b"data: a\r\n\n", b"data: b\n\r\n"]),
        (b'[{"\xc3\xa9":[1]}\n,\r\n{}]', [b'[{"\xc3\xa9":[1]}', b"\n,\r\n{}", b"]"]),
        (b'[{}\n,{"b', [b"[{}", b'\n,{"b']),
        (b'{"a":1}\n', [b'{"a":1}\n']),
        (b"", []),
    ],
)
def test_a_body_is_cut_where_something_ends(body: bytes, pieces: list[bytes]) -> None:
    assert content.pieces(body) == pieces


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("timing = ", "timng = "), "unknown member 'timng'; did you mean 'timing'?"),
        (('surface = "chat"\n', ""), "the document lacks 'surface'"),
        (('"chat"', '"chta"'), "surface is 'chta'; did you mean 'chat'?"),
        (('end = "fin"', 'end = "end"'), "end is 'end'; it can be fin, cut, rst, left, capped"),
        (("[5, 10]", "[5, 11]"), "reads add up to 25 bytes; wire.sse has 24"),
        (("[5, 10]", "[5]"), "reads 1: it needs at least 2 items"),
        (("[5, 10]", '["5", 10]'), "reads 1:  1: it must be a whole number, not '5'"),
        (("[9, 14]", "[4, 14]"), "reads 2: at 4 us, before the one at 5"),
        (("[9, 14]", "[9, 14], [9, 0]"), "reads: one of them is of 0 bytes; leave it out"),
        (("status = 200", "status = 99"), "status must be at least 200, not 99"),
        (
            ('"content-type"', '"Content-Length"'),
            "headers: 'Content-Length' frames the body; who replays it frames it anew",
        ),
        (('"accept"', '"a b"'), "headers: 'a b: */*' is no HTTP header"),
        (('"*/*"', '"*\\n*"'), "headers: 'accept: *\\n*' is no HTTP header"),
        (("null}", "nul}"), "request.body is not JSON: Expecting value"),
        (("status = 200", "status = "), "Invalid value (at line"),
        (('method = "POST"\n', ""), "request lacks 'method'"),
        (("POST", "post"), "request.method does not match ^[A-Z]+$: 'post'"),
    ],
)
def test_what_is_wrong_with_a_recording_is_said_in_one_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, change: tuple[str, str], message: str
) -> None:
    (path,) = save([("bad", GOOD)], tmp_path)
    said = (path / META).read_text()
    assert change[0] in said
    (path / META).write_text(said.replace(*change))

    code = main(["check", str(path)])

    err = capsys.readouterr().err
    assert (code, err.count("\n")) == (4, 1)
    assert err.startswith(f"mockprovider: {path / META}: {message}")


@pytest.mark.parametrize(
    ("gone", "message"),
    [(META, "meta.toml: cannot be read: No such file"), (WIRE, "wire.sse: cannot be read: No suc")],
)
def test_a_file_that_is_missing_is_named(tmp_path: Path, gone: str, message: str) -> None:
    (path,) = save([("bad", GOOD)], tmp_path)
    (path / gone).unlink()

    with pytest.raises(BadRecording, match=message):
        library(tmp_path)


def test_meta_that_is_no_text_is_named(tmp_path: Path) -> None:
    (path,) = save([("bad", GOOD)], tmp_path)
    (path / META).write_bytes(b"\xff")

    with pytest.raises(BadRecording, match=r"meta.toml: 'utf-8' codec can't decode"):
        load(path)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["check", "{tmp}"], "{tmp}: no recording in it; one is a directory of wire.sse and meta"),
        (["replay", "{tmp}"], "{tmp}: no recording in it; one is a directory of wire.sse and meta"),
        (["replay", "{tmp}/none"], "{tmp}/none: no such directory"),
        (["serve", "--recordings", "{tmp}/none"], "{tmp}/none: no such directory"),
        (["check", "{tmp}/wire.sse"], "{tmp}/wire.sse: no recording in it; one is a directory"),
    ],
)
def test_a_directory_without_recordings_is_named(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, arguments: list[str], message: str
) -> None:
    code = main([each.format(tmp=tmp_path) for each in arguments])

    err = capsys.readouterr().err
    assert (code, err.count("\n")) == (4, 1)
    assert err.startswith(f"mockprovider: {message.format(tmp=tmp_path)}")


def test_check_is_content_with_what_is_shipped(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["check", str(STREAMS), str(STREAMS / "chat-text" / META)])

    told = [*(f"{STREAMS / name}: ok" for name in sorted(SHIPPED)), f"{STREAMS}/chat-text: ok"]
    assert (code, capsys.readouterr().out.splitlines()) == (0, told)


def test_check_finds_a_key_that_was_left_in(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (path,) = save([("bad", GOOD)], tmp_path)
    said = (path / META).read_text()
    (path / META).write_text(said.replace('"*/*"', '"sk-a1b2c3d4e5f6g7h8i9j0"'))

    code = main(["check", str(path)])

    err = capsys.readouterr().err
    assert code == 4
    assert err.startswith(f"mockprovider: {path}: meta.toml holds what looks like a key (sk-a..., ")


def test_a_name_that_is_taken_is_left_alone(tmp_path: Path) -> None:
    save([("one", GOOD)], tmp_path)

    with pytest.raises(Taken, match="one is there already; move it away, or choose another --out"):
        save([("zero", GOOD), ("one", GOOD)], tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == ["one"]


def test_a_name_that_is_taken_meanwhile_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "one").symlink_to(tmp_path / "not yet there")

    with pytest.raises(Taken, match="one is there already"):
        save([("one", GOOD)], tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == ["one"]


def test_a_name_no_marker_can_have_is_refused(tmp_path: Path) -> None:
    (path,) = save([("one", GOOD)], tmp_path)
    path.rename(tmp_path / "o ne")
    message = "o ne: a recording's name has only letters, digits, '.', _ and -"

    with pytest.raises(BadRecording, match=message):
        library(tmp_path)
    with pytest.raises(BadRecording, match=message):
        save([("o ne", GOOD)], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_numbers_go_on_after_the_last(tmp_path: Path) -> None:
    save([("chat-007", GOOD), ("chat-x", GOOD), ("gemini-array-009", GOOD)], tmp_path)

    assert [next_name(tmp_path, name) for name in ("chat", "gemini", "gemini-array")] == [
        "chat-008",
        "gemini-001",
        "gemini-array-010",
    ]


@pytest.mark.parametrize(
    ("text", "name"), [("a b/c", "a-b-c"), ("..", "recording"), ("é", "recording"), ("x_1", "x_1")]
)
def test_any_text_becomes_a_name(text: str, name: str) -> None:
    assert as_name(text) == name
