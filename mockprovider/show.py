"""A timeline as text, for people."""

from collections.abc import Iterator

from mockprovider import rendering
from mockprovider.routing import SURFACES
from mockprovider.scenario import Scenario
from mockprovider.slots import Filling
from mockprovider.steps import BadScenario
from mockprovider.surfaces.surface import Ask, Surface
from mockprovider.timeline import Head, Moment, Send

SHOWN = Filling("NONCE-1", "MODEL", 1_770_000_000)


def lines(scenario: Scenario, surface: str, *, plain: bool = False) -> Iterator[str]:
    """Yield a line for each moment of each attempt."""
    ask = Ask(stream=not plain, usage=True)
    for number, script in enumerate(scenario.scripts, 1):
        if len(scenario.scripts) > 1:
            yield f"attempt {number}"
        compiled = rendering.render(scenario, script, _surface(surface), ask)
        timeline = rendering.faulty(script, compiled.filled(SHOWN), scenario.write)
        yield from (line for moment in timeline for line in _moment(moment))


def _surface(name: str) -> Surface:
    for surface in SURFACES:
        if surface.name == name:
            return surface
    known = ", ".join(surface.name for surface in SURFACES)
    raise BadScenario(f"no surface {name!r}; there is {known}")


def _moment(moment: Moment) -> Iterator[str]:
    match moment:
        case Head():
            yield f"head {moment.status}"
            yield from (f"    {name}: {value}" for name, value in moment.headers)
        case Send():
            times = f", {moment.times} times" if moment.times > 1 else ""
            yield f"{moment.kind} {len(moment.data)} bytes, {moment.tokens} tokens{times}"
            yield f"    {moment.data!r}"
        case _:
            values = [getattr(moment, name) for name in moment.__dataclass_fields__]
            yield " ".join([type(moment).__name__.lower(), *map(str, values)])
