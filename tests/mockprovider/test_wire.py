"""HTTP on the data plane: framing, keep-alive, versions, limits, back-pressure, write modes."""

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.mockprovider.conftest import Mock

LONG = 'summary = ""\nstep = [{ say = "Aloe", times = 10000, repeat = 300 }, { finish = "stop" }]'
ENDLESS = 'summary = ""\nstep = [{ say = "Aloe", repeat = 1000000 }]'


def test_each_event_is_a_chunk_of_its_own(mock: "Mock") -> None:
    answer = mock.ask("text")

    assert [chunk[-2:] for chunk in answer.chunks] == [b"\n\n"] * 6 + [b""]


def test_requests_on_one_connection_are_answered_in_order(mock: "Mock") -> None:
    nonces = [mock.nonce() for _ in range(3)]
    client = mock.connect()
    client.send(b"".join(mock.request("text", nonce) for nonce in nonces))

    client.read(until=f"chatcmpl-{nonces[2]}-1".encode())
    client.read(until=b"\r\n0\r\n\r\n")

    uses = [mock.entry(nonce)["connection"] for nonce in nonces]
    assert [use["use"] for use in uses] == [1, 2, 3]
    assert len({use["id"] for use in uses}) == 1


def test_a_connection_is_used_again(mock: "Mock") -> None:
    client = mock.connect()
    client.send(mock.request("text", mock.nonce()))
    client.read()
    client.again()
    client.send(mock.request("text", mock.nonce(), stream=False))

    assert client.read().json["object"] == "chat.completion"


def test_a_request_may_come_in_pieces(mock: "Mock") -> None:
    client = mock.connect()
    request = mock.request("text", mock.nonce())

    for byte in range(len(request)):
        client.send(request[byte : byte + 1])

    assert client.read().whole


def test_a_chunked_request_is_read(mock: "Mock") -> None:
    nonce = mock.nonce()
    client = mock.connect()
    head, _, body = mock.request("text", nonce).partition(b"\r\n\r\n")
    head = head.replace(f"content-length: {len(body)}".encode(), b"transfer-encoding: chunked")
    client.send(head + b"\r\n\r\n5\r\n" + body[:5] + b"\r\n")
    client.send(b"%x\r\n%b\r\n0\r\n\r\n" % (len(body) - 5, body[5:]))

    assert client.read().whole
    assert mock.entry(nonce)["request"]["body"] == body.decode()


def test_http_1_0_gets_a_body_that_ends_with_the_connection(mock: "Mock") -> None:
    client = mock.connect()
    client.send(mock.request("text", mock.nonce()).replace(b"HTTP/1.1", b"HTTP/1.0"))

    answer = client.rest()

    assert (answer.end, answer.headers["connection"]) == ("fin", "close")
    assert "transfer-encoding" not in answer.headers
    assert answer.body.endswith(b"data: [DONE]\n\n")


def test_connection_close_is_obeyed(mock: "Mock") -> None:
    client = mock.connect()
    request = mock.request("text", mock.nonce())
    client.send(request.replace(b"host: mock", b"host: mock\r\nconnection: close"))

    answer = client.rest()

    assert (answer.end, answer.whole, answer.headers["connection"]) == ("fin", True, "close")


def test_a_client_that_expects_to_go_on_is_told_to(mock: "Mock") -> None:
    client = mock.connect()
    head, _, body = mock.request("text", mock.nonce()).partition(b"\r\n\r\n")
    client.send(head + b"\r\nexpect: 100-continue\r\n\r\n")

    told = client.once()
    client.again()
    client.send(body)

    assert (told, client.read().whole) == (b"HTTP/1.1 100 Continue\r\n\r\n", True)


def test_an_offer_to_upgrade_is_passed_over(mock: "Mock") -> None:
    client = mock.connect()
    upgrade = b"host: mock\r\nconnection: upgrade\r\nupgrade: h2c"
    client.send(mock.request("text", mock.nonce()).replace(b"host: mock", upgrade))

    assert client.read().whole


