"""The `record` command: a tap from its first connection to its last recording."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import ssl
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from mockprovider import __version__
from mockprovider.record import Answered, Client, Tap
from mockprovider.recordings import kinds
from mockprovider.recordings.making import Wishes, recording
from mockprovider.recordings.recording import BadRecording, Recording
from mockprovider.recordings.store import Taken, next_name, save
from mockprovider.recordings.transcript import LIMIT
from mockprovider.serve import url
from mockprovider.upstream import Upstream


@dataclass(frozen=True, slots=True)
class Settings:
    """What `record` was told."""

    listener: socket.socket
    upstream: Upstream
    out: Path
    wishes: Wishes
    limit: int = LIMIT
    print_json: bool = False


def run(settings: Settings) -> None:
    """Record until SIGTERM or SIGINT."""
    # One thread writes, so that no stream waits for the disk, and names are taken in turn.
    # asyncio's own loop writes at once; uvloop's would wait for the end of a turn.
    plain = asyncio.Runner(loop_factory=asyncio.new_event_loop)
    with ThreadPoolExecutor(1) as writing, plain as runner:
        runner.run(tapped(settings, writing))


async def tapped(settings: Settings, writing: ThreadPoolExecutor) -> None:
    """Open the tap, say so, and close it when told to."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    tls = tls_context() if settings.upstream.scheme == "https" else None
    tap = Tap(settings.upstream, lambda each: submit(writing, settings, each), settings.limit, tls)
    server = await loop.create_server(lambda: Client(tap), sock=settings.listener)
    announce(settings)
    await stop.wait()
    server.close()
    for client in list(tap.open):
        client.stop()


def tls_context() -> ssl.SSLContext:
    """Trust whom this machine trusts, and speak HTTP/1.1."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


def announce(settings: Settings) -> None:
    """Say where the tap is; its socket listens already."""
    where = url(settings.listener)
    if settings.print_json:
        told = {"url": where, "pid": os.getpid(), "version": __version__}
        print(json.dumps(told), flush=True)
        return
    upstream = settings.upstream
    print(f"recording {upstream.url('')} from {where} into {settings.out}", flush=True)


def submit(writing: ThreadPoolExecutor, settings: Settings, answered: Answered) -> None:
    """Have an answer written, if it is one of those that are recorded."""
    if answered.request.method == "POST" and kinds.of_target(answered.request.target):
        # A defect of ours is told by whoever runs the callback.
        writing.submit(keep, settings, answered).add_done_callback(Future.result)


def keep(settings: Settings, answered: Answered) -> None:
    """Write the recording of an answer, and say so; or say why there is none."""
    try:
        path, made = kept(settings, answered)
    except (BadRecording, OSError) as error:
        asked = f"{answered.request.method} {answered.request.path}"
        told = f"mockprovider: not recorded: {asked}: {error}; the answer itself was passed on"
        print(told, file=sys.stderr, flush=True)
        return
    note = f"; {made.note}" if made.note else ""
    print(f"{path}: {made.summary}, {made.end}{note}", flush=True)


def kept(settings: Settings, answered: Answered) -> tuple[Path, Recording]:
    """Write the recording of an answer under the next name that is free."""
    transcript = answered.transcript
    if transcript.broken or not transcript.status:
        raise BadRecording(transcript.broken or "no answer came")
    made = recording(answered.exchange(settings.upstream), settings.wishes)
    while True:
        name = next_name(settings.out, made.surface)
        # Another tap may write into the same directory.
        with contextlib.suppress(Taken):
            return save([(name, made)], settings.out)[0], made
