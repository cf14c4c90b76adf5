"""Recipes: a folder of `conformance/routers` in, frozen values out."""

import difflib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from conformance.exchange import SURFACES, Headers, Json
from conformance.profiles import fallback

DIRECTORY = Path(__file__).parents[1] / "routers"
FILE = "recipe.toml"
PROFILE = "profile.toml"
#: What can be installed without asking anybody; `system` has to be there.
INSTALLERS = ("pip", "npm", "system")
MEMBERS = {"title", "version", "profile", "from", "install", "files", "ports", "key", "start",
           "setup", "route", "without", "lenient"}  # fmt: skip
#: What a recipe has beside it, or in the cache, under the name of its folder.
OWNED = ("install", "files", "route")
METHODS = ("POST", "PUT", "PATCH", "GET")
NAME = re.compile(r"[\w.]+")


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
class Setup:
    """A request that is sent once the router is up; `keep` are names for what its answer says."""

    path: str
    body: Json = None
    keep: Mapping[str, str] = field(default_factory=dict)  # name -> member, with dots between
    headers: Mapping[str, str] = field(default_factory=dict)
    method: str = "POST"


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
    fallback: tuple[str, ...] = ()  # on which failures it asks the second provider
    only: tuple[str, ...] = ()  # what it is for: rules, families or probes; empty: all of them
    summary: str = ""


@dataclass(frozen=True, slots=True)
class Recipe:
    name: str
    title: str
    version: str
    profile: str  # the name of a shipped one, or the file of its own
    folder: Path
    base: Path  # the folder of the recipe whose routes they are
    install: Install
    start: Start
    routes: tuple[Route, ...]
    setup: tuple[Setup, ...] = ()  # in this order
    files: tuple[Path, ...] = ()  # templates, rendered beside each other
    ports: tuple[str, ...] = ("main",)
    key: str = ""  # that the router wants; empty: one is made up
    lenient: bool = False  # its provider takes what a strict one refuses
    home: str = ""  # the recipe whose installation it is: the one that says how

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
    start = told.pop("from", "")
    for member in told.keys() - MEMBERS:
        raise BadRecipe(f"{path}: no member {member!r}; there are {', '.join(sorted(MEMBERS))}")
    found = _told(DIRECTORY / start / FILE) if start else {"folders": ()}
    owned = {f"{member}_of": path.parent for member in OWNED if member in told}
    return {**found, **told, **owned, "folders": (path.parent, *found["folders"])}


def _recipe(path: Path, told: Mapping[str, Json]) -> Recipe:
    install, start = told["install"], told["start"]
    if install.get("by") not in INSTALLERS:
        raise BadRecipe(f"{path}: install.by {install.get('by')!r}: one of {', '.join(INSTALLERS)}")
    ports = tuple(told.get("ports", ["main"]))
    routes = _routes(path, ports, told)
    return Recipe(
        path.parent.name,
        told["title"],
        told["version"],
        _profile(told),
        path.parent,
        told["route_of"],
        Install(**tuples(install)),
        Start(**tuples(start)),
        routes,
        tuple(_setup(path, at, row) for at, row in enumerate(told.get("setup", ()))),
        tuple(told["files_of"] / name for name in told.get("files", ())),
        ports,
        told.get("key", ""),
        lenient=told.get("lenient", False),
        home=told["install_of"].name,
    )


def _profile(told: Mapping[str, Json]) -> str:
    """Return the file of its own, or of what it starts from; if there is none, what it names."""
    own = (path for folder in told["folders"] if (path := folder / PROFILE).is_file())
    return str(next(own, told.get("profile", "generic")))


def _setup(path: Path, at: int, row: Mapping[str, Json]) -> Setup:
    where, members = f"{path}: setup[{at}]", Setup.__dataclass_fields__
    if not isinstance(row, dict) or "path" not in row:
        raise BadRecipe(f"{where} {row!r}: a table with a path is needed")
    for name in row.keys() - members.keys():
        raise BadRecipe(f"{where}.{name}: no such member; there are {', '.join(members)}")
    setup = Setup(**row)
    if not isinstance(setup.path, str) or not setup.path.startswith("/"):
        raise BadRecipe(f"{where}.path {setup.path!r}: a path such as /keys is needed")
    if setup.method not in METHODS:
        raise BadRecipe(f"{where}.method {setup.method!r}: one of {', '.join(METHODS)}")
    for table in ("keep", "headers"):
        said = getattr(setup, table)
        if not isinstance(said, dict) or not all(isinstance(each, str) for each in said.values()):
            raise BadRecipe(f"{where}.{table} {said!r}: a table of texts is needed")
    for name in setup.keep:
        if not NAME.fullmatch(name):
            raise BadRecipe(f"{where}.keep {name!r}: a name of letters, digits, _ and . is needed")
    return setup


def _routes(path: Path, ports: tuple[str, ...], told: Mapping[str, Json]) -> tuple[Route, ...]:
    routes = [_route(path, ports, row) for row in told["route"]]
    without, known = told.get("without", ()), [route.name for route in routes]
    for name in without:
        if name not in known:
            raise BadRecipe(f"{path}: without {name!r}: one of {', '.join(known)}")
    return tuple(route for route in routes if route.name not in without)


def _route(path: Path, ports: tuple[str, ...], row: Mapping[str, Json]) -> Route:
    route = Route(**{**tuples(row), "headers": tuple(row.get("headers", {}).items())})
    for surface in (*route.surfaces, *({route.upstream} - {"same"})):
        if surface not in SURFACES:
            right = ", ".join(SURFACES)
            raise BadRecipe(f"{path}: route {route.name}: surface {surface!r}: one of {right}")
    if route.port not in ports:
        right = ", ".join(ports)
        raise BadRecipe(f"{path}: route {route.name}: port {route.port!r}: one of {right}")
    if fallback.read(list(route.fallback)) is None:
        told = f"fallback {list(route.fallback)!r}"
        raise BadRecipe(f"{path}: route {route.name}: {told}: {fallback.RIGHT} is needed")
    return route


def tuples(table: Mapping[str, Json]) -> dict[str, Json]:
    """Return a table as a frozen value has its members."""
    return {name: tuple(said) if isinstance(said, list) else said for name, said in table.items()}