@pytest.mark.parametrize(
    ("data", "status", "message"),
    [
        (b"nonsense\r\n\r\n", 400, "not an HTTP request"),
        (b"GET / HTTP/1.1\r\nbad header\r\n\r\n", 400, "not an HTTP request"),
        (
            b"POST / HTTP/1.1\r\ncontent-length: 99999999\r\n\r\n",
            413,
            "the body of the request is longer than 33554432 bytes",
        ),
        (
            b"GET / HTTP/1.1\r\n" + b"x: " + b"y" * 140_000 + b"\r\n\r\n",
            431,
            "the head of the request is longer than 131072 bytes",
        ),
    ],
)
def test_what_is_no_request_is_answered_and_the_connection_closed(
    mock: "Mock", data: bytes, status: int, message: str
) -> None:
    client = mock.connect()
    client.send(data)

    answer = client.rest()

    assert (answer.status, answer.end) == (status, "fin")
    assert answer.json["error"]["message"].startswith(message)


def test_head_has_no_body(mock: "Mock") -> None:
    client = mock.connect()
    client.send(b"HEAD /v1/models HTTP/1.1\r\nhost: m\r\n\r\n")

    client.read(until=b"\r\n\r\n")

    assert (client.answer.status, client.answer.body) == (405, b"")


def test_a_burst_is_one_write(mock: "Mock") -> None:
    nonce = mock.nonce()
    script = 'summary = ""\nwrite = "burst"\nstep = [{ say = "Aloe" }, { say = "bay" }]'

    answer = mock.ask(script, nonce)
    entry = mock.entry(nonce)

    assert len(answer.chunks) == 2
    assert [(write[2], write[3]) for write in entry["writes"]] == [(len(answer.body), 2)]
    assert (entry["write"], entry["sent"]["events"]) == ("burst", 4)


def test_a_burst_stops_at_a_hold(mock: "Mock") -> None:
    nonce = mock.nonce()
    script = 'summary = ""\nwrite = "burst"\nstep = [{ say = "A" }, { hold = "h" }, { say = "b" }]'
    client = mock.start(script, nonce)
    mock.entry(nonce, "hold:h")

    client.read(until=b'"content":"A"')
    mock.release(nonce)

    assert client.read().whole
    assert len(mock.entry(nonce)["writes"]) == 2


def test_paced_events_are_never_early_and_keep_to_the_start(mock: "Mock") -> None:
    nonce = mock.nonce()
    script = (
        'summary = ""\npace = { first_ms = 20, every_ms = 5 }\nchat.opening = "joined"\n'
        'step = [{ say = "A" }, { say = "b" }, { say = "c" }, { say = "d" }]'
    )

    mock.ask(script, nonce)
    entry = mock.entry(nonce)

    start = entry["request"]["at"]
    late = [(write[0] - start) / 1e6 - 20 - 5 * at for at, write in enumerate(entry["writes"])]
    assert entry["write"] == "paced"
    assert min(late) >= 0
    # An event that was late does not make the next ones late.
    assert late[-1] < 20


def test_a_wait_takes_its_time(mock: "Mock") -> None:
    nonce = mock.nonce()

    mock.ask('summary = ""\nstep = [{ say = "A" }, { wait_ms = 30 }, { say = "b" }]', nonce)

    writes = mock.entry(nonce)["writes"]
    assert writes[2][0] - writes[1][0] >= 30e6


def test_in_segments_each_slice_arrives_by_itself(mock: "Mock") -> None:
    nonce = mock.nonce()
    script = json.dumps(
        {
            "summary": "", "write": "segments", "fault": [{"split": 100}],
            "step": [{"say": "Aloe"}, {"say": " bay"}],
        }, indent=0,
    )  # fmt: skip

    answer = mock.ask(script, nonce)

    pieces = [chunk for chunk in answer.chunks if chunk]
    assert {len(piece) for piece in pieces[:-1]} == {100}
    assert len(mock.entry(nonce)["writes"]) == len(pieces)


def test_a_reader_that_stops_stops_the_writer(mock: "Mock") -> None:
    nonce = mock.nonce()
    client = mock.start(LONG, nonce)
    client.read(until=b"Aloe")
    seen = [-1, mock.entry(nonce, "started")["sent"]["bytes"]]
    while seen[-1] > seen[-2]:
        seen.append(mock.entry(nonce, "started")["sent"]["bytes"])

    whole = len(client.read().body)
    sent = mock.entry(nonce)["sent"]

    assert seen[-1] < whole
    assert sent == {"bytes": whole, "events": 303, "tokens": 300}


