"""What an upstream's event stream says, and how it ended."""

import asyncio

from conformance.selfcheck.router.arrays import ArrayReader
from conformance.selfcheck.router.events import Event, Reader, TooLong
from conformance.selfcheck.router.failures import error_object
from conformance.selfcheck.router.line import Lost
from conformance.selfcheck.router.relay import Heard, Relay
from conformance.selfcheck.router.upstream import Body
from conformance.selfcheck.router.values import Ending, Json, Said

MESSAGES = {
    "unfinished": "the upstream ended its stream before the answer was complete",
    "cut": "the connection to the upstream broke before the answer was complete",
    "stalled": "the upstream has gone silent",
    "oversized": "the upstream sent an event that is too long",
}


class Hearing:
    """Listens until the stream is over; the ending is the last thing heard."""

    def __init__(
        self, relay: Relay, body: Body, reader: Reader | ArrayReader | None = None
    ) -> None:
        self.over = False
        self._relay = relay
        self._body = body
        self._reader = reader or relay.parts.reader(relay)
        self._clock = asyncio.get_running_loop().time
        self._alive_at = self._clock()

    async def more(self) -> list[Heard]:
        """Return what is said next, at once; a keep-alive where nothing is."""
        settings = self._relay.settings
        left = self._alive_at + settings.idle - self._clock()
        try:
            data = await self._body.piece(max(0.0, min(settings.keepalive, left)))
            heard = self._silence() if data is None else self._read(data)
        except Lost:
            heard = [ended("cut", self._relay)]
        except TooLong:
            heard = [ended("oversized", self._relay)]
        self.over = any(isinstance(item, Ending) for item in heard)
        return heard

    def _silence(self) -> list[Heard]:
        """Only events, whole or not, show that an upstream is alive: comments may go on."""
        if self._clock() - self._alive_at >= self._relay.settings.idle:
            return [ended("stalled", self._relay)]
        keepalive = self._relay.dialect.keepalive(self._relay)
        return [] if keepalive is None else [keepalive]

    def _read(self, data: bytes) -> list[Heard]:
        if not data:
            return self._closed()
        heard: list[Heard] = []
        for item in self._reader.feed(self._relay.parts.bytes_in(data, self._relay)):
            if isinstance(item, Event):
                self._alive_at = self._clock()
                heard += self._relay.dialect.understood(item, self._relay)
            elif self._relay.committed:
                heard.append(item)
            if heard and isinstance(heard[-1], Ending):
                break
        if self._reader.amid:
            self._alive_at = self._clock()
        return heard

    def _closed(self) -> list[Heard]:
        """A last event may lack its blank line; half an event is the sign of a broken stream."""
        heard: list[Heard] = []
        whole = True
        for item in self._reader.close():
            if isinstance(item, Event):
                understood = self._relay.dialect.understood(item, self._relay)
                whole = whole and bool(understood)
                heard += understood
        if heard and isinstance(heard[-1], Ending):
            return heard
        return [*heard, ended("closed" if whole else "unfinished", self._relay)]


def ended(kind: str, relay: Relay, said: Said | None = None) -> Ending:
    status = 504 if kind == "stalled" else 502
    error = relay.dialect.error(status, MESSAGES.get(kind, ""), f"upstream_{kind}")
    return Ending(kind, error, status, said)


def failed(told: Json, relay: Relay) -> Ending:
    error = error_object(told, relay)
    return Ending("error", error, relay.dialect.status_of(error))


def judged(ending: Ending, relay: Relay) -> Ending:
    """Say what an end that explains nothing means, by what was said before it.

    A finish reason for every choice makes an answer whole, also without the terminator; the
    terminator alone does not.
    """
    choices = relay.choices.values()
    unexplained = ending.kind in ("closed", "stalled")
    if unexplained and choices and all(choice.finished for choice in choices):
        return ended("finished", relay)
    if ending.kind == "closed" or (ending.kind == "done" and not choices):
        return ended("unfinished", relay)
    return ending
