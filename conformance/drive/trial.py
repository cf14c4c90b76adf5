"""Runs one probe against a router: sends its requests, releases holds, collects the journal."""

import asyncio
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import count

from conformance.drive.bill import Books
from conformance.drive.capture import Arrival, Captured, Limits, capture
from conformance.drive.client import Client
from conformance.drive.holds import LAST, SIGN, Going, Holds, holds
from conformance.drive.mock import MockTrouble
from conformance.drive.pair import Mocks, Pair
from conformance.drive.spread import spread
from conformance.drive.target import Target, request
from conformance.exchange import Exchange, HoldSeen, Json, Trial
from conformance.probes.probe import Probe, Send

EVERYTHING = "*"  # all holds of a script
GRACE = 4.0  # seconds in which a router that keeps its limit has ended an answer
UNREACHED = (502, 503, 504)


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


async def run(probe: Probe, surface: str, bench: Bench, nonce: str) -> Trial:
    """Send a probe's requests one after the other; each has a nonce of its own."""
    exchanges: dict[str, Exchange] = {}
    probe = spread(probe, surface, bench.target.address, bench.policy)
    if probe.limit:
        bench = replace(bench, limits=waiting(bench.limits, bench.policy[probe.limit]))
    elif probe.patient:
        deadline = bench.limits.deadline + probe.patient
        bench = replace(bench, limits=replace(bench.limits, deadline=deadline))
    staying: dict[str, asyncio.Task[Exchange]] = {}
    crowds = [_crowd(send, bench) for send in probe.sends.values() if send.leave]
    bench = replace(bench, going=Going(sum(crowds)))
    try:
        if probe.remembered and not await recovered(probe, surface, bench, nonce):
            return Trial(probe.id, exchanges, unready=UNREADY)
        for name, send in probe.sends.items():
            # What is before the last dash is the run, so that none may follow.
            own = f"{nonce}.{name.replace('-', '_')}"
            if send.stays:
                staying[name] = await _stay(probe, name, surface, bench, own)
                continue
            more_of_them = range(1, _crowd(send, bench))
            others = [exchange(probe, name, surface, bench, f"{own}.{at}") for at in more_of_them]
            first = exchange(probe, name, surface, bench, own)
            exchanges[name], *more = await asyncio.gather(first, *others)
            exchanges |= {f"{name}.{at}": each for at, each in enumerate(more, 1)}
        exchanges |= {name: await stayed for name, stayed in staying.items()}
    except MockTrouble as trouble:
        return Trial(probe.id, exchanges, str(trouble))
    finally:
        for stayed in staying.values():
            stayed.cancel()
    return Trial(probe.id, exchanges)


UNREADY = "the router did not go back to its first provider, which earlier failures had it avoid"
WELL = Probe("well", "", "text")
PAUSE = 0.25  # seconds between two questions


async def recovered(probe: Probe, surface: str, bench: Bench, nonce: str) -> bool:
    """Ask until it is the first provider that is asked."""
    if not isinstance(bench.mock, Pair):
        return True
    headers = next(iter(probe.sends.values())).headers
    asking = replace(WELL, sends={"plain": Send("plain", headers=headers)})
    clock = asyncio.get_running_loop().time
    deadline = clock() + bench.mock.recovery
    for number in count():
        told = await exchange(asking, "plain", surface, bench, f"{nonce}.well{number}")
        if told.of_first:
            return True
        if clock() > deadline:
            break
        await asyncio.sleep(PAUSE)
    bench.mock.recovery = 0
    return False


def _crowd(send: Send, bench: Bench) -> int:
    return bench.limits.crowd if send.crowd else 1


async def _stay(
    probe: Probe, name: str, surface: str, bench: Bench, nonce: str
) -> "asyncio.Task[Exchange]":
    """Begin an exchange that is held back until all who leave have left."""
    stayed = asyncio.create_task(exchange(probe, name, surface, bench, nonce))
    if bench.mock:
        hold = holds(probe.document(name))[0][0]
        await bench.mock.reached(nonce, hold, bench.limits.patience)
    return stayed


def waiting(limits: Limits, limit: float) -> Limits:
    """Return limits that outlast what a router has declared, by half of it and a few seconds."""
    return replace(limits, deadline=1.5 * limit + GRACE)


async def exchange(probe: Probe, name: str, surface: str, bench: Bench, nonce: str) -> Exchange:
    if not (probe.billed and bench.books):
        return await _made(probe, name, surface, bench, nonce)
    payer = bench.books.payer(bench.target)
    if probe.sends[name].limited:
        payer = replace(payer, key=bench.books.limited_key(surface, nonce))
    async with bench.books.opened(payer, bench.http) as billed:
        made = await _made(probe, name, surface, replace(bench, target=payer), nonce)
        return replace(made, bill=await billed(made))


