"""Scenario documents: TOML or JSON in, validated frozen values out."""

import difflib
import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path

from mockprovider import complaints, faults, presets, steps
from mockprovider.faults import Fault
from mockprovider.presets import HABITS, NO_PRESET, Preset
from mockprovider.shapes import Json, mismatches
from mockprovider.steps import BadScenario, Steps
from mockprovider.timeline import Hold, Timeline

SUFFIXES = (".toml", ".json")
#: What is said of one mock, not of all that play a scenario.
SCRIPTED = frozenset({"step", "head", "fault", "attempt", "mock"})


@dataclass(frozen=True, slots=True)
class HeadTable:
    """What the `head` table of a scenario says; nothing means the surface's own head."""

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    content_type: str | None = None
    hold: str | None = None
    wait_ms: float = 0


@dataclass(frozen=True, slots=True, eq=False)
class Wire:
    """An answer whose bytes are given: nothing is rendered, so it fits one kind of request."""

    surface: str
    mode: str
    timeline: Timeline


# Compared by identity, both: compiled timelines are cached per script.
@dataclass(frozen=True, slots=True, eq=False)
class Script:
    """What one attempt gets."""

    steps: Steps
    head: HeadTable
    faults: tuple[Fault, ...]
    wire: Wire | None = None

    @property
    def holds(self) -> tuple[str, ...]:
        """Name the holds in the order they are reached."""
        first = (self.head.hold,) if self.head.hold else ()
        played = self.wire.timeline if self.wire else self.steps
        scripted = (step.name for step in played if isinstance(step, Hold))
        return (*first, *scripted, *filter(None, map(faults.hold, self.faults)))


@dataclass(frozen=True, eq=False)
class Scenario:
    name: str
    summary: str
    scripts: tuple[Script, ...]
    write: str = "event"
    pace: tuple[float, float] | None = None
    model: str | None = None
    disobeys: frozenset[str] = frozenset()
    habits: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    provider: Preset = NO_PRESET
    mocks: Mapping[str, "Scenario"] = field(default_factory=dict)
    holds_elsewhere: frozenset[str] = frozenset()

    def script(self, attempt: int) -> Script:
        """Return what the first, second ... request gets; the last script repeats."""
        return self.scripts[min(attempt, len(self.scripts)) - 1]

    def at(self, mock: str) -> "Scenario":
        """Return what the mock of that name plays."""
        return self.mocks.get(mock, self)

    @cached_property
    def holds(self) -> frozenset[str]:
        mocks = (mock.holds for mock in self.mocks.values())
        return self.holds_elsewhere.union(*(script.holds for script in self.scripts), *mocks)


def fixtures_dir() -> Path:
    """Find the data that ships with this package: inside it in a wheel, beside it in a checkout."""
    inside = Path(__file__).parent / "fixtures"
    return inside if inside.is_dir() else Path(__file__).parents[1] / "fixtures"


def parsed(text: str, place: str) -> Scenario:
    """Read a scenario from the text of a document: JSON when it starts with a brace, else TOML."""
    try:
        document = json.loads(text) if text.lstrip().startswith("{") else tomllib.loads(text)
    except ValueError as error:
        raise BadScenario(f"{place}: {error}") from None
    except RecursionError:
        raise BadScenario(f"{place}: {complaints.TOO_DEEP}") from None
    return built(document, place)


def built(document: Json, place: str, name: str | None = None) -> Scenario:
    """Build a scenario from a parsed document, or say what is wrong with it."""
    if (why := complaints.unsayable(document)) is not None:
        raise BadScenario(f"{place}: {why}")
    shape = schema()
    for wrong in mismatches(shape, document, root=shape):
        raise BadScenario(f"{place}: {complaints.sentence(wrong)}")
    pace = document.get("pace")
    scenario = Scenario(
        name=name or place,
        summary=document["summary"],
        scripts=tuple(_scripts(document, place)),
        write=_write(document, place),
        pace=(pace.get("first_ms", 0), pace.get("every_ms", 0)) if pace is not None else None,
        model=document.get("model"),
        disobeys=frozenset(key for key, yes in document.get("obey", {}).items() if not yes),
        habits={key: document[key] for key in HABITS if key in document},
    )
    scenario = replace(scenario, mocks=_mocks(document, place, scenario))
    if (vendor := document.get("provider")) is None:
        return scenario
    try:
        return played(scenario, vendor)
    except BadScenario as error:
        raise BadScenario(f"{place}: {error}") from None


