"""The forms in which people keep answers: HAR files, what curl printed, plain bodies."""

import gzip
import json
import re
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from conformance.exchange import End, Exchange, Json, Request
from conformance.recorded.files import BadFile
from conformance.recorded.forms import recordings
from conformance.recorded.recording import Kept, Recording, Wanted, recording
from tests.conformance.made import DONE, answered, body, said

INDEX = Path(__file__).parents[3] / "shared" / "corpus" / "INDEX.jsonl"
SURFACES = frozenset({"chat", "messages", "responses", "gemini"})
WANTED = Wanted(SURFACES)
CHAT = body(said("hi"))
PLAIN = json.dumps(answered({"role": "assistant", "content": "hi"})).encode()
ERROR = b'{"error":{"message":"no","type":"t","param":null,"code":null}}'
MESSAGES = b'event: message_start\ndata: {"type":"message_start","message":{}}\n\n'
RESPONSES = b'data: {"type":"response.created","response":{}}\n\n'
GEMINI = b'data: {"candidates":[]}\n\n'
ARRAY = b'[{"candidates":[]},\n{"candidates":[]}]'
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
NOTHING = "nothing in it is of chat, messages, responses or gemini; --surface says what it is"
NEEDED = "an event stream, a JSON answer, a HAR file or what `curl -i` printed is needed"
HEADLESS = "no HTTP head; a status line, header lines and an empty line are needed"

Read = Callable[..., list[Recording | BadFile]]


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Read:
    monkeypatch.chdir(tmp_path)

    def reads(data: bytes, wanted: Wanted = WANTED, **how: Json) -> list[Recording | BadFile]:
        Path("it").write_bytes(data)
        return list(recordings("it", wanted, **how))

    return reads


def exchanges(found: list[Recording | BadFile]) -> list[Exchange]:
    assert [str(each) for each in found if isinstance(each, BadFile)] == []
    return [each.exchange for each in found if isinstance(each, Recording)]


def entry(data: bytes, path: str = "/v1/chat/completions", **response: Json) -> Json:
    return {
        "request": {
            "method": "POST",
            "url": f"https://router.example{path}",
            "headers": [{"name": ":path", "value": path}, {"name": "accept", "value": "*/*"}],
            "postData": {"mimeType": "application/json", "text": '{"stream":true}'},
        },
        "response": {
            "status": 200,
            "headers": [
                {"name": "content-type", "value": "text/event-stream"},
                {"name": "content-encoding", "value": "gzip"},
            ],
            "content": {"mimeType": "text/event-stream", "text": data.decode()},
            **response,
        },
    }


def har(*entries: Json) -> bytes:
    return json.dumps({"log": {"version": "1.2", "entries": entries}}).encode()


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (CHAT, "chat.stream"),
        (DONE, "chat.stream"),
        (b"\xef\xbb\xbf" + CHAT, "chat.stream"),
        (b": hello\n\ndata: 7\n\ndata: [\n\n" + CHAT, "chat.stream"),
        (b": " + b"x" * 70_000 + b"\n\n" + CHAT, "chat.stream"),
        (PLAIN, "chat.plain"),
        (b"\xef\xbb\xbf\n" + PLAIN, "chat.plain"),
        (ERROR, "chat.error"),
        (MESSAGES, "messages.stream"),
        (b'{"type":"message","content":[]}', "messages.plain"),
        (b'{"type":"error","error":{"type":"overloaded_error","message":"no"}}', "messages.error"),
        (RESPONSES, "responses.stream"),
        (
            b'data: {"type":"error","sequence_number":0,"error":{"message":"no"}}\n\n',
            "responses.stream",
        ),
        (b'{"object":"response","output":[]}', "responses.plain"),
        (GEMINI, "gemini.stream"),
        (GEMINI[:-1], "gemini.stream"),
        (GEMINI[:-2], "gemini.stream"),
        (b'data: {"error":{"message":"no","code":502}}\n\n', "chat.stream"),
        (ARRAY, "gemini.array"),
        (b'{"error":{"code":503,"message":"no","status":"UNAVAILABLE"}}', "gemini.error"),
        (HEAD + b"\r\n" + CHAT, "chat.stream"),
        (b"HTTP/2 400 \r\ncontent-type: application/json\r\n\r\n" + ERROR, "chat.error"),
        (b"HTTP/1.1 200 OK\n\n" + PLAIN, "chat.plain"),
    ],
)  # fmt: skip
def test_what_an_answer_is_is_told_by_what_is_in_it(read: Read, data: bytes, kind: str) -> None:
    assert [exchange.kind for exchange in exchanges(read(data))] == [kind]


