"""A run as a terminal shows it."""

from conformance.exchange import Json
from conformance.exits import MEANING, Exit
from conformance.report import tally
from conformance.report.failure import failure
from conformance.report.run import Run
from conformance.verdicts import Kind

SHOWN = (Kind.FAIL, Kind.UNEXPECTED_PASS, Kind.HARNESS_ERROR, Kind.WARN)
EXCUSED = (Kind.EXPECTED_FAIL,)
OPEN = (Kind.INCONCLUSIVE, Kind.UNTESTABLE)


def details(run: Run) -> list[str]:
    """Return every case that someone has to look at, in full."""
    shown = [case for kind in SHOWN for case in run.cases if case["verdict"] == kind]
    return [line for case in shown for line in (*failure(case, run), "")]


def summary(run: Run, path: str = "") -> list[str]:
    """Return what the run comes to: mode, counts, failures by rule, what stays open."""
    header = run.header
    heads = tally.verdicts(run.cases)
    return [
        f"{header['router']['url']}  {header['mode']}  profile {header['profile']['name']}",
        *([header["note"]] if header["note"] else []),
        "",
        *(line for member in ("level", "basis") if heads for line in _counts(run, member, heads)),
        *(line for kind in SHOWN for line in _rules(run, kind)),
        *(line for kind in (*EXCUSED, *OPEN) for line in _reasons(run, kind)),
        *clients(run),
        *(f"stale  {told['pattern']}: {told['why']}" for told in stale(run)),
        *([f"run: {path}"] if path else []),
        conclusion(run),
    ]


def clients(run: Run) -> list[str]:
    """Say which clients can use the router, a line each, and the first trouble of the others."""
    if not run.clients:
        return []
    rows = [["client", "surface", "read", ""]]
    for told in run.clients:
        count = f"{told['read']} of {told['given']}" if told["given"] else "-"
        rows.append([told["title"], told["surface"], count, verdict_on(told)])
    return [*columns(rows, texts=True), ""]


def verdict_on(told: Json) -> str:
    """Say in words whether a client can use the router."""
    if told["missing"]:
        return f"not asked: {told['missing']}"
    if not told["trouble"]:
        return "can"
    return f"{'not all' if told['read'] else 'cannot'}: {told['trouble'][0]}"


def conclusion(run: Run) -> str:
    if not run.footer:
        return run.damage or "the run has not ended"
    code = Exit(run.footer["exit"])
    judged, selected = len(run.cases), run.footer["selected"]
    count = str(judged) if judged == selected else f"{judged} of {selected}"
    return f"{MEANING[code]}{_but(run, code)}: {count} case{'s' * (selected != 1)}, exit {code}"


def _but(run: Run, code: Exit) -> str:
    excused = sum(case["verdict"] == Kind.EXPECTED_FAIL for case in run.cases)
    if code != Exit.CONFORMANT or not excused:
        return ""
    return f" but for {excused} expected failure{'s' * (excused != 1)}"


def stale(run: Run) -> list[Json]:
    """Return the expected failures that excused nothing."""
    return list(run.footer.get("stale", [])) if run.footer else []


def _counts(run: Run, member: str, heads: list[str]) -> list[str]:
    return [*columns(tally.table(tally.by(member, run.cases), heads, member)), ""]


def columns(rows: list[list[str]], *, texts: bool = False) -> list[str]:
    """Set rows in columns: names to the left, what follows them to the right unless it is text."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    set_ = str.ljust if texts else str.rjust
    return [
        "  ".join([row[0].ljust(widths[0]), *map(set_, row[1:], widths[1:])]).rstrip()
        for row in rows
    ]


def _rules(run: Run, kind: Kind) -> list[str]:
    """Group the cases of a verdict by rule, one line a rule."""
    return [
        f"{kind}  {rule}: {', '.join(case['surface'] + '-' + case['probe'] for case in cases)}"
        for rule, cases in tally.grouped(kind, "rule", run.cases)
    ]


def _reasons(run: Run, kind: Kind) -> list[str]:
    """Group the cases of a verdict by reason, one line a reason."""
    return [
        f"{kind}  {_cases(cases)}: {reason}"
        for reason, cases in tally.grouped(kind, "reason", run.cases)
    ]


def _cases(cases: list[Json]) -> str:
    if len(cases) == 1:
        return str(cases[0]["id"])
    rules = len({case["rule"] for case in cases})
    return f"{len(cases)} cases of {rules} rule{'s' * (rules != 1)}"
