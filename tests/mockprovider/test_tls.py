"""The data plane over TLS: who is let in, what the bytes are, and how every end looks."""

import argparse
import json
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import openai
import pytest
import trustme

from mockprovider import certificates, harness
from mockprovider.cli import main
from mockprovider.tls import RECORD, Tls

if TYPE_CHECKING:
    from tests.mockprovider.conftest import Mock, StartMock

PLAIN = b"GET /v1/models HTTP/1.1\r\nhost: m\r\nauthorization: Bearer k\r\n\r\n"
WITHOUT_TRUSTME = (
    "import sys; sys.modules['trustme'] = None; "
    "from mockprovider.cli import main; sys.exit(main(sys.argv[1:]))"
)


@pytest.fixture(scope="module")
def secure(start_mock: "StartMock", tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Mock]":
    ca = tmp_path_factory.mktemp("tls") / "ca.pem"
    with start_mock("--tls", "--tls-ca", str(ca)) as running:
        yield running


def body(marker: str) -> dict[str, object]:
    return {"model": "m", "stream": True, "messages": [{"role": "user", "content": marker}]}


def test_the_ca_is_named_wherever_the_url_is(secure: "Mock") -> None:
    health = secure.call("GET", "/health")

    assert secure.told["data_url"].startswith("https://127.0.0.1:")
    assert secure.told["control_url"].startswith("http://127.0.0.1:")
    assert Path(secure.told["ca"]).read_text().startswith("-----BEGIN CERTIFICATE-----")
    assert (health["data_url"], health["ca"]) == (secure.told["data_url"], secure.told["ca"])


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_client_that_trusts_the_ca_gets_its_answer(secure: "Mock", host: str) -> None:
    url = secure.told["data_url"].replace("127.0.0.1", host)
    with httpx.Client(verify=secure.tls or True, trust_env=False) as client:
        answer = client.post(
            f"{url}/v1/chat/completions",
            json=body(secure.marker("text", secure.nonce())),
            headers={"authorization": "Bearer k"},
        )

    assert answer.text.endswith("data: [DONE]\n\n")


def test_a_client_that_does_not_is_refused_by_itself(secure: "Mock") -> None:
    with (
        httpx.Client(trust_env=False) as client,
        pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"),
    ):
        client.get(secure.told["data_url"])

    assert secure.ask("text").whole


@pytest.mark.parametrize("stream", [True, False])
def test_the_official_sdk_reads_it(secure: "Mock", stream: bool) -> None:
    with openai.OpenAI(
        base_url=secure.told["data_url"] + "/v1", api_key="sk-witness", max_retries=0,
        http_client=openai.DefaultHttpxClient(verify=secure.tls or True),
    ) as client:  # fmt: skip
        asked = secure.marker("text", secure.nonce())
        if stream:
            with client.chat.completions.stream(
                model="m", messages=[{"role": "user", "content": asked}]
            ) as events:
                said = events.get_final_completion().choices[0].message.content
        else:
            said = client.chat.completions.create(
                model="m", messages=[{"role": "user", "content": asked}]
            ).choices[0].message.content  # fmt: skip

    assert said == "Amber birch cedar"


@pytest.mark.parametrize(
    ("script", "end", "whole", "kind"),
    [
        ("text", "open", True, "complete"),
        ("error-inband", "open", True, "complete"),
        # TLS is told of the end behind a complete answer, and of half of one.
        ("cut", "cut", False, "cut"),
        ("reset", "rst", False, "reset"),
        ('summary = ""\nstep = [{ say = "Aloe" }, { close = "half" }]', "fin", False, "half"),
    ],
)
def test_a_stream_ends_as_its_scenario_says(
    secure: "Mock", script: str, end: str, whole: bool, kind: str
) -> None:
    nonce = secure.nonce()

    answer = secure.ask(script, nonce)
    entry = secure.entry(nonce)

    assert (answer.end, answer.whole, entry["end"]["kind"]) == (end, whole, kind)
    assert entry["sent"]["bytes"] == entry["end"]["acked"]
    # A reset takes with it what has arrived and was not read yet.
    assert len(answer.body) <= entry["end"]["acked"]
    assert len(answer.body) == entry["end"]["acked"] or end == "rst"