def test_a_body_is_kept_byte_for_byte(read: Read) -> None:
    data = b"\xef\xbb\xbf" + CHAT + b"\r\n \n"

    assert exchanges(read(data))[0].body == data


def test_a_surface_that_is_given_is_not_looked_for(read: Read) -> None:
    found = exchanges(read(b"data: hi\n\n", Wanted(SURFACES, "messages")))

    assert [exchange.kind for exchange in found] == ["messages.stream"]


def test_what_was_asked_says_what_should_have_come(read: Read) -> None:
    asked = Request("POST", "", (), {"stream": True})

    assert [exchange.kind for exchange in exchanges(read(PLAIN, asked=asked))] == ["chat.stream"]


def test_of_several_heads_the_last_is_that_of_the_answer(read: Read) -> None:
    proxy = b"HTTP/1.1 200 Connection established\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"

    found = exchanges(read(proxy + HEAD + b"X-A: b: c\r\n\r\n" + CHAT))[0]

    assert (found.status, found.body, found.end) == (200, CHAT, End.COMPLETE)
    assert found.headers == (("Content-Type", "text/event-stream"), ("X-A", "b: c"))


@pytest.mark.parametrize("printed", [gzip.compress(CHAT), CHAT])
def test_a_coding_is_undone_unless_curl_has_done_it(read: Read, printed: bytes) -> None:
    found = exchanges(read(HEAD + b"Content-Encoding: gzip\r\n\r\n" + printed))[0]

    assert (found.body, found.header("content-encoding")) == (CHAT, None)


def test_a_body_shorter_than_its_length_was_cut(read: Read) -> None:
    found = exchanges(read(HEAD + b"Content-Length: 9999\r\n\r\n" + CHAT))[0]

    assert found.end == End.CUT


def test_every_answer_of_a_model_in_a_har_file_is_read(read: Read) -> None:
    data = har(
        entry(b"<html>", "/"),
        entry(CHAT),
        entry(b"data: news\n\n", "/news"),
        entry(MESSAGES, "/renamed"),
        entry(PLAIN, headers=[{"name": "Content-Type", "value": "application/json"}]),
    )

    found = read(data)

    assert [each.name for each in found if isinstance(each, Recording)] == [
        "it[1]", "it[3]", "it[4]",
    ]  # fmt: skip
    assert [exchange.kind for exchange in exchanges(found)] == [
        "chat.stream", "messages.stream", "chat.stream",
    ]  # fmt: skip


def test_a_har_entry_has_its_head_and_its_request(read: Read) -> None:
    found = exchanges(read(har(entry(CHAT))))[0]

    assert (found.status, found.headers) == (200, (("content-type", "text/event-stream"),))
    assert found.request == Request(
        "POST", "https://router.example/v1/chat/completions", (("accept", "*/*"),),
        {"stream": True},
    )  # fmt: skip


def test_a_har_body_may_be_base64(read: Read) -> None:
    text = b64encode(b"data: \xff\n\n" + CHAT).decode()

    found = exchanges(read(har(entry(b"", content={"text": text, "encoding": "base64"}))))[0]

    assert found.body == b"data: \xff\n\n" + CHAT


