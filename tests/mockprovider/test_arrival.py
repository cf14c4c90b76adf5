"""What the journal says has arrived, held against what a client's kernel has."""

import fcntl
import struct
import termios
import time
from typing import TYPE_CHECKING

import pytest

from conformance.exchange import Json
from mockprovider.arrival import SPARE, Marks

if TYPE_CHECKING:
    from tests.mockprovider.conftest import Client, Mock

WIDE = 'summary = ""\nstep = [{ say = "Aloe", times = 10000, repeat = 300 }, { finish = "stop" }]'
LONG = 'summary = ""\nstep = [{ say = "Aloe", repeat = 1000000 }]'
# The longest write above, with its framing and the head.
WRITE = 41_000


def unread(client: "Client") -> int:
    """Count what the kernel holds for a client."""
    held = fcntl.ioctl(client.socket, termios.FIONREAD, bytes(4))
    return int(struct.unpack("i", held)[0])


def settled(mock: "Mock", client: "Client", nonce: str) -> tuple[Json, int]:
    """Return what the journal says and what has come, once neither changes any more.

    A stream may be blocked for a moment while its client still reads.
    """
    before = None
    while True:
        arrived = len(client.answer.raw) + unread(client)
        now = mock.entry(nonce, "blocked")["blocked"], arrived
        if now == before:
            return now
        before = now


@pytest.mark.parametrize(
    ("script", "first"), [(WIDE, 1), (LONG, 6_000_000)], ids=["wide", "unlisted"]
)
@pytest.mark.parametrize(("how", "kind"), [("rst", "peer-rst"), ("half-close", "half-close")])
def test_a_peer_that_stops_reading_has_what_the_journal_says(
    mock: "Mock", script: str, first: int, how: str, kind: str
) -> None:
    nonce = mock.nonce()
    client = mock.start(script, nonce)
    while len(client.answer.raw) < first:
        client.once()

    told, arrived = settled(mock, client, nonce)
    # What is unread is framed like what was read: some six bytes for each event.
    framing = client.answer.raw.count(b"data: ") * 6 / len(client.answer.raw)
    held = arrived * (1 - framing)
    client.leave(how)
    entry = mock.entry(nonce)

    assert told["since"] > entry["request"]["at"]
    assert abs(held - told["absorbed"]) < WRITE
    # The kernel may move on a little between being asked and the end.
    assert (entry["end"]["kind"], entry["end"]["acked"] >= told["absorbed"]) == (kind, True)
    assert entry["blocked"]["absorbed"] == entry["end"]["acked"]


def test_a_peer_that_reads_again_is_no_longer_blocked(mock: "Mock") -> None:
    nonce = mock.nonce()
    client = mock.start(WIDE, nonce)
    mock.entry(nonce, "blocked")

    whole = len(client.read().body)
    entry = mock.entry(nonce)

    assert entry["blocked"]["times"] > 0
    assert (entry["blocked"]["since"], entry["blocked"]["absorbed"] < whole) == (None, True)
    assert (entry["end"]["kind"], entry["sent"]["bytes"]) == ("complete", whole)


def test_what_is_repeated_goes_on_where_a_peer_took_no_more(mock: "Mock") -> None:
    nonce, word = mock.nonce(), "A" * WRITE
    script = f'summary = ""\nstep = [{{ hold = "on" }}, {{ say = "{word}", repeat = 150 }}]'
    mock.call("PUT", f"/armed/{nonce}", json={"toml": script})
    client = mock.start("armed", nonce)
    mock.release(nonce, "on")
    mock.entry(nonce, "blocked")

    body = client.read().body

    assert body.count(word.encode()) == 150


def test_a_peer_that_keeps_up_is_never_blocked(mock: "Mock") -> None:
    nonce = mock.nonce()
    mock.ask("text", nonce)

    assert mock.entry(nonce)["blocked"] is None


def test_all_of_a_complete_answer_has_arrived_on_a_kept_connection_too(mock: "Mock") -> None:
    client = mock.connect()
    arrived = list[bool]()

    for _ in range(12):
        nonce = mock.nonce()
        client.again()
        client.send(mock.request("text", nonce))
        whole = len(client.read().body)
        arrived.append(mock.entry(nonce)["end"]["acked"] == whole)

    assert arrived == [True] * 12


