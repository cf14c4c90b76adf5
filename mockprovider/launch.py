"""Starts a mock as a process of its own: options in, the one JSON line it prints out."""

import json
import select
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from mockprovider.client import MockError
from mockprovider.shapes import Json

PORTS = ("--port", "0", "--control-port", "0", "--print-json")
START = 15.0  # seconds until it has to listen
GRACE = 5.0  # seconds it gets to end by itself
SHOWN = 2000


@contextmanager
def launched(*options: str) -> Iterator[dict[str, Json]]:
    """Run a mock as long as the block lasts; yield what it says once it listens."""
    command = [sys.executable, "-m", "mockprovider", "serve", *PORTS, *options]
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(  # noqa: S603  (our own command)
            command, bufsize=0, stdout=subprocess.PIPE, stderr=errors
        )
        with process:
            try:
                yield _told(process, command, errors)
            finally:
                ours = _stop(process)
        # An interrupt from the keyboard reaches the mock as well, and it ends well.
        if process.returncode and not ours:
            how = _how(process.returncode, errors)
            raise MockError(f"{shlex.join(command)}: ended too soon, {how}")


def _told(
    process: "subprocess.Popen[bytes]", command: list[str], errors: IO[bytes]
) -> dict[str, Json]:
    line = _first_line(process, time.monotonic() + START)
    if line.endswith(b"\n"):
        told: dict[str, Json] = json.loads(line)
        return told
    code = process.poll()
    how = f"silent for {START:g} s" if code is None else _how(code, errors)
    raise MockError(f"{shlex.join(command)}: did not start, {how}")


def _first_line(process: "subprocess.Popen[bytes]", until: float) -> bytes:
    """Return the first line, or less than a line if the process ended or took too long."""
    line = b""
    if process.stdout is None:
        return line
    while not line.endswith(b"\n"):
        left = until - time.monotonic()
        if not select.select([process.stdout], [], [], max(0, left))[0]:
            break
        piece = process.stdout.read(65536)
        if not piece:
            process.wait()
            break
        line += piece
    return line


def _how(code: int, errors: IO[bytes]) -> str:
    errors.seek(0)
    said = errors.read().decode(errors="replace").strip()[-SHOWN:] or "nothing"
    return f"with code {code}; it said: {said}"


def _stop(process: "subprocess.Popen[bytes]") -> bool:
    """End a process; tell whether it is our doing that it does not end well.

    How it ended is known only then: who is being killed closes its connections before it is gone.
    """
    process.terminate()
    try:
        process.wait(GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        return True
    return False
