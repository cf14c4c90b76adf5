"""`conformance probe`: what it finds of a router, what it writes, what it says where it cannot."""

from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from conformance.exchange import SURFACES, Exchange, HoldSeen, Json, Trial
from conformance.habits import habits
from conformance.profiles.profile import read
from conformance.profiles.rows import Error, Header, RateLimit
from conformance.selfcheck.servers import Servers
from tests.conformance.made import body, choice, chunk, said, streamed

Command = Callable[..., CompletedProcess[str]]

USAGE: Json = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}


def asked(surface: str, probe: str, *listed: Exchange) -> dict[tuple[str, str], Trial]:
    return {(surface, probe): Trial(probe, {str(at): each for at, each in enumerate(listed)})}


def answered(*headers: tuple[str, str], surface: str = "chat", status: int = 200) -> Exchange:
    return Exchange(surface, "plain", status=status, headers=headers, body=b"{}")


@pytest.mark.parametrize(
    ("probe", "chunks", "policy", "position"),
    [
        ("text", said("a", "b"), "role", "first"),
        ("text", [chunk(choice({"role": "assistant", "content": "a"})) for _ in "ab"],
         "role", "every"),
        ("text", [chunk(choice({"content": "a"}))], "role", None),
        ("text", said("a"), "finish-place", "own-chunk"),
        ("text", [chunk(choice({"content": "a"}, "stop"))], "finish-place", "last-content"),
        ("usage", [*said("a"), chunk(usage=USAGE)], "usage-place", "own-chunk"),
        ("usage", [chunk(choice({}, "stop"), usage=USAGE)], "usage-place", "with-finish"),
        ("usage", said("a"), "usage-place", None),
        ("usage-unasked", said("a"), "usage-when", "asked"),
        ("usage-unasked", [*said("a"), chunk(usage=USAGE)], "usage-when", "always"),
    ],
)  # fmt: skip
def test_a_stream_shows_a_habit(
    probe: str, chunks: list[Json], policy: str, position: str | None
) -> None:
    trials = asked("chat", probe, streamed(body(chunks)))

    assert habits(trials).policy.get(policy) == position


def test_a_model_of_another_name_is_no_policy() -> None:
    renamed = Exchange("chat", "plain", status=200, body=b'{"model": "basil-2024"}')

    assert "model-name" not in habits(asked("chat", "identity", renamed)).policy


def test_how_much_is_kept_back_is_what_the_holds_show() -> None:
    holds = HoldSeen("a", "x", 0), HoldSeen("b", "y", 3)
    held = Exchange("chat", "stream", status=200, holds=holds)

    assert habits(asked("chat", "incremental-text", held)).lookahead == 3
    assert habits({}).lookahead == 1


@pytest.mark.parametrize(
    ("answers", "rows"),
    [
        ([answered(("X-Id", "1")), answered(("x-id", "2"))],
         (Header("x-id", (), "required", unique=True),)),
        ([answered(("x-id", "1")), answered(("x-id", "1"))], (Header("x-id", (), "required"),)),
        ([answered(("x-id", "1")), answered()], ()),
        ([answered(("x-id", "1")), answered(status=401)],
         (Header("x-id", ("plain",), "required"),)),
        ([answered(("x-id", "1")), answered(surface="messages")],
         (Header("x-id", ("chat",), "required"),)),
        ([answered(("content-type", "text/plain"), ("x-powered-by", "us"))], ()),
    ],
)  # fmt: skip
def test_a_header_that_all_answers_have_becomes_a_row(
    answers: list[Exchange], rows: tuple[Header, ...]
) -> None:
    trials = {
        (each.surface, f"text.{at}"): Trial("text", {"plain": each})
        for at, each in enumerate(answers)
    }

    assert habits(trials).headers == rows


