"""Two runs of a router, before and after: what has become worse, what better."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from conformance.exchange import Json
from conformance.report.failure import place
from conformance.report.run import Run
from conformance.verdicts import Kind

# What the router does, whether its owner expected it or not.
BAD = frozenset(map(str, (Kind.FAIL, Kind.WARN, Kind.EXPECTED_FAIL)))
GOOD = frozenset(map(str, (Kind.PASS, Kind.UNEXPECTED_PASS)))


class Change(NamedTuple):
    id: str
    before: str  # the verdict; empty where the case was not in that run
    after: str
    case: Json  # as it is after, or was before if it is gone

    @property
    def worse(self) -> bool:
        return self.after in BAD and self.before not in BAD

    @property
    def better(self) -> bool:
        return self.before in BAD and self.after in GOOD


def changes(before: Run, after: Run) -> list[Change]:
    """Return every case whose verdict is another now, or that is in one of the runs only."""
    was = {case["id"]: case for case in before.cases}
    now = {case["id"]: case for case in after.cases}
    return [
        Change(each, _verdict(was, each), _verdict(now, each), now.get(each) or was[each])
        for each in sorted(was.keys() | now.keys())
        if _verdict(was, each) != _verdict(now, each)
    ]


def _verdict(cases: dict[str, Json], id: str) -> str:
    return str(cases[id]["verdict"]) if id in cases else ""


def regressed(found: Iterable[Change]) -> bool:
    """Say whether a MUST rule has been broken since, and nobody expects it to be."""
    return any(change.worse and change.after == Kind.FAIL for change in found)


def diff(before: Run, after: Run) -> Iterator[str]:
    """Yield what has changed as text: the worse first, each with its first finding."""
    found = changes(before, after)
    yield from (f"before: {_named(before)}", f"after:  {_named(after)}", "")
    groups = {
        "worse": [each for each in found if each.worse],
        "better": [each for each in found if each.better],
        "otherwise": [each for each in found if not each.worse and not each.better],
    }
    for title, listed in groups.items():
        for rule, cases in _by_rule(listed):
            yield f"{title}  {rule}: {', '.join(map(_change, cases))}"
            for finding in cases[0].case["findings"][:1] if title == "worse" else ():
                yield "    " + ": ".join(filter(None, (place(finding), finding["message"])))
    told = ", ".join(f"{len(listed)} {title}" for title, listed in groups.items())
    yield f"{len(found)} of {len(after.cases)} cases changed: {told}" if found else "no change"


def _named(run: Run) -> str:
    router, tool = run.header["router"], run.header["tool"]
    version = f" {router['version']}" if router.get("version") else ""
    return f"{router['url']}{version}, {run.header['started']}, suite {tool['version']}"


def _by_rule(listed: Iterable[Change]) -> list[tuple[str, list[Change]]]:
    rules: dict[str, list[Change]] = {}
    for change in listed:
        rules.setdefault(change.case["rule"], []).append(change)
    return sorted(rules.items())


def _change(change: Change) -> str:
    case = f"{change.case['surface']}-{change.case['probe']}"
    return f"{case} ({change.before or 'not asked'} -> {change.after or 'not asked'})"