def test_an_answer_a_browser_saw_break_off_was_cut(read: Read) -> None:
    found = exchanges(read(har(entry(CHAT, _error="net::ERR_HTTP2_PROTOCOL_ERROR"))))[0]

    assert found.end == End.CUT


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"hello", f"it: {NOTHING}"),
        (b"<html></html>", f"it: {NOTHING}"),
        (b'{"id":7}', f"it: {NOTHING}"),
        (b'{"object":"text_completion","choices":[]}', f"it: {NOTHING}"),
        (b"[1, 2", f"it: {NOTHING}"),
        (b'{"log":{}}', "it: a HAR file without log.entries; a list is needed"),
        (har(), "it: none of its 0 entries is the answer of a model"),
        (har(entry(b"<html>", "/"), {}),
         "it: none of its 2 entries is the answer of a model"),
        (har(entry(b"", content={})), "it[0]: no body; that of the answer is needed"),
        (har(entry(b"", content={"text": "x", "encoding": "base64"})),
         "it[0]: no body; that of the answer is needed"),
        (HEAD + b"\r\n", "it: no body; that of the answer is needed"),
        (HEAD, f"it: 'HTTP/1.1 200 OK': {HEADLESS}"),
        (b"HTTP/1.1 OK\n\n" + CHAT, f"it: 'HTTP/1.1 OK': {HEADLESS}"),
    ],
)  # fmt: skip
def test_what_is_no_answer_is_said_in_one_line(read: Read, data: bytes, said: str) -> None:
    assert [str(each) for each in read(data)] == [said]


def test_a_surface_without_rules_is_said_to_be_one(read: Read) -> None:
    found = read(MESSAGES, Wanted(frozenset({"chat"})))

    assert [str(each) for each in found] == [
        "it: an answer of messages; there are rules for chat"
    ]  # fmt: skip


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "cut.har").write_bytes(har(entry(CHAT.removesuffix(DONE)), entry(b"", content={})))
    (tmp_path / "curl.txt").write_bytes(HEAD + b"\r\n" + CHAT)
    (tmp_path / "error.json").write_bytes(ERROR)
    return tmp_path


Command = Callable[..., CompletedProcess[str]]


def test_findings_and_complaints_name_the_entry(conformance: Command, files: Path) -> None:
    told = conformance("lint", "cut.har")

    assert told.returncode == 4
    assert "cut.har[0]:" in told.stdout
    assert ": fail: done.present (MUST): " in told.stdout
    assert told.stderr == "conformance: cut.har[1]: no body; that of the answer is needed\n"


def test_a_head_lets_more_rules_judge(conformance: Command, files: Path) -> None:
    told = conformance("lint", "curl.txt")

    assert told.returncode == 0
    assert "curl.txt: warn: hdr.request-id (SHOULD)" in told.stdout
    assert "(for want of request, upstream)" in told.stdout


def test_an_error_is_judged_as_one(conformance: Command, files: Path) -> None:
    told = conformance("lint", "error.json")

    assert told.returncode == 0
    assert re.fullmatch(r"error.json: .*\b\d+ pass, .*\(for want of .*upstream\)\n", told.stdout)


@pytest.mark.slow
@pytest.mark.skipif(not INDEX.is_file(), reason="no recorded streams at ../shared/corpus")
def test_what_providers_sent_is_told_apart() -> None:
    listed = [json.loads(line) for line in INDEX.read_text("utf-8").splitlines()]
    bodies = ((told["protocol"], (INDEX.parent / told["file"]).read_bytes()) for told in listed)

    found = {(api, recording(Kept("it", body), WANTED).exchange.surface) for api, body in bodies}
    assert found == {
        ("openai-chat", "chat"),
        ("openai-responses", "responses"),
        ("anthropic-messages", "messages"),
        ("gemini-generate-content", "gemini"),
    }
