"""The control plane: what it answers, and what it says when it cannot."""

from typing import TYPE_CHECKING

import pytest

from mockprovider.shapes import Json

if TYPE_CHECKING:
    from tests.mockprovider.conftest import Mock, StartMock

ALOE = {"summary": "s", "step": [{"say": "Aloe"}, {"hold": "h"}, {"finish": "stop"}]}


def test_health_says_where_the_provider_is(mock: "Mock") -> None:
    assert mock.call("GET", "/health") == {
        "ok": True,
        "version": mock.told["version"],
        "data_url": mock.told["data_url"],
        "pid": mock.told["pid"],
    }


def test_a_lenient_mock_answers_what_it_objects_to(start_mock: "StartMock") -> None:
    with start_mock("--lenient") as mock:
        nonce = mock.nonce()
        answer = mock.ask("text", nonce, no_stop_trim=True)

        assert answer.status == 200
        assert [each["where"] for each in mock.entry(nonce)["objections"]] == ["body.no_stop_trim"]


def test_scenarios_are_listed(mock: "Mock") -> None:
    listed = {each["name"]: each["summary"] for each in mock.call("GET", "/scenarios")["scenarios"]}

    assert listed["text"] == "Three text deltas, a stop, the usage asked for."


@pytest.mark.parametrize(
    "document", [ALOE, {"toml": 'summary = ""\nstep = [{ say = "Aloe" }, { hold = "h" }]'}]
)
def test_an_armed_scenario_answers_its_nonce(mock: "Mock", document: Json) -> None:
    nonce = mock.nonce()

    told = mock.call("PUT", f"/armed/{nonce}", json=document)
    mock.release(nonce)

    assert told == {"armed": nonce}
    assert b"Aloe" in mock.ask("armed", nonce).body
    assert mock.entry(nonce)["scenario"] == "armed"


@pytest.mark.parametrize(
    ("call", "options", "message"),
    [
        ("PUT /armed/a b", {"json": ALOE}, "nonce is 'a b'; it has 1 to 64 of the characters"),
        ("PUT /armed/x-1", {"json": {"step": []}}, "armed: the document lacks 'summary'"),
        ("PUT /armed/x-1", {"json": {"toml": "a = "}}, "armed: Invalid value"),
        ("PUT /armed/x-1", {"content": b"{"}, "the body is not JSON: Expecting"),
        ("PUT /armed/x-1", {"json": [5]}, "the body must be an object, not [5]"),
        ("POST /release/x-1", {"json": {}}, "hold must be a name or '*', not None"),
        ("POST /abort/x-1", {"json": {"how": "x"}}, "how is 'x'; it can be 'fin' or 'rst'"),
        ("GET /journal?nonce=a&run=b", {}, "journal takes nonce or run, not both"),
        ("GET /journal?wait=ended", {}, "wait needs a nonce or a run"),
        ("GET /journal?run=a&wait=x", {}, "wait is 'x'; it can be started, hold:NAME, blocked or"),
        ("GET /journal?run=a&wait=hold:", {}, "wait is 'hold:'; it can be"),
        *(
            (
                f"GET /journal?run=a&wait=ended&timeout_ms={wrong}", {},
                f"timeout_ms must be a number from 0 to 3600000, not '{wrong}'",
            )
            for wrong in ("x", "nan", "inf", "-1")
        ),
        ("POST /release/x-1", {"content": b"[" * 100_000}, "the body is not JSON: "),
    ],
)  # fmt: skip
def test_a_wrong_call_is_explained(
    mock: "Mock", call: str, options: dict[str, Json], message: str
) -> None:
    method, _, path = call.partition(" ")

    answer = mock.control.request(method, f"/_mock{path}", **options)

    assert answer.status_code == 400
    assert answer.json()["error"].startswith(message)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/_mock/nothing", 404), ("POST", "/_mock/health", 405), ("GET", "/", 404)],
)
def test_an_unknown_call_is_answered_in_json(
    mock: "Mock", method: str, path: str, status: int
) -> None:
    answer = mock.control.request(method, path)

    assert (answer.status_code, answer.json()) == (status, {"error": f"no {method} {path}"})


def test_a_hold_the_scenario_does_not_have_is_unknown_once_the_stream_is(mock: "Mock") -> None:
    nonce = mock.nonce()
    before = mock.release(nonce, "frist")
    mock.start("holds", nonce)
    mock.entry(nonce, "hold:first")

    after = mock.control.post(f"/_mock/release/{nonce}", json={"hold": "frist"})

    told = f"no hold 'frist' in the scenario of '{nonce}'; it has first, second, third"
    assert before == {"released": []}
    assert (after.status_code, after.json()) == (404, {"error": told})


