"""Who may import whom; the judge and the mock must not share their misreadings."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# A module may import its own layer and those before it, never one after it.
LAYERS = {
    "conformance": [
        "findings", "exchange", "resources", "wire", "protocols", "profiles", "rules", "probes",
        "plan", "verdicts", "exits", "parser", "options", "redact", "excerpt", "drive", "expected",
        "settings", "suite", "clients", "engine", "preflight", "opening", "habits", "locating",
        "probing", "recorded", "lint", "report", "running", "recipes", "selfcheck", "demo",
        "catalogue", "coverage", "manual", "items", "session", "plugin", "cli",
    ],
    "mockprovider": [
        # what is said: values, and the bytes they become
        "shapes", "timeline", "steps", "complaints", "inbox", "marker", "faults", "slots",
        "outline", "score", "framing", "performance", "surface", "requests", "surfaces", "obey",
        "presets", "scenario", "rendering", "recordings", "replay",
        # who says it, when, and what came of it
        "attempts", "entry", "clock", "holds", "journal", "tls", "peer", "outlet", "arrival",
        "leaving", "stage", "stretches", "player", "counters", "routing", "provider", "early",
        "wire",
        # who looks at it, and tells it what to do
        "show", "requestfile", "explain", "guard", "page", "feed", "merging", "plane", "control",
        "front", "collector", "certificates", "serve", "workers", "upstream", "record", "tapping",
        "recorded", "cli",
        # who starts it from outside
        "documents", "client", "launch", "harness", "fixtures",
    ],
}  # fmt: skip

# What may open a connection or a listening socket.
NETWORK = {
    "httpx", "socket", "asyncio", "uvicorn", "starlette", "ssl", "http.client", "http.server",
    "urllib.request",
}  # fmt: skip
PURE = {
    "conformance": {
        "findings", "wire", "protocols", "profiles", "rules", "probes", "plan", "verdicts",
        "habits", "exits", "options", "redact", "excerpt", "recorded", "lint", "expected",
    },
    "mockprovider": {
        "shapes", "timeline", "steps", "complaints", "inbox", "marker", "faults", "slots",
        "outline", "score", "framing", "performance", "surface", "requests", "surfaces", "obey",
        "presets", "scenario", "rendering", "recordings", "replay", "entry", "holds", "routing",
        "provider", "early", "show", "requestfile", "explain",
    },
}  # fmt: skip


def modules(package: str) -> Iterator[tuple[Path, list[str]]]:
    for path in sorted((ROOT / package).rglob("*.py")):
        yield path.relative_to(ROOT), imported(path)


def imported(path: Path) -> list[str]:
    names: list[str] = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return names


def layer(name: str) -> str:
    """Return the layer of a module: its first part, but for what all surfaces are made of."""
    first, *rest = [*name.split("."), "", ""][1:]
    return "surface" if (first, rest[0]) == ("surfaces", "surface") else first


def own(path: Path) -> str:
    return layer(".".join(path.with_suffix("").parts))


def test_judge_and_mock_never_import_each_other() -> None:
    wrong = [
        f"{path} imports {name}"
        for package, other in (("conformance", "mockprovider"), ("mockprovider", "conformance"))
        for path, names in modules(package)
        for name in names
        if name.partition(".")[0] == other
    ]

    assert wrong == []


@pytest.mark.parametrize("package", LAYERS)
def test_no_module_imports_a_later_layer(package: str) -> None:
    order = LAYERS[package]
    wrong = [
        f"{path} imports {name}"
        for path, names in modules(package)
        if own(path) in order
        for name in names
        if name.startswith(f"{package}.") and layer(name) in order
        if order.index(layer(name)) > order.index(own(path))
    ]

    assert wrong == []


@pytest.mark.parametrize("package", LAYERS)
def test_every_module_has_a_layer(package: str) -> None:
    found = {own(path) for path, _ in modules(package)}

    assert found - {"__init__", "__main__", "routers"} <= set(LAYERS[package])


@pytest.mark.parametrize("package", PURE)
def test_what_is_pure_never_touches_the_network(package: str) -> None:
    wrong = [
        f"{path} imports {name}"
        for path, names in modules(package)
        if own(path) in PURE[package]
        for name in names
        if name in NETWORK or name.partition(".")[0] in NETWORK
    ]

    assert wrong == []
