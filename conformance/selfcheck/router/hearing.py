"""What an upstream's event stream says, and how it ended."""

import asyncio
import json
from typing import NamedTuple

from conformance.selfcheck.router.events import DONE, Event, Item, TooLong
from conformance.selfcheck.router.failures import error_object, status_of
from conformance.selfcheck.router.line import Lost
from conformance.selfcheck.router.relay import Relay
from conformance.selfcheck.router.upstream import Body
from conformance.selfcheck.router.values import Chunk, Ending, Json, envelope, objects

MESSAGES = {
    "unfinished": "the upstream ended its stream before the answer was complete",
    "cut": "the connection to the upstream broke before the answer was complete",
    "stalled": "the upstream has gone silent",
    "oversized": "the upstream sent an event that is too long",
}


class Said(NamedTuple):
    """A chunk, with the event it came in."""

    chunk: Chunk
    event: Event


Heard = Said | Item | Ending


class Hearing:
    """Listens until the stream is over; the ending is the last thing heard."""

    def __init__(self, relay: Relay, body: Body) -> None:
        self.over = False
        self._relay = relay
        self._body = body
        self._reader = relay.parts.reader(relay)
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
            heard = [ended("cut")]
        except TooLong:
            heard = [ended("oversized")]
        self.over = any(isinstance(item, Ending) for item in heard)
        return heard

    def _silence(self) -> list[Heard]:
        """Only events, whole or not, show that an upstream is alive: comments may go on."""
        if self._clock() - self._alive_at >= self._relay.settings.idle:
            return [ended("stalled")]
        keepalive = self._relay.parts.keepalive(self._relay)
        return [] if keepalive is None else [keepalive]

    def _read(self, data: bytes) -> list[Heard]:
        if not data:
            return self._closed()
        heard: list[Heard] = []
        for item in self._reader.feed(self._relay.parts.bytes_in(data, self._relay)):
            if isinstance(item, Event):
                self._alive_at = self._clock()
                heard += self._understood(item)
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
                understood = self._understood(item)
                whole = whole and bool(understood)
                heard += understood
        if heard and isinstance(heard[-1], Ending):
            return heard
        return [*heard, ended("closed" if whole else "unfinished")]

    def _understood(self, event: Event) -> list[Heard]:
        """An event that is neither a chunk nor an error nor the terminator is left out."""
        if event.data.strip() == DONE.data:
            return [ended("done")]
        try:
            value = json.loads(event.data)
        except (ValueError, RecursionError):
            return []
        if not isinstance(value, dict):
            return []
        if value.get("error") or event.type == "error":
            return [failed(value.get("error") or value, self._relay)]
        if "error" in [choice.get("finish_reason") for choice in objects(value.get("choices"))]:
            return [failed(None, self._relay)]
        return [Said(value, event)]


def ended(kind: str) -> Ending:
    error = envelope(MESSAGES.get(kind, ""), code=f"upstream_{kind}")
    return Ending(kind, error, 504 if kind == "stalled" else 502)


def failed(told: Json, relay: Relay) -> Ending:
    error = error_object(told, relay)
    return Ending("error", error, status_of(error))


def judged(ending: Ending, relay: Relay) -> Ending:
    """Say what an end that explains nothing means, by what was said before it.

    A finish reason for every choice makes an answer whole, also without the terminator; the
    terminator alone does not.
    """
    choices = relay.choices.values()
    unexplained = ending.kind in ("closed", "stalled")
    if unexplained and choices and all(choice.finished for choice in choices):
        return ended("finished")
    if ending.kind == "closed" or (ending.kind == "done" and not choices):
        return ended("unfinished")
    return ending
