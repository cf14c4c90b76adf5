"""Who may import whom; the judge and the mock must not share their misreadings."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]

# A module may import its own layer and those before it, never one after it.
LAYERS = {
    "conformance": [
        "findings", "exchange", "resources", "wire", "protocols", "profiles", "rules", "probes",
        "plan", "verdicts", "exits", "parser", "options", "redact", "excerpt", "drive", "settings",
        "suite", "engine", "preflight", "opening", "recorded", "lint", "report", "running",
        "selfcheck", "demo", "items", "session", "plugin", "cli",
    ],
    "mockprovider": [],
}  # fmt: skip

# What may open a connection or a listening socket.
NETWORK = {"httpx", "socket", "asyncio", "uvicorn", "starlette", "ssl", "http", "urllib.request"}
PURE = ("findings", "wire", "protocols", "profiles", "rules", "probes", "plan", "verdicts",
        "exits", "options", "redact", "excerpt", "recorded", "lint")  # fmt: skip


def modules(package: str) -> Iterator[tuple[Path, list[str]]]:
    for path in sorted((ROOT / package).rglob("*.py")):
        yield path.relative_to(ROOT), imported(path)


def imported(path: Path) -> list[str]:
    names: list[str] = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.append(node.module)
    return names


def layer(name: str) -> str:
    return name.partition(".")[2].partition(".")[0]


def test_judge_and_mock_never_import_each_other() -> None:
    wrong = [
        f"{path} imports {name}"
        for package, other in (("conformance", "mockprovider"), ("mockprovider", "conformance"))
        for path, names in modules(package)
        for name in names
        if name.partition(".")[0] == other
    ]

    assert wrong == []


def test_no_module_imports_a_later_layer() -> None:
    order = LAYERS["conformance"]
    wrong = [
        f"{path} imports {name}"
        for path, names in modules("conformance")
        if (own := Path(path.parts[1]).stem) in order
        for name in names
        if name.startswith("conformance.") and layer(name) in order
        if order.index(layer(name)) > order.index(own)
    ]

    assert wrong == []


def test_every_module_of_the_judge_has_a_layer() -> None:
    found = {Path(path.parts[1]).stem for path, _ in modules("conformance")}

    assert found - {"__init__", "__main__", "routers"} <= set(LAYERS["conformance"])


def test_what_judges_never_touches_the_network() -> None:
    wrong = [
        f"{path} imports {name}"
        for path, names in modules("conformance")
        if Path(path.parts[1]).stem in PURE
        for name in names
        if name in NETWORK or name.partition(".")[0] in NETWORK
    ]

    assert wrong == []
