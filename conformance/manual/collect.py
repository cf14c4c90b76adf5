"""Runs each rule against mutants that break it, until one does, and keeps what it says.

`python -m conformance.manual.collect` after rules or mutants have changed.
"""

import asyncio
import re
import sys
from collections.abc import Iterator

from conformance.drive import trial as driving
from conformance.drive.bill import books
from conformance.drive.client import Client
from conformance.drive.pair import mocks
from conformance.drive.trial import Bench
from conformance.excerpt import excerpt
from conformance.exchange import Trial
from conformance.findings import Finding
from conformance.manual.examples import FILE, Example, examples, text
from conformance.plan import Case, cases
from conformance.probes import PROBES
from conformance.protocols import read
from conformance.rules import RULES
from conformance.rules.rule import Rule
from conformance.selfcheck.mutants import MUTANTS
from conformance.selfcheck.observe import LIMITS, due
from conformance.selfcheck.routers import have, promised, reached
from conformance.selfcheck.servers import Servers, servers
from conformance.selfcheck.variant import Variant
from conformance.verdicts import judge

RUN = "manual"
PLAIN = "text"  # the probe that has least in it
WIDTH = 8


def main() -> int:
    found = asyncio.run(collected())
    FILE.write_text(text(found), "utf-8")
    missing = sorted(RULES.keys() - found.keys())
    print(f"{len(found)} examples; none of {', '.join(missing) or 'no rule'}")
    return 0


async def collected() -> dict[str, Example]:
    """Return an example of each rule; one that says the same as before stays as it was."""
    with servers() as started:
        pairs = zip(RULES, await _all(started), strict=True)
    told = {name: example for name, example in pairs if example}
    return {name: _unchanged(name, example) for name, example in told.items()}


async def _all(started: Servers) -> list[Example | None]:
    width = asyncio.Semaphore(WIDTH)

    async def one(number: int, rule: Rule) -> Example | None:
        async with width:
            return await _example(rule, f"{RUN}-{number}", started)

    return await asyncio.gather(*(one(*each) for each in enumerate(RULES.values())))


def _unchanged(rule: str, example: Example) -> Example:
    """Ids and times differ from run to run: they alone are no reason to write an example anew."""
    old = examples().get(rule)
    same = old and (old.mutant, old.probe, _plain(old.message)) == (
        example.mutant, example.probe, _plain(example.message),
    )  # fmt: skip
    return old if old and same else example


def _plain(message: str) -> str:
    return re.sub(r"[0-9a-f]*\d[0-9a-f]*", "", message)


async def _example(rule: Rule, nonce: str, started: Servers) -> Example | None:
    for number, (mutant, case) in enumerate(_tries(rule)):
        trial = await _trial(mutant, case, f"{nonce}.{number}", started)
        verdict = judge(case.rule, trial, promised(mutant), have(mutant))
        if verdict.findings:
            return _told(mutant, case, trial, verdict.findings[0])
    return None


def _tries(rule: Rule) -> Iterator[tuple[str, Case]]:
    """Yield mutants with the probes they may be caught by, the plainest of each first."""
    mutants = [(name, each) for name, each in MUTANTS.items() if rule.id in each.breaks]
    for name, mutant in sorted(mutants, key=lambda pair: _plainness(pair[1])):
        surfaces = {mutant.surface} - {""} or read.SURFACES.keys()
        listed = cases([rule], PROBES.values(), surfaces)
        asked = [case for case in listed if due(case, promised(name))]
        yield from ((name, case) for case in sorted(asked, key=lambda case: case.probe.id != PLAIN))


def _plainness(mutant: Variant) -> tuple[int, bool]:
    """Order mutants: first what breaks this rule alone, on the API that most people know."""
    return len(mutant.breaks), mutant.surface not in ("", "chat")


async def _trial(mutant: str, case: Case, nonce: str, started: Servers) -> Trial:
    mock = mocks(started.control_url, started.second_url)
    profile, router = promised(mutant), reached(started.routers_url, mutant)
    async with Client() as http:
        bench = Bench(router, http, mock, LIMITS, profile.policy, books(profile.bill))
        trial = await driving.run(case.probe, case.surface, bench, nonce)
    await mock.close()
    return trial


def _told(mutant: str, case: Case, trial: Trial, finding: Finding) -> Example:
    shown = finding.span and finding.exchange in trial.exchanges
    place = excerpt(trial[finding.exchange].body, finding.span) if shown and finding.span else ""
    return Example(mutant, case.surface, case.probe.id, finding.message, place)


if __name__ == "__main__":
    sys.exit(main())
