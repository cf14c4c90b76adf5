"""Files of other recorders become recordings; each of the files here is written by hand."""

import gzip
import json
import sys
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mockprovider.cli import main
from mockprovider.recordings.importing import exchanges, imported
from mockprovider.recordings.making import Exchange, Wishes, leaks, recording, target
from mockprovider.recordings.recording import Asked, BadRecording, Recording, load
from mockprovider.recordings.secrets import Scrubber
from mockprovider.recordings.transcript import Transcript

CHAT = (
    b'data: {"object":"chat.completion.chunk","model":"m-9","choices":[]}\n\n'
    b'data: {"object":"chat.completion.chunk","choices":[{"delta":{"content":"\xc3\xa9"}}]}\n\n'
    b"data: [DONE]\n\n"
)
FIRST = CHAT.index(b"\n\n") + 2
ASKED = '{"model":"m","stream":true,"api_key":"body-secret-1"}'
URL = "https://api.openai.com/v1/chat/completions?key=query-secret-1"
SSE = {"Content-Type": ["text/event-stream"], "Set-Cookie": ["a=crumb-1234"]}
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
WISHES = Wishes()
Json = Any  # what a recorder writes, right or wrong


def one(path: Path, data: bytes, wishes: Wishes = WISHES) -> Recording:
    path.write_bytes(data)
    ((_, made),) = imported([path], wishes)
    return made


def har(content: Json, *, url: str = URL, **response: Json) -> Json:
    """Return an entry of a HAR file."""
    return {
        "startedDateTime": "2026-01-02T03:04:05.678Z",
        "request": {
            "method": "POST", "url": url, "postData": {"text": ASKED},
            "headers": [{"name": ":authority", "value": "x"},
                        {"name": "Authorization", "value": "Bearer header-secret-1"},
                        {"name": "accept", "value": "*/*"}],
        },
        "response": {
            "status": 200, "content": content,
            "headers": [{"name": "content-type", "value": "text/event-stream"},
                        {"name": "content-encoding", "value": "br"}],
            **response,
        },
        "timings": {"blocked": -1, "send": 0.5, "wait": 120.25, "receive": 30},
    }  # fmt: skip


def log(*entries: Json) -> bytes:
    return json.dumps({"log": {"version": "1.2", "entries": entries}}).encode()


def vcr(body: Json, *, url: str = URL, **response: Json) -> Json:
    """Return an interaction as vcrpy keeps it."""
    return {
        "request": {"method": "POST", "uri": url, "body": ASKED,
                    "headers": {"authorization": ["Bearer header-secret-1"]}},
        "response": {"status": {"code": 200, "message": "OK"}, "headers": SSE, "body": body,
                     **response},
    }  # fmt: skip


GO = {
    "version": 2,
    "interactions": [{
        "id": 0,
        "request": {"url": URL, "method": "POST", "body": ASKED,
                    "headers": {"Authorization": ["Bearer header-secret-1"]}},
        "response": {"body": CHAT.decode(), "headers": SSE, "status": "200 OK", "code": 200,
                     "duration": "1.2s"},
    }],
}  # fmt: skip
BETAMAX = {
    "http_interactions": [{
        "recorded_at": "2026-01-02T03:04:05",
        "request": {"method": "POST", "uri": URL, "body": {"encoding": "utf-8", "string": ASKED},
                    "headers": {"Authorization": ["Bearer header-secret-1"]}},
        "response": {"status": {"code": 200, "message": "OK"}, "url": URL,
                     "headers": SSE | {"Content-Encoding": ["gzip"]},
                     "body": {"encoding": None,
                              "base64_string": b64encode(gzip.compress(CHAT)).decode()}},
    }],
    "recorded_with": "betamax/0.9.0",
}  # fmt: skip