def played(scenario: Scenario, vendor: str) -> Scenario:
    """Return the scenario as a vendor plays it; what it says itself of habits and headers wins."""
    if scenario.provider is not NO_PRESET:
        own = scenario.provider.name
        raise BadScenario(f"scenario {scenario.name!r} has provider {own!r}; it takes no other")
    preset = provider(vendor)
    return replace(
        scenario,
        scripts=tuple(
            replace(script, faults=(*preset.faults, *script.faults)) for script in scenario.scripts
        ),
        habits=preset.under(scenario.habits),
        provider=preset,
    )


def named(scenario: Scenario, vendor: str) -> Scenario:
    """Return a scenario as a vendor plays it, named after both."""
    return replace(played(scenario, vendor), name=f"{scenario.name}@{vendor}")


def load(path: Path) -> Scenario:
    """Read a scenario file; its stem is its name."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadScenario(f"{path}: cannot be read: {error}") from None
    scenario = parsed(text, path.name)
    object.__setattr__(scenario, "name", path.name.rsplit(".", 1)[0])
    return scenario


def library(extra: Path | None) -> dict[str, Scenario]:
    """Read the scenarios that ship with the project, and those of a directory."""
    if extra is not None and not extra.is_dir():
        raise BadScenario(f"{extra}: no such directory")
    own = fixtures_dir() / "scenarios"
    folders = [own] if extra is None else [own, extra]
    paths = [path for folder in folders for path in folder.iterdir()]
    found = [load(path) for path in paths if path.name.endswith(SUFFIXES)]
    return {scenario.name: scenario for scenario in found}


def find(known: Mapping[str, Scenario], name: str) -> Scenario:
    """Look a scenario up by its name."""
    if found := known.get(name):
        return found
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    raise BadScenario(f"no scenario {name!r}{hint}")


@cache
def provider(name: str) -> Preset:
    """Return a preset that ships with the project."""
    return presets.load(fixtures_dir() / "providers", name, schema())


@cache
def schema() -> dict[str, Json]:
    """Return the JSON Schema of scenario documents."""
    path = fixtures_dir() / "schemas" / "scenario.schema.json"
    found: dict[str, Json] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _mocks(document: Mapping[str, Json], place: str, rest: Scenario) -> dict[str, Scenario]:
    """Build what mocks of certain names play; each knows the holds of all the others."""
    common = {key: document[key] for key in document.keys() - SCRIPTED}
    parts = {
        mock: replace(built(common | own, f"{place}: mock {mock!r}"), name=rest.name)
        for mock, own in document.get("mock", {}).items()
    }
    holds = rest.holds.union(*(part.holds for part in parts.values()))
    return {mock: replace(part, holds_elsewhere=holds) for mock, part in parts.items()}


def _scripts(document: Mapping[str, Json], place: str) -> Iterator[Script]:
    common = {key: document[key] for key in ("step", "head", "fault") if key in document}
    for number, own in enumerate(document.get("attempt", [{}]), 1):
        where = f"{place}: attempt {number}" if "attempt" in document else place
        yield _script(common | own, where)


def _script(table: Mapping[str, Json], place: str) -> Script:
    script = Script(
        steps=tuple(steps.step(each) for each in table["step"]),
        head=_head(table.get("head", {})),
        faults=tuple(faults.fault(each) for each in table.get("fault", ())),
    )
    complaints.check(script.steps, script.holds, place)
    return script


def _head(table: Mapping[str, Json]) -> HeadTable:
    body, media = table.get("body"), table.get("content_type")
    if "json" in table:
        body, media = json.dumps(table["json"]), media or "application/json"
    return HeadTable(
        status=table.get("status", 200),
        headers=tuple((name, value) for name, value in table.get("headers", ())),
        body=None if body is None else body.encode(),
        content_type=media,
        hold=table.get("hold"),
        wait_ms=table.get("wait_ms", 0),
    )


def _write(document: Mapping[str, Json], place: str) -> str:
    """Return the write mode; a pace asks for paced writes and paced writes for a pace."""
    paced = "pace" in document
    mode: str = document.get("write", "paced" if paced else "event")
    if paced != (mode == "paced"):
        missing = "write = 'paced'" if paced else "a pace table"
        raise BadScenario(f"{place}: write is {mode!r}; it goes together only with {missing}")
    return mode
