"""Both planes in one process and one loop, from the first port to the last connection."""

import asyncio
import json
import os
import signal
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TextIO

import uvicorn

from mockprovider import __version__, collector
from mockprovider.clock import Wheel
from mockprovider.control import Control, Server
from mockprovider.holds import Holds
from mockprovider.journal import Journal
from mockprovider.provider import Provider
from mockprovider.replay import Unmarked
from mockprovider.scenario import Scenario
from mockprovider.stage import Stage
from mockprovider.wire import BACKLOG, Counters, listen


@dataclass(frozen=True, slots=True)
class Settings:
    """What `serve` was told."""

    data: socket.socket
    control: socket.socket
    library: Mapping[str, Scenario]
    journal: TextIO | None = None
    keys: frozenset[str] = frozenset()
    token: str | None = None
    print_json: bool = False
    unmarked: Unmarked | None = None


def bound(host: str, port: int) -> socket.socket:
    """Take a port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        # The text has the address in it once more.
        why = (error.strerror or str(error)).partition(" (while")[0]
        raise OSError(f"cannot listen on {host}:{port}: {why}") from None


def url(listener: socket.socket) -> str:
    """Return the URL of a listening socket."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    """Return what makes the loop: uvloop's where there is one."""
    try:
        import uvloop  # noqa: PLC0415
    except ImportError:
        return asyncio.new_event_loop
    return uvloop.new_event_loop


def run(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT."""
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(serve(settings))


async def serve(settings: Settings) -> None:
    """Open both planes, say so, and close them when told to."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    stage = Stage(Wheel(loop), Holds(), Journal(settings.journal))
    provider = Provider(stage.journal, settings.library, settings.keys, unmarked=settings.unmarked)
    counters = Counters()
    data = await listen(provider, stage, counters, settings.data)
    control = Control(provider, stage.holds, counters, url(settings.data), settings.token)
    server = Server(uvicorn.Config(
        control.app(), log_config=None, access_log=False, lifespan="off",
        ws="none",
    ))  # fmt: skip
    serving = asyncio.create_task(server.serve([settings.control]))
    collector.postpone(stage.wheel, lambda: bool(counters.open))
    announce(settings)
    await stop.wait()
    data.close()
    for connection in list(counters.open):
        connection.stop()
    server.should_exit = server.force_exit = True
    await serving


def announce(settings: Settings) -> None:
    """Say where the planes are; their sockets listen already."""
    where = {"data_url": url(settings.data), "control_url": url(settings.control)}
    if settings.print_json:
        print(json.dumps({**where, "pid": os.getpid(), "version": __version__}), flush=True)
        return
    print(
        f"provider on {where['data_url']}/v1, control on {where['control_url']}/_mock/", flush=True
    )
