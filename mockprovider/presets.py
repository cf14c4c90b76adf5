"""Providers as data: the habits of a vendor on each surface, its headers and its framing."""

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mockprovider import complaints, faults
from mockprovider.faults import Fault
from mockprovider.shapes import Json, mismatches
from mockprovider.steps import BadScenario

# The tables of vendor habits, each named after the surface it is about.
HABITS = ("chat", "messages", "responses", "gemini")
Tables = Mapping[str, Mapping[str, Json]]


# Compared by identity: compiled timelines are cached per scenario.
@dataclass(frozen=True, slots=True, eq=False)
class Preset:
    """What a vendor does with any scenario; `headers` are those of its streams."""

    name: str
    headers: tuple[tuple[str, str], ...] = ()
    faults: tuple[Fault, ...] = ()
    habits: Tables = field(default_factory=dict)

    def under(self, own: Tables) -> Tables:
        """Return these habits where a scenario has none of its own."""
        return {name: {**self.habits.get(name, {}), **own.get(name, {})} for name in HABITS}


NO_PRESET = Preset("")


def load(folder: Path, name: str, schema: Mapping[str, Json]) -> Preset:
    """Read a preset by its name; `schema` is that of scenarios, which has its shape too."""
    known = {path.stem: path for path in folder.glob("*.toml")}
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there is {', '.join(sorted(known))}"
        raise BadScenario(f"no provider {name!r}; {hint}")
    return built(document(known[name]), name, schema)


def document(path: Path) -> dict[str, Json]:
    """Read the file of a preset."""
    return tomllib.loads(path.read_text(encoding="utf-8"))


def built(document: Json, name: str, schema: Mapping[str, Json]) -> Preset:
    """Build a preset from a parsed document, or say what is wrong with it."""
    for wrong in mismatches(schema["$defs"]["provider"], document, root=schema):
        raise BadScenario(f"provider {name}: {complaints.sentence(wrong)}")
    return Preset(
        name,
        headers=tuple((key, value) for key, value in document.get("headers", ())),
        faults=tuple(faults.fault(each) for each in document.get("fault", ())),
        habits={key: document[key] for key in HABITS if key in document},
    )
