"""Many runs side by side as one HTML file: a table, and beneath it what each router breaks."""

from collections.abc import Iterator
from html import escape
from pathlib import Path

from conformance.exchange import Json
from conformance.report.failure import place
from conformance.report.matrix import Cell, Runs, cell, families, sort
from conformance.report.run import Run

STYLE = Path(__file__).with_name("matrix.css")
INTRO = (
    "Cases with nothing wrong of those that were judged, by family of rules; one number where that "
    "is all. A name leads to what its router breaks, a number to what it breaks of this family."
)
LEGEND = {
    "ok": "nothing wrong",
    "warn": "a SHOULD is broken, or not all could be judged",
    "known": "a MUST is broken, as expected",
    "bad": "a MUST is broken, and nobody expected it",
}
BROKEN = ("bad", "known", "warn")
SAID = {"bad": "broken", "known": "broken, as expected", "warn": "SHOULD, broken"}


def html(runs: Runs, title: str) -> Iterator[str]:
    yield "<!doctype html>"
    yield f'<html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<style>{STYLE.read_text('utf-8')}</style><h1>{escape(title)}</h1><p>{INTRO}"
    yield '<ul class="legend">'
    yield from (f'<li><span class="{kind}">7/9</span> {LEGEND[kind]}' for kind in LEGEND)
    yield "</ul>"
    yield from _table(runs)
    for name, run in runs:
        yield from _section(name, run)


def _table(runs: Runs) -> Iterator[str]:
    """Yield the table; it scrolls for itself, and by keys too."""
    named = families(runs)
    yield '<div class="wide" tabindex="0" role="region" aria-label="Routers by families of rules">'
    yield '<table id="table"><thead><tr><th scope="col">router<th scope="col">version'
    yield '<th scope="col">date<th scope="col">all'
    yield "".join(f'<th scope="col">{escape(family)}' for family in named) + "<tbody>"
    for name, run in runs:
        yield f'<tr><th scope="row"><a href="#{_id(name)}">{escape(name)}</a>'
        yield f"<td>{escape(_version(run))}<td>{escape(run.header['started'][:10])}"
        yield _td(cell(run), _id(name))
        yield "".join(_td(cell(run, family), _id(name, family)) for family in named)
    yield "</table></div>"


def _td(told: Cell, where: str) -> str:
    if not told.judged:
        return "<td>"
    shown = str(told.judged) if told.passed == told.judged else f"{told.passed}/{told.judged}"
    if told.kind != "ok" and told.bad + told.known + told.warned:
        shown = f'<a href="#{where}">{shown}</a>'
    broken = told.bad + told.known
    hint = f"{broken} failed, {told.known} of them expected; {told.warned} warned, {told.open} open"
    return f'<td class="{told.kind}" title="{hint}">{shown}'


def _section(name: str, run: Run) -> Iterator[str]:
    yield f'<section aria-labelledby="{_id(name)}">'
    yield f'<h2 id="{_id(name)}">{escape(name)} {escape(_version(run))}</h2>'
    counts = cell(run)
    yield f"<p>{escape(_when(run))}, profile {escape(run.header['profile']['name'])}: "
    yield f'nothing wrong with {counts.passed} of {counts.judged} cases. <a href="#table">Table</a>'
    if run.damage:
        yield f'<p class="bad">{escape(run.damage)}'
    for family, rules in _broken(run).items():
        yield f'<h3 id="{_id(name, family)}">{escape(family)}</h3>'
        for rule, cases in rules.items():
            yield from _rule(run, rule, cases)
    yield "</section>"


def _rule(run: Run, rule: str, cases: list[Json]) -> Iterator[str]:
    kind = min(map(sort, cases), key=BROKEN.index)
    count = "1 case" if len(cases) == 1 else f"{len(cases)} cases"
    yield f'<details><summary><code class="{kind}">{escape(rule)}</code> {SAID[kind]}: {count}'
    yield f"</summary><p>{escape(run.rules[rule]['text'])}"
    yield f"<pre>{escape(chr(10).join(_shown(cases[0])))}</pre>"
    if others := ", ".join(case["id"] for case in cases[1:]):
        yield f"<p>And {escape(others)}"
    yield "</details>"


def _broken(run: Run) -> dict[str, dict[str, list[Json]]]:
    """Return the cases of broken rules, by family and rule; those with most cases first."""
    rules: dict[str, list[Json]] = {}
    for case in run.cases:
        if sort(case) in BROKEN:
            rules.setdefault(case["rule"], []).append(case)
    found: dict[str, dict[str, list[Json]]] = {}
    for rule, cases in sorted(rules.items(), key=lambda item: (-len(item[1]), item[0])):
        found.setdefault(cases[0]["family"], {})[rule] = cases
    return dict(sorted(found.items()))


def _shown(case: Json) -> Iterator[str]:
    """Yield the first finding of a case: where, what, the bytes, why it is expected, and again."""
    for finding in case["findings"][:1]:
        where = place(finding)
        yield f"{case['id']}: {where + ': ' if where else ''}{finding['message']}"
        if finding["excerpt"]:
            yield f"  {finding['excerpt']}"
    if case["reason"]:
        yield case["reason"]
    yield from case["repeat"].values()


def _version(run: Run) -> str:
    return str(run.header["router"].get("version", ""))


def _when(run: Run) -> str:
    return str(run.header["started"])[:16].replace("T", " ") + " UTC"


def _id(*names: str) -> str:
    return escape(".".join(names).replace(" ", "-"))