SOURCES = {
    "har": ("har", log(har({"size": 1, "text": CHAT.decode()}))),
    "har-base64": (
        "har", log(har({"text": b64encode(CHAT).decode(), "encoding": "base64"})),
    ),
    "har-gzip": (
        "har", log(har({"text": b64encode(gzip.compress(CHAT)).decode(), "encoding": "base64"})),
    ),
    "vcrpy": (
        "cassette", yaml.dump({"version": 1, "interactions": [vcr({"string": CHAT})]}).encode(),
    ),
    "vcrpy-text": (
        "cassette",
        yaml.dump({"interactions": [vcr({"string": CHAT.decode()})], "version": 1}).encode(),
    ),
    "vcrpy-gzip": (
        "cassette", yaml.dump({"interactions": [vcr({"string": gzip.compress(CHAT)})]}).encode(),
    ),
    "vcrpy-json": (
        "cassette",
        json.dumps({"version": 1, "interactions": [vcr({"string": CHAT.decode()})]}).encode(),
    ),
    "go-vcr": ("cassette", b"---\n" + yaml.dump(GO).encode()),
    "betamax": ("cassette", json.dumps(BETAMAX).encode()),
    "ruby": ("cassette", b"---\n" + yaml.dump(BETAMAX).encode()),
}  # fmt: skip


@pytest.mark.parametrize("name", SOURCES)
def test_an_exchange_is_found_in_any_recorder_s_file(tmp_path: Path, name: str) -> None:
    source, data = SOURCES[name]

    made = one(tmp_path / name, data)

    assert (made.source, made.surface, made.mode, made.wire) == (source, "chat", "stream", CHAT)
    assert (made.provider, made.model, made.status, made.end) == ("openai", "m-9", 200, "fin")
    assert next(data for _, data in made.pieces()) == CHAT[:FIRST]
    assert (made.timing, made.framing, len(made.reads)) == ("events", "chunked", 3)
    assert made.request.path == "/v1/chat/completions?key=[redacted]"
    assert json.loads(made.request.body or "")["api_key"] == "[redacted]"
    assert list(leaks(made)) == []


def test_a_har_entry_keeps_its_times(tmp_path: Path) -> None:
    made = one(tmp_path / "x", SOURCES["har"][1])

    assert (made.recorded_at, made.head_at_us) == ("2026-01-02T03:04:05.678Z", 120_750)
    assert ({read.at_us for read in made.reads}, made.end_at_us) == ({120_750}, 150_750)
    assert made.request.headers == (("accept", "*/*"),)


def test_a_har_entry_that_failed_is_cut(tmp_path: Path) -> None:
    entry = har({"text": "data: x\n\n"}, _error="net::ERR_CONNECTION_RESET")

    assert one(tmp_path / "x", log(entry)).end == "cut"


def test_only_answers_of_known_surfaces_are_taken(tmp_path: Path) -> None:
    path = tmp_path / "session.har"
    plain = '{"object":"response","model":"m-1"}'
    path.write_bytes(log(
        har({"text": "<html>"}, url="https://x.example/index.html"),
        har({"text": CHAT.decode()}),
        har({"size": 9}),
        har({"text": "x"}, status=0),
        har({"text": plain}, url="https://gw.example/openai/responses"),
    ))  # fmt: skip

    made = imported([path], WISHES)

    assert [(name, each.surface, each.provider) for name, each in made] == [
        ("session-1", "chat", "openai"),
        ("session-2", "responses", "unknown"),
    ]
    assert (made[1][1].wire, len(made[1][1].reads)) == (plain.encode(), 1)


def test_what_serializers_parsed_is_written_again(tmp_path: Path) -> None:
    interaction = {
        "request": {"method": "POST", "uri": URL, "headers": {}, "parsed_body": {"model": "m"}},
        "response": {"status": {"code": 200}, "headers": {"content-type": "application/json"},
                     "parsed_body": {"object": "chat.completion"}},
    }  # fmt: skip

    made = one(tmp_path / "x", yaml.dump({"interactions": [interaction]}).encode())

    assert (made.wire, made.mode) == (b'{"object": "chat.completion"}', "plain")
    assert json.loads(made.request.body or "") == {"model": "m"}


