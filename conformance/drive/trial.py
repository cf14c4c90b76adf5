"""Runs one probe against a router: sends its requests, releases holds, collects the journal."""

import asyncio
from collections.abc import Awaitable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any

from conformance.drive import recovery
from conformance.drive.bill import Books
from conformance.drive.capture import Arrival, Limits, capture
from conformance.drive.client import Client
from conformance.drive.conduct import Course, Journal, Seen, accompanied
from conformance.drive.holds import LAST, Going, holds
from conformance.drive.mock import MockTrouble
from conformance.drive.pair import Mocks, Pair
from conformance.drive.pulse import GONE, Pulse
from conformance.drive.recovery import WELL, Unready
from conformance.drive.spread import spread
from conformance.drive.target import Target, request
from conformance.exchange import Exchange, Json, Trial
from conformance.probes.probe import Given, Probe, Send

GRACE = 6.0  # seconds in which a router that keeps its limit has ended an answer
UNREACHED = (502, 503, 504)
PEER_LEFT = ("peer-fin", "peer-rst")
AT_ONCE = 250_000_000  # nanoseconds

Exchanges = dict[str, Exchange]


@dataclass(frozen=True, slots=True)
class Bench:
    """What a trial is run with."""

    target: Target
    http: Client
    mock: Mocks | None  # None in black-box mode
    limits: Limits = field(default_factory=Limits)
    policy: Mapping[str, Json] = field(default_factory=dict)
    books: Books | None = None  # None where nobody is asked what a request cost
    going: Going | None = None  # whom a stream that stays waits for
    pulse: Pulse = field(default_factory=Pulse)


@dataclass(frozen=True, slots=True)
class Asking:
    """One probe asked on one surface."""

    probe: Probe
    surface: str
    bench: Bench
    nonce: str

    def given(self, name: str, client: int = 0) -> Given:
        """Return what the script of a request is made for; each has a nonce of its own."""
        # What is before the last dash is the run, so that none may follow.
        own = f"{self.nonce}.{name.replace('-', '_')}" + (f".{client}" if client else "")
        policy = self.bench.policy
        limit = policy.get(self.probe.limit, 1.0)
        cut = self.probe.sends[name].cut
        return Given(own, limit, str(policy.get("guard", "")), cut or client)

    def clients(self, send: Send) -> int:
        """Return how many send it."""
        return max(1, round(self.bench.limits.crowd * send.crowd))


async def run(probe: Probe, surface: str, bench: Bench, nonce: str) -> Trial:
    """Send a probe's requests one after the other, but for those that go on and for crowds."""
    probe = spread(probe, surface, bench.target.address, bench.policy)
    bench = replace(bench, limits=_limits(probe, bench))
    asking, exchanges = Asking(probe, surface, bench, nonce), Exchanges()
    leaving = sum(asking.clients(send) for send in probe.sends.values() if send.leave)
    asking = replace(asking, bench=replace(bench, going=Going(leaving)))
    over, open_ = asyncio.Event(), dict[str, asyncio.Task[Exchange]]()
    try:
        if probe.remembered:
            await _ready(asking, both=probe.afresh)
        for kind, sends in groupby(probe.sends.items(), lambda pair: _kind(pair[1])):
            if kind == "open":
                for name, _ in sends:
                    open_[name] = await _opened(asking, name, over)
            else:
                await _sent(asking, dict(sends), exchanges)
        over.set()
        for name, task in open_.items():
            exchanges[name] = await task
    except MockTrouble as trouble:
        return Trial(probe.id, exchanges, str(trouble))
    except Unready as why:
        return Trial(probe.id, exchanges, unready=str(why))
    finally:
        for task in open_.values():
            task.cancel()
        await asyncio.gather(*open_.values(), return_exceptions=True)
    return Trial(probe.id, exchanges)


def _kind(send: Send) -> str:
    return "open" if send.stays or send.lasts else "crowd" if send.crowd else "one"


async def _ready(asking: Asking, mark: str = "", *, both: bool = False) -> None:
    """Wait until the router asks its first provider, and the other after it, if there are two."""
    pair = asking.bench.mock
    if not isinstance(pair, Pair):
        return

    def ask(probe: Probe, name: str, nonce: str) -> Awaitable[Exchange]:
        return exchange(replace(asking, probe=probe, nonce=nonce), name)

    nonce = f"{asking.nonce}{mark}"
    if both:
        await recovery.asks_second(asking.bench.policy, pair, ask, nonce)
    await recovery.asks_first(asking.probe, pair, ask, nonce)


def _limits(probe: Probe, bench: Bench) -> Limits:
    if probe.limit:
        return waiting(bench.limits, bench.policy[probe.limit])
    return replace(bench.limits, deadline=bench.limits.deadline + probe.patient)


def waiting(limits: Limits, limit: float) -> Limits:
    """Return limits that outlast what a router has declared, by half of it and a few seconds."""
    return replace(limits, deadline=1.5 * limit + GRACE)


async def _opened(asking: Asking, name: str, over: asyncio.Event) -> "asyncio.Task[Exchange]":
    """Begin an exchange that goes on beside others, and wait until the provider is at it."""
    task = asyncio.create_task(exchange(asking, name, over=over))
    given, mock = asking.given(name), asking.bench.mock
    if mock:
        held = holds(asking.probe.document(name, given))
        far = asking.probe.sends[name].lasts or f"hold:{held[0][0]}"
        await mock.come(given.nonce, far, asking.bench.limits.patience)
    return task


