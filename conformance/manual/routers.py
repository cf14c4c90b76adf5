"""What became of real routers, as a page of the docs: a matrix, and the worst findings in words.

`python -m conformance.manual.routers RUNS docs/routers.md` takes what `conformance try --run-dir
RUNS` has left, keeps what the page needs beside the recipes, and writes the page. Without RUNS the
page is written from what is kept.
"""

import json
import sys
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from conformance.exchange import Json
from conformance.manual.page import plain
from conformance.recipes.recipe import DIRECTORY, load, names
from conformance.report.failure import place
from conformance.report.matrix import BAD, BESIDE, Cell
from conformance.report.run import FILE, Run, read

RESULTS = DIRECTORY / "results.json"
FINDINGS = DIRECTORY / "findings.toml"
WRITTEN = "Written by `python -m conformance.manual.routers`; do not edit."
INTRO = """\
Real routers, installed, started in front of the mock and judged.
`make routers` does it all, `conformance try NAME --route ROUTE` one of them.
A proxy has the profile of one that knows nothing of the API: what it passes on is no fault of its.
Where a route has two APIs the client's is in front of the provider's.
What fails is listed, case by case, in `conformance/routers/NAME/expected-failures.ROUTE.toml`.
It fails a run no longer; what else fails does, and what is mended.
"""
SEPARATOR = "/"


def results(runs: Path) -> Json:
    """Return what the page needs of each run that came to its end, by router and route."""
    found = {}
    for name in names():
        for route in load(name).routes:
            path = runs / name / route.name / FILE
            if path.is_file() and not (run := read(path)).damage:
                key = f"{name}{SEPARATOR}{route.name}"
                found[key] = _kept(run, key)
    return found


def _kept(run: Run, route: str) -> Json:
    wanted = {row["case"] for row in findings() if row["route"] == route}
    return {
        "version": run.header["router"]["version"],
        "date": run.header["started"][:10],
        "suite": run.header["tool"]["version"],
        "verdicts": Counter(case["verdict"] for case in run.cases),
        "families": {name: list(cell) for name, cell in _families(run).items()},
        "shown": {case["id"]: _shown(run, case) for case in run.cases if case["id"] in wanted},
    }


def _families(run: Run) -> dict[str, tuple[int, int]]:
    """Return for each family how many cases failed, of how many that were judged."""
    judged: Counter[str] = Counter()
    bad: Counter[str] = Counter()
    for case in run.cases:
        judged[case["family"]] += case["verdict"] not in BESIDE
        bad[case["family"]] += case["verdict"] in BAD
    return {name: (bad[name], count) for name, count in sorted(judged.items()) if count}


def _shown(run: Run, case: Json) -> Json:
    """Return the first finding of a case, and how to see it again."""
    finding = next(iter(case["findings"]), None)
    nonces = [exchange["nonce"] for exchange in case["exchanges"]]
    name = finding["exchange"] if finding else ""
    lines = [run.evidence[each] for each in nonces if each in run.evidence]
    line = next((each for each in lines if each["exchange"] == name), lines[0] if lines else {})
    return {
        "where": place(finding) if finding else "",
        "message": finding["message"] if finding else "",
        "excerpt": (finding["excerpt"] or "") if finding else "",
        "curl": line.get("curl", ""),
    }


def findings() -> list[Json]:
    """Return what is worth telling of, in words of ours."""
    rows: list[Json] = tomllib.loads(FINDINGS.read_text("utf-8"))["finding"]
    return rows


def page(kept: Mapping[str, Json]) -> Iterator[str]:
    yield from ("# Real routers", "", WRITTEN, "", INTRO)
    yield from ("## Routes", "", *_routes(kept), "")
    yield from ("## Families of rules", "", *_matrix(kept), "")
    yield from ("## Findings", "", "Each with the bytes that show it.", "")
    for number, row in enumerate(findings(), 1):
        yield from _finding(number, row, kept)


def _routes(kept: Mapping[str, Json]) -> Iterator[str]:
    yield "| route | APIs | version | date | judged | passed | failed | warned | open |"
    yield "| --- | --- | --- | --- | ---: | ---: | ---: | ---: | ---: |"
    for name, told in kept.items():
        counts: Counter[str] = Counter(told["verdicts"])
        judged = sum(count for verdict, count in counts.items() if verdict not in BESIDE)
        failed = counts["fail"] + counts["expected-fail"]
        left = counts["untestable"] + counts["inconclusive"]
        cells = (name, _apis(name), told["version"], told["date"], judged, counts["pass"], failed,
                 counts["warn"], left)  # fmt: skip
        yield f"| {' | '.join(map(str, cells))} |"


def _apis(name: str) -> str:
    recipe, _, route = name.partition(SEPARATOR)
    told = load(recipe).route(route)
    surfaces = ", ".join(told.surfaces)
    return surfaces if told.upstream == "same" else f"{surfaces} in front of {told.upstream}"


def _matrix(kept: Mapping[str, Json]) -> Iterator[str]:
    """Yield a table: cases that did not fail, of those judged; all routes of a router together."""
    routers = list(dict.fromkeys(name.partition(SEPARATOR)[0] for name in kept))
    families = sorted({family for told in kept.values() for family in told["families"]})
    yield f"| family | {' | '.join(routers)} |"
    yield f"| --- |{' ---: |' * len(routers)}"
    for family in families:
        cells = (_cell(kept, router, family) for router in routers)
        yield f"| {family} | {' | '.join(cells)} |"


def _cell(kept: Mapping[str, Json], router: str, family: str) -> str:
    routes = [told for name, told in kept.items() if name.partition(SEPARATOR)[0] == router]
    counts = [told["families"][family] for told in routes if family in told["families"]]
    cell = Cell(sum(bad for bad, _ in counts), 0, 0, sum(judged for _, judged in counts))
    return f"**{cell.text}**" if cell.bad else cell.text


def _finding(number: int, row: Json, kept: Mapping[str, Json]) -> Iterator[str]:
    name, case = row["route"], row["case"]
    recipe, _, route = name.partition(SEPARATOR)
    told = kept[name]
    shown = told["shown"][case]
    yield from (f"### {number}. {row['title']}", "", row["text"].strip(), "")
    who = f"{load(recipe).title} {told['version']}, {told['date']}"
    yield f"- {who}; `{case}`: {plain(shown['message'])}"
    for thread in row.get("threads", ()):
        yield f"- Known as {thread}"
    yield f"- Again: `conformance try {recipe} --route {route} --only '{case.partition('[')[0]}'`"
    yield ""
    if shown["excerpt"]:
        yield from ("    " + shown["excerpt"], "")
    if shown["curl"]:
        yield from ("    " + shown["curl"], "")


def main(args: Sequence[str]) -> int:
    *runs, to = args
    if runs:
        kept = results(Path(runs[0]))
        text = json.dumps(kept, indent=1, sort_keys=True, ensure_ascii=False)
        RESULTS.write_text(text + "\n", "utf-8")
    Path(to).write_text(whole(), "utf-8")
    return 0


def whole() -> str:
    """Return the page as it should be."""
    return _text(page(json.loads(RESULTS.read_text("utf-8"))))


def _text(lines: Iterable[str]) -> str:
    return "\n".join(lines).rstrip("\n") + "\n"


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
