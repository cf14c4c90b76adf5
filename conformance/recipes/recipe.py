"""Recipes: a folder of `conformance/routers` in, frozen values out."""

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from conformance.exchange import SURFACES, Headers, Json

DIRECTORY = Path(__file__).parents[1] / "routers"
FILE = "recipe.toml"
PROFILE = "profile.toml"
#: What can be installed without asking anybody; `system` has to be there.
INSTALLERS = ("pip", "npm", "system")
MEMBERS = {"title", "version", "profile", "from", "install", "files", "ports", "key", "start",
           "route", "lenient"}  # fmt: skip


class BadRecipe(ValueError):
    """A recipe that cannot be followed; the message names file, member, value and what is right."""


@dataclass(frozen=True, slots=True)
class Install:
    """`packages` for pip or npm; `binary` is what it gives, or what the system has to have."""

    by: str
    binary: str
    packages: tuple[str, ...] = ()
    hint: str = ""  # how a system gets it
    asked: tuple[str, ...] = ()  # what makes the binary of a system say its version


@dataclass(frozen=True, slots=True)
class Start:
    command: tuple[str, ...]
    ready: str = "/"  # a path that answers once it is up
    status: tuple[int, ...] = ()  # with one of these; empty: whatever it answers
    seconds: float = 60.0
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Route:
    """One way through a router: a listener, a model, the API of its provider."""

    name: str
    surfaces: tuple[str, ...]
    upstream: str = "same"  # as what the provider is asked
    port: str = "main"
    path: str = "/v1"
    model: str = "mock-model"
    headers: Headers = ()
    body: Mapping[str, Json] = field(default_factory=dict)  # members of every request
    summary: str = ""


@dataclass(frozen=True, slots=True)
class Recipe:
    name: str
    title: str
    version: str
    profile: str  # the name of a shipped one, or the file of its own
    folder: Path
    install: Install
    start: Start
    routes: tuple[Route, ...]
    files: tuple[Path, ...] = ()  # templates, rendered beside each other
    ports: tuple[str, ...] = ("main",)
    key: str = ""  # that the router wants; empty: one is made up
    lenient: bool = False  # its provider takes what a strict one refuses
    home: str = ""  # the recipe whose installation it is

    def route(self, name: str) -> Route:
        for route in self.routes:
            if route.name == name:
                return route
        known = ", ".join(route.name for route in self.routes)
        raise BadRecipe(f"{self.name} has no route {name!r}; there are {known}")


def names() -> list[str]:
    return sorted(path.parent.name for path in DIRECTORY.glob(f"*/{FILE}"))


def load(name: str) -> Recipe:
    """Read a recipe by the name of its folder, or one of somebody's own by its file."""
    if name.endswith(".toml"):
        return read(Path(name))
    path = DIRECTORY / name / FILE
    if not path.is_file():
        near = difflib.get_close_matches(name, names(), n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(names())}"
        raise BadRecipe(f"no recipe {name!r}; {hint}")
    return read(path)


def read(path: Path) -> Recipe:
    try:
        told = _told(path)
        return _recipe(path, told)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, TypeError) as error:
        raise BadRecipe(f"{path}: {error}") from error
    except KeyError as error:
        raise BadRecipe(f"{path}: {error} is missing") from error


def _told(path: Path) -> dict[str, Json]:
    """Return what a recipe says; what it starts `from` is another's, but for what it says anew."""
    told = tomllib.loads(path.read_text("utf-8"))
    if start := told.pop("from", ""):
        found = _told(DIRECTORY / start / FILE)
        # What says nothing of installing is the same program, started in another way.
        home = {} if told.keys() & {"install", "version"} else {"home": found.get("home", start)}
        told = {**found, "files_of": start, **told, **home}
    for member in told.keys() - MEMBERS - {"files_of", "home"}:
        raise BadRecipe(f"{path}: no member {member!r}; there are {', '.join(sorted(MEMBERS))}")
    return told


def _recipe(path: Path, told: Mapping[str, Json]) -> Recipe:
    folder = DIRECTORY / told["files_of"] if "files_of" in told else path.parent
    install, start = told["install"], told["start"]
    if install.get("by") not in INSTALLERS:
        raise BadRecipe(f"{path}: install.by {install.get('by')!r}: one of {', '.join(INSTALLERS)}")
    ports = tuple(told.get("ports", ["main"]))
    routes = tuple(_route(path, ports, row) for row in told["route"])
    return Recipe(
        path.parent.name,
        told["title"],
        told["version"],
        _profile(told, path.parent, folder),
        path.parent,
        Install(**_tuples(install)),
        Start(**_tuples(start)),
        routes,
        tuple(folder / name for name in told.get("files", ())),
        ports,
        told.get("key", ""),
        lenient=told.get("lenient", False),
        home=told.get("home", path.parent.name),
    )


def _profile(told: Mapping[str, Json], *folders: Path) -> str:
    """Return the file of its own, or of what it starts from; if there is none, what it names."""
    own = (path for folder in folders if (path := folder / PROFILE).is_file())
    return str(next(own, told.get("profile", "generic")))


def _route(path: Path, ports: tuple[str, ...], row: Mapping[str, Json]) -> Route:
    route = Route(**{**_tuples(row), "headers": tuple(row.get("headers", {}).items())})
    for surface in (*route.surfaces, *({route.upstream} - {"same"})):
        if surface not in SURFACES:
            right = ", ".join(SURFACES)
            raise BadRecipe(f"{path}: route {route.name}: surface {surface!r}: one of {right}")
    if route.port not in ports:
        right = ", ".join(ports)
        raise BadRecipe(f"{path}: route {route.name}: port {route.port!r}: one of {right}")
    return route


def _tuples(table: Mapping[str, Json]) -> dict[str, Json]:
    return {name: tuple(said) if isinstance(said, list) else said for name, said in table.items()}
