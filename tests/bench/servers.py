"""The servers that are compared, all sending one body of 101 events."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.process import Server, free_port, listening, started

DELTAS = 98
NGINX = """
daemon off; master_process off; pid {folder}/nginx.pid; error_log stderr crit;
events {{ worker_connections 4096; }}
http {{
  access_log off; sendfile on; tcp_nopush on; tcp_nodelay on; open_file_cache max=16;
  keepalive_requests 1000000000; default_type "text/event-stream; charset=utf-8";
  client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
  uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location / {{ root {folder}/www; try_files /body =404; error_page 405 =200 $uri; }}
  }}
}}
"""


def scenarios(folder: Path) -> Path:
    """Write the scenarios of the mock."""
    says = f'{{ say = " word and word and word", repeat = {DELTAS} }}'
    many = "\n".join(['  { say = " word and word and word" },'] * DELTAS)
    written = folder / "scenarios"
    written.mkdir()
    for name, write in (("burst", 'write = "burst"'), ("event", 'write = "event"')):
        text = f'summary = "Bench."\n{write}\nstep = [{says}, {{ finish = "stop" }}]\n'
        (written / f"bench-{name}.toml").write_text(text)
    paced = "pace = { first_ms = 0, every_ms = 50 }\n"
    text = f'summary = "Bench."\n{paced}step = [\n{many}\n  {{ finish = "stop" }},\n]\n'
    (written / "bench-paced.toml").write_text(text)
    return written


def mock_command(folder: Path) -> list[str]:
    ports = ("--port", "0", "--control-port", "0", "--print-json")
    return [sys.executable, "-m", "mockprovider", "serve", *ports, "--scenarios", str(folder)]


@contextmanager
def mock(folder: Path) -> Iterator[Server]:
    with started(mock_command(folder), says=True) as (pid, line):
        if not line:
            sys.exit("bench: the mock did not start; what it said is above")
        port = int(json.loads(line)["data_url"].rpartition(":")[2])
        yield Server("mock", pid, port, line)


@contextmanager
def nginx(folder: Path, body: bytes) -> Iterator[Server | None]:
    """Serve the body from a file, if there is an nginx."""
    program = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        yield None
        return
    # Its workers may be another user.
    (folder / "www").mkdir()
    (folder / "www" / "body").write_bytes(body)
    port = free_port()
    config = folder / "nginx.conf"
    config.write_text(NGINX.format(folder=folder, port=port))
    with started([program, "-p", str(folder), "-c", str(config)]) as (pid, _):
        listening(port)
        yield Server("nginx", pid, port)


@contextmanager
def asgi(folder: Path, body: bytes) -> Iterator[Server]:
    """Serve the body with one send per event."""
    file, port = folder / "asgi-body", free_port()
    file.write_bytes(body)
    options = ("--loop", "uvloop", "--http", "httptools", "--lifespan", "off", "--log-level",
               "critical", "--no-access-log", "--port", str(port))  # fmt: skip
    command = ["/usr/bin/env", f"BENCH_BODY={file}", sys.executable, "-m", "uvicorn", *options]
    with started([*command, "tests.bench.asgi:app"]) as (pid, _):
        listening(port)
        yield Server("asgi", pid, port)


@contextmanager
def bare(folder: Path, body: bytes) -> Iterator[Server]:
    """Write the body, and do nothing else."""
    file, port = folder / "bare-body", free_port()
    file.write_bytes(body)
    with started([sys.executable, "-m", "tests.bench.bare", str(port), str(file)]) as (pid, _):
        listening(port)
        yield Server("bare", pid, port)


@contextmanager
def echo() -> Iterator[Server]:
    port = free_port()
    with started([sys.executable, "-m", "tests.bench.echo", str(port)]) as (pid, _):
        listening(port)
        yield Server("echo", pid, port)


def install() -> None:
    """Fetch what is compared with, where that can be done."""
    missing = [
        name for name in ("nginx", "wrk") if not shutil.which(name, path="/usr/bin:/usr/sbin")
    ]
    apt = shutil.which("apt-get")
    if missing and apt and os.geteuid() == 0:
        packages = [{"nginx": "nginx-light"}.get(name, name) for name in missing]
        subprocess.run([apt, "install", "-y", "-q", "--no-install-recommends", *packages],
                       check=False, stdout=subprocess.DEVNULL)  # fmt: skip
