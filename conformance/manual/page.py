"""A rule as a section of Markdown, a family as a page of them, all families as an index."""

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType

from conformance.catalogue import Entry, catalogue, entries
from conformance.coverage import counts, families
from conformance.manual.examples import examples
from conformance.plan import EVERY, cases
from conformance.probes import PROBES
from conformance.protocols import read
from conformance.rules import MODULES, RULES
from conformance.rules.rule import Rule
from conformance.selfcheck.mutants import MUTANTS

WHY = Path(__file__).with_name("why.toml")
INDEX = "README.md"
MOST = 12  # probes named one by one
#: What Markdown would take for its own, outside of code.
SPECIAL = re.compile(r"([\\*<|])")
WRITTEN = "Written by `conformance rules --markdown docs/rules`; do not edit."
SOURCE = "{} rules were drawn from reported bugs of routers; by family, this is what is judged."
PLAN = (
    "Rules that are planned wait for something the suite does not have yet, and the excluded one "
    "will not be judged; `conformance coverage` says what and why. In part: judged on some of the "
    "surfaces it is meant for."
)


def pages() -> dict[str, str]:
    """Return the whole manual: the text of each file by its name."""
    found = list(dict.fromkeys(rule.family for rule in RULES.values()))
    return {INDEX: index(), **{f"{family}.md": page(family) for family in found}}


def index() -> str:
    listed = entries(RULES)
    by_family = families(listed)
    rows = [_row(name, counts(found)) for name, found in by_family.items()]
    return "\n".join([
        "# The rules", "", WRITTEN, "",
        f"{len(RULES)} rules are judged.", SOURCE.format(len(listed)), "",
        "| family | of what | rules | judged | in part | planned | excluded |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: |",
        *rows, _row("total", counts(listed)), "", PLAN, "",
        "## All rules", "",
        "| rule | level | what it requires |", "| --- | --- | --- |",
        *(_line(rule) for rule in RULES.values()), "",
        "## Beyond the catalogue", "",
        *(f"- `{name}`: {plain(why)}." for name, why in catalogue()["additions"].items()), "",
    ])  # fmt: skip


def _row(name: str, numbers: dict[str, int]) -> str:
    order = ("rules", "implemented", "in part", "planned", "excluded")
    shown = " | ".join(str(numbers[key]) for key in order)
    linked = f"[{name}]({name}.md)" if intro(name) else name
    return f"| {linked} | {intro(name).partition(chr(10))[0]} | {shown} |"


def _line(rule: Rule) -> str:
    anchor = rule.id.replace(".", "")
    link = f"[`{rule.id}`]({rule.family}.md#{anchor})"
    return f"| {link} | {rule.level} | {plain(rule.text.splitlines()[0])} |"


def page(family: str) -> str:
    judged = [rule for rule in RULES.values() if rule.family == family]
    waiting = [each for each in entries(RULES) if each.family == family and each.reason]
    return "\n".join([
        f"# {family}", "", WRITTEN, "", intro(family), "",
        *(line for rule in judged for line in section(rule)),
        *_waiting(waiting),
    ])  # fmt: skip


def intro(family: str) -> str:
    """Return what the modules of a family say of themselves, the one of its name first."""
    modules = [module for module in MODULES if family in _families(module)]
    modules.sort(key=lambda module: not module.__name__.endswith(f".{family}"))
    texts = [module.__doc__ or "" for module in modules]
    return "\n\n".join(plain(text.strip()) for text in texts)


def _families(module: ModuleType) -> set[str]:
    return {value.family for value in vars(module).values() if isinstance(value, Rule)}


def section(rule: Rule) -> Iterator[str]:
    """Yield all that is known of a rule, the same for a page and for a terminal."""
    yield from (f"## `{rule.id}`", "", plain(rule.text), "")
    if why := reasons().get(rule.id):
        yield from (f"Why: {plain(why)}", "")
    yield f"- level: {rule.level}, basis: {rule.basis}"
    for title, values in _facts(rule):
        if values:
            yield f"- {title}: {', '.join(values)}"
    yield from ("", *_mutants(rule), *_example(rule))


def _facts(rule: Rule) -> Iterator[tuple[str, list[str]]]:
    asked = list(cases([rule], PROBES.values(), read.SURFACES))
    surfaces = [name for name in read.SURFACES if any(case.surface == name for case in asked)]
    probes = list(dict.fromkeys(case.probe.id for case in asked))
    if EVERY in rule.probes:
        probes = ["every one"]
    elif len(probes) > MOST:
        probes = [*probes[:MOST], f"and {len(probes) - MOST} more"]
    yield "judges", sorted({kind.partition(".")[2] for kind in rule.on})
    yield "surfaces", surfaces
    yield "needs", sorted(rule.needs)
    yield "policy", [rule.policy] if rule.policy else []
    yield "probes", probes
    yield "written in", ["; ".join(map(plain, rule.cites))] if rule.cites else []
    yield "seen in", [_link(bug) for bug in rule.bugs]


def _link(bug: str) -> str:
    repository, _, number = bug.partition("#")
    return f"[{bug}](https://github.com/{repository}/issues/{number})"


def _mutants(rule: Rule) -> Iterator[str]:
    dying = {name: each for name, each in MUTANTS.items() if rule.id in each.breaks}
    if dying:
        yield from ("Mutants that die of it:", "")
        yield from (f"- `{name}`: {plain(_flat(each.text))}" for name, each in dying.items())
        yield ""


def _example(rule: Rule) -> Iterator[str]:
    found = examples().get(rule.id)
    if found:
        where = f"probe `{found.probe}` on {found.surface}"
        yield from (f"What it says of `{found.mutant}`, {where}:", "", f"    {found.message}")
        yield from (f"    {found.excerpt}",) if found.excerpt else ()
        yield ""


def _waiting(waiting: list[Entry]) -> Iterator[str]:
    if waiting:
        yield from ("## Not judged yet", "")
        yield from (f"- `{e.id}` ({e.level}, {e.state}): {plain(e.reason)}." for e in waiting)
        yield ""


@cache
def reasons() -> dict[str, str]:
    """Return what it does to a client when a rule is broken, by rule."""
    return tomllib.loads(WHY.read_text("utf-8"))


def _flat(text: str) -> str:
    return " ".join(text.split())


def plain(text: str) -> str:
    return "`".join(
        part if number % 2 else SPECIAL.sub(r"\\\1", part)
        for number, part in enumerate(text.split("`"))
    )