def test_headers_that_count_become_a_limit() -> None:
    told = answered(("x-ratelimit-limit", "9"), ("x-ratelimit-remaining", "8"))

    limits = habits(asked("chat", "text", told)).limits

    assert limits == (RateLimit("x-ratelimit-limit", "x-ratelimit-remaining"),)


def test_members_that_all_errors_have_become_a_row() -> None:
    bodies = (b'{"error": {"message": "no", "type": "x"}}', b'{"error": {"message": "no"}}')
    errors = [Exchange("chat", "plain", status=401, body=each) for each in bodies]

    rows = habits(asked("chat", "refused-401", *errors)).errors

    assert rows == (Error(("chat",), has=("message",)),)


@pytest.fixture
def probing(started: Servers, conformance: Command) -> Callable[..., str]:
    """Return what probes the reference router and returns what was printed."""

    def probes(*mock: str) -> str:
        url, found = f"{started.routers_url}/reference", ("--mock-url", started.control_url)
        done = conformance("probe", url, *(mock or found))
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    return probes


def test_what_a_router_speaks_is_told(probing: Callable[..., str]) -> None:
    assert probing().splitlines() == [
        "chat       at /v1, key as bearer, asks its provider as chat",
        "responses  at /v1, key as bearer, asks its provider as responses",
        "messages   at /v1, key as x-api-key or bearer, asks its provider as messages",
        (
            "gemini     at /v1beta, key as x-goog-api-key or ?key or bearer, asks its provider as "
            "gemini"
        ),
        "written: router.toml; next: conformance run --profile router.toml",
    ]


def test_what_is_written_is_a_profile_that_the_router_keeps(
    probing: Callable[..., str], started: Servers, conformance: Command, tmp_path: Path
) -> None:
    probing()
    profile = read(tmp_path / "router.toml")

    done = conformance(
        "run", "--profile", "router.toml", "--mock-url", started.control_url, "--only", "chunk.*"
    )

    assert done.returncode == 0, done.stdout
    assert profile.url == f"{started.routers_url}/reference"
    assert profile.surfaces == SURFACES
    assert profile.policy["cancel-upstream"] == "closes"
    assert profile.policy["usage-when"] == "asked"
    assert profile.policy["id"] == "upstream"
    assert {row.name for row in profile.policy["header"]} >= {"x-request-id", "request-id"}


def test_without_the_mock_only_what_any_answer_shows_is_read(
    probing: Callable[..., str], tmp_path: Path
) -> None:
    told = probing("--mock-port", "0")

    assert "the router did not call the mock at http://127.0.0.1:" in told
    policy = read(tmp_path / "router.toml").policy
    assert policy["role"] == "first"
    assert "cancel-upstream" not in policy


def test_a_file_that_is_there_is_not_written_over(conformance: Command, tmp_path: Path) -> None:
    (tmp_path / "router.toml").write_text("mine", "utf-8")

    done = conformance("probe", "http://127.0.0.1:9")

    assert done.returncode == 4
    assert done.stderr == (
        "conformance: --out: router.toml exists; give another, or --force to write it anew\n"
    )
    assert (tmp_path / "router.toml").read_text("utf-8") == "mine"


def test_where_nothing_is_spoken_nothing_is_written(
    started: Servers, conformance: Command, tmp_path: Path
) -> None:
    done = conformance("probe", started.routers_url, "--mock-url", started.control_url)

    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        *(f"{surface:10} no: nothing there" for surface in SURFACES),
        "no surface was found: is the URL its root, and the key and the model right?",
    ]
    assert not (tmp_path / "router.toml").exists()


def test_a_wrong_key_is_told_from_a_surface_that_is_not_there(
    started: Servers, conformance: Command
) -> None:
    url = f"{started.routers_url}/reference"

    done = conformance("probe", url, "--router-key", "sk-wrong", "--mock-url", started.control_url)

    assert done.returncode == 1
    shown = """chat       no: answered 401, '{"error":{"message":"incorrect"""
    assert done.stdout.startswith(shown)
