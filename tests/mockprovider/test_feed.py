"""The feed: entries as they change, merged for who reads slowly, resumed for who comes back."""

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import httpx
import httpx_sse
import pytest

from mockprovider.entry import Entry, Held
from mockprovider.feed import MARKS, SHOWN, UNREAD, Watch
from mockprovider.inbox import Request
from mockprovider.journal import Journal
from mockprovider.outline import Outline
from mockprovider.shapes import Json
from mockprovider.timeline import Send

if TYPE_CHECKING:
    from tests.mockprovider.conftest import Mock, StartMock

Feed = Iterator[httpx_sse.ServerSentEvent]
Event = tuple[str, Json]


@contextmanager
def reading(mock: "Mock", last: str = "") -> Iterator[Feed]:
    headers = {"last-event-id": last}
    with httpx_sse.connect_sse(mock.control, "GET", "/_mock/events", headers=headers) as source:
        yield source.iter_sse()


def until(feed: Feed, enough: Callable[[Json], Json]) -> Json:
    """Read until an entry is as it should be; return it."""
    for event in feed:
        if event.event == "entry" and enough(entry := event.json()):
            return entry
    raise AssertionError("the feed has ended")


def ended_in(event: httpx_sse.ServerSentEvent) -> bool:
    return event.event == "entry" and event.json()["end"] is not None


def asked(journal: Journal, nonce: str | None = None, **members: Json) -> Entry:
    return journal.open(Request("POST", "/v1/chat/completions", **members), (1, 1), nonce)


def ended(journal: Journal, nonce: str | None = None) -> Entry:
    entry = asked(journal, nonce)
    journal.close(entry, "complete", 9, 0)
    return entry


def told(text: str) -> list[Event]:
    """Read the events of one write."""
    blocks = [
        dict(line.split(": ", 1) for line in each.split("\n")) for each in text.split("\n\n")[:-1]
    ]
    return [(block.get("event", ""), json.loads(block["data"])) for block in blocks]


def test_a_stream_is_told_of_as_it_goes_on(mock: "Mock") -> None:
    nonce = mock.nonce()
    with reading(mock) as feed:
        first = next(feed)
        client = mock.start("holds", nonce)
        until(feed, lambda entry: entry["nonce"] == nonce and len(entry["holds"]) == 1)
        mock.release(nonce, "first")
        second = until(feed, lambda entry: entry["nonce"] == nonce and len(entry["holds"]) == 2)
        mock.release(nonce)
        client.read()
        over = until(feed, lambda entry: entry["nonce"] == nonce and entry["end"])

    assert first.event == "snapshot"
    assert second["holds"][0]["released"]
    assert second["end"] is None
    assert over["end"] == mock.entry(nonce)["end"]


def test_an_entry_is_that_of_the_journal_but_for_what_takes_room(mock: "Mock") -> None:
    nonce = mock.nonce()
    mock.ask("text", nonce)
    entry = mock.entry(nonce)

    with reading(mock) as feed:
        fed = until(feed, lambda each: each["nonce"] == nonce)

    asked_for, body = entry.pop("request"), fed.pop("request")
    assert fed.pop("now") > entry["end"]["at"]
    assert fed == entry
    assert body == {
        **{name: asked_for[name] for name in ("method", "target", "version", "at")},
        "bytes": len(asked_for["body"]),
        "model": "m",
    }


def test_an_entry_is_read_whole_without_credentials(mock: "Mock") -> None:
    nonce = mock.nonce()
    mock.ask("text", nonce)
    entry = mock.entry(nonce)

    whole = mock.call("GET", f"/entries/{entry['id']}")

    entry["request"]["headers"][2][1] = "[redacted]"
    assert whole == entry


@pytest.mark.parametrize(
    ("call", "status", "message"),
    [
        ("GET /entries/0", 404, "no entry '0' in the journal, or no longer"),
        ("POST /entries/x/release", 404, "no entry 'x' in the journal, or no longer"),
        ("POST /entries/1/abort", 400, "how is 'x'; it can be 'fin' or 'rst'"),
    ],
)
def test_a_wrong_call_about_an_entry_is_explained(
    mock: "Mock", call: str, status: int, message: str
) -> None:
    mock.ask("text")
    method, _, path = call.partition(" ")

    answer = mock.control.request(method, f"/_mock{path}", content='{"how": "x"}')

    assert (answer.status_code, answer.json()) == (status, {"error": message})


def test_one_stream_of_a_nonce_is_released_alone(mock: "Mock") -> None:
    nonce = mock.nonce()
    clients = [mock.start("holds", nonce), mock.start("holds", nonce)]
    while len(entries := mock.entries(nonce, "hold:first")) < 2 or not entries[1]["holds"]:
        pass
    path = f"/entries/{entries[1]['id']}/release"

    wrong = mock.call("POST", path, json={"hold": "second"})
    right = mock.call("POST", path, json={"hold": "first"})
    again = mock.call("POST", path, json={"hold": "first"})
    held = [[each["name"] for each in entry["holds"]] for entry in mock.entries(nonce, "started")]
    mock.release(nonce)

    assert (wrong, right, again) == ({"released": []}, {"released": ["first"]}, {"released": []})
    assert held == [["first"], ["first", "second"]]
    assert all(client.read().whole for client in clients)


