"""The command in a failure sends the same request again, and gets the same answer."""

import asyncio
import os
import re
import subprocess
from dataclasses import replace

import pytest

from conformance.drive.capture import Limits
from conformance.drive.client import Client
from conformance.drive.mock import Mock
from conformance.drive.target import target
from conformance.drive.trial import Bench, run
from conformance.exchange import Exchange, Request
from conformance.probes.probe import Probe, Send
from conformance.report.curl import curl, unheld
from conformance.selfcheck.servers import Servers

HEADERS = (("authorization", "Bearer sk-secret"), ("x-it's", "a b"), ("accept-encoding", "gzip"))
PROMPT = 'it\'s [[mock:text#r1-0.stream]] "é"'
REQUEST = Request("POST", "http://host/v1/chat/completions", HEADERS,
                  {"messages": [{"content": PROMPT}]})  # fmt: skip


def test_the_command_is_quoted_and_holds_no_key() -> None:
    command = curl(Exchange("chat", "stream", REQUEST))

    assert command == (
        """curl -sN -H 'authorization: Bearer '"$ROUTER_KEY" -H 'x-it'"'"'s: a b' """
        """--data-raw '{"messages": [{"content": "it'"'"'s [[mock:text#r1-0.stream.curl]] """
        """\\"é\\""}]}' http://host/v1/chat/completions"""
    )


def test_what_is_asked_without_a_body_stays_without() -> None:
    request = Request("GET", "http://host/v1/models?a=b&c", HEADERS[:1], None)

    command = curl(Exchange("chat", "plain", request))

    assert command == (
        """curl -sN -H 'authorization: Bearer '"$ROUTER_KEY" 'http://host/v1/models?a=b&c'"""
    )


def test_there_is_no_command_without_a_request_or_for_one_too_long() -> None:
    long = replace(REQUEST, body={"messages": [{"content": "x" * 30_000}]})

    assert curl(Exchange("chat", "stream")) == ""
    assert curl(Exchange("chat", "stream", long)) == ""


def test_a_scenario_without_its_holds_is_the_same_otherwise() -> None:
    scenario = {
        "head": {"hold": "head", "status": 200},
        "step": [{"say": "a"}, {"hold": "x"}, {"ping": True}],
        "fault": [{}],
    }

    assert unheld(scenario) == {
        "head": {"status": 200},
        "step": [{"say": "a"}, {"ping": True}],
        "fault": [{}],
    }


@pytest.mark.parametrize(
    "probe",
    [
        Probe("named", "", "text"),
        Probe("changed", "", "text", {"stream": Send(change={"step": [{"say": "it's"}]})}),
        Probe("held", "", "holds"),
    ],
    ids=lambda probe: probe.id,
)
def test_the_command_gets_the_same_answer(started: Servers, probe: Probe) -> None:
    exchange = asyncio.run(sent(started, probe))
    nonce = exchange.nonce.encode()

    again = subprocess.run(
        ["/bin/sh", "-c", curl(exchange)],
        check=True,
        capture_output=True,
        env=os.environ | {"ROUTER_KEY": "sk-conformance"},
    )

    assert stripped(again.stdout, nonce + b".curl") == stripped(exchange.body, nonce)


def stripped(body: bytes, nonce: bytes) -> bytes:
    """Return a body without what differs from one answer to the next."""
    return re.sub(rb'"created": ?\d+', b"", body.replace(nonce, b"NONCE"))


async def sent(started: Servers, probe: Probe) -> Exchange:
    limits, mock = Limits(), Mock(started.control_url)
    async with Client() as http:
        bench = Bench(target(f"{started.routers_url}/reference/v1"), http, mock, limits)
        trial = await run(probe, "chat", bench, f"{probe.id}-0")
    await mock.close()
    return trial["stream"]
