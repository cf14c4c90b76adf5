"""A script and what was asked in, the timeline of the answer out."""

import json
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

from mockprovider import faults
from mockprovider.faults.slicing import Coalesce
from mockprovider.framing import Asked, framed
from mockprovider.obey import obeyed
from mockprovider.scenario import HeadTable, Scenario, Script
from mockprovider.slots import Compiled, compiled
from mockprovider.steps import Error, Step, Steps, tokens_of
from mockprovider.surfaces.surface import Ask, Surface
from mockprovider.timeline import (
    ENDS,
    AwaitClose,
    Close,
    Head,
    Hold,
    Moment,
    Send,
    Timeline,
    Until,
    Wait,
    spelt_out,
)

ASKED = Asked()
PAUSES = (Wait, Hold, AwaitClose)
FIRST_ERROR = 400

#: Scripts that are kept compiled. A suite asks for its own over and over in the same order, on each
#: surface: one more than are kept, and every single one is compiled anew.
KEPT = 2048


@lru_cache(maxsize=KEPT)
def cached(scenario: Scenario, script: Script, surface: Surface, ask: Ask) -> Compiled:
    """Compile a script once for each way it can be asked for."""
    return render(scenario, script, surface, ask)


def render(scenario: Scenario, script: Script, surface: Surface, ask: Ask) -> Compiled:
    """Compile one script of a scenario; its faults come later, on the bytes as they will be."""
    timeline = answer(scenario, script, surface, ask)
    if scenario.pace is not None:
        timeline = tuple(paced(timeline, *scenario.pace))
    return compiled(timeline, burst=scenario.write == "burst" and not script.faults)


def faulty(script: Script, timeline: Timeline, write: str, asked: Asked = ASKED) -> Timeline:
    """Apply the faults of a script; those of the wire on the bytes that would be on it."""
    burst = write == "burst"
    if script.faults:
        timeline = faults.on_body(script.faults, tuple(spelt_out(timeline)))
    if burst:
        timeline = Coalesce().apply(timeline)
    if faults.touch_wire(script.faults):
        timeline = faults.on_wire(script.faults, framed(timeline, asked, burst=burst))
    return timeline


def answer(scenario: Scenario, script: Script, surface: Surface, ask: Ask) -> Timeline:
    """Render the answer, streamed or plain, with the head the script wants."""
    if script.wire is not None:
        return script.wire.timeline
    habits = scenario.habits.get(surface.api, {})
    steps = obeyed(script.steps, ask, scenario.disobeys)
    asked = without(ask, scenario.disobeys)
    if script.head.body is not None:
        body, status = script.head.body, script.head.status
        return (*before(script.head), *whole(surface, script.head, status, body), Close())
    if ask.stream and script.head.status < FIRST_ERROR:
        vendor = HeadTable(headers=scenario.provider.headers)
        native = dressed(surface.head(True), vendor, script.head.status)
        head = dressed(native, script.head, script.head.status)
        return (*before(script.head), head, *surface.stream(steps, asked, habits))
    if (error := failure(script)) is not None:
        status, envelope = surface.envelope(error)
        answer = whole(surface, script.head, status, json.dumps(envelope).encode())
        return (*before(script.head), *pauses(steps), *answer, Close())
    body = surface.plain(steps, asked, habits)
    tokens = sum(map(tokens_of, steps))
    answer = whole(surface, script.head, script.head.status, body, tokens=tokens)
    return (*before(script.head), *pauses(steps), *shortened(answer, steps))


def failure(script: Script) -> Error | None:
    """Return the error a plain answer consists of, if the script has one or its status is one."""
    status = script.head.status
    found = next((step for step in script.steps if isinstance(step, Error)), None)
    if found is None:
        wrong = Error("The server had an error while processing your request.", status=status)
        return wrong if status >= FIRST_ERROR else None
    if status >= FIRST_ERROR or found.status is None:
        status = status if status >= FIRST_ERROR else 500
        return Error(found.message, found.type, found.code, found.param, status)
    return found


def whole(
    surface: Surface, table: HeadTable, status: int, body: bytes, *, tokens: int = 0
) -> tuple[Moment, ...]:
    """Return head and body of an answer that is not streamed."""
    head = dressed(surface.head(False), table, status)
    return Head(head.status, head.headers, len(body)), Send(body, "body", 0, tokens)


def shortened(answer: tuple[Moment, ...], steps: Steps) -> Iterator[Moment]:
    """End a plain answer as its steps do; if they break off after some text, half of it comes."""
    end = steps[-1] if steps and isinstance(steps[-1], ENDS) else Close()
    if end == Close():
        yield from answer
    elif any(not isinstance(step, (*ENDS, *PAUSES)) for step in steps):
        for each in answer:
            yield replace(each, kind="half") if isinstance(each, Send) else each
    yield end


def before(table: HeadTable) -> Iterator[Moment]:
    """Yield what the head has to wait for."""
    if table.hold is not None:
        yield Hold(table.hold)
    if table.wait_ms:
        yield Wait(table.wait_ms)


def pauses(steps: tuple[Step, ...]) -> Iterator[Moment]:
    """Yield the waits of a script; a plain answer has them all before its head."""
    return (step for step in steps if isinstance(step, PAUSES))


def dressed(head: Head, table: HeadTable, status: int) -> Head:
    """Put the script's headers in place of the surface's own."""
    own = list(table.headers)
    if table.content_type is not None:
        own.append(("content-type", table.content_type))
    named = {name.lower() for name, _ in own}
    kept = [pair for pair in head.headers if pair[0].lower() not in named]
    return Head(status, (*kept, *own))


def paced(timeline: Timeline, first_ms: float, every_ms: float) -> Iterator[Moment]:
    """Give each event its time, counted from the start of the stream."""
    count = 0
    for step in timeline:
        if isinstance(step, Send) and step.kind in ("event", "done", "body"):
            due_ms = first_ms + count * every_ms
            yield Until(due_ms)
            count += step.times
            if step.times > 1:
                yield replace(step, due_ms=due_ms, gap_ms=every_ms)
                continue
        yield step


def without(ask: Ask, disobeys: frozenset[str]) -> Ask:
    """Return what is asked, less what the provider does not do."""
    return Ask(
        stream=ask.stream,
        n=ask.n,
        logprobs=None if "logprobs" in disobeys else ask.logprobs,
        usage=ask.usage and "usage" not in disobeys,
        obfuscation=ask.obfuscation and "obfuscation" not in disobeys,
        given=ask.given,
    )
