"""`mockprovider explain`: what it says of requests, and of files that hold none."""

import json
import re
import zlib
from base64 import urlsafe_b64encode
from collections.abc import Callable
from pathlib import Path

import pytest

from mockprovider.cli import main
from mockprovider.explain import PATHS
from mockprovider.inbox import Request
from mockprovider.routing import SURFACES, routed
from mockprovider.shapes import Json

Explained = Callable[..., dict[str, list[str]]]

CHAT = "POST /v1/chat/completions"
SCRIPT = b'{"summary": "", "step": [{"say": "Aloe"}]}'
INLINE = f"[[mock:inline:{urlsafe_b64encode(zlib.compress(SCRIPT)).decode()}#a-1]]"


def said(text: str, **members: Json) -> Json:
    return {"model": "m", "messages": [{"role": "user", "content": text}], **members}


def asked(path: str, body: Json = None, method: str = "POST", **rest: Json) -> Json:
    return {"method": method, "path": path, "body": body, **rest}


@pytest.fixture
def explained(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Explained:
    """Return what explains a request, and returns what is said of each subject."""

    def explain(document: Json, *options: str) -> dict[str, list[str]]:
        path = tmp_path / "request.json"
        path.write_text(json.dumps(document))
        code = main(["explain", str(path), *options])
        told, subject = dict[str, list[str]](), ""
        for line in capsys.readouterr().out.splitlines():
            subject = line[:12].strip() or subject
            told.setdefault(subject, []).append(line[12:])
        assert code == 0
        return told

    return explain


def test_everything_is_said_of_a_good_request(explained: Explained) -> None:
    told = explained(said("say [[mock:holds#a-1]]", stream=True))

    assert told == {
        "request": [
            f"{CHAT}, 99 bytes",
            f"a body alone is taken for {CHAT}, with headers that fit",
        ],
        "surface": [f"chat, for {CHAT}"],
        "marker": ["holds, nonce a-1, in messages[0].content"],
        "scenario": ["holds: A hold after each of three deltas: first, second, third."],
        "answer": [
            "200, stream: 6 events, 3 tokens, then complete",
            "held until released: first, second, third",
        ],
        "objections": ["none"],
    }


@pytest.mark.parametrize(
    ("document", "surface"),
    [
        ({"contents": []}, "gemini, for POST /v1beta/models/mock-model:generateContent"),
        ({"model": "m", "input": "x"}, "responses, for POST /v1/responses"),
        ({"model": "text-embed-3", "input": "x"}, "embeddings, for POST /v1/embeddings"),
        ({"model": "m", "prompt": "x"}, "completions, for POST /v1/completions"),
        (said("x", max_tokens=1, system="y"), "messages, for POST /v1/messages"),
        (said("x"), f"chat, for {CHAT}"),
        (asked("/v1/models", method="GET"), "chat, for GET /v1/models"),
        ({"target": "/v1/messages?beta=true", "version": "1.1", "at": 5}, "messages, for POST"),
        (asked("/v1/responses", method="GET"), "responses has this path, but not for GET"),
        (
            asked("/v1/chat/completion"),
            "none has the path /v1/chat/completion; did you mean /v1/chat/completions?",
        ),
        (asked("/"), "none has the path /; the paths are /v1/chat/completions, /v1/completions"),
    ],
)
def test_the_surface_is_told_with_its_reason(
    explained: Explained, document: Json, surface: str
) -> None:
    assert explained(document)["surface"][0].startswith(surface)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "hi",
            (
                "none",
                "none; without a marker the prompt is repeated",
                "200, plain: 3 tokens, then complete",
            ),
        ),
        (
            "[[mock:txt#a]]",
            (
                "txt, nonce a, in messages[0].content",
                "none is played",
                "400: .*no scenario 'txt'; did you mean 'text'?",
            ),
        ),
        (
            "[[mock:text]]",
            (
                "damaged marker '[[mock:text]]\"}]}'; it should read [[mock:NAME#NONCE]]",
                "none is played",
                "400: .*damaged marker",
            ),
        ),
        (
            "[mock:text#1]",
            (
                "none; '[mock:text#1]' is none: it reads [[mock:NAME#NONCE]]",
                "none; without a marker the prompt is repeated",
                "200, plain",
            ),
        ),
        (
            "[[mock:armed#a-7]]",
            (
                "armed, nonce a-7, in messages[0].content",
                "the one armed for 'a-7' in a running mock; this command cannot know it",
                "as armed",
            ),
        ),
        (
            INLINE,
            (
                "a script that travels along, nonce a-1, in messages[0].content",
                "the script in the marker",
                "200, plain: 1 token, then complete",
            ),
        ),
        (
            "[[mock:cut#a]] [[mock:text#a]]",
            (
                "cut, nonce a, in messages[0].content; it is the first of 2, and the first counts",
                "cut: ",
                "200, plain: 0 tokens, then cut",
            ),
        ),
        (
            "[[mock:error-429#a]]",
            (
                "error-429, nonce a, in messages[0].content",
                "error-429: ",
                "429: .*rate_limit_exceeded",
            ),
        ),
    ],
)
def test_marker_scenario_and_answer_are_told(
    explained: Explained, text: str, told: tuple[str, str, str]
) -> None:
    found = explained(said(text))

    marker, scenario, answer = told
    assert found["marker"] == [marker]
    assert found["scenario"][0].startswith(scenario)
    assert re.match(answer, found["answer"][0]), found["answer"]


