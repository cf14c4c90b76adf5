"""Who may call the control plane: programs and its own page, but no other page."""

from typing import TYPE_CHECKING

import pytest

from mockprovider.guard import refusal

if TYPE_CHECKING:
    from tests.mockprovider.conftest import Mock, StartMock

PROGRAMS = (
    "127.0.0.1:9101", "localhost:9101", "localhost", "LOCALHOST", "[::1]:9101", "10.1.2.3", "mock",
    "mock:80", "host.docker.internal:9101", "mock.localhost", "a.b.test:1", "localhost.", "",
)  # fmt: skip
STRANGERS = (
    "evil.example:9101", "evil.example", "127.0.0.1.evil.example", "localhost.evil.example",
    "eviltest.example", "evil.localhost.example", "[evil.example]", "evil.example.", "a:b:c",
    "[::1",
)  # fmt: skip


@pytest.mark.parametrize("host", PROGRAMS)
def test_a_program_may_call_by_any_name_that_is_ours(host: str) -> None:
    assert refusal({"host": host} if host else {}) is None


@pytest.mark.parametrize("host", STRANGERS)
def test_a_name_that_somebody_else_may_own_is_refused(host: str) -> None:
    assert refusal({"host": host}) == (
        f"the control plane is not known as {host!r}; "
        "call it by its address, or start the mock with a --token"
    )


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("127.0.0.1:9101", "http://127.0.0.1:9101"),
        ("localhost:9101", "http://LOCALHOST:9101"),
        ("[::1]:9101", "http://[::1]:9101"),
    ],
)
def test_its_own_page_may_call(host: str, origin: str) -> None:
    assert refusal({"host": host, "origin": origin}) is None


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "null",
        "",
        "http://127.0.0.1:8000",
        "http://localhost:9101",
        "file://",
    ],
)
def test_another_page_may_not_call(origin: str) -> None:
    assert refusal({"host": "127.0.0.1:9101", "origin": origin}) == (
        f"a page of {origin!r} may not call the control plane; its own page may"
    )


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/armed/x-1"),
        ("POST", "/release/x-1"),
        ("POST", "/abort/x-1"),
        ("DELETE", "/runs/x"),
        ("POST", "/entries/1/release"),
        ("POST", "/entries/1/abort"),
        ("GET", "/journal"),
        ("GET", "/events"),
    ],
)
@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({"origin": "http://evil.example"}, "a page of 'http://evil.example' may not call"),
        ({"host": "evil.example"}, "the control plane is not known as 'evil.example'"),
    ],
)
def test_every_call_is_guarded(
    mock: "Mock", method: str, path: str, headers: dict[str, str], message: str
) -> None:
    answer = mock.control.request(method, f"/_mock{path}", headers=headers)

    assert answer.status_code == 403
    assert answer.json()["error"].startswith(message)


def test_a_page_of_another_origin_ends_no_stream(mock: "Mock") -> None:
    nonce = mock.nonce()
    mock.start("holds", nonce)
    mock.entry(nonce, "hold:first")

    # What a browser sends of a form, or of a fetch that needs no leave.
    headers = {"origin": "http://evil.example", "content-type": "text/plain"}
    refused = mock.control.post(f"/_mock/abort/{nonce}", content="{}", headers=headers)

    assert refused.status_code == 403
    assert mock.entry(nonce, "started")["end"] is None


def test_who_knows_the_token_may_call_from_anywhere(start_mock: "StartMock") -> None:
    with start_mock("--token", "open-sesame") as guarded:
        headers = {"authorization": "Bearer open-sesame", "host": "mock.example"}
        headers["origin"] = "https://dashboard.example"
        answer = guarded.control.get("/_mock/health", headers=headers)

    assert answer.status_code == 200
