"""The mock provider behind the router: started as a process of its own, or found running."""

import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from conformance.drive.launch import launched, python

LOOPBACK = "127.0.0.1"


class PortTaken(OSError):
    """Something listens where the mock should; the message says what to do."""


class Upstream(NamedTuple):
    control_url: str
    data_url: str


@contextmanager
def upstream(port: int, name: str = "", *options: str) -> Iterator[Upstream]:
    """Run a mock provider as long as the block lasts; port 0 takes any free one."""
    _free(port, name)
    named = ("--name", name) if name else ()
    ports = ("--port", str(port), "--control-port", "0")
    command = ("serve", *ports, "--print-json", *named, *options)
    with launched(python("mockprovider", *command)) as told:
        yield Upstream(str(told["control_url"]), str(told["data_url"]))


def _free(port: int, name: str) -> None:
    try:
        socket.create_server((LOOPBACK, port)).close()
    except OSError as error:
        taken = "is taken" if error.errno == errno.EADDRINUSE else f"cannot be used ({error})"
        flag = f"--{name}-mock" if name else "--mock"
        hint = (
            f"give another with {flag}-port, or the control URL of a running mock with {flag}-url"
        )
        who = f"{name} mock provider" if name else "mock provider"
        raise PortTaken(f"port {port} for the {who} {taken}: {hint}") from error
