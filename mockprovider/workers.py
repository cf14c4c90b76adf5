"""Several processes on one data port: started, watched, and stopped together."""

import asyncio
import os
import signal
import socket
import sys
import traceback
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from typing import NoReturn

from mockprovider import plane, serve
from mockprovider.attempts import Attempts
from mockprovider.front import Front, Worker
from mockprovider.serve import Place, Settings

CRASHED = 1
GRACE = 10.0  # seconds a worker gets to stop by itself
SIGNALS = (signal.SIGTERM, signal.SIGINT)
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Child:
    """A worker as its parent knows it; the leash ends when either process does."""

    worker: Worker
    leash: socket.socket


def run(settings: Settings, data: Sequence[socket.socket]) -> int:
    """Serve with a process for each data socket until told to stop, or until one dies."""
    with closing(Attempts()) as attempts:
        children = started(settings, data, attempts)
        with asyncio.Runner(loop_factory=serve.loop_factory()) as runner:
            ended = runner.run(supervise(settings, children))
    codes = {child: os.waitpid(child.worker.pid, 0)[1] for child in children}
    for child in ended:
        who = f"worker {child.worker.number} (pid {child.worker.pid}) {how(codes[child])}"
        print(f"mockprovider: {who}; the mock stops, for its journal has a gap", file=sys.stderr)
    return CRASHED if ended else 0


def started(settings: Settings, data: Sequence[socket.socket], attempts: Attempts) -> list[Child]:
    """Fork a worker for each data socket."""
    children = list[Child]()
    for number, listener in enumerate(data, 1):
        control = serve.bound(LOOPBACK, 0)
        ours, theirs = socket.socketpair()
        if not (pid := os.fork()):
            strangers = [settings.control, ours, *(each.leash for each in children)]
            strangers += [each for each in data if each is not listener]
            place = Place(number, attempts, theirs)
            work(replace(settings, data=listener, control=control, place=place), strangers)
        children.append(Child(Worker(number, pid, serve.url(control)), ours))
        control.close()
        theirs.close()
    return children


def work(settings: Settings, strangers: Sequence[socket.socket]) -> NoReturn:
    """Be a worker until the leash ends, whatever signal comes."""
    for number in SIGNALS:
        # The parent gets it as well, and says when to stop.
        signal.signal(number, signal.SIG_IGN)
    for each in strangers:
        each.close()
    code = CRASHED
    try:
        serve.run(settings)
        code = 0
    except BaseException:  # noqa: BLE001  (nothing above this may go on as if it were the parent)
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


async def supervise(settings: Settings, children: Sequence[Child]) -> list[Child]:
    """Answer on the one control plane until told to stop; return the workers that ended sooner."""
    stop = asyncio.create_task(serve.stopped().wait())
    lives = {asyncio.create_task(life(child)): child for child in children}
    workers = [child.worker for child in children]
    async with Front(workers, settings.library, settings.where, settings.token) as front:
        server = plane.server(front, settings.token)
        serving = asyncio.create_task(server.serve([settings.control]))
        where = settings.where | {"control_url": serve.url(settings.control)}
        listed = {"workers": [worker.document() for worker in workers]}
        serve.announce(where | listed, as_json=settings.print_json)
        await asyncio.wait([stop, *lives], return_when=asyncio.FIRST_COMPLETED)
        ended = [child for task, child in lives.items() if task.done()]
        front.stop()
        server.should_exit = True
        await serving
    stop.cancel()
    return ended + await let_go(lives)


async def life(child: Child) -> None:
    """Last as long as a worker."""
    child.leash.setblocking(False)
    with suppress(ConnectionResetError):
        await asyncio.get_running_loop().sock_recv(child.leash, 1)


async def let_go(lives: Mapping["asyncio.Task[None]", Child]) -> list[Child]:
    """Stop the workers; return those that did not and had to be ended."""
    for child in lives.values():
        child.leash.shutdown(socket.SHUT_WR)
    _, late = await asyncio.wait(lives, timeout=GRACE)
    for task in late:
        os.kill(lives[task].worker.pid, signal.SIGKILL)
    await asyncio.wait(lives)
    for child in lives.values():
        child.leash.close()
    return [lives[task] for task in late]


def how(status: int) -> str:
    """Say how a process ended."""
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        return f"was ended by {signal.Signals(-code).name}"
    return f"ended with code {code}"
