"""One judged case as text: requirement, place, bytes, and how to see it again."""

from collections.abc import Iterator

from conformance.exchange import Json
from conformance.report.run import Run

MARGIN = " " * 4
INDENT = " " * 8


def failure(case: Json, run: Run) -> list[str]:
    rule = run.rules[case["rule"]]
    context = f"probe {case['probe']}, {case['surface']}, profile {run.header['profile']['name']}"
    return [
        f"{case['rule']}  {case['level']}  {case['verdict']}        {context}",
        *(MARGIN + line for line in rule["text"].splitlines()),
        *(f"{MARGIN}{cite}" for cite in rule["cites"]),
        *([MARGIN + case["reason"]] if case["reason"] else []),
        *places(case),
        *_again(case, run),
    ]


def places(case: Json) -> Iterator[str]:
    """Yield each finding: where it is, what it is, the bytes around it."""
    for finding in case["findings"]:
        where = place(finding)
        yield f"{MARGIN}{where}: {finding['message']}" if where else MARGIN + finding["message"]
        if finding["excerpt"]:
            yield INDENT + finding["excerpt"]
    if case["more_findings"]:
        yield f"{MARGIN}and {case['more_findings']} more"


def place(finding: Json) -> str:
    parts = [finding["exchange"], finding["where"]]
    if finding["span"]:
        parts.append("bytes {}..{}".format(*finding["span"]))
    return ", ".join(part for part in parts if part)


def _again(case: Json, run: Run) -> Iterator[str]:
    nonces = {exchange["name"]: exchange["nonce"] for exchange in case["exchanges"]}
    at_fault = next((f["exchange"] for f in case["findings"] if f["exchange"] in nonces), None)
    nonce = nonces.get(at_fault) or next(iter(nonces.values()), "")
    if nonce:
        yield f"{MARGIN}nonce: {nonce}"
    if command := run.evidence.get(nonce, {}).get("curl"):
        yield f"{MARGIN}send: {command}"
    for command in case["repeat"].values():
        yield f"{MARGIN}again: {command}"
