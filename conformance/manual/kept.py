"""What `conformance try --run-dir` has left in, what the page of real routers needs of it out."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from statistics import median

from conformance.exchange import Json
from conformance.findings import Level
from conformance.manual.findings import SEPARATOR, findings
from conformance.recipes.recipe import load, names
from conformance.report.diff import BAD
from conformance.report.matrix import BESIDE
from conformance.report.run import FILE, BadRun, Run, read

#: What `conformance try` said on stderr, beside the run.
SAID = "said.txt"
NO_RUN = "there is no run of it"
NOT_ASKED = "not asked"


def routes() -> Iterator[str]:
    """Yield every way through every router there is a recipe of."""
    for name in names():
        for route in load(name).routes:
            yield f"{name}{SEPARATOR}{route.name}"


def results(runs: Sequence[Path], before: Json) -> Json:
    """Return by route what came of it in so many runs, or why nothing did.

    A route that nobody has tried in them has what it had before.
    """
    places = {
        route: [each / route for each in runs if (each / route).is_dir()] for route in routes()
    }
    absent = {"absent": NO_RUN}
    return {
        route: _result(tried, route) if tried else before.get(route, absent)
        for route, tried in places.items()
    }


def _result(places: Sequence[Path], route: str) -> Json:
    found, trouble = [], ""
    for place in places:
        try:
            run = read(place / FILE)
        except BadRun:
            trouble = _said(place) or trouble
            continue
        if run.damage:
            trouble = _said(place) or run.damage
        else:
            found.append(run)
    return _kept(found, route) if found else {"absent": trouble or NO_RUN}


def _said(place: Path) -> str:
    path = place / SAID
    lines = path.read_text("utf-8", "replace").split("\n") if path.is_file() else []
    told = [line for line in lines if line.startswith("conformance: ")]
    return told[-1].removeprefix("conformance: ") if told else ""


def _kept(runs: Sequence[Run], route: str) -> Json:
    """Return what is to be told; the newest run is the one that is counted."""
    newest = max(runs, key=lambda run: str(run.header["started"]))
    wanted = {each.case for each in findings() if each.route == route}
    return {
        "version": newest.header["router"]["version"],
        "date": newest.header["started"][:10],
        "suite": newest.header["tool"]["version"],
        "runs": len(runs),
        "seconds": round(median(map(_seconds, runs))),
        "counts": Counter(map(_counted, newest.cases)),
        "families": {name: list(cell) for name, cell in _families(newest).items()},
        "differed": _differed(runs),
        "said": {case: _message(runs, case) for case in sorted(wanted)},
    }


def _seconds(run: Run) -> float:
    began, ended = (
        datetime.fromisoformat(told) for told in (run.header["started"], run.footer["finished"])
    )
    return (ended - began).total_seconds()


def _counted(case: Json) -> str:
    """Return what the router did, whether its owner expects it or not."""
    match case["verdict"]:
        case "expected-fail":
            return "fail" if case["level"] == Level.MUST else "warn"
        case "unexpected-pass":
            return "pass"
    return str(case["verdict"])


def _families(run: Run) -> dict[str, tuple[int, int]]:
    """Return for each family how many cases failed, of how many that were judged."""
    judged: Counter[str] = Counter()
    bad: Counter[str] = Counter()
    for case in run.cases:
        judged[case["family"]] += case["verdict"] not in BESIDE
        bad[case["family"]] += _counted(case) == "fail"
    return {name: (bad[name], count) for name, count in sorted(judged.items()) if count}


def _differed(runs: Sequence[Run]) -> dict[str, list[str]]:
    """Return the cases that were judged otherwise in one run than in another."""
    told = [{case["id"]: str(case["verdict"]) for case in run.cases} for run in runs]
    cases = sorted({case for run in told for case in run})
    each = {case: [run.get(case, NOT_ASKED) for run in told] for case in cases}
    return {case: verdicts for case, verdicts in each.items() if len(set(verdicts)) > 1}


def _message(runs: Sequence[Run], id: str) -> str:
    """Return what was found in a case, in the last run that it failed in."""
    broken = [
        case
        for run in runs
        for case in run.cases
        if case["id"] == id and case["verdict"] in BAD and case["findings"]
    ]
    return str(broken[-1]["findings"][0]["message"]) if broken else ""
