"""What became of real routers, as a page of the docs: a matrix, and the worst findings in words.

`python -m conformance.manual.routers RUNS... docs/routers.md` takes what `conformance try --run-dir
RUNS` has left, once or several times, keeps what the page needs beside the recipes, and writes the
page, with the provider's answers beside it. Without RUNS the page is written from what is kept.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from conformance.exchange import Json
from conformance.exits import Exit
from conformance.manual.findings import SEPARATOR, Race, findings, races, repeated
from conformance.manual.kept import NO_RUN, results, routes
from conformance.manual.page import plain
from conformance.manual.telling import told
from conformance.recipes.recipe import DIRECTORY, load
from conformance.report.matrix import BESIDE, Cell

RESULTS = DIRECTORY / "results.json"
WRITTEN = "Written by `python -m conformance.manual.routers`; do not edit."
INTRO = """\
Real routers, installed, started in front of the mock and judged.
`make routers` does it all, `conformance try NAME --route ROUTE` one of them.
A proxy has the profile of one that knows nothing of the API: what it passes on is no fault of its.
Where a route has two APIs the client's is in front of the provider's.
What fails is listed, case by case, in `conformance/routers/NAME/expected-failures.ROUTE.toml`.
It fails a run no longer; what else fails does, and what is mended.
"""
ROUTES = """\
The counts are of the newest run, the seconds the median of all.
What failed is a broken MUST, expected or not; what warned is a broken SHOULD.
"""
COUNTED = ("pass", "fail", "warn", "untestable", "inconclusive")
DIFFERED = """\
The same router, the same suite, and another verdict: the suite's fault until shown otherwise.
"""
UNEXPLAINED = "nobody knows yet"
FINDINGS = """\
Those that do most damage: what costs money or makes a wrong answer of a right one comes first.
Each is as small as it can be, and a bug report that stands alone.
To see one, start [provider.py](findings/provider.py) with its bytes, then the router, and ask.
The provider needs nothing but Python; what the client got is what it got when this was done.
« and » enclose what is wrong, and long lines without them are shortened.
"""


def page(kept: Mapping[str, Json]) -> Iterator[str]:
    every = {name: kept.get(name, {"absent": NO_RUN}) for name in routes()}
    judged = {name: row for name, row in every.items() if "absent" not in row}
    yield from ("# Real routers", "", WRITTEN, "", INTRO)
    yield from ("## Routes", "", ROUTES, *_routes(judged), "")
    yield from _absent(every)
    yield from ("## Verdicts that differed", "", DIFFERED, *_differed(judged), "")
    yield from ("## Families of rules", "", *_matrix(judged), "")
    yield from ("## Findings", "", FINDINGS)
    came = repeated()
    for number, finding in enumerate(findings(), 1):
        if finding.route in judged:
            yield from told(number, finding, came[finding.name], judged[finding.route])


def _routes(kept: Mapping[str, Json]) -> Iterator[str]:
    heads = ("route", "APIs", "version", "date", "runs", "seconds", "cases", "passed", "failed",
             "warned", "untestable", "inconclusive", "differed")  # fmt: skip
    yield f"| {' | '.join(heads)} |"
    yield f"| --- | --- | --- | --- |{' ---: |' * (len(heads) - 4)}"
    for name, row in kept.items():
        counts: Counter[str] = Counter(row["counts"])
        judged = sum(count for verdict, count in counts.items() if verdict not in BESIDE)
        cells = (name, _apis(name), row["version"], row["date"], row["runs"], row["seconds"],
                 judged, *(counts[each] for each in COUNTED), len(row["differed"]))  # fmt: skip
        yield f"| {' | '.join(map(str, cells))} |"


def _apis(name: str) -> str:
    recipe, _, route = name.partition(SEPARATOR)
    told = load(recipe).route(route)
    surfaces = ", ".join(told.surfaces)
    return surfaces if told.upstream == "same" else f"{surfaces} in front of {told.upstream}"


def _absent(kept: Mapping[str, Json]) -> Iterator[str]:
    lines = [f"- {name}: {plain(row['absent'])}" for name, row in kept.items() if "absent" in row]
    if lines:
        yield from ("Not judged:", "", *lines, "")


def _differed(kept: Mapping[str, Json]) -> Iterator[str]:
    behind: list[Race] = []
    lines = []
    for name, row in kept.items():
        for case, verdicts in row["differed"].items():
            race = next((each for each in races() if each.explains(name, case)), None)
            behind += [race] if race else []
            why = race.title if race else UNEXPLAINED
            lines.append(f"- {name}, `{case}`: {', '.join(verdicts)}: {why}")
    cases = sum(sum(row["counts"].values()) for row in kept.values() if row["runs"] > 1)
    yield f"{len(lines)} of {cases} cases that were judged more than once."
    if lines:
        yield from ("", *lines)
    for race in dict.fromkeys(behind):
        who = load(race.router).title if race.router else "Several routers"
        yield from ("", f"### {who}: {race.title}", "", race.text.strip())
        if race.threads:
            yield from ("", f"Public threads: {', '.join(race.threads)}.")


def _matrix(kept: Mapping[str, Json]) -> Iterator[str]:
    """Yield a table: cases that did not fail, of those judged; all routes of a router together."""
    routers = list(dict.fromkeys(name.partition(SEPARATOR)[0] for name in kept))
    families = sorted({family for row in kept.values() for family in row["families"]})
    yield f"| family | {' | '.join(routers)} |"
    yield f"| --- |{' ---: |' * len(routers)}"
    for family in families:
        cells = (_cell(kept, router, family) for router in routers)
        yield f"| {family} | {' | '.join(cells)} |"


def _cell(kept: Mapping[str, Json], router: str, family: str) -> str:
    routes = [row for name, row in kept.items() if name.partition(SEPARATOR)[0] == router]
    counts = [row["families"][family] for row in routes if family in row["families"]]
    cell = Cell(sum(bad for bad, _ in counts), 0, 0, sum(judged for _, judged in counts))
    return f"**{cell.text}**" if cell.bad else cell.text


def main(args: Sequence[str]) -> int:
    *runs, to = args
    if missing := [name for name in runs if not Path(name).is_dir()]:
        print(f"routers: {missing[0]}: no directory; RUNS is what was judged into", file=sys.stderr)
        return Exit.USAGE
    if runs:
        kept = results([Path(name) for name in runs], json.loads(RESULTS.read_text("utf-8")))
        text = json.dumps(kept, indent=1, sort_keys=True, ensure_ascii=False)
        RESULTS.write_text(text + "\n", "utf-8")
    page, answers = Path(to), Path(to).parent / "findings"
    answers.mkdir(parents=True, exist_ok=True)
    page.write_text(whole(), "utf-8")
    for finding in findings():
        (answers / f"{finding.name}.http").write_bytes(finding.wire)
    return Exit.CONFORMANT


def whole() -> str:
    """Return the page as it should be."""
    return _text(page(json.loads(RESULTS.read_text("utf-8"))))


def _text(lines: Iterable[str]) -> str:
    return "\n".join(lines).rstrip("\n") + "\n"


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