def test_an_answer_that_ends_the_connection_takes_its_leave(secure: "Mock") -> None:
    client = secure.connect()
    client.send(PLAIN.replace(b"host: m", b"host: m\r\nconnection: close"))

    assert (client.rest().whole, client.answer.end) == (True, "fin")


@pytest.mark.parametrize(
    ("how", "kind"), [("fin", "peer-fin"), ("rst", "peer-rst"), ("half-close", "half-close")]
)
def test_the_journal_tells_how_the_peer_left(secure: "Mock", how: str, kind: str) -> None:
    nonce = secure.nonce()
    client = secure.start("holds", nonce)
    read = client.read(until=b'Tansy"},"logprobs":null,"finish_reason":null}]}\n\n\r\n')

    client.leave(how)
    end = secure.entry(nonce)["end"]

    assert (end["kind"], end["acked"]) == (kind, len(read.body))


def test_a_peer_that_takes_its_leave_in_tls_is_answered(secure: "Mock") -> None:
    client = secure.connect()
    client.send(PLAIN)
    client.read()
    assert client.tls is not None

    client.tls.leave()

    assert client.rest().end == "fin"


def test_a_peer_that_takes_its_leave_within_a_stream_has_left(secure: "Mock") -> None:
    nonce = secure.nonce()
    client = secure.start("holds", nonce)
    client.read(until=b"Tansy")
    assert client.tls is not None

    client.tls.leave()

    assert secure.entry(nonce)["end"]["kind"] == "half-close"


def test_each_segment_is_a_record_of_its_own(secure: "Mock") -> None:
    script = json.dumps(
        {
            "summary": "", "write": "segments", "fault": [{"split": 100}],
            "step": [{"say": "Aloe"}, {"say": " bay"}],
        }, indent=0,
    )  # fmt: skip
    nonce = secure.nonce()

    answer = secure.ask(script, nonce)

    full = [read for read in answer.reads if read.startswith(b"64\r\n")]
    assert {len(read) for read in full} == {len(b"64\r\n") + 100 + len(b"\r\n")}
    assert len(secure.entry(nonce)["writes"]) == len([each for each in answer.chunks if each])


def test_a_reader_that_stops_is_known_to_have_what_it_has(secure: "Mock") -> None:
    nonce = secure.nonce()
    client = secure.start('summary = ""\nstep = [{ say = "Aloe", repeat = 1000000 }]', nonce)
    client.read(until=b"Aloe")
    told = secure.entry(nonce, "blocked")

    secure.call("POST", f"/abort/{nonce}", json={"how": "fin"})
    entry = secure.entry(nonce)
    body = client.rest().body

    assert 0 < told["blocked"]["absorbed"] <= entry["end"]["acked"] <= len(body)
    assert entry["sent"]["bytes"] >= len(body)


def test_requests_come_in_pieces_in_a_row_and_after_a_promise(secure: "Mock") -> None:
    nonces = [secure.nonce() for _ in range(2)]
    client = secure.connect()
    head, _, rest = secure.request("text", nonces[0]).partition(b"\r\n\r\n")
    client.send(head + b"\r\nexpect: 100-continue\r\n\r\n")
    promise = client.once()
    for byte in range(len(rest)):
        client.send(rest[byte : byte + 1])
    client.send(secure.request("text", nonces[1]))

    client.read(until=f"chatcmpl-{nonces[1]}-1".encode())

    assert promise == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert [secure.entry(nonce)["connection"]["use"] for nonce in nonces] == [1, 2]


def test_a_long_request_is_read(secure: "Mock") -> None:
    nonce = secure.nonce()

    secure.ask("text", nonce, messages=[{"role": "user", "content": "x" * 1_000_000}])
    secure.ask("text", nonce, user="x" * 1_000_000)

    assert secure.entry(nonce)["status"] == 200