def test_a_hold_of_an_armed_scenario_is_known_before_the_stream(mock: "Mock") -> None:
    nonce = mock.nonce()
    mock.call("PUT", f"/armed/{nonce}", json=ALOE)

    answer = mock.control.post(f"/_mock/release/{nonce}", json={"hold": "x"})

    assert (answer.status_code, answer.json()["error"][-8:]) == (404, "it has h")


def test_a_wait_ends_with_its_time_and_gives_what_there_is(mock: "Mock") -> None:
    nonce = mock.nonce()
    nothing = mock.call("GET", f"/journal?nonce={nonce}&wait=started&timeout_ms=5")
    mock.start("holds", nonce)
    mock.entry(nonce, "hold:first")

    found = mock.call("GET", f"/journal?nonce={nonce}&wait=ended&timeout_ms=5")["entries"]

    assert nothing == {"entries": []}
    assert [entry["end"] for entry in found] == [None]


def test_a_run_is_read_as_a_whole_and_forgotten_as_a_whole(mock: "Mock") -> None:
    run = mock.nonce().rpartition("-")[0]
    held = mock.start("holds", f"{run}-1")
    mock.entry(f"{run}-1", "hold:first")
    mock.ask("text", f"{run}-2")
    mock.call("PUT", f"/armed/{run}-3", json=ALOE)
    mock.release(f"{run}-4", "h")

    found = mock.call("GET", f"/journal?run={run}")["entries"]
    told = mock.call("DELETE", f"/runs/{run}")
    held.rest()

    assert [entry["nonce"] for entry in found] == [f"{run}-1", f"{run}-2"]
    assert told == {"forgotten": run, "ended": 1}
    assert held.answer.end == "rst"
    assert mock.call("GET", f"/journal?run={run}") == {"entries": []}
    assert mock.ask("armed", f"{run}-3").status == 400


def test_the_whole_journal_can_be_read(mock: "Mock") -> None:
    nonce = mock.nonce()
    mock.ask("text", nonce)
    mock.entry(nonce)

    assert mock.call("GET", "/journal")["entries"][-1]["nonce"] == nonce


def test_metrics_count(mock: "Mock") -> None:
    before = mock.call("GET", "/metrics")
    nonce = mock.nonce()
    client = mock.start("holds", nonce)
    mock.entry(nonce, "hold:first")

    during = mock.call("GET", "/metrics")
    client.leave("fin")
    mock.entry(nonce)
    after = mock.call("GET", "/metrics")

    assert during["open_streams"] == before["open_streams"] + 1
    assert during["open_connections"] >= 1
    assert after["requests"] == before["requests"] + 1
    assert after["events"] == before["events"] + 2
    assert 0 < after["resident_bytes"] < 200_000_000


def test_a_token_is_needed_where_one_is_set(start_mock: "StartMock") -> None:
    with start_mock("--token", "open-sesame") as guarded:
        without = guarded.control.get("/_mock/health")
        key = {"authorization": "Bearer open-sesame"}
        with_token = guarded.control.get("/_mock/health", headers=key)

    told = "the control plane wants its token: Authorization: Bearer TOKEN"
    assert (without.status_code, without.json()) == (401, {"error": told})
    assert with_token.json()["ok"]


def test_a_mock_with_a_name_plays_its_own_part(start_mock: "StartMock") -> None:
    script = {
        "summary": "",
        "step": [{"say": "Aloe"}],
        "mock": {"second": {"step": [{"say": "Ixia"}]}},
    }
    with start_mock("--name", "second") as second:
        nonce = second.nonce()
        second.call("PUT", f"/armed/{nonce}", json=script)
        said = second.ask("armed", nonce).body
        told, entry = second.call("GET", "/health"), second.entry(nonce)

    assert b"Ixia" in said
    assert b"Aloe" not in said
    assert (told["name"], entry["provider"]) == ("second", "second")


def test_a_mock_without_a_name_plays_the_rest(mock: "Mock") -> None:
    nonce = mock.nonce()
    script = {"summary": "", "step": [{"say": "Aloe"}], "mock": {"second": {"step": []}}}
    mock.call("PUT", f"/armed/{nonce}", json=script)

    assert b"Aloe" in mock.ask("armed", nonce).body
    assert "provider" not in mock.entry(nonce)