async def _sent(asking: Asking, sends: Mapping[str, Send], made: Exchanges) -> None:
    """Send what is of one kind: a crowd at once, anything else one after the other."""
    if not any(send.crowd for send in sends.values()):
        for name, send in sends.items():
            if asking.probe.afresh:
                await _ready(asking, f".{name}")
            if send.rested:
                await asyncio.sleep(asking.bench.limits.rest)
            made[name] = await exchange(asking, name, first=made.get(send.again))
        return
    clients = [(name, at) for name, send in sends.items() for at in range(asking.clients(send))]
    told = await asyncio.gather(*(exchange(asking, name, at=at) for name, at in clients))
    for (name, at), each in zip(clients, told, strict=True):
        made[f"{name}.{at}" if at else name] = each


async def exchange(asking: Asking, name: str, **how: Any) -> Exchange:  # noqa: ANN401  (as below)
    """Make one exchange, unless the router answers no more."""
    pulse = asking.bench.pulse
    if pulse.gone:
        raise Unready(GONE)
    made = await _billed(asking, name, **how)
    alive = replace(asking, probe=WELL, nonce=f"{asking.nonce}.alive")
    await pulse.felt(made, lambda: _made(alive, "plain"))
    return made


async def _billed(asking: Asking, name: str, **how: Any) -> Exchange:  # noqa: ANN401  (as below)
    """Make one exchange, and have it billed where that is asked for."""
    probe, bench = asking.probe, asking.bench
    if not (probe.billed and bench.books):
        return await _made(asking, name, **how)
    payer = bench.books.payer(bench.target)
    if probe.sends[name].limited:
        key = bench.books.limited_key(asking.surface, asking.given(name, how.get("at", 0)).nonce)
        payer = replace(payer, key=key)
    async with bench.books.opened(payer, bench.http) as billed:
        made = await _made(replace(asking, bench=replace(bench, target=payer)), name, **how)
        return replace(made, bill=await billed(made))


async def _made(
    asking: Asking,
    name: str,
    *,
    at: int = 0,
    first: Exchange | None = None,
    over: asyncio.Event | None = None,
) -> Exchange:
    """Send one request; `first` is the one it repeats, one that lasts does so until `over`."""
    probe, surface, bench = asking.probe, asking.surface, asking.bench
    send, own = probe.sends[name], asking.given(name, at)
    given = asking.given(send.again) if send.again else own
    scenario = probe.document(name, given) if bench.mock and not send.endpoint else None
    prompt = f"{probe.marker(name, given)} {probe.question}" if bench.mock else probe.question
    model = bench.policy[send.model] if send.model else bench.target.model
    sent = replace(send, headers=(*_headers(send, given), *_header(send, bench.policy)))
    asked = request(replace(bench.target, model=model), surface, sent, prompt.strip())
    arrival = Arrival(keeps=not send.lasts, takes=not send.unread)
    last = LAST[surface] if send.closes else None
    capturing = asyncio.create_task(capture(bench.http, asked, arrival, bench.limits, last))
    seen, journal = Seen(), Journal()
    if bench.mock:
        course = Course(bench.mock, given.nonce, bench.limits, holds(scenario), arrival, capturing)
        seen, journal = await accompanied(course, send, bench.going, over)
    captured = await capturing
    return Exchange(
        surface,
        send.mode,
        asked,
        captured.status,
        captured.headers,
        bytes(arrival.body),
        captured.reads,
        captured.end,
        captured.error,
        seen,
        journal[len(first.journal) if first else 0 :],
        scenario,
        bench.policy,
        own.nonce,
        trailers=captured.trailers,
    )


def _headers(send: Send, given: Given) -> Iterator[tuple[str, str]]:
    return ((name, given.fill(told)) for name, told in send.headers)


def _header(send: Send, policy: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
    if send.header:
        name, _, told = policy[send.header].partition(":")
        yield name, told.strip()


def chance(trial: Trial) -> bool:
    """Say whether a clock had a part in what the trial shows, or a race."""
    return any(map(_by_chance, trial.exchanges.values()))


def _by_chance(exchange: Exchange) -> bool:
    # A connection that closes in the moment a router takes it up again: the provider was not asked.
    unreached = exchange.status in UNREACHED and not exchange.journal
    dropped = exchange.form != "left" and any(map(_dropped, exchange.journal))
    held_back = any(hold.lag for hold in exchange.holds)
    return unreached or dropped or held_back or exchange.end == "timeout"


def _dropped(entry: Json) -> bool:
    """Say whether a router left its provider in the middle, which nobody else had done.

    One that leaves a provider which has nothing to say has waited for that.
    """
    end, writes = entry.get("end"), entry.get("writes", ())
    if not end or end["kind"] not in PEER_LEFT:
        return False
    tokens = ((at, count) for at, _, _, count in writes)
    last = next((at for at, count in tokens if count == writes[-1][3]), entry["request"]["at"])
    return bool(end["at"] - last < AT_ONCE)
