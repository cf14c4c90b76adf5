"""The control plane: arm, release, journal, abort; on a port of its own that no router knows."""

import os
import resource
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass

from starlette.requests import Request

from mockprovider import __version__, marker, scenario
from mockprovider.counters import Counters
from mockprovider.entry import Entry
from mockprovider.feed import Watch
from mockprovider.holds import ALL, Holds
from mockprovider.plane import Answer, Denied, Query, document, nonce_of, query
from mockprovider.player import Player
from mockprovider.provider import Provider
from mockprovider.shapes import Json
from mockprovider.steps import BadScenario


@dataclass(frozen=True, slots=True)
class Control:
    """The calls of the control plane, over what the data plane shares with it."""

    provider: Provider
    holds: Holds
    counters: Counters
    where: Mapping[str, Json]

    async def health(self, request: Request) -> Answer:
        return {"ok": True, "version": __version__, **self.where, "pid": os.getpid()}

    async def scenarios(self, request: Request) -> Answer:
        known = sorted(self.provider.library.items())
        return {"scenarios": [{"name": name, "summary": each.summary} for name, each in known]}

    async def arm(self, request: Request) -> Answer:
        name, told = nonce_of(request), await document(request)
        try:
            if set(told) == {"toml"}:
                armed = scenario.parsed(str(told["toml"]), "armed")
            else:
                armed = scenario.built(told, "armed")
        except BadScenario as error:
            raise Denied(400, str(error)) from None
        self.provider.arm(name, armed)
        return {"armed": name}

    async def release(self, request: Request) -> Answer:
        who, hold = nonce_of(request), (await document(request)).get("hold")
        if not isinstance(hold, str):
            raise Denied(400, f"hold must be a name or '*', not {hold!r}")
        known = self._known_holds(who)
        if known is not None and hold != ALL and hold not in known:
            named = ", ".join(sorted(known)) or "none"
            raise Denied(404, f"no hold {hold!r} in the scenario of {who!r}; it has {named}")
        return {"released": self.holds.release(who, hold)}

    async def journal(self, request: Request) -> Answer:
        asked, journal = query(request), self.provider.journal
        if asked.key and asked.wait:
            entries = await journal.wait(asked.key, _ready(asked), asked.limit_ms)
        else:
            entries = journal.entries(asked.key)
        return {"entries": [entry.document() for entry in entries]}

    async def abort(self, request: Request) -> Answer:
        who, how = nonce_of(request), await how_to_end(request)
        return {"aborted": self._abort(lambda entry: entry.nonce == who, how)}

    async def forget(self, request: Request) -> Answer:
        run = request.path_params["run"]
        ended = self._abort(lambda entry: entry.run == run, "rst")
        armed = [nonce for nonce in self.provider.armed if marker.run_of(nonce) == run]
        for nonce in {*self.provider.journal.forget(run), *armed, *self.holds.of(run)}:
            self.provider.armed.pop(nonce, None)
            self.holds.forget(nonce)
        return {"forgotten": run, "ended": ended}

    async def metrics(self, request: Request) -> Answer:
        counters = self.counters
        streams = [connection for connection in counters.open if connection.player is not None]
        return {
            "open_connections": len(counters.open),
            "open_streams": len(streams),
            "connections": counters.connections,
            "requests": counters.requests,
            "bytes": counters.bytes,
            "events": counters.events,
            "resident_bytes": _resident(),
            "watchers": len(self.provider.journal.watchers),
        }

    async def entry(self, request: Request) -> Answer:
        return self._entry(request).document(redacted=True)

    async def release_entry(self, request: Request) -> Answer:
        entry, hold = self._entry(request), str((await document(request)).get("hold"))
        streams = [player for player in self._players() if player.entry is entry]
        return {"released": [hold] if any(player.go_on(hold) for player in streams) else []}

    async def abort_entry(self, request: Request) -> Answer:
        chosen, how = self._entry(request), await how_to_end(request)
        return {"aborted": self._abort(lambda entry: entry is chosen, how)}

    def events(self, last: str) -> AsyncGenerator[str, None]:
        return Watch(self.provider.journal, last).messages()

    def _abort(self, chosen: Callable[[Entry], bool], how: str) -> int:
        players = [(each, each.player) for each in self.counters.open]
        return sum(
            connection.abort(how)
            for connection, player in players
            if player is not None and chosen(player.entry)
        )

    def _players(self) -> list[Player]:
        return [each.player for each in self.counters.open if each.player is not None]

    def _entry(self, request: Request) -> Entry:
        """Find the entry that a path names: by its id, with the number of its worker before it."""
        named = request.path_params["entry"]
        for entry in self.provider.journal.entries():
            if named == (str(entry.id) if entry.worker is None else f"{entry.worker}.{entry.id}"):
                return entry
        raise Denied(404, f"no entry {named!r} in the journal, or no longer")

    def _known_holds(self, nonce: str) -> frozenset[str] | None:
        """Return the holds of the nonce's scenario, or None while that is not known."""
        if armed := self.provider.armed.get(nonce):
            return armed.holds
        entries = self.provider.journal.entries(("nonce", nonce))
        return entries[-1].scripted_holds if entries else None


async def how_to_end(request: Request) -> str:
    """Read how streams are to be ended."""
    how: Json = (await document(request)).get("how", "fin")
    if how not in ("fin", "rst"):
        raise Denied(400, f"how is {how!r}; it can be 'fin' or 'rst'")
    return str(how)


def _ready(asked: Query) -> Callable[[Sequence[Entry]], bool]:
    """Return the test of entries that a `wait` stands for."""
    match asked.wait:
        case "started":
            return bool
        case "ended":
            return lambda entries: bool(entries) and all(entry.end for entry in entries)
        case "blocked":
            return lambda entries: any(entry.probe for entry in entries)
    return lambda entries: any(held.name == asked.hold for each in entries for held in each.holds)


def _resident() -> int:
    try:
        with open("/proc/self/statm") as statm:  # noqa: PTH123
            return int(statm.read().split()[1]) * resource.getpagesize()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