def test_one_stream_is_aborted_alone(mock: "Mock") -> None:
    nonce = mock.nonce()
    clients = [mock.start("stall", nonce) for _ in range(2)]
    while len(entries := mock.entries(nonce, "started")) < 2:
        pass

    aborted = mock.call("POST", f"/entries/{entries[0]['id']}/abort", json={"how": "fin"})

    ends = [entry["end"] and entry["end"]["kind"] for entry in mock.entries(nonce, "started")]
    assert aborted == {"aborted": 1}
    assert ends == ["aborted", None]
    assert clients[int(entries[0]["connection"]["id"] > entries[1]["connection"]["id"])].rest().end


def test_who_leaves_leaves_nothing_behind(mock: "Mock") -> None:
    with reading(mock) as feed:
        next(feed)
        during = mock.call("GET", "/metrics")["watchers"]

    assert during == 1
    while mock.call("GET", "/metrics")["watchers"]:
        pass


def test_a_run_that_is_forgotten_is_told_of(mock: "Mock") -> None:
    nonce = mock.nonce()
    run = nonce.partition("-")[0]
    mock.ask("text", nonce)
    with reading(mock) as feed:
        until(feed, lambda entry: entry["nonce"] == nonce)
        mock.call("DELETE", f"/runs/{run}")
        event = next(feed)

    assert (event.event, event.json()) == ("forgotten", {"run": run})


@pytest.mark.parametrize("count", ["1", "2"])
def test_the_feed_ends_with_the_mock(start_mock: "StartMock", count: str) -> None:
    with ExitStack() as stack:
        client = stack.enter_context(httpx.Client(trust_env=False, timeout=20))
        with start_mock("--workers", count) as stopping:
            url = f"{stopping.told['control_url']}/_mock/events"
            source = stack.enter_context(httpx_sse.connect_sse(client, "GET", url))
            feed = source.iter_sse()
            next(feed)

        assert {event.event for event in feed} <= {"snapshot"}


def test_the_feed_is_for_who_knows_the_token(start_mock: "StartMock") -> None:
    with start_mock("--token", "open-sesame") as guarded:
        without = guarded.control.get("/_mock/events").status_code
        guarded.control.headers["authorization"] = "Bearer open-sesame"
        with reading(guarded) as feed:
            first = next(feed).event

    assert (without, first) == (401, "snapshot")


def test_the_feeds_of_workers_are_one(start_mock: "StartMock") -> None:
    with start_mock("--workers", "2") as team:
        with reading(team) as feed:
            snapshots = [next(feed).json()["worker"] for _ in range(2)]
            entries = list[Json]()
            while len({entry["worker"] for entry in entries}) < 2:
                team.ask("text")
                entries.append(until(feed, lambda entry: entry["end"]))
            nonce = team.nonce()
            team.start("stall", nonce)
            until(feed, lambda entry: entry["nonce"] == nonce)
            team.ask("text")
            last = next(event.id for event in feed if ended_in(event))
        with reading(team, last) as feed:
            again = until(feed, bool)
        first = entries[0]
        whole = team.call("GET", f"/entries/{first['worker']}.{first['id']}")
        unknown = team.call("GET", f"/entries/{first['id']}")
        while team.call("GET", "/metrics")["watchers"]:
            pass

    assert sorted(snapshots) == [1, 2]
    assert again["nonce"] == nonce
    assert whole["end"] == first["end"]
    told = f"no entry '{first['id']}' in the journal; before its id is that of its worker"
    assert unknown == {"error": told}


def test_news_is_merged_for_who_reads_slowly() -> None:
    journal = Journal()

    async def read() -> list[str]:
        messages = Watch(journal).messages()
        first = await anext(messages)
        entry = asked(journal, "r-1")
        for name in ("a", "b", "c"):
            entry.holds += (Held(name, 1),)
            journal.tell(entry)
        journal.close(entry, "complete", 9, 0)
        second = await anext(messages)
        await messages.aclose()
        return [first, second]

    first, second = asyncio.run(read())

    assert told(first) == [("snapshot", {"worker": None, "untold": 0})]
    ((kind, entry),) = told(second)
    assert (kind, [held["name"] for held in entry["holds"]]) == ("entry", ["a", "b", "c"])
    assert entry["end"]["kind"] == "complete"
    assert journal.watchers == set()


def test_who_reads_much_too_slowly_is_told_everything_anew() -> None:
    journal = Journal()

    async def read() -> list[Event]:
        messages = Watch(journal).messages()
        await anext(messages)
        for _ in range(2 * UNREAD):
            ended(journal)
        texts = [await anext(messages) for _ in range(4)]
        await messages.aclose()
        return [event for text in texts for event in told(text)]

    (kind, data), *entries = asyncio.run(read())

    assert (kind, data) == ("snapshot", {"worker": None, "untold": 2 * UNREAD - SHOWN})
    ids = [entry["id"] for _, entry in entries]
    assert ids == list(range(2 * UNREAD - SHOWN + 1, 2 * UNREAD + 1))