@pytest.mark.parametrize(
    ("data", "lengths", "end"),
    [
        (HEAD + b"\r\n" + CHAT, "events", "fin"),
        (HEAD.replace(b"\r\n", b"\n") + b"\n" + CHAT, "events", "fin"),
        (b"HTTP/2 200 \r\ncontent-type: x\r\n\r\n" + CHAT, "events", "fin"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + HEAD + b"\r\n" + CHAT, "events", "fin"),
        (HEAD + b"transfer-encoding: chunked\r\n\r\n" + CHAT, "events", "fin"),
        (HEAD + b"content-length: 999\r\n\r\n" + CHAT, "events", "cut"),
        (HEAD + b"content-encoding: gzip\r\n\r\n" + CHAT, "events", "fin"),
        (HEAD + b"content-encoding: gzip\r\n\r\n" + gzip.compress(CHAT), "events", "fin"),
        (
            HEAD + b"transfer-encoding: chunked\r\n\r\n5\r\n" + CHAT[:5]
            + b"\r\n%x\r\n" % (len(CHAT) - 5) + CHAT[5:] + b"\r\n0\r\n\r\n",
            [5, len(CHAT) - 5], "fin",
        ),
        (
            HEAD + b"transfer-encoding: chunked\r\n\r\n5\r\n" + CHAT[:5]
            + b"\r\nfff\r\n" + CHAT[5:],
            [5, len(CHAT) - 5], "cut",
        ),
    ],
)  # fmt: skip
def test_what_curl_printed_is_read(
    tmp_path: Path, data: bytes, lengths: str | list[int], end: str
) -> None:
    made = one(tmp_path / "x", data)

    assert (made.surface, made.source, made.wire, made.end) == ("chat", "curl", CHAT, end)
    if lengths != "events":
        assert ([read.length for read in made.reads], made.timing) == (lengths, "wire")


def test_the_date_of_an_answer_is_when_it_was_recorded(tmp_path: Path) -> None:
    dated = HEAD + b"date: Fri, 02 Jan 2026 03:04:05 GMT\r\n\r\n" + CHAT
    wrong = HEAD + b"date: today\r\n\r\n" + CHAT

    assert one(tmp_path / "a", dated).recorded_at == "2026-01-02T03:04:05Z"
    assert one(tmp_path / "b", wrong).recorded_at is None


@pytest.mark.parametrize(
    ("data", "surface", "mode"),
    [
        (CHAT, "chat", "stream"),
        (b"\xef\xbb\xbf" + CHAT, "chat", "stream"),
        (CHAT.replace(b"\n", b"\r\n"), "chat", "stream"),
        (b': hi\n\nevent: message_stop\ndata: {"type":"message_stop"}\n\n', "messages", "stream"),
        (b'[{"candidates":[]}\n,\r\n{"candidates":[]}]', "gemini-array", "stream"),
        (b'{"candidates":[]}', "gemini", "plain"),
        (b'data: {"candidates":[]}\r\n\r\n', "gemini", "stream"),
    ],
)
def test_a_bare_body_tells_its_surface(
    tmp_path: Path, data: bytes, surface: str, mode: str
) -> None:
    made = one(tmp_path / "x", data)

    assert (made.surface, made.mode, made.wire) == (surface, mode, data)
    assert (made.request, made.source) == (Asked(), "file")


def test_a_surface_may_be_said(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "own.sse").write_bytes(b"data: hi\n\n")
    arguments = ["--surface", "responses", "--provider", "me", "--out", str(tmp_path / "out")]

    code = main(["import", str(tmp_path / "own.sse"), *arguments])

    made = load(tmp_path / "out" / "own")
    assert (code, made.surface, made.provider) == (0, "responses", "me")
    assert capsys.readouterr().out == (
        f"{tmp_path}/out/own: responses stream, status 200, 1 read, 10 bytes, fin\n"
    )