@pytest.mark.slow
def test_an_endless_stream_takes_no_memory(mock: "Mock") -> None:
    nonce = mock.nonce()
    client = mock.start(ENDLESS, nonce)
    before = mock.call("GET", "/metrics")["resident_bytes"]
    while len(client.once()) and sum(map(len, client.answer.reads)) < 10_000_000:
        client.answer.raw.clear()

    after = mock.call("GET", "/metrics")["resident_bytes"]
    entry = mock.entry(nonce, "started")

    assert after - before < 4_000_000
    assert len(entry["writes"]) == 20_000
    client.leave("rst")


def test_other_streams_go_on_beside_a_long_one(mock: "Mock") -> None:
    long = mock.start(ENDLESS, mock.nonce())
    long.read(until=b"Aloe")

    assert mock.ask("text").whole
    long.leave("rst")


def test_a_head_can_be_held_and_late(mock: "Mock") -> None:
    nonce = mock.nonce()
    script = (
        'summary = ""\nstep = [{ say = "Aloe" }]\n'
        '[head]\nstatus = 201\nhold = "head"\nwait_ms = 5\n'
        'headers = [["X-Two", "1"], ["X-Two", "2"]]'
    )
    client = mock.start(script, nonce)
    mock.entry(nonce, "hold:head")

    silent = client.silent()
    mock.release(nonce, "head")
    answer = client.read()

    assert (silent, answer.status) == (True, 201)
    assert [line for line in answer.head if "Two" in line] == ["X-Two: 1", "X-Two: 2"]


@pytest.mark.parametrize(
    ("head", "media", "body"),
    [
        ("json = { a = 1 }", "application/json", b'{"a": 1}'),
        ('body = "<html>"\nhead.content_type = "text/html"', "text/html", b"<html>"),
        ('body = ""', "application/json", b""),
    ],
)  # fmt: skip
def test_a_head_can_bring_a_body_of_its_own(
    mock: "Mock", head: str, media: str, body: bytes
) -> None:
    answer = mock.ask(f'summary = ""\nhead.status = 203\nhead.{head}\nstep = []')

    assert (answer.status, answer.headers["content-type"], answer.body) == (203, media, body)


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    ("name", "told"),
    [("error-429", (429, "1", "rate_limit_exceeded")), ("error-500", (500, None, None))],
)
def test_a_status_that_is_an_error_brings_the_envelope(
    mock: "Mock", stream: bool, name: str, told: tuple[int, str | None, str | None]
) -> None:
    answer = mock.ask(name, stream=stream)

    error = answer.json["error"]
    assert (answer.status, answer.headers.get("retry-after"), error["code"]) == told


@pytest.mark.parametrize(
    ("script", "status", "message"),
    [
        ("error-inband", 503, "The model is overloaded."),
        ('summary = ""\nhead.status = 502\nstep = []', 502, "The server had an error"),
        ('summary = ""\nstep = [{ error = { message = "m" } }]', 500, "m"),
        ('summary = ""\nhead.status = 429\nstep = [{ error = { message = "m" } }]', 429, "m"),
    ],
)
def test_an_error_is_the_whole_of_a_plain_answer(
    mock: "Mock", script: str, status: int, message: str
) -> None:
    answer = mock.ask(script, stream=False)

    assert answer.status == status
    assert answer.json["error"]["message"].startswith(message)


def test_attempts_differ(mock: "Mock") -> None:
    nonce = mock.nonce()
    script = (
        'summary = ""\nstep = [{ say = "third" }]\n'
        '[[attempt]]\nhead.status = 503\n[[attempt]]\nfault = ["no_done"]\n[[attempt]]\n'
    )

    answers = [mock.ask(script, nonce) for _ in range(4)]

    assert [answer.status for answer in answers] == [503, 200, 200, 200]
    assert [b"[DONE]" in answer.body for answer in answers] == [False, False, True, True]
    assert [entry["attempt"] for entry in mock.entries(nonce)] == [1, 2, 3, 4]
    assert answers[3].headers["x-request-id"] == f"req_{nonce}-4"


def test_the_model_is_echoed_unless_the_scenario_names_another(mock: "Mock") -> None:
    other = 'summary = ""\nmodel = "gpt-\\"x\\""\nstep = [{ say = "A" }]'

    echoed = mock.ask("text", model='a"b').events
    named = mock.ask(other).events

    assert {event["model"] for event in echoed} == {'a"b'}
    assert {event["model"] for event in named} == {'gpt-"x"'}