def test_a_snapshot_has_the_newest_and_what_is_open() -> None:
    journal = Journal()
    asked(journal, "r-1")
    for _ in range(SHOWN + 5):
        ended(journal)

    (_, data), (_, oldest), *_ = asyncio.run(beginning(journal))

    assert data == {"worker": None, "untold": 5}
    assert (oldest["id"], oldest["end"]) == (1, None)


async def beginning(journal: Journal, last: str = "") -> list[Event]:
    """Return what a reader is told first."""
    messages = Watch(journal, last, keep_alive=0.01).messages()
    text = await anext(messages)
    await messages.aclose()
    return told(text) if text.startswith(("id", "event")) else []


async def id_after(journal: Journal) -> str:
    messages = Watch(journal).messages()
    text = await anext(messages)
    await messages.aclose()
    return text.rpartition("id: ")[2].partition("\n")[0]


def test_who_comes_back_is_told_what_was_not_over() -> None:
    journal = Journal()
    ended(journal)
    still = asked(journal)
    ended(journal)
    last = asyncio.run(id_after(journal))
    journal.close(still, "cut", 9, 0)
    ended(journal)

    since = asyncio.run(beginning(journal, last))
    over = asyncio.run(id_after(journal))

    assert [(kind, entry["id"]) for kind, entry in since] == [("entry", n) for n in (2, 3, 4)]
    assert asyncio.run(beginning(journal, over)) == []


@pytest.mark.parametrize("last", ["1-1", "x", "", "1", f"{'9' * 5000}-1", "-"])
def test_who_comes_from_elsewhere_is_told_everything(last: str) -> None:
    journal = Journal()
    ended(journal)

    assert [kind for kind, _ in asyncio.run(beginning(journal, last))] == ["snapshot", "entry"]


def test_who_comes_back_after_a_run_was_forgotten_is_told_everything() -> None:
    journal = Journal()
    ended(journal, "r-1")
    last = asyncio.run(id_after(journal))
    journal.forget("r")

    assert [kind for kind, _ in asyncio.run(beginning(journal, last))] == ["snapshot"]


def test_nothing_is_told_of_what_was_forgotten_before_it_was_read() -> None:
    journal = Journal()

    async def read() -> str:
        messages = Watch(journal).messages()
        await anext(messages)
        asked(journal, "r-1")
        journal.tell(ended(journal, "r-2"))
        journal.forget("r")
        text = await anext(messages)
        await messages.aclose()
        return text

    assert told(asyncio.run(read())) == [("forgotten", {"run": "r"})]


def test_a_stream_that_goes_on_is_told_of_without_being_asked_to() -> None:
    journal = Journal()
    entry = asked(journal)
    entry.outline = Outline((Send(b"", tokens=1),), (10,))

    async def read() -> str:
        messages = Watch(journal, keep_alive=0.001).messages()
        await anext(messages)
        entry.wrote(5)
        text = await anext(messages)
        await messages.aclose()
        return text

    ((_, news),) = told(asyncio.run(read()))

    assert news["writes"] == [[5, 0, 10, 1]]


def test_silence_is_broken_by_a_comment() -> None:
    async def read() -> str:
        messages = Watch(Journal(), keep_alive=0.001).messages()
        await anext(messages)
        text = await anext(messages)
        await messages.aclose()
        return text

    assert asyncio.run(read()) == ": nothing new\n\n"


def test_of_many_writes_some_are_told_the_first_and_the_last_too() -> None:
    journal = Journal()
    entry = asked(journal)
    entry.outline = Outline((Send(b"", times=5 * MARKS),), (1,))
    for at in range(5 * MARKS):
        entry.wrote(at)

    _, (_, shown) = asyncio.run(beginning(journal))

    times = [write[0] for write in shown["writes"]]
    assert (len(times), times[0], times[-1]) == (MARKS, 0, 5 * MARKS - 1)
    assert shown["sent"]["events"] == 5 * MARKS


@pytest.mark.parametrize(
    ("target", "body", "model"),
    [
        ("/v1/chat/completions", b'{"model": "gpt"}', "gpt"),
        ("/v1/chat/completions", b'{"model": 5}', None),
        ("/v1/chat/completions", b"[" * 100_000, None),
        ("/v1/chat/completions", b"\xff", None),
        ("/v1beta/models/gemini:streamGenerateContent?key=k", b"{}", "gemini"),
    ],
)
def test_the_model_is_found(target: str, body: bytes, model: str | None) -> None:
    journal = Journal()
    journal.open(Request("POST", target, body=body), (1, 1), None)

    _, (_, entry) = asyncio.run(beginning(journal))

    assert entry["request"]["model"] == model
    assert "key=k" not in entry["request"]["target"]
