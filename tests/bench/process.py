"""Server processes: started on a core of their own, measured, ended."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SERVER_CORE = "0"
CLIENT_CORE = 1
TICKS = os.sysconf("SC_CLK_TCK")
PATIENCE = 20.0


@dataclass(frozen=True, slots=True)
class Server:
    """A server that answers; `line` is what it said when it was ready."""

    name: str
    pid: int
    port: int
    line: str = ""

    def cpu(self) -> float:
        """Return the seconds of CPU its process has used."""
        fields = Path(f"/proc/{self.pid}/stat").read_text("ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def resident(self, name: str = "VmRSS") -> float:
        """Return its resident memory in MB, or with `VmHWM` the most it ever was."""
        lines = Path(f"/proc/{self.pid}/status").read_text("ascii").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1024


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port


@contextmanager
def started(command: Sequence[str], *, says: bool = False) -> Iterator[tuple[int, str]]:
    """Run a command on the core of servers; wait for its first line if it says one."""
    stdout = subprocess.PIPE if says else subprocess.DEVNULL
    pinned = ["/usr/bin/taskset", "-c", SERVER_CORE, *command]
    with subprocess.Popen(pinned, stdout=stdout, text=True) as process:
        try:
            line = process.stdout.readline() if process.stdout is not None else ""
            yield process.pid, line
        finally:
            process.terminate()


def listening(port: int) -> None:
    """Wait until somebody accepts connections."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.01)
        else:
            return