def test_names_that_meet_are_told_apart(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.sse").write_bytes(CHAT)

    made = imported([tmp_path / "a" / "x.sse", tmp_path / "b" / "x.sse"], WISHES)

    assert [name for name, _ in made] == ["x", "x-1"]


BAD = {
    "empty": (b"", "is empty"),
    "words": (
        b"hello", ("is no answer that is known here; it can be an event stream, JSON, what curl -i "
        "printed, a HAR file or a cassette"),
    ),
    "unknown": (b"data: hi\n\n", "holds no answer of a known surface; name its surface with"),
    "json": (b'{"log": {', "is not JSON: Expecting property name"),
    "array": (b"[", "begins as JSON, and is not: it is cut short or damaged"),
    "deep": (b'{"log":' + b"[" * 100_000, "is not JSON: maximum recursion depth"),
    "no-har": (b'{"log": {}}', "is not a HAR file: it lacks log.entries"),
    "entries": (b'{"log": {"entries": {}}}', "is not a HAR file: it lacks log.entries"),
    "entry": (log({"request": {}}), "entry 1: lacks 'response'"),
    "entry-2": (log(har({"text": "x"}), 3), "entry 2: is not built as HAR has it"),
    "base64": (
        log(har({"text": "???", "encoding": "base64"})),
        "entry 1: has a value that cannot be read: ",
    ),
    "br": (
        log(har({"text": "AAA=", "encoding": "base64"})),
        "entry 1: the body is in content-encoding 'br', which cannot be undone here",
    ),
    "none": (log(), "holds no answer of a known surface"),
    "yaml": (b"interactions: [", "is not YAML: while parsing"),
    "python": (b"interactions: !!python/object:x.y {}", "is not YAML: could not determine a con"),
    "inside": (b"x:\n- |\n  y\ninteractions : 1", "is no cassette: its interactions are no list"),
    "text": (b"- |\n interactions: x\n", "is no answer that is known here"),
    "key": (b'"a": |\n  x\nz: &b\ninteractions: *c', "is not YAML: found undefined alias"),
    "list": (b"- x\n---\ninteractions: 1", "is not YAML: expected a single document"),
    "quoted": (b'"x\ninteractions: y"', "is no cassette: it has no list of interactions"),
    "no-cassette": (b"interactions: {}", "is no cassette: its interactions are no list"),
    "nested": (b"x:\n  y: 1\ninteractions:\n  - 3", "interaction 1: is not built as a cassette "),
    "interaction": (b"interactions: [{request: {}}]", "interaction 1: lacks 'response'"),
    "no-url": (
        b"interactions: [{request: {}, response: {}}]", "interaction 1: lacks 'uri'",
    ),
    "body": (
        yaml.dump({"interactions": [vcr(7)]}).encode(),
        "interaction 1: a body is int, neither text nor bytes",
    ),
    "status": (
        yaml.dump({"interactions": [vcr("x", status="no")]}).encode(),
        "interaction 1: has a value that cannot be read: invalid literal for int",
    ),
    "base64-cassette": (
        yaml.dump({"interactions": [vcr({"base64_string": "?"})]}).encode(),
        "interaction 1: ",
    ),
    "head": (b"HTTP/1.1 OK\r\n\r\n", "begins like the head of an answer, and does not go on like"),
    "interim": (b"HTTP/1.1 100 Continue\r\n\r\n", "has only an interim head, of status 100"),
    "chunks": (
        HEAD + b"transfer-encoding: chunked\r\n\r\n1\r\nabc", "its chunks are damaged: not an HTTP",
    ),
    "gzip": (HEAD + b"\r\n\x1f\x8bxx", "the body is no gzip: Error -3"),
    "gzip-twice": (
        HEAD + b"\r\n" + gzip.compress(CHAT) * 2, "the body goes on after the end of its gzip",
    ),
    "gzip-bomb": (
        HEAD + b"\r\n" + gzip.compress(bytes(65 << 20), 1),
        "the body is longer than 67108864 bytes once it is unpacked",
    ),
    "spelt": (
        b"".join(b'data: {"choices":[{"delta":{"content":"%b"}}]}\n\n' % part
                 for part in (b"AIzaSyA0123456789", b"bcdefghijklmnopqrstu")),
        ("the events of wire.sse spell what looks like a key (AIza..., 37 bytes) at byte 0 of "
        "their text; nothing of it was written"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_said_in_one_line_and_nothing_is_written(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str
) -> None:
    data, message = BAD[name]
    good, bad = tmp_path / "good.sse", tmp_path / name
    good.write_bytes(CHAT)
    bad.write_bytes(data)

    code = main(["import", str(good), str(bad), "--out", str(tmp_path / "out")])

    said = capsys.readouterr()
    assert (code, said.out, said.err.count("\n")) == (4, "", 1)
    assert said.err.startswith(f"mockprovider: {bad}: {message}")
    assert not (tmp_path / "out").exists()


def test_a_file_that_is_not_there_is_named(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code = main(["import", str(tmp_path / "x"), "--out", str(tmp_path / "out")])

    told = f"mockprovider: {tmp_path}/x: cannot be read: No such file or directory\n"
    assert (code, capsys.readouterr().err) == (4, told)


def test_a_second_import_leaves_the_first_alone(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "x.sse").write_bytes(CHAT)
    arguments = ["import", str(tmp_path / "x.sse"), "--out", str(tmp_path / "out")]

    codes = main(arguments), main(arguments)

    told = f"mockprovider: {tmp_path}/out/x is there already; move it away, or choose another"
    assert codes == (0, 4)
    assert capsys.readouterr().err.startswith(told)


def test_without_pyyaml_a_cassette_says_what_to_install(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)
    (tmp_path / "c.yaml").write_bytes(SOURCES["vcrpy"][1])

    code = main(["import", str(tmp_path / "c.yaml"), "--out", str(tmp_path / "out")])

    assert (code, capsys.readouterr().err) == (
        4,
        (
            f"mockprovider: {tmp_path}/c.yaml: is YAML, and pyyaml is not installed; "
            "pip install 'streamproof[import]'\n"
        ),
    )


def test_a_file_that_is_too_long_is_not_read(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with (tmp_path / "x").open("wb") as file:
        file.truncate((256 << 20) + 1)

    code = main(["import", str(tmp_path / "x"), "--out", str(tmp_path / "out")])

    told = f"mockprovider: {tmp_path}/x: is longer than 256 MiB\n"
    assert (code, capsys.readouterr().err) == (4, told)


def test_yaml_is_read_without_libyaml_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml, "__with_libyaml__", False)

    assert one(tmp_path / "x", SOURCES["vcrpy"][1]).wire == CHAT


def test_of_a_cassette_only_known_surfaces_are_taken(tmp_path: Path) -> None:
    seen = [vcr("<html>", url="https://x.example/login"), vcr(None), vcr({"string": CHAT})]
    (tmp_path / "x.yaml").write_bytes(yaml.dump({"interactions": seen}).encode())

    made = imported([tmp_path / "x.yaml"], WISHES)

    assert [(name, each.wire) for name, each in made] == [("x-1", b""), ("x-2", CHAT)]


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("2026-01-02T03:04:05", "2026-01-02T03:04:05Z"),
        ("2026-01-02T03:04:05+01:00", "2026-01-02T03:04:05+01:00"),
        ("Fri, 02 Jan 2026 03:04:05 GMT", None),
        (None, None),
    ],
)
def test_a_cassette_may_say_when_it_was_recorded(
    tmp_path: Path, told: str | None, kept: str | None
) -> None:
    interaction = vcr({"string": CHAT}) | {"recorded_at": told}

    made = one(tmp_path / "x", yaml.dump({"interactions": [interaction]}).encode())

    assert made.recorded_at == kept


def test_what_is_of_no_surface_becomes_no_recording() -> None:
    with pytest.raises(BadRecording, match="of no surface that is known here; say which with --su"):
        recording(Exchange(wire=b"data: x\n\n"), WISHES)


def test_a_status_no_answer_has_is_named(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "x").write_bytes(log(har({"text": CHAT.decode()}, status=42)))

    code = main(["import", str(tmp_path / "x"), "--out", str(tmp_path / "out")])

    told = f"mockprovider: {tmp_path}/out/x: status must be at least 200, not 42\n"
    assert (code, capsys.readouterr().err) == (4, told)
    assert not (tmp_path / "out").exists()


def test_a_lone_surrogate_is_no_obstacle(tmp_path: Path) -> None:
    entry = har({"text": CHAT.decode() + "\ud800"})
    entry["request"]["postData"]["text"] = '{"stream": true, "x": "\\ud800"}'
    (tmp_path / "x").write_bytes(log(entry))

    code = main(["import", str(tmp_path / "x"), "--out", str(tmp_path / "out")])

    made = load(tmp_path / "out" / "x")
    assert (code, made.wire) == (0, CHAT + b"?")
    assert json.loads(made.request.body or "")["x"] == "\ud800"


def test_a_long_request_is_kept_with_its_long_texts_cut() -> None:
    asked = json.dumps({"stream": True, "input": ["x" * 300_000, "y" * 2000, 7]}).encode()

    made = recording(Exchange("/v1/responses", asked=asked), WISHES)

    assert json.loads(made.request.body or "")["input"] == [
        "x" * 120 + "<cut 299880 characters>",
        "y" * 2000,
        7,
    ]


@pytest.mark.parametrize(
    ("wire", "surface"),
    [(b"data: {}\r\n\r\n", "gemini"), (b"[{}]", "gemini-array"), (b"", "gemini-array")],
)
def test_a_query_that_was_lost_is_seen_from_the_answer(wire: bytes, surface: str) -> None:
    made = recording(Exchange("/v1beta/models/m:streamGenerateContent", wire=wire), WISHES)

    assert (made.surface, made.mode, made.model) == (surface, "stream", "m")


def test_a_request_that_is_no_json_is_left_out() -> None:
    made = recording(Exchange("/v1/embeddings", asked=b"\x00", wire=b"{}"), WISHES)

    assert (made.request, made.mode) == (Asked(path="/v1/embeddings"), "plain")


def test_a_request_that_is_nested_too_deeply_is_refused() -> None:
    deep = b"[" * 900 + b"]" * 900

    with pytest.raises(BadRecording, match="the exchange is nested too deeply to be read"):
        recording(Exchange("/v1/responses", asked=deep), WISHES)


@pytest.mark.parametrize(
    ("url", "path"),
    [("/v1/x?y", "/v1/x?y"), ("http://h", "/"), ("http://h?q", "/?q"), ("http://h/a#b", "/a")],
)
def test_the_target_of_a_url_is_path_and_query(url: str, path: str) -> None:
    assert target(url) == path


def test_words_are_no_secrets() -> None:
    scrubber = Scrubber(["anything", "ab1", "sk-12345", "a-key=="])
    text = "anything ab1 sk-12345 a-key== sk-learn-based-classification sk-xxxxxxxx1xxxxxxxxxxxxx"

    assert scrubber.text(text) == (
        "anything ab1 ******** ******* sk-learn-based-classification sk-xxxxxxxx1xxxxxxxxxxxxx"
    )


@pytest.mark.parametrize(
    "key",
    [
        "sk-proj-aB3dE5fG7hI9jK1lM3nO5", "AIzaSyA0123456789abcdefghijklmnopqrstu",
        "gsk_aB3dE5fG7hI9jK1lM3nO5", "ya29.a0AfB1byC2dEfGhIjKlMnOp", "AKIAIOSFODNN7EXAMPLE",
        "eyJhbGciOiJI.eyJzdWIiOiIxMjM0.SflKxwRJSMeKKF2QT4", "org-aB3dE5fG7hI9jK1lM3nO5",
        "ghp_aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1",
    ],
)  # fmt: skip
def test_a_key_of_anyone_is_starred_in_any_place(key: str) -> None:
    stars = "*" * len(key)

    for text in ("{}", '"{}"', "KEY={} ", "Bearer {}", "https://h/?k={}&x", "a {}.", "/{}/"):
        assert Scrubber().text(text.format(key)) in (
            text.format(stars),
            text.format(stars)[:-1] + "*",
        )


@given(st.binary(max_size=40), st.text("ab1-", min_size=8, max_size=12))
def test_stars_take_as_much_room_as_secrets(data: bytes, secret: str) -> None:
    body = data + secret.encode() + data
    clean = Scrubber([secret]).data(body)

    assert len(clean) == len(body)
    assert (secret.encode() in clean) == (secret.isalpha())


@given(st.data())
def test_a_transcript_does_not_depend_on_how_the_bytes_came(data: st.DataObject) -> None:
    pieces = data.draw(st.lists(st.binary(min_size=1, max_size=9), min_size=1, max_size=4))
    wire = HEAD + b"transfer-encoding: chunked\r\n\r\n"
    wire += b"".join(b"%x\r\n%b\r\n" % (len(each), each) for each in pieces) + b"0\r\n\r\n"
    cuts = sorted(data.draw(st.sets(st.integers(1, len(wire) - 1), max_size=6)))

    transcript = Transcript()
    told = [transcript.feed(wire[a:b], a)
            for a, b in zip([0, *cuts], [*cuts, len(wire)], strict=True)]  # fmt: skip

    assert told == [False] * len(cuts) + [True]
    body = transcript.body()
    assert (body.wire, sum(read.length for read in body.reads)) == (
        b"".join(pieces),
        len(body.wire),
    )
    if not cuts:
        assert [read.length for read in body.reads] == [len(each) for each in pieces]


def test_importing_needs_one_answer_only() -> None:
    with pytest.raises(BadRecording, match="holds no answer of a known surface"):
        exchanges(b"data: x\n\n", WISHES)