async def _made(probe: Probe, name: str, surface: str, bench: Bench, nonce: str) -> Exchange:
    send = probe.sends[name]
    limit = bench.policy.get(probe.limit, 1.0)
    scenario = probe.document(name, limit) if bench.mock and not send.endpoint else None
    marker = probe.marker(name, nonce, limit)
    prompt = f"{marker} {probe.question}" if bench.mock else probe.question
    model = bench.policy[send.model] if send.model else bench.target.model
    if send.header:
        told, _, value = bench.policy[send.header].partition(":")
        send = replace(send, headers=(*send.headers, (told, value.strip())))
    asked = request(replace(bench.target, model=model), surface, send, prompt.strip())
    arrival = Arrival()
    seen: list[HoldSeen] = []
    last = LAST[surface] if send.closes else None
    capturing = asyncio.create_task(capture(bench.http, asked, arrival, bench.limits, last))
    planned = holds(scenario)
    if bench.mock and send.leave:
        captured = await _beside(
            _leave(bench, nonce, planned, arrival, send.leave, capturing), capturing
        )
    elif planned:
        waits = bench.going.gone if bench.going and send.stays else None
        captured = await _beside(_release(bench, nonce, planned, arrival, seen, waits), capturing)
    else:
        captured = await capturing
    if bench.going and send.leave:
        bench.going.left()
    journal = await bench.mock.journal(nonce) if bench.mock else ()
    if bench.mock and send.leave:
        await bench.mock.release(nonce, EVERYTHING)
        if any(entry["end"] is None for entry in journal):  # it shows what is written for nobody
            journal = await bench.mock.journal(nonce)
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
        tuple(seen),
        journal,
        scenario,
        bench.policy,
        nonce,
        trailers=captured.trailers,
    )


async def _beside(
    doing: Coroutine[None, None, None], capturing: "asyncio.Task[Captured]"
) -> Captured:
    """Do something as long as an answer is coming."""
    task = asyncio.create_task(doing)
    captured = await capturing
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    return captured


async def _leave(  # noqa: PLR0913, PLR0917  (what has to be known of the exchange)
    bench: Bench, nonce: str, planned: Holds, arrival: Arrival, at: str,
    capturing: "asyncio.Task[Captured]",
) -> None:  # fmt: skip
    """Go away while the provider holds its answer back, with what was sent ahead of that."""
    if bench.mock:
        await bench.mock.reached(nonce, at, bench.limits.deadline)
    expected = dict(planned)[at]
    with suppress(TimeoutError):  # a router may keep it back: then we leave without it
        async with asyncio.timeout(bench.limits.patience):
            await arrival.until(None if expected is None else expected.encode())
    arrival.left = True
    capturing.cancel()


async def _release(  # noqa: PLR0913, PLR0917  (as above)
    bench: Bench, nonce: str, planned: Holds, arrival: Arrival, seen: list[HoldSeen],
    waits: asyncio.Event | None = None,
) -> None:  # fmt: skip
    """Release each hold once what was sent ahead of it has come out of the router.

    A router may keep back a few events. Where nothing comes out within our patience the hold is
    released all the same, and from then on we ask for what was sent that many holds earlier.
    """
    lag, had = 0, 0
    for position, (name, expected) in enumerate(planned):
        due = planned[position - lag][1] if position >= lag else ""
        # However long a router has taken to ask: our patience begins once it has got an answer.
        if bench.mock and due != "":
            await bench.mock.reached(nonce, name, bench.limits.deadline)
        try:
            async with asyncio.timeout(bench.limits.patience):
                beyond = had if due == SIGN else 0
                await arrival.until(None if due is None else due.encode(), beyond)
        except TimeoutError:
            lag += 1
        if waits:
            await waits.wait()
        seen.append(HoldSeen(name, expected or "", lag))
        had = len(arrival.body)
        if bench.mock:
            await bench.mock.release(nonce, name)


def chance(trial: Trial) -> bool:
    """Say whether a clock had a part in what the trial shows, or a race."""
    return any(map(_by_chance, trial.exchanges.values()))


def _by_chance(exchange: Exchange) -> bool:
    # A connection that closes in the moment a router takes it up again: the provider was not asked.
    unreached = exchange.status in UNREACHED and not exchange.journal
    return unreached or exchange.end == "timeout" or any(hold.lag for hold in exchange.holds)
