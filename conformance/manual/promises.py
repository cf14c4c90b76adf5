"""What named routers promise, each promise with the rules that check it; as a page of the docs.

`python -m conformance.manual.promises docs/promises.md` writes the page.
"""

import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from conformance.exchange import Json
from conformance.manual.page import plain
from conformance.plan import cases
from conformance.probes import PROBES
from conformance.profiles.profile import shipped
from conformance.rules import RULES
from conformance.selfcheck.mutants import MUTANTS
from conformance.selfcheck.routers import promised

FILE = Path(__file__).parents[1] / "promises.toml"
WRITTEN = "Written by `python -m conformance.manual.promises docs/promises.md`; do not edit."
INTRO = (
    "What the documentation of named routers promises, in our words, and what holds them to it.",
    "A promise is checked where a rule fails for whoever breaks it; mutants show that it does.",
    "`conformance demo --as NAME` runs a router that keeps them all.",
)


@dataclass(frozen=True, slots=True)
class Promise:
    id: str
    router: str  # its profile
    says: str
    sources: tuple[str, ...]  # those of the profile
    rules: tuple[str, ...] = ()
    mutants: tuple[str, ...] = ()  # each breaks it, and one of the rules
    why: str = ""  # it is not checked

    @property
    def checked(self) -> bool:
        return not self.why


@cache
def promises() -> tuple[Promise, ...]:
    told = tomllib.loads(FILE.read_text("utf-8"))
    return tuple(
        _promise(name, router, row) for router, rows in told.items() for name, row in rows.items()
    )


@cache
def sources(router: str) -> dict[str, Json]:
    """Return the pages that a profile goes by."""
    told = tomllib.loads(shipped(router).read_text("utf-8"))
    base = sources(told["profile"]) if "profile" in told else {}
    return {**base, **told["sources"]}


def _promise(id: str, router: str, row: Json) -> Promise:
    lists = {name: tuple(row.get(name, ())) for name in ("rules", "mutants")}
    return Promise(id, router, row["says"], tuple(row["source"]), why=row.get("why", ""), **lists)


def complaints(promise: Promise) -> Iterator[str]:
    """Say where a promise, the rules and the mutants do not fit together."""
    yield from _of_rules(promise)
    yield from _of_mutants(promise)
    if bool(promise.rules) == bool(promise.why):
        yield "either rules check it, or there is a reason why none does"
    if not promise.sources:
        yield "no source says so"
    for source in promise.sources:
        if source not in sources(promise.router):
            yield f"{source} is no source of the profile"


def _of_rules(promise: Promise) -> Iterator[str]:
    profile = promised(promise.router)
    for rule in promise.rules:
        if rule not in RULES:
            yield f"{rule} is no rule"
        elif need := profile.lacks(RULES[rule].needs):
            yield f"{rule} judges nothing: the profile declares no {need}"
        elif not any(cases([RULES[rule]], PROBES.values(), profile.surfaces)):
            yield f"{rule} judges nothing that the router speaks"


def _of_mutants(promise: Promise) -> Iterator[str]:
    shown = set[str]()
    for name in promise.mutants:
        mutant = MUTANTS.get(name)
        if mutant is None:
            yield f"{name} is no mutant"
            continue
        shown |= mutant.breaks
        if not mutant.breaks & set(promise.rules):
            yield f"{name} breaks none of the rules"
        elif mutant.of not in ("", promise.router):
            yield f"{name} is one of {mutant.of}"
        elif mutant.surface not in ("", *promised(promise.router).surfaces):
            yield f"{name} is one of {mutant.surface}, which the router does not speak"
    yield from (f"no mutant shows {rule}" for rule in promise.rules if rule not in shown)


def page() -> str:
    routers = list(dict.fromkeys(promise.router for promise in promises()))
    told = (line for name in routers for line in _of(name))
    return "\n".join(["# Promises", "", WRITTEN, "", *INTRO, "", *_totals(routers), *told])


def _totals(routers: list[str]) -> Iterator[str]:
    yield from ("| router | promises | checked | not |", "| --- | ---: | ---: | ---: |")
    yield from (_count(f"[{name}](#{name})", _made(name)) for name in routers)
    yield from (_count("all", promises()), "")


def _count(name: str, listed: tuple[Promise, ...]) -> str:
    checked = sum(promise.checked for promise in listed)
    return f"| {name} | {len(listed)} | {checked} | {len(listed) - checked} |"


def _made(router: str) -> tuple[Promise, ...]:
    return tuple(promise for promise in promises() if promise.router == router)


def _of(router: str) -> Iterator[str]:
    yield from (f"## {router}", "")
    for promise in _made(router):
        yield f"- {promise.id}: {plain(promise.says)} ({', '.join(map(plain, promise.sources))})."
        if promise.why:
            yield f"  Not checked: {plain(promise.why)}."
        else:
            rules = ", ".join(_link(rule) for rule in promise.rules)
            yield f"  Checked by {rules}; shown by {', '.join(f'`{m}`' for m in promise.mutants)}."
    yield from ("", "Sources:", "")
    for name, source in sources(router).items():
        yield f"- {name}: {plain(source['title'])}, read {source['read']}"
    yield ""


def _link(rule: str) -> str:
    return f"[`{rule}`](rules/{RULES[rule].family}.md#{rule.replace('.', '')})"


def main(arguments: list[str]) -> int:
    Path(arguments[0]).write_text(page(), "utf-8")
    checked = sum(promise.checked for promise in promises())
    print(f"{len(promises())} promises, {checked} of them checked, in {arguments[0]}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