def test_who_speaks_http_in_the_clear_is_told(secure: "Mock") -> None:
    with socket.create_connection(secure.address, timeout=5) as client:
        client.sendall(PLAIN)
        answer = client.makefile("rb").read()

    assert answer.startswith(b"HTTP/1.0 400 Bad Request\r\n")
    assert b"this port speaks TLS; the URL begins with https://" in answer


@pytest.mark.parametrize("data", [b"\0" * 50, b"\x16\x03\x01\x00\x05hello", b"SSH-2.0-x\r\n"])
def test_what_is_not_tls_is_sent_away(secure: "Mock", data: bytes) -> None:
    with socket.create_connection(secure.address, timeout=5) as client:
        client.sendall(data)
        client.makefile("rb").read()

    assert secure.ask("text").whole


def test_who_speaks_tls_to_a_plain_port_gets_no_tls(mock: "Mock") -> None:
    context = ssl.create_default_context()

    with (
        socket.create_connection(mock.address, timeout=5) as client,
        pytest.raises(ssl.SSLError, match=r"WRONG_VERSION_NUMBER|RECORD_LAYER_FAILURE"),
    ):
        context.wrap_socket(client, server_hostname="localhost")


def test_workers_share_one_certificate(start_mock: "StartMock", tmp_path: Path) -> None:
    ca = tmp_path / "ca.pem"
    with start_mock("--tls", "--tls-ca", str(ca), "--workers", "2") as team:
        nonces = [team.nonce() for _ in range(8)]
        answers = [team.ask("text", nonce) for nonce in nonces]
        health = team.call("GET", "/health")
        kinds = {team.entry(nonce)["end"]["kind"] for nonce in nonces}

    assert all(answer.whole for answer in answers)
    assert kinds == {"complete"}
    assert (team.told["ca"], health["ca"]) == (str(ca), str(ca))


def test_the_pytest_fixture_names_the_ca(tmp_path: Path) -> None:
    ca = tmp_path / "ca.pem"

    with harness.provider("--tls", "--tls-ca", str(ca)) as running:
        assert running.ca_file == str(ca)
        assert running.url.chat.startswith("https://127.0.0.1:")


def files(folder: Path) -> tuple[trustme.CA, str, str]:
    """Write a certificate and its key; return their authority, and where they are."""
    authority = trustme.CA()
    leaf = authority.issue_cert("127.0.0.1")
    leaf.private_key_pem.write_to_path(str(folder / "key.pem"))
    leaf.cert_chain_pems[0].write_to_path(str(folder / "cert.pem"))
    return authority, str(folder / "cert.pem"), str(folder / "key.pem")


