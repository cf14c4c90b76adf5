"""What becomes of expected failures once a run is over: which are stale, and the file anew."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from conformance.exchange import Json
from conformance.exits import Exit, failing
from conformance.expected.editing import edited
from conformance.expected.entry import Entry
from conformance.expected.outcome import FAILED, Stale, stale
from conformance.plan import cases
from conformance.probes import PROBES
from conformance.report.run import Run
from conformance.rules import RULES
from conformance.settings import Settings
from conformance.verdicts import Kind

#: How long a new entry holds until somebody has to look at it again.
TERM = timedelta(days=90)
LONGEST = 200  # characters of a finding that become the reason of a new entry
#: A run that ended so has not judged what it was to judge.
UNFINISHED = {
    Exit.INTERRUPTED: "the run was interrupted",
    Exit.HARNESS_ERROR: "the harness failed",
    Exit.USAGE: "the run was cut short",
}


def excused_nothing(run: Run, settings: Settings) -> list[Stale]:
    surfaces = {*settings.surfaces, *settings.profile.surfaces}
    suite = [case.id for case in cases(RULES.values(), PROBES.values(), surfaces)]
    verdicts = {case["id"]: Kind(case["verdict"]) for case in run.cases}
    return list(stale(settings.expected.entries, suite, verdicts))


def updated(run: Run, settings: Settings) -> str:
    """Write the file of expected failures anew, and say so; where nobody asked for it, nothing."""
    file, owner = settings.expected.file, settings.expected.owner
    if file is None or owner is None:
        return ""
    if trouble := UNFINISHED.get(run.footer["exit"]):
        return f"{file}: not updated, {trouble}"
    new = list(_new(run, owner, strict=settings.strict))
    gone = set(_gone(run, settings))
    if not (new or gone):
        return f"{file}: nothing to update"
    try:
        _write(file, gone, new)
    except OSError as error:
        return f"{file}: not updated, {error.strerror}"
    added = sum(len(entry.patterns) for entry in new)
    ask = "; give each new entry its issue, and its reason in your own words" if new else ""
    return f"{file}: {added} added, {len(gone)} removed{ask}"


def _write(file: Path, gone: set[tuple[str, str]], new: list[Entry]) -> None:
    text = file.read_text("utf-8") if file.exists() else ""
    file.write_text(edited(text, str(file), gone=gone, new=new), "utf-8")


def _gone(run: Run, settings: Settings) -> Iterator[tuple[str, str]]:
    for told in excused_nothing(run, settings):
        yield told.pattern, told.version
    passed = {case["id"] for case in run.cases if case["verdict"] == Kind.UNEXPECTED_PASS}
    for entry in settings.expected.entries:
        for pattern in passed.intersection(entry.patterns):
            yield pattern, entry.version


def _new(run: Run, owner: str, *, strict: bool) -> Iterator[Entry]:
    """Yield an entry for each rule that is broken; exact ids, so that none excuses a new defect."""
    broken: dict[str, list[Json]] = defaultdict(list)
    for case in run.cases:
        if case["verdict"] in FAILED & failing(strict=strict):
            broken[case["rule"]].append(case)
    for rule in sorted(broken):
        named = tuple(sorted(case["id"] for case in broken[rule]))
        yield Entry(named, _reason(broken[rule][0]), owner, _until())


def _reason(case: Json) -> str:
    said = next((finding["message"] for finding in case["findings"]), case["reason"])
    return str(said)[:LONGEST] or f"breaks {case['rule']}"


def _until() -> date:
    return datetime.now(UTC).date() + TERM