@pytest.mark.parametrize(
    ("document", "answer", "objections"),
    [
        (
            said("[[mock:text#a]]", temperature=9), "400: ",
            ["body.temperature: Invalid 'temperature': decimal above maximum value."],
        ),
        # A wrong marker does not hide what else is wrong.
        (
            said("[[mock:txt#a]]", temperature=9), "400: ",
            ["marker: no scenario", "body.temperature: Invalid 'temperature'"],
        ),
        (
            asked("/v1/chat/completions", said("hi"), headers={"te": "x"}), "401: ",
            ["header.te: hop-by-hop header", "header.authorization: You didn't provide an API"],
        ),
        (
            asked("/v1/chat/completions", "{", headers=[["Content-Type", "text/plain"]]), "401: ",
            ["header.authorization: You didn't"],
        ),
        (asked("/v1/chat/completions", "{"), "400: ", ["body: not valid JSON"]),
        (asked("/v1/messages", said("hi")), "400: ", ["body.max_tokens: "]),
    ],
)  # fmt: skip
def test_what_a_strict_provider_minds_is_listed(
    explained: Explained, document: Json, answer: str,
    objections: list[str],
) -> None:  # fmt: skip
    told = explained(document)

    assert told["answer"][0].startswith(answer)
    assert len(told["objections"]) == len(objections)
    for line, begins in zip(told["objections"], objections, strict=True):
        assert line.startswith(begins)


def test_a_marker_in_what_is_not_json_is_found(explained: Explained) -> None:
    told = explained(asked("/v1/responses", "{ [[mock:text#a]]"))

    assert told["marker"] == ["text, nonce a, in a body that is not JSON"]


def test_a_marker_behind_what_is_too_deep_is_found(explained: Explained) -> None:
    deep = "[" * 50_000 + "]" * 50_000

    told = explained(asked("/v1/responses", f'{{"a": {deep}, "input": "[[mock:text#a]]"}}'))

    assert told["marker"] == ["text, nonce a, in a body that is nested too deep to look into"]


def test_keys_and_scenarios_are_those_of_the_mock(explained: Explained, tmp_path: Path) -> None:
    folder = tmp_path / "scenarios"
    folder.mkdir()
    (folder / "own.toml").write_text('summary = "Mine."\nstep = [{ say = "Aloe" }]')

    own = explained(said("[[mock:own#a]]"), "--scenarios", str(folder))
    guarded = explained(said("hi"), "--key", "k")

    assert own["scenario"] == ["own: Mine."]
    assert guarded["answer"][0].startswith("401: ")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "cannot be read: Expecting property name"),
        ('"\udcff"'.encode("utf-8", "surrogateescape"), "cannot be read: 'utf-8' codec can't"),
        ("[1]", "a request is an object, not [1]"),
        ("[" * 50_000, "cannot be read: it is nested too deep"),
        ('{"method": 5}', "method must be a text, not 5"),
        ('{"path": "/", "body": 5}', "body must be a text or an object, not 5"),
        ('{"path": "/", "headers": 5}', "headers must be a table or a list of pairs, not 5"),
        ('{"path": "/", "headers": {"a": 5}}', "headers: ('a', 5) is no pair of texts"),
        ('{"path": "/", "headers": ["a"]}', "headers: 'a' is no pair of texts"),
    ],
)
def test_a_file_that_holds_no_request_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str | bytes, message: str
) -> None:
    path = tmp_path / "request.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())

    code = main(["explain", str(path)])
    out, err = capsys.readouterr()

    assert (code, out, err.count("\n")) == (4, "", 1)
    assert err.startswith(f"mockprovider: {path}: {message}")


def test_no_file_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["explain", "none.json"])

    told = "mockprovider: none.json: cannot be read: [Errno 2] No such file or directory"
    assert code == 4
    assert capsys.readouterr().err.startswith(told)


def test_the_paths_offered_are_those_there_are() -> None:
    methods = {"GET" if "models" in path and ":" not in path else "POST": path for path in PATHS}
    found = {path: [routed(Request(method, path)) for method in methods] for path in PATHS}
    unknown = [path for path, each in found.items() if not any(one.route for one in each)]
    answered = {one.surface.name for each in found.values() for one in each}

    assert unknown == []
    # The same path streams as an array without `alt=sse`.
    assert answered >= {surface.name for surface in SURFACES}