@pytest.mark.parametrize(
    ("step", "kind", "events"),
    [
        ('{ finish = "stop" }', "complete", 5),
        ('{ close = "clean" }', "complete", 3),
        ('{ close = "cut" }', "cut", 3),
        ('{ close = "half" }', "half", 3),
        ("{ reset = true }", "reset", 3),
    ],
)
def test_the_end_is_what_was_seen(mock: "Mock", step: str, kind: str, events: int) -> None:
    nonce = mock.nonce()
    script = f'summary = ""\nstep = [{{ say = "Aloe" }}, {{ say = " bay" }}, {step}]'

    seen = mock.ask(script, nonce)
    entry = mock.entry(nonce)
    end = entry["end"]

    assert (end["kind"], end["events"], end["acked"]) == (kind, events, len(seen.body))
    assert entry["writes"][-1][0] <= end["at"] <= time.monotonic_ns()


@pytest.mark.parametrize("how", ["fin", "rst", "half-close"])
def test_a_peer_has_what_it_was_sent_when_it_leaves_a_kept_connection(
    mock: "Mock", how: str
) -> None:
    client, nonce = mock.connect(), ""
    for _ in range(4):
        nonce = mock.nonce()
        client.again()
        client.send(mock.request("text", nonce))
        client.read()
    held = mock.nonce()
    client.again()
    client.send(mock.request("holds", held))
    mock.entry(held, "hold:first")

    left = time.monotonic_ns()
    client.leave(how)
    entry = mock.entry(held)

    assert entry["end"]["acked"] == entry["sent"]["bytes"] > 0
    assert left <= entry["end"]["at"] <= time.monotonic_ns()


def test_marks_count_whole_writes_and_forget_what_has_arrived() -> None:
    marks = Marks()
    for number in range(1, SPARE + 2):
        marks.add(wire=12, body=10 * number)

    before = [marks.body(undelivered) for undelivered in (0, 1, 12, 13)]
    assert marks.many
    marks.forget(undelivered=30)

    last = 10 * (SPARE + 1)
    assert before == [last, last - 10, last - 10, last - 20]
    assert (marks.many, marks.body(0), marks.body(30)) == (False, last, last - 30)
    assert Marks().body(0) == 0


# More than a client that does not read takes, and less than our own kernel keeps for it.
BURST = 'summary = ""\nwrite = "burst"\nstep = [{ say = "Aloe", times = 250000 }]'


def unread_burst(mock: "Mock", nonce: str) -> "Client":
    """Ask for an answer that is written at once, and do not read it."""
    client = mock.start(BURST, nonce)
    while mock.entry(nonce, "started")["sent"]["bytes"] < 1_000_000:
        pass
    return client


@pytest.mark.parametrize(("how", "kind"), [("rst", "peer-rst"), ("fin", "peer-rst")])
def test_what_was_written_and_never_arrived_is_not_complete(
    mock: "Mock", how: str, kind: str
) -> None:
    nonce = mock.nonce()
    client = unread_burst(mock, nonce)

    open_still = mock.entry(nonce, "started")["end"] is None
    client.leave(how)
    entry = mock.entry(nonce)

    assert open_still
    # To close with bytes unread is RST.
    assert (entry["end"]["kind"], entry["end"]["acked"]) == (kind, 0)


def test_what_arrives_late_is_complete(mock: "Mock") -> None:
    nonce = mock.nonce()
    client = unread_burst(mock, nonce)

    whole = len(client.read().body)
    end = mock.entry(nonce)["end"]

    assert (end["kind"], end["acked"]) == ("complete", whole)


def test_who_shuts_its_side_and_reads_on_gets_it_all(mock: "Mock") -> None:
    nonce = mock.nonce()
    client = unread_burst(mock, nonce)

    client.leave("half-close")
    answer = client.rest()

    assert (answer.whole, answer.end) == (True, "fin")
    assert mock.entry(nonce)["end"]["kind"] == "complete"


def test_requests_behind_an_answer_that_is_on_its_way_wait_for_it(mock: "Mock") -> None:
    nonce, second = mock.nonce(), mock.nonce()
    client = unread_burst(mock, nonce)

    client.send(mock.request("text", second))
    client.read(until=f"chatcmpl-{second}-1".encode())
    client.read(until=b"data: [DONE]\n\n\r\n0\r\n\r\n")

    assert [mock.entry(each)["end"]["kind"] for each in (nonce, second)] == ["complete"] * 2


@pytest.mark.parametrize(("end", "seen"), [("reset = true", "rst"), ('close = "cut"', "fin")])
def test_an_end_comes_behind_all_that_was_written(mock: "Mock", end: str, seen: str) -> None:
    nonce = mock.nonce()
    script = f'summary = ""\nstep = [{{ say = "Aloe", repeat = 500 }}, {{ {end} }}]'

    answer = mock.ask(script, nonce)
    entry = mock.entry(nonce)

    assert (answer.end, len(answer.events)) == (seen, 501)
    assert entry["end"]["acked"] == entry["sent"]["bytes"] == len(answer.body)
