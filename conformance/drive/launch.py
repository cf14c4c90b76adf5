"""Starts the product's own servers: a command in, the one JSON line it prints out."""

import json
import selectors
import shlex
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, NoReturn

from conformance.exchange import Json

GRACE = 5.0  # seconds a process gets to end by itself


class LaunchFailed(RuntimeError):
    """A server that did not come up; the message names the command and what it said."""


def python(module: str, *args: str) -> list[str]:
    """Return the command that runs a module with the interpreter we run on."""
    return [sys.executable, "-m", module, *args]


@contextmanager
def launched(command: list[str], deadline: float = 15.0) -> Iterator[dict[str, Json]]:
    """Run a server as long as the block lasts; yield what it says once it listens."""
    with _unwinding(), tempfile.TemporaryFile() as errors:
        try:
            # Unbuffered, so that nothing is read ahead of what the selector knows of.
            process = subprocess.Popen(  # noqa: S603  (our own command)
                command, bufsize=0, stdout=subprocess.PIPE, stderr=errors
            )
        except OSError as error:
            raise LaunchFailed(f"{shlex.join(command)}: {error.strerror}") from error
        with process:
            try:
                yield _told(process, command, errors, deadline)
            finally:
                _stop(process)


@contextmanager
def _unwinding() -> Iterator[None]:
    """Have SIGTERM end us as an exception does: nothing that we started outlives us."""
    main = threading.current_thread() is threading.main_thread()
    if not main or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, _leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _leave(number: int, frame: object) -> NoReturn:
    raise SystemExit(128 + number)


def _told(
    process: "subprocess.Popen[bytes]", command: list[str], errors: IO[bytes], deadline: float
) -> dict[str, Json]:
    line = _first_line(process, time.monotonic() + deadline)
    if not line.endswith(b"\n"):
        code = process.poll()
        how = f"ended with code {code}" if code is not None else f"silent for {deadline:g} s"
        raise LaunchFailed(f"{shlex.join(command)}: {how}; {_complaint(errors)}")
    try:
        told = json.loads(line)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise LaunchFailed(f"{shlex.join(command)}: printed {line!r}, not a JSON object")
    return told


def _first_line(process: "subprocess.Popen[bytes]", until: float) -> bytes:
    """Return its first line, or less than a line if it ended or took too long."""
    line = bytearray()
    if process.stdout is None:
        return b""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while not line.endswith(b"\n"):
            if not selector.select(max(0.0, until - time.monotonic())):
                break
            # One byte at a time: a larger read would wait for more than the line.
            byte = process.stdout.read(1)
            if not byte:
                process.wait()
                break
            line += byte
    return bytes(line)


def _complaint(errors: IO[bytes]) -> str:
    errors.seek(0)
    said = errors.read().decode(errors="replace").strip()
    return f"it said: {said[-2000:]}" if said else "it said nothing"


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
