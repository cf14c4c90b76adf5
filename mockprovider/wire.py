"""The data plane: connections in, requests to the provider, and how the peer left."""

import asyncio
import os
import socket
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import cast

from mockprovider import early, leaving
from mockprovider.counters import Counters
from mockprovider.faults.request import EarlyAnswer, UnreadRequest
from mockprovider.inbox import BadRequest, Inbox, Request
from mockprovider.outlet import Outlet
from mockprovider.peer import Peer
from mockprovider.player import Player
from mockprovider.provider import Provider
from mockprovider.stage import Stage
from mockprovider.steps import Error
from mockprovider.tls import Secured, Tls

BACKLOG = 4096
MAX_PIPELINED = 64
# A peer that goes on sending gets so many seconds to read what it was told.
LINGER = 10
# How often a peer whose request is not read is looked after.
WATCH = 0.02
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Connection(asyncio.Protocol):
    """One client: its requests are answered one after the other, in order."""

    player: Player | None = None

    def __init__(
        self, provider: Provider, stage: Stage, counters: Counters, tls: Tls | None = None
    ) -> None:
        self._provider = provider
        self._tls = tls
        self._stage = stage
        self._counters = counters
        self._inbox = Inbox()
        self._queue = list[Request | BadRequest]()
        self._uses = 0
        self._shut_at: int | None = None
        self._acked = 0
        self._closing = False
        # What is to be done in place of reading another request.
        self._doom: Callable[[], None] | None = None
        # The request that was answered before it had come whole.
        self._answered: Request | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports only look like asyncio's.
        self._transport = cast("asyncio.Transport", transport)
        # A pause is called for as soon as anything is left unwritten.
        self._transport.set_write_buffer_limits(high=0)
        self._counters.connections += 1
        self._id = self._counters.connections
        self._peer = Peer(self._transport.get_extra_info("socket"))
        self._counters.open.add(self)

    def data_received(self, data: bytes) -> None:
        if self._closing:
            return
        if self._doom is not None:
            self._closing = True
            self._doom()
            return
        if self.player is not None:
            self.player.settle()
        try:
            done = self._inbox.feed(data)
            self._queue += [each for each in done if each is not self._answered]
        except BadRequest as error:
            self._queue.append(error)
        if len(self._queue) > MAX_PIPELINED:
            self._transport.abort()
        self._next()
        if self.player is None and not self._closing:
            self._take(self._inbox.begun())

    def eof_received(self) -> bool:
        if self.player is not None:
            self.player.settle()
        if self.player is None or self._shut_at is not None:
            return False
        self._shut_at, self._acked = time.monotonic_ns(), self.player.arrival.acked()
        if self.player.done:
            # It reads on, or what is on its way to it brings RST.
            return True
        leaving.tell(self.player.outlet, self._stage.wheel, self._left)
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        self._counters.open.discard(self)
        self._closing = True
        if self.player is not None:
            self.player.settle()
        self._peer.close()
        self._inbox.close()
        if self.player is not None:
            reset = isinstance(exc, ConnectionResetError) and self._shut_at is None
            self._left("peer-rst" if reset else "peer-fin")

    def pause_writing(self) -> None:
        if self.player is not None:
            self.player.outlet.full = True

    def resume_writing(self) -> None:
        if self.player is not None:
            self.player.resume()

    def abort(self, how: str) -> bool:
        """End the open stream, if there is one, with FIN or RST."""
        if self.player is None:
            return False
        outlet = self.player.outlet
        self._left("aborted")
        outlet.reset() if how == "rst" else outlet.cut()
        return True

    def say(self, data: bytes) -> None:
        """Send bytes that belong to the connection and not to an answer."""
        sent = 0
        if self._transport.is_closing():
            return
        # The transport would send them after what an answer writes past it.
        if not self._transport.get_write_buffer_size():
            with suppress(OSError):
                sent = os.write(self._peer.fd, data)
        if sent < len(data):
            self._transport.write(data[sent:])
        self._peer.handed += len(data)

    def stop(self) -> None:
        """Close because the mock stops."""
        if self.player is not None:
            self._left("stalled" if self.player.stalled else "aborted")
        self._transport.abort()

    def _take(self, partial: Request | None) -> None:
        """Ask for the rest of a request, unless its scenario is to answer it, or not to, by now."""
        if partial is None or partial is self._answered:
            return
        fault = early.fault(self._provider, partial)
        if isinstance(fault, EarlyAnswer | UnreadRequest):
            self._begin(partial, fault)
        elif fault is None and self._inbox.asks_to_go_on():
            self.say(CONTINUE if self._tls is None else self._tls.sealed(CONTINUE))

    def _begin(self, partial: Request, fault: EarlyAnswer | UnreadRequest) -> None:
        """Begin the answer of a request that has not come whole."""
        self._answered = partial
        rest = fault.rest if isinstance(fault, EarlyAnswer) else "unread"
        partial.keep_alive = rest != "close"
        if rest == "unread":
            self._transport.pause_reading()
            self._watch()
        self._start(partial)

    def _watch(self) -> None:
        """Read on once the peer has left, to learn how."""
        if self._transport.is_closing():
            return
        if self._peer.leaving():
            self._transport.resume_reading()
        else:
            self._stage.wheel.at(self._stage.wheel.now() + WATCH, self._watch)

    def _next(self) -> None:
        while self._queue and self.player is None and not self._closing:
            self._start(self._queue.pop(0))

    def _start(self, request: Request | BadRequest) -> None:
        self._uses += 1
        connection = (self._id, self._uses)
        if isinstance(request, BadRequest):
            wrong = Error(str(request), "invalid_request_error", None, None, request.status)
            partial = self._inbox.partial
            performance, entry = self._provider.refuse(partial, connection, wrong)
            request = replace(partial, keep_alive=False, complete=False)
        else:
            performance, entry = self._provider.perform(request, connection)
        outlet = Outlet(self._transport, request, self._peer, self._tls)
        self.player = Player(performance, entry, outlet, self._stage)
        self.player.over = self._over
        self._stage.journal.tell(entry)
        self.player.run()

    def _over(self) -> None:
        """Go on to the next request, or close behind the last."""
        player, self.player = self.player, None
        if player is None or player.entry.end is None:
            return
        self._counters.count(player.entry)
        kind = player.entry.end.kind
        lasting = player.outlet.keep_alive and self._shut_at is None
        self._closing = self._closing or kind != "complete" or not lasting
        if kind in ("peer-fin", "peer-rst", "half-close"):
            self._transport.abort()
        elif kind == "half" or player.outlet.lingers:
            player.outlet.half()
            self._stage.wheel.at(self._stage.wheel.now() + LINGER, self._transport.abort)
        elif kind == "complete" and self._closing:
            self._part(player)
        elif player.outlet.parting.endswith("-next"):
            self._doom = lambda: self._part(player)
        elif self._queue:
            self._stage.wheel.soon(self._next)
        else:
            self._take(self._inbox.begun())

    def _part(self, player: Player) -> None:
        """End the connection behind a complete answer."""
        if player.outlet.parting.startswith("rst"):
            player.arrival.when_read(player.outlet.reset)
        else:
            player.outlet.finish()

    def _left(self, kind: str) -> None:
        if self.player is not None:
            acked = self._acked if self._shut_at is not None else None
            self.player.leave(kind, self._shut_at, acked)


async def listen(
    provider: Provider, stage: Stage, counters: Counters, listener: socket.socket,
    context: ssl.SSLContext | None = None,
) -> asyncio.Server:  # fmt: skip
    """Open the data plane on a socket that listens already; a context is what TLS is spoken in."""

    def connection() -> asyncio.Protocol:
        if context is None:
            return Connection(provider, stage, counters)
        tls = Tls(context)
        return Secured(tls, Connection(provider, stage, counters, tls))

    loop = asyncio.get_running_loop()
    return await loop.create_server(connection, sock=listener, backlog=BACKLOG)
