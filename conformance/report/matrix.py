"""Many runs side by side: routers by families, for Markdown and as one HTML file."""

from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import NamedTuple

from conformance.exchange import Json
from conformance.exits import FAILING
from conformance.report.failure import place
from conformance.report.run import Run
from conformance.verdicts import Kind

BAD = frozenset(map(str, FAILING))
WARNED = frozenset({str(Kind.WARN), str(Kind.EXPECTED_FAIL)})
OPEN = frozenset({str(Kind.INCONCLUSIVE), str(Kind.UNTESTABLE)})
BESIDE = frozenset({str(Kind.NOT_APPLICABLE)})

STYLE = Path(__file__).with_suffix(".css")


class Cell(NamedTuple):
    """What became of the cases of one family in one run."""

    bad: int = 0
    warned: int = 0
    open: int = 0
    judged: int = 0

    @property
    def text(self) -> str:
        if not self.judged:
            return ""
        return f"{self.judged - self.bad - self.warned - self.open} / {self.judged}"

    @property
    def kind(self) -> str:
        if self.bad:
            return "bad"
        return "warn" if self.warned or self.open else "ok"


Runs = Sequence[tuple[str, Run]]  # by the name of the router


def families(runs: Runs) -> list[str]:
    return sorted({case["family"] for _, run in runs for case in run.cases})


def cell(run: Run, family: str) -> Cell:
    verdicts = [case["verdict"] for case in run.cases if case["family"] == family]
    judged = [verdict for verdict in verdicts if verdict not in BESIDE]
    return Cell(
        sum(verdict in BAD for verdict in judged),
        sum(verdict in WARNED for verdict in judged),
        sum(verdict in OPEN for verdict in judged),
        len(judged),
    )


def markdown(runs: Runs) -> Iterator[str]:
    """Yield a table: passed of judged, a router a column, since there are more families."""
    heads = [name for name, _ in runs]
    yield f"| family | {' | '.join(heads)} |"
    yield f"| --- |{' ---: |' * len(heads)}"
    for family in families(runs):
        cells = [cell(run, family) for _, run in runs]
        shown = [f"**{each.text}**" if each.bad else each.text for each in cells]
        yield f"| {family} | {' | '.join(shown)} |"


def html(runs: Runs, title: str) -> Iterator[str]:
    yield "<!doctype html>"
    yield f'<html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<style>{STYLE.read_text('utf-8')}</style><h1>{escape(title)}</h1>"
    yield "<p>Cases passed of those judged, by family of rules; red where a rule is broken."
    yield '<div class="wide"><table><thead><tr><th>router</th>'
    named = families(runs)
    yield "".join(f"<th>{escape(family)}</th>" for family in named) + "</tr></thead><tbody>"
    for name, run in runs:
        cells = "".join(_td(cell(run, family)) for family in named)
        yield f'<tr><th><a href="#{escape(name)}">{escape(name)}</a></th>{cells}</tr>'
    yield "</tbody></table></div>"
    for name, run in runs:
        yield from _section(name, run)


def _td(told: Cell) -> str:
    hint = f"{told.bad} failed, {told.warned} warned or expected, {told.open} open"
    return f'<td class="{told.kind}" title="{hint}">{told.text}</td>'


def _section(name: str, run: Run) -> Iterator[str]:
    router = run.header["router"]
    yield f'<h2 id="{escape(name)}">{escape(name)} {escape(router.get("version", ""))}</h2>'
    yield f"<p>{escape(run.header['started'])}, profile {escape(run.header['profile']['name'])}"
    for rule, cases in failures(run):
        yield f"<details><summary>{escape(rule)}: {len(cases)} of its cases</summary>"
        yield f"<p>{escape(run.rules[rule]['text'])}"
        yield f"<pre>{escape(chr(10).join(shown(run, cases[0])))}</pre></details>"


def failures(run: Run) -> list[tuple[str, list[Json]]]:
    """Return the broken rules, those with most cases first."""
    rules: dict[str, list[Json]] = {}
    for case in run.cases:
        if case["verdict"] in BAD:
            rules.setdefault(case["rule"], []).append(case)
    return sorted(rules.items(), key=lambda item: (-len(item[1]), item[0]))


def shown(run: Run, case: Json) -> Iterator[str]:
    """Yield the first finding of a case: where, what, the bytes, and how to see it again."""
    for finding in case["findings"][:1]:
        where = place(finding)
        yield f"{case['id']}: {where + ': ' if where else ''}{finding['message']}"
        if finding["excerpt"]:
            yield f"  {finding['excerpt']}"
    nonces = [exchange["nonce"] for exchange in case["exchanges"]]
    curl = next((run.evidence[each]["curl"] for each in nonces if each in run.evidence), "")
    if curl:
        yield curl
