"""A request in, the performance it gets out: route, scenario, key, validation, faults."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

from mockprovider import marker, rendering, replay, requests, scenario
from mockprovider.entry import Entry
from mockprovider.framing import Asked
from mockprovider.inbox import Request
from mockprovider.journal import Journal
from mockprovider.marker import Marker
from mockprovider.performance import Performance, performance, unslotted
from mockprovider.requests import INVALID
from mockprovider.routing import Greeting, Refused, greeting, no_route, routed
from mockprovider.scenario import HeadTable, Scenario, Script
from mockprovider.shapes import Json
from mockprovider.slots import Filling, compiled, slot
from mockprovider.steps import BadScenario, Error, Finish, Say, Steps, Usage
from mockprovider.surfaces.surface import Ask, Objection, Reading, Surface
from mockprovider.timeline import Close, Head, Send

NEVER_ACCEPTED = "sk-mock-invalid"
NO_KEY = Error(
    "You didn't provide an API key. You need to provide your API key in an Authorization header "
    "using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).",
    INVALID, None, None, 401,
)  # fmt: skip
DEFAULT_MODEL = "mock-model"
# What is known of a request that is answered before it has come whole.
EARLY = Reading(DEFAULT_MODEL, Ask(stream=True))
MAX_ARMED = 20_000
LENIENCE = frozenset({"validation"})
SHORT = 16_384
# The end of a marker, whichever nonce it has.
ANY_ENDING = f"#{slot('nonce')}]]".encode()
Connection = tuple[int, int]


@dataclass(slots=True)
class Provider:
    """What one mock knows: its scenarios, those armed for a nonce, and the keys it takes."""

    journal: Journal
    library: Mapping[str, Scenario]
    keys: frozenset[str] = frozenset()
    name: str = ""
    armed: dict[str, Scenario] = field(default_factory=dict)
    unmarked: replay.Unmarked | None = None
    lenient: bool = False  # takes what a strict provider refuses, and still objects to it

    def perform(self, request: Request, connection: Connection) -> tuple[Performance, Entry]:
        """Decide what a request gets, and begin its journal entry."""
        mark = marker.of(request)
        entry = self.journal.open(request, connection, mark.nonce if mark else None)
        entry.provider = self.name
        told = greeting(request.method, request.target, request.headers)
        surface = told.found.surface
        entry.objections += told.oddities
        entry.surface = surface.name
        try:
            return self._answered(request, entry, mark, told), entry
        except Refused as refused:
            return refusal(refused, surface, entry), entry
        except BadScenario as error:
            wrong = Error(str(error), INVALID, "mock_marker", None, 400)
            return refusal(Refused(wrong, "marker"), surface, entry), entry

    def refuse(
        self, partial: Request, connection: Connection, error: Error
    ) -> tuple[Performance, Entry]:
        """Answer bytes that are no request."""
        entry = self.journal.open(partial, connection, None)
        entry.provider = self.name
        surface = routed(partial).surface
        entry.surface = surface.name
        return refusal(Refused(error, "http"), surface, entry), entry

    def arm(self, nonce: str, armed: Scenario) -> None:
        """Let a scenario answer the requests of a nonce."""
        self.armed[nonce] = armed
        if len(self.armed) > MAX_ARMED:
            self.armed.pop(next(iter(self.armed)))

    def _answered(
        self, request: Request, entry: Entry, mark: Marker | None, told: Greeting
    ) -> Performance:
        route, surface = told.found.route, told.found.surface
        if route is None:
            raise no_route(request.method, request.path)
        played = self.chosen(mark) if mark else self._fitting(request, told)
        disobeys = played.disobeys if played else frozenset[str]()
        disobeys |= LENIENCE if self.lenient else frozenset()
        if "auth" not in disobeys and not route.keyless:
            self._authorise(surface, told.key)
        if route.answer is not None:
            return plainly(surface, *route.answer(told.found.params), filling(entry, ""))
        reading = understood(request.body, told, mark) if request.complete else EARLY
        entry.objections += tuple(reading.objections)
        if reading.refusal and ("validation" not in disobeys or not reading.model):
            raise Refused(reading.refusal, "")
        entry.mode = "stream" if reading.ask.stream else "plain"
        if played is None:
            answer = echo(reading)
            rendered = rendering.render(answer, answer.scripts[0], surface, reading.ask)
            return performance(rendered, filling(entry, reading.model), "event")
        return self._played(played, surface, reading, entry)

    def _played(
        self, played: Scenario, surface: Surface, reading: Reading, entry: Entry
    ) -> Performance:
        entry.scenario, entry.write, entry.scripted_holds = played.name, played.write, played.holds
        if entry.nonce is None:
            self.journal.name(entry)
        script = played.script(entry.attempt)
        replay.check(played, surface.name, entry.mode)
        rendered = rendering.cached(played, script, surface, reading.ask)
        slots = filling(entry, played.model or reading.model)
        if not script.faults:
            return performance(rendered, slots, played.write)
        asked = Asked(entry.request.version == "1.0", entry.request.keep_alive)
        timeline = rendering.faulty(script, rendered.filled(slots), played.write, asked)
        return unslotted(timeline, played.write)

    def _fitting(self, request: Request, told: Greeting) -> Scenario | None:
        """Find what answers a request without a marker, if it is not to be an echo."""
        route, surface = told.found.route, told.found.surface
        if self.unmarked is None or route is None or route.answer is not None:
            return None
        return self.unmarked(surface, read(surface, request.body, told.context))

    def chosen(self, mark: Marker) -> Scenario:
        """Return the scenario a marker asks for, as the provider it names plays it, here."""
        found = self._scenario(mark).at(self.name)
        return found if mark.provider is None else named(found, mark.provider)

    def _scenario(self, mark: Marker) -> Scenario:
        if mark.damage:
            raise BadScenario(mark.damage)
        if mark.what == "armed":
            if found := self.armed.get(mark.nonce or ""):
                return found
            raise BadScenario(f"no scenario is armed for {mark.nonce!r}")
        if mark.script is not None:
            return inline(mark.script)
        return scenario.find(self.library, mark.what)

    def _authorise(self, surface: Surface, key: str | None) -> None:
        if key is None:
            raise Refused(surface.refusals.get("no-key", NO_KEY), "header.authorization")
        if key == NEVER_ACCEPTED or (self.keys and key not in self.keys):
            shown = f"{key[:8]}***{key[-4:]}" if len(key) > 12 else "***"  # noqa: PLR2004
            wrong = Error(
                f"Incorrect API key provided: {shown}.", INVALID, "invalid_api_key", None, 401
            )
            raise Refused(surface.refusals.get("wrong-key", wrong), "header.authorization")


# A scenario that is made once is compiled once.
named = lru_cache(maxsize=rendering.KEPT)(scenario.named)


@lru_cache(maxsize=rendering.KEPT)
def inline(script: bytes) -> Scenario:
    """Read the scenario that travels in a marker."""
    return scenario.parsed(marker.unpack(script), "inline")


def understood(body: bytes, told: Greeting, mark: Marker | None) -> Reading:
    """Read a request; a body of the wrong kind is refused whatever the scenario."""
    if told.media is not None:
        raise Refused(told.media, "header.content-type")
    surface = told.found.surface
    if mark and mark.nonce and len(body) < SHORT:
        # All that differs between requests of a kind is the nonce, and an answer may repeat it.
        body = body.replace(f"#{mark.nonce}]]".encode(), ANY_ENDING)
        return _read_before(surface, body, told.context)
    return read(surface, body, told.context)


def read(surface: Surface, body: bytes, context: str) -> Reading:
    """Understand a body as the surface does."""
    parsed = requests.parsed(body)
    if parsed.refusal is not None:
        wrong = surface.refusals.get("not-json", parsed.refusal)
        return Reading(refusal=wrong, objections=parsed.objections)
    reading = surface.read(parsed.body, context)
    return replace(reading, objections=(*parsed.objections, *reading.objections))


_read_before = lru_cache(maxsize=rendering.KEPT)(read)


def filling(entry: Entry, model: str) -> Filling:
    """Return what fills the slots of an answer."""
    own = f"{entry.nonce or f'plain-{entry.id}'}-{entry.attempt}"
    return Filling(own, model or DEFAULT_MODEL, int(time.time()), entry.nonce or "")


def refusal(refused: Refused, surface: Surface, entry: Entry) -> Performance:
    """Return an error answer, and note the objection behind it."""
    if refused.where:
        entry.objections += (Objection(refused.where, refused.error.message),)
    status, body = surface.envelope(refused.error)
    return plainly(surface, status, body, filling(entry, ""), refused.headers)


def plainly(
    surface: Surface, status: int, body: Json, slots: Filling,
    headers: tuple[tuple[str, str], ...] = (),
) -> Performance:  # fmt: skip
    """Return an answer that is one JSON body."""
    data = json.dumps(body).encode()
    dressed = rendering.dressed(surface.head(False), HeadTable(headers=headers), status)
    head = Head(status, dressed.headers, len(data))
    answer = compiled((head, Send(data, "body", 0), Close()))
    return performance(answer, slots, "event")


def echo(reading: Reading) -> Scenario:
    """Return what a request without a marker gets: a short reply that repeats its prompt."""
    words = f"You said: {reading.prompt.strip()[:200] or 'nothing'}".split(" ")
    usage = Usage(input=max(1, len(reading.prompt) // 4), output=len(words))
    says = (Say(f" {word}" if at else word) for at, word in enumerate(words))
    steps: Steps = (*says, Finish("stop"), usage)
    return Scenario("echo", "No marker.", (Script(steps, HeadTable(), ()),))
