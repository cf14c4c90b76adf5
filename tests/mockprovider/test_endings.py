"""Every way a stream can end, seen from a bare socket and from the journal."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.mockprovider.conftest import Mock, StartMock


@pytest.mark.parametrize(
    ("script", "end", "last_chunk", "kind"),
    [
        ("text", "open", True, "complete"),
        ("error-inband", "open", True, "complete"),
        ("cut", "fin", False, "cut"),
        ("reset", "rst", False, "reset"),
        ('summary = ""\nstep = [{ say = "Aloe" }, { close = "half" }]', "fin", False, "half"),
    ],
)
def test_a_stream_ends_as_its_scenario_says(
    mock: "Mock", script: str, end: str, last_chunk: bool, kind: str
) -> None:
    nonce = mock.nonce()

    answer = mock.ask(script, nonce)
    entry = mock.entry(nonce)

    assert (answer.end, answer.whole, entry["end"]["kind"]) == (end, last_chunk, kind)
    assert entry["sent"]["bytes"] == len(answer.body)


@pytest.mark.parametrize(
    ("how", "kind"), [("fin", "peer-fin"), ("rst", "peer-rst"), ("half-close", "half-close")]
)
@pytest.mark.parametrize("script", ["holds", "stall"])
def test_the_journal_tells_how_the_peer_left(
    mock: "Mock", how: str, kind: str, script: str
) -> None:
    nonce = mock.nonce()
    client = mock.start(script, nonce)
    text = b"Tansy" if script == "holds" else b"fern"
    read = client.read(until=text + b'"},"logprobs":null,"finish_reason":null}]}\n\n\r\n')

    client.leave(how)
    end = mock.entry(nonce)["end"]

    assert (end["kind"], end["acked"]) == (kind, len(read.body))


def test_the_peer_that_leaves_before_the_head_is_seen(mock: "Mock") -> None:
    nonce = mock.nonce()
    client = mock.start('summary = ""\nhead.hold = "head"\nstep = [{ say = "Aloe" }]', nonce)
    mock.entry(nonce, "hold:head")

    client.leave("fin")
    entry = mock.entry(nonce)

    assert (entry["end"]["kind"], entry["status"], entry["writes"]) == ("peer-fin", None, [])


def test_a_peer_that_leaves_while_it_is_written_to_has_left(mock: "Mock") -> None:
    nonce = mock.nonce()
    client = mock.start('summary = ""\nstep = [{ say = "Aloe", repeat = 1000000 }]', nonce)
    client.read(until=b"Aloe")

    client.leave("rst")

    assert mock.entry(nonce)["end"]["kind"] == "peer-rst"


def test_half_a_close_leaves_the_other_half_open(mock: "Mock") -> None:
    client = mock.start('summary = ""\nstep = [{ say = "Aloe" }, { close = "half" }]', "half-1")
    client.rest()

    client.send(b"still here")

    assert client.answer.end == "fin"


@pytest.mark.parametrize("end", ['close = "cut"', "reset = true", "stall = true"])
def test_a_plain_answer_that_breaks_off_has_half_its_body(mock: "Mock", end: str) -> None:
    nonce = mock.nonce()
    script = f'summary = ""\nstep = [{{ say = "Aloe" }}, {{ {end} }}]'
    client = mock.start(script, nonce, stream=False)

    half = client.read(until=b'"model"')
    announced = int(half.headers["content-length"])

    assert not half.whole
    assert mock.entry(nonce, "started")["sent"]["bytes"] == announced // 2


def test_a_stall_before_anything_was_said_has_no_head(mock: "Mock") -> None:
    nonce = mock.nonce()
    client = mock.start('summary = ""\nstep = [{ stall = true }]', nonce, stream=False)
    mock.entry(nonce, "started")

    client.leave("fin")

    assert mock.entry(nonce)["status"] is None


@pytest.mark.parametrize(("how", "end"), [("fin", "fin"), ("rst", "rst")])
def test_the_harness_can_end_a_stream(mock: "Mock", how: str, end: str) -> None:
    nonce = mock.nonce()
    client = mock.start("stall", nonce)
    client.read(until=b"fern")

    told = mock.call("POST", f"/abort/{nonce}", json={"how": how})
    client.rest()

    assert (told, client.answer.end) == ({"aborted": 1}, end)
    assert mock.entry(nonce)["end"]["kind"] == "aborted"


def test_await_close_ends_with_the_peer(mock: "Mock") -> None:
    nonce = mock.nonce()
    script = 'summary = ""\nstep = [{ say = "Aloe" }, { await_close = 60000 }, { say = "late" }]'
    client = mock.start(script, nonce)
    client.read(until=b"Aloe")

    client.leave("fin")
    entry = mock.entry(nonce)

    assert (entry["end"]["kind"], entry["sent"]["tokens"]) == ("peer-fin", 1)


def test_await_close_goes_on_after_its_time(mock: "Mock") -> None:
    script = 'summary = ""\nstep = [{ say = "Aloe" }, { await_close = 5 }, { say = "late" }]'

    assert b"late" in mock.ask(script).body


WITHOUT_UVLOOP = (
    "-c",
    "import sys; sys.modules['uvloop'] = None; from mockprovider.cli import main; sys.exit(main())",
)


def test_all_of_it_works_on_the_standard_loop(start_mock: "StartMock") -> None:
    kinds = list[str]()
    with start_mock(program=WITHOUT_UVLOOP) as mock:
        for name in ("text", "cut", "reset"):
            mock.ask(name, f"{name}-1")
            kinds.append(mock.entry(f"{name}-1")["end"]["kind"])
        for how in ("fin", "rst", "half-close"):
            client = mock.start("holds", f"{how}-1")
            mock.entry(f"{how}-1", "hold:first")
            client.read(until=b"Tansy")
            client.leave(how)
            kinds.append(mock.entry(f"{how}-1")["end"]["kind"])

    assert kinds == ["complete", "cut", "reset", "peer-fin", "peer-rst", "half-close"]
