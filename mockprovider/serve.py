"""Both planes in one process and one loop, from the first port to the last connection."""

import asyncio
import json
import os
import signal
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TextIO

from mockprovider import __version__, collector, plane
from mockprovider.attempts import Attempts
from mockprovider.certificates import Identity
from mockprovider.clock import Wheel
from mockprovider.control import Control
from mockprovider.counters import Counters
from mockprovider.holds import Holds
from mockprovider.journal import MAX_BYTES, MAX_ENTRIES, Journal
from mockprovider.provider import Provider
from mockprovider.replay import Unmarked
from mockprovider.scenario import Scenario
from mockprovider.shapes import Json
from mockprovider.stage import Stage
from mockprovider.wire import BACKLOG, listen


@dataclass(frozen=True, slots=True)
class Place:
    """The place of this process among several; the other end of its leash is the parent's."""

    number: int
    attempts: Attempts
    leash: socket.socket


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
    place: Place | None = None
    identity: Identity | None = None
    name: str = ""
    lenient: bool = False
    entries: int = MAX_ENTRIES

    @property
    def where(self) -> dict[str, Json]:
        """Say who it is, where the data plane is, and whom its clients have to trust."""
        name = {"name": self.name} if self.name else {}
        if self.identity is None:
            return {**name, "data_url": url(self.data)}
        ca = {} if self.identity.ca is None else {"ca": str(self.identity.ca)}
        return {**name, "data_url": url(self.data, "https"), **ca}


def bound(host: str, port: int, *, shared: bool = False) -> socket.socket:
    """Take a port; a shared one can be taken again by whoever shares it too."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG, reuse_port=shared)
    except OSError as error:
        # The text has the address in it once more.
        why = (error.strerror or str(error)).partition(" (while")[0]
        raise OSError(f"cannot listen on {host}:{port}: {why}") from None


def listeners(host: str, port: int, count: int) -> list[socket.socket]:
    """Take a port so many times over; the kernel deals connections out among the sockets."""
    if count == 1 or port:
        # Another mock's shared port would be shared with us too; that is not what was asked.
        alone = bound(host, port)
        if count == 1:
            return [alone]
        alone.close()
    first = bound(host, port, shared=True)
    port = first.getsockname()[1]
    return [first, *(bound(host, port, shared=True) for _ in range(count - 1))]


def url(listener: socket.socket, scheme: str = "http") -> str:
    """Return the URL of a listening socket."""
    host, port = listener.getsockname()[:2]
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


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
    loop, place = asyncio.get_running_loop(), settings.place
    stop = stopped() if place is None else let_go(place.leash)
    stage = Stage(Wheel(loop), Holds(), journal(settings))
    provider = Provider(
        stage.journal, settings.library, settings.keys, settings.name,
        unmarked=settings.unmarked, lenient=settings.lenient,
    )  # fmt: skip
    counters = Counters()
    context = None if settings.identity is None else settings.identity.context
    data = await listen(provider, stage, counters, settings.data, context)
    control = Control(provider, stage.holds, counters, settings.where)
    server = plane.server(control, settings.token)
    serving = asyncio.create_task(server.serve([settings.control]))
    collector.postpone(stage.wheel, lambda: bool(counters.open))
    if place is None:
        where = {"control_url": url(settings.control)}
        announce(settings.where | where, as_json=settings.print_json)
    await stop.wait()
    data.close()
    for connection in list(counters.open):
        connection.stop()
    stage.journal.stop()
    server.should_exit = True
    await serving


def journal(settings: Settings) -> Journal:
    """Return the journal of this process."""
    number = attempts = None
    if settings.place is not None:
        number, attempts = settings.place.number, settings.place.attempts
    return Journal(
        settings.journal,
        max_entries=settings.entries,
        max_bytes=MAX_BYTES * settings.entries // MAX_ENTRIES,
        worker=number,
        attempts=attempts,
    )


def stopped() -> asyncio.Event:
    """Return what tells that SIGTERM or SIGINT came."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


def let_go(leash: socket.socket) -> asyncio.Event:
    """Return what tells that the other end of a leash is gone, by intent or not."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()

    def gone() -> None:
        loop.remove_reader(leash)
        stop.set()

    loop.add_reader(leash, gone)
    return stop


def announce(where: Mapping[str, Json], *, as_json: bool) -> None:
    """Say where the planes are; their sockets listen already."""
    if as_json:
        print(json.dumps({**where, "pid": os.getpid(), "version": __version__}), flush=True)
        return
    print(
        f"provider on {where['data_url']}/v1, control on {where['control_url']}/_mock/", flush=True
    )
