"""A router under test as a process of ours: started, waited for, ended."""

import http.client
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from conformance.drive.launch import GRACE, LaunchFailed

LOG = "router.log"
PAUSE = 0.1  # seconds between two questions whether it is up
LAST = 2000  # characters of its log


class Ready(NamedTuple):
    """When a router counts as up: once a URL answers, with one of the statuses if any is named."""

    url: str
    seconds: float
    statuses: tuple[int, ...] = ()


@contextmanager
def running(
    command: Sequence[str], directory: Path, env: Mapping[str, str], ready: Ready
) -> Iterator[int]:
    """Run a router as long as the block lasts, which begins once it is up; yield its process id."""
    log = directory / LOG
    with log.open("wb") as out:
        try:
            # A group of its own: what it starts ends with it.
            process = subprocess.Popen(  # noqa: S603  (what the recipe says)
                command, cwd=directory, env={**os.environ, **env}, stdin=subprocess.DEVNULL,
                stdout=out, stderr=out, start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            raise LaunchFailed(f"{command[0]}: {error.strerror}") from error
        with process:
            try:
                _wait(process, ready, log)
                yield process.pid
            finally:
                _end(process)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _wait(process: "subprocess.Popen[bytes]", ready: Ready, log: Path) -> None:
    until, said = time.monotonic() + ready.seconds, "nothing listens"
    while time.monotonic() < until:
        if process.poll() is not None:
            raise LaunchFailed(f"it ended with code {process.returncode}; {_tail(log)}")
        status = _status(ready.url)
        if status and (not ready.statuses or status in ready.statuses):
            return
        said = f"{ready.url} answers {status}" if status else said
        time.sleep(PAUSE)
    raise LaunchFailed(f"not ready after {ready.seconds:g} s: {said}; {_tail(log)}")


def _status(url: str) -> int | None:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=2)
    try:
        connection.request("GET", parts.path or "/")
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def _tail(log: Path) -> str:
    said = log.read_text("utf-8", errors="replace").strip()[-LAST:]
    return f"its log ends: {said}" if said else "its log is empty"


def _end(process: "subprocess.Popen[bytes]") -> None:
    for sign in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, sign)
            process.wait(GRACE)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue
