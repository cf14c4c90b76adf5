"""Markers in a prompt, whole and damaged."""

import zlib
from base64 import urlsafe_b64encode

import pytest

from mockprovider import marker
from mockprovider.inbox import Request
from mockprovider.marker import Marker
from mockprovider.steps import BadScenario


def packed(text: bytes) -> bytes:
    return urlsafe_b64encode(zlib.compress(text))


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b"nothing", None),
        (b'{"content":"hi [[mock:text#r1-1]] there"}', Marker("text", "r1-1")),
        (b"[[mock:armed#a.b_c-9]] [[mock:text#r1-2]]", Marker("armed", "a.b_c-9")),
        (b"[[mock:inline:QUJD#r1-1]]", Marker("inline", "r1-1", b"QUJD")),
        (b"[[mock:inline:QUI=#r1-1]]", Marker("inline", "r1-1", b"QUI")),
    ],
)
def test_the_first_marker_counts(body: bytes, found: Marker | None) -> None:
    assert marker.find(body) == found


@pytest.mark.parametrize(
    ("body", "nonce"),
    [
        (b"[[mock:te xt#r1-1]]", "r1-1"),
        (b"[[mock:text]] later", None),
        (b"[[mock:text#r1-1", None),
        (b"[[mock:text#" + b"x" * 65 + b"]]", None),
    ],
)
def test_damage_is_reported_with_what_was_there(body: bytes, nonce: str | None) -> None:
    found = marker.find(body)

    assert found is not None
    assert found.nonce == nonce
    assert found.damage == (
        f"damaged marker {body[:60].decode()!r}; it should read [[mock:NAME#NONCE]]"
    )


CHAT = "/v1/chat/completions"


@pytest.mark.parametrize(
    ("target", "headers", "body", "found"),
    [
        ("/as/text/v1/chat/completions", [], b"{}", Marker("text", None)),
        ("/as/text@azure/v1/models?x=1", [], b"", Marker("text", None, provider="azure")),
        (CHAT, [], b'{"model": "gpt-x--mock-tool-call"}', Marker("tool-call", None)),
        (CHAT, [], b'{"model":"m--mock-text@groq","n":1}', Marker("text", None, provider="groq")),
        ("/v1beta/models/g--mock-text:generateContent", [], b"{}", Marker("text", None)),
        (CHAT, [("Authorization", "Bearer sk-mock-stall")], b"{}", Marker("stall", None)),
        (CHAT, [("X-Api-Key", "sk-mock-stall")], b"{}", Marker("stall", None)),
        (CHAT, [("Authorization", "Bearer sk-mock-invalid")], b"{}", None),
        (CHAT, [("Authorization", "Bearer sk-other")], b'{"model": "m"}', None),
        ("/as/text/v1/models", [], b"[[mock:cut#r-1]]", Marker("cut", "r-1")),
    ],
)
def test_a_scenario_may_be_named_beside_the_prompt(
    target: str, headers: list[tuple[str, str]], body: bytes, found: Marker | None
) -> None:
    assert marker.of(Request("POST", target, headers=tuple(headers), body=body)) == found


@pytest.mark.parametrize(
    ("target", "path"),
    [("/as/text/v1/models?a=b", "/v1/models"), ("/as/text", "/as/text"), (CHAT, CHAT)],
)
def test_a_path_is_read_without_the_scenario_before_it(target: str, path: str) -> None:
    assert Request("GET", target).path == path


@pytest.mark.parametrize(("nonce", "run"), [("r1-4", "r1"), ("a-b-4", "a-b"), ("alone", "alone")])
def test_a_nonce_has_a_run(nonce: str, run: str) -> None:
    assert marker.run_of(nonce) == run


def test_an_inline_script_unpacks_with_and_without_padding() -> None:
    script = packed(b'summary = ""')

    assert [marker.unpack(script), marker.unpack(script.rstrip(b"="))] == ['summary = ""'] * 2


@pytest.mark.parametrize(
    ("script", "message"),
    [
        (b"QUJD", "inline script does not unpack: Error -3 while decompressing data"),
        (b"Q", "inline script does not unpack: Invalid base64-encoded string"),
        (packed(b"x" * 50)[:12], "inline script is cut short"),
        (packed(b"x" * (2 << 20)), "inline script is longer than 1048576 bytes"),
    ],
)
def test_a_script_that_does_not_unpack_is_reported(script: bytes, message: str) -> None:
    with pytest.raises(BadScenario) as caught:
        marker.unpack(script)

    assert str(caught.value).startswith(message)