def test_a_certificate_of_ones_own_is_shown(start_mock: "StartMock", tmp_path: Path) -> None:
    authority, cert, key = files(tmp_path)
    context = ssl.create_default_context(cadata=authority.cert_pem.bytes().decode())
    with start_mock("--tls-cert", cert, "--tls-key", key) as running:
        url = running.told["data_url"]
        with httpx.Client(verify=context, trust_env=False) as client:
            answer = client.get(f"{url}/v1/models", headers={"authorization": "Bearer k"})

    assert (answer.status_code, "ca" in running.told) == (200, False)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--tls"], "--tls wants --tls-ca FILE, where the CA for its clients is written, or "),
        (["--tls-ca", "{0}/ca"], "--tls-ca {0}/ca is written by --tls, which is missing"),
        (["--tls", "--tls-ca", "{0}/no/ca"], "--tls-ca {0}/no/ca: No such file or directory"),
        (["--tls-cert", "{0}/cert.pem"], "--tls-cert {0}/cert.pem goes with a --tls-key FILE"),
        (["--tls-key", "{0}/key.pem"], "--tls-key {0}/key.pem goes with a --tls-cert FILE"),
        (["cert", "key", "--tls-ca", "x"], "--tls-ca x is written by --tls, not with --tls-cert"),
        (
            ["--tls-cert", "{0}/none", "--tls-key", "{0}/key.pem"],
            "--tls-cert {0}/none: No such file or directory",
        ),
        (
            ["--tls-cert", "{0}/cert.pem", "--tls-key", "{0}"],
            "--tls-key {0}: Is a directory",
        ),
        (
            ["--tls-cert", "{0}/key.pem", "--tls-key", "{0}/key.pem"],
            "--tls-cert {0}/key.pem: no certificate in PEM form in it",
        ),
        (
            ["--tls-cert", "{0}/cert.pem", "--tls-key", "{0}/cert.pem"],
            "--tls-key {0}/cert.pem: no private key in PEM form in it",
        ),
        (
            ["--tls-cert", "{0}/cert.pem", "--tls-key", "{0}/locked.pem"],
            "--tls-key {0}/locked.pem: it is encrypted; give it without a pass phrase",
        ),
        (
            ["--tls-cert", "{0}/cert.pem", "--tls-key", "{0}/other.pem"],
            "--tls-key {0}/other.pem is not the key of --tls-cert {0}/cert.pem",
        ),
        (
            ["--tls-cert", "{0}/damaged.pem", "--tls-key", "{0}/key.pem"],
            "--tls-cert {0}/damaged.pem, --tls-key {0}/key.pem: ",
        ),
    ],
)
def test_what_is_wrong_with_the_files_is_said_in_one_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, arguments: list[str], message: str
) -> None:
    _, cert, key = files(tmp_path)
    other = trustme.CA().issue_cert("x").private_key_pem
    other.write_to_path(str(tmp_path / "other.pem"))
    secret = Path(key).read_text()
    (tmp_path / "locked.pem").write_text(secret.replace("PRIVATE", "ENCRYPTED PRIVATE"))
    (tmp_path / "damaged.pem").write_text("-----BEGIN CERTIFICATE-----\nx\n")
    short = {"cert": ["--tls-cert", cert], "key": ["--tls-key", key]}
    given = [each for word in arguments for each in short.get(word, [word.format(tmp_path)])]

    code = main(["serve", "--port", "0", "--control-port", "0", *given])

    told = capsys.readouterr()
    assert (code, told.out, told.err.count("\n")) == (4, "", 1)
    assert told.err.startswith(f"mockprovider: {message.format(tmp_path)}")


def test_without_the_library_it_is_said_how_to_get_it() -> None:
    command = [sys.executable, "-c", WITHOUT_TRUSTME, "serve", "--port", "0", "--control-port", "0"]

    done = subprocess.run(
        [*command, "--tls", "--tls-ca", "ca.pem"], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout, done.stderr) == (
        4,
        "",
        f"mockprovider: {certificates.MISSING}\n",
    )


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_what_a_write_takes_on_the_wire_is_known(tmp_path: Path, version: ssl.TLSVersion) -> None:
    options = argparse.Namespace(
        host="x", tls=True, tls_ca=tmp_path / "ca", tls_cert=None, tls_key=None
    )
    identity = certificates.chosen(options)
    assert identity is not None
    tls = Tls(identity.context)
    context = ssl.create_default_context(cafile=tmp_path / "ca")
    context.maximum_version = version
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(incoming, outgoing, server_hostname="x")
    for _ in range(2):
        try:
            client.do_handshake()
        except ssl.SSLWantReadError:
            tls.opened(outgoing.read())
            incoming.write(tls.due())
    client.do_handshake()
    client.write(b"hello")

    heard = tls.opened(outgoing.read())
    tls.sealed(b"x")
    sizes = [1, 100, RECORD, RECORD + 1, 3 * RECORD + 5]

    assert (heard, client.version()) == (b"hello", version.name.replace("_", "."))
    assert [len(tls.sealed(b"x" * size)) for size in sizes] == [tls.length(size) for size in sizes]
