"""The server of all routers, as a command."""

import socket

import pytest

from conformance.exits import Exit
from conformance.selfcheck.serve import main

UPSTREAM = ("--upstream", "http://127.0.0.1:9100/v1")
RIGHT = "right would be http://HOST:PORT/v1"
MS = "a number of milliseconds above 0 is needed"

COMPLAINTS: dict[tuple[str, ...], str] = {
    (): "the following arguments are required: --upstream",
    ("--upstream", "9100"): f"argument --upstream: '9100' is no base URL; {RIGHT}",
    (
        "--upstream",
        "http://x/v1?a",
    ): f"argument --upstream: 'http://x/v1?a' is no base URL; {RIGHT}",
    (*UPSTREAM, "--port", "65536"): "argument --port: '65536' is no port; a port is 0 to 65535",
    (*UPSTREAM, "--port", "-1"): "argument --port: '-1' is no port; a port is 0 to 65535",
    (*UPSTREAM, "--idle-ms", "0"): f"argument --idle-ms: '0': {MS}",
    (*UPSTREAM, "--keepalive-ms", "1s"): f"argument --keepalive-ms: '1s': {MS}",
    (*UPSTREAM, "--host", "nowhere.invalid"): "--host nowhere.invalid --port 9200: ",
}


@pytest.mark.parametrize("arguments", COMPLAINTS)
def test_wrong_usage_is_one_clear_line(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))

    said = capsys.readouterr().err
    assert ended.value.code == Exit.USAGE
    assert said.startswith(f"conformance.selfcheck.serve: {COMPLAINTS[arguments]}")
    assert said.count("\n") == 1


def test_a_port_that_is_taken_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(SystemExit):
        main([*UPSTREAM, "--port", str(other.getsockname()[1])])

    assert "Address already in use" in capsys.readouterr().err
