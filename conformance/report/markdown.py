"""A run as a compliance report in Markdown: what one reads, sends to a vendor, or commits."""

import re
from collections.abc import Iterator

from conformance.exchange import Json
from conformance.report import tally
from conformance.report.failure import place
from conformance.report.run import Run
from conformance.report.terminal import conclusion, stale, verdict_on
from conformance.verdicts import Kind

SPECIAL = re.compile(r"([\\`*_\[\]<>|])")
SECTIONS = (
    (Kind.FAIL, "Broken rules"),
    (Kind.UNEXPECTED_PASS, "Expected to fail, but passed"),
    (Kind.HARNESS_ERROR, "Trouble of the harness"),
    (Kind.WARN, "Broken recommendations"),
    (Kind.EXPECTED_FAIL, "Expected failures"),
    (Kind.DEVIATES, "Deviations the profile declares"),
    (Kind.INFO, "For information"),
)
OPEN = (
    (Kind.INCONCLUSIVE, "Inconclusive"),
    (Kind.UNTESTABLE, "Untestable here"),
    (Kind.NOT_APPLICABLE, "Not applicable"),
)


def markdown(run: Run) -> str:
    return "\n".join([*_head(run), *_counts(run), *_broken(run), *_stale(run), *_open(run),
                      *_clients(run)])  # fmt: skip


def _head(run: Run) -> Iterator[str]:
    header = run.header
    yield from (f"# Conformance of {text(header['router']['url'])}", "")
    yield from (f"**{text(_sentence(conclusion(run)))}**", "")
    rows = {
        "router": header["router"]["url"],
        "model": header["router"]["model"],
        "version": header["router"].get("version", ""),
        "profile": f"{header['profile']['name']}: {header['profile']['title']}",
        "expected failures": header.get("expected_failures", ""),
        "mode": header["mode"],
        "note": header["note"],
        "date": header["started"],
        "run": header["run"],
        "suite": f"{header['tool']['name']} {header['tool']['version']}",
    }
    yield from _table([["", ""], *([name, value] for name, value in rows.items() if value)])


def _clients(run: Run) -> Iterator[str]:
    if run.clients:
        yield from ("## Which clients can use this router", "")
        yield from ("What the router sent was played to these programs again.", "")
        rows = [[told["title"], told["surface"], f"{told['read']} of {told['given']}",
                 verdict_on(told)] for told in run.clients]  # fmt: skip
        yield from _table([["client", "surface", "answers read", ""], *rows])


def _counts(run: Run) -> Iterator[str]:
    heads = tally.verdicts(run.cases)
    for member in ("level", "basis"):
        yield from (f"## By {member}", "")
        yield from _table(tally.table(tally.by(member, run.cases), heads, member))
    yield from ("## By family", "")
    yield from _table(tally.families(run.cases, heads))


def _broken(run: Run) -> Iterator[str]:
    for kind, title in SECTIONS:
        rules = tally.grouped(kind, "rule", run.cases)
        yield from (f"## {title}", "") if rules else ()
        for rule, cases in rules:
            yield from _rule(run.rules[rule])
            for case in cases:
                yield from _case(case)


def _rule(rule: Json) -> Iterator[str]:
    yield from (f"### {text(rule['id'])} ({rule['level']}, {rule['basis']})", "")
    yield from (text(rule["text"]), "")
    for cite in rule["cites"]:
        yield f"- {text(cite)}"
    for bug in rule["bugs"]:
        yield f"- seen in {text(bug)}"
    yield ""


def _case(case: Json) -> Iterator[str]:
    yield from (f"#### {text(case['surface'])}, probe {text(case['probe'])}", "")
    if case["reason"]:
        yield from (text(case["reason"]), "")
    for finding in case["findings"]:
        said = ": ".join(filter(None, (place(finding), finding["message"])))
        # A backslash at the end of a line is a line break.
        yield f"- {text(said)}" + ("\\" if finding["excerpt"] else "")
        if finding["excerpt"]:
            yield f"  {code(finding['excerpt'])}"
    if case["more_findings"]:
        yield f"- and {case['more_findings']} more"
    yield ""
    if commands := list(case["repeat"].values()):
        yield from ("```sh", *commands, "```", "")


def _stale(run: Run) -> Iterator[str]:
    told = stale(run)
    yield from ("## Stale expected failures", "") if told else ()
    for line in told:
        yield f"- {code(line['pattern'])}: {text(line['why'])}"
    yield from ("",) if told else ()


def _open(run: Run) -> Iterator[str]:
    for kind, title in OPEN:
        reasons = tally.grouped(kind, "reason", run.cases)
        yield from (f"## {title}", "", "None of these counts as passed.", "") if reasons else ()
        for reason, cases in reasons:
            yield f"- {text(reason)}: {', '.join(code(case['id']) for case in cases)}"
        yield from ("",) if reasons else ()


def _table(rows: list[list[str]]) -> Iterator[str]:
    head, *body = rows
    yield f"| {' | '.join(map(text, head))} |"
    yield f"| {' | '.join('---' for _ in head)} |"
    for row in body:
        yield f"| {' | '.join(map(text, row))} |"
    yield ""


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]


def text(words: str) -> str:
    """Return words as plain Markdown text on one line, whatever is in them."""
    return SPECIAL.sub(r"\\\1", " ".join(words.split()))


def code(words: str) -> str:
    """Return words as inline code, whatever backticks are in them."""
    longest = max((len(ticks) for ticks in re.findall("`+", words)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if "`" in words else ""
    return f"{fence}{pad}{words}{pad}{fence}"
