"""Judged cases in, the lines of `run.jsonl` out; whatever is written passes the redactor here."""

import platform
from base64 import b64encode
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import NamedTuple

from conformance.clients.trying import Use
from conformance.engine import Ground, Judged
from conformance.excerpt import excerpt
from conformance.exchange import Exchange, Json
from conformance.exits import Exit, exit_code
from conformance.findings import Finding, Level
from conformance.redact import Redactor, bare
from conformance.report.curl import curl
from conformance.report.excuses import excused_nothing
from conformance.report.repeat import repeats
from conformance.report.run import SCHEMA, Run
from conformance.rules.rule import Rule
from conformance.settings import Settings
from conformance.verdicts import Kind

BODY = 1 << 16  # bytes of a body that are kept as evidence
MOST = 20  # findings of one case that are written out
EVENTS = 1000  # reads and writes of one exchange that are written out

#: Verdicts one wants to see the exchange of.
EVIDENT = frozenset({Kind.FAIL, Kind.WARN, Kind.INFO, Kind.DEVIATES, Kind.EXPECTED_FAIL,
                     Kind.UNEXPECTED_PASS, Kind.INCONCLUSIVE, Kind.HARNESS_ERROR})  # fmt: skip


class Told(NamedTuple):
    """A judged case as the lines it is written in."""

    rule: Json
    case: Json
    evidence: list[Json]


def told(judged: Judged, settings: Settings) -> Told:
    return Told(rule(judged.case.rule), case(judged, settings), evidence(judged, settings))


def header(settings: Settings, ground: Ground) -> Json:
    target, profile = settings.target, settings.profile
    return Redactor(settings.secrets).value({
        "kind": "header",
        "schema": SCHEMA,
        "tool": {"name": "streamproof", "version": installed()},
        "run": ground.run,
        "started": now(),
        "mode": ground.mode,
        "note": ground.note,
        "router": {"url": bare(target.url), "model": target.model,
                   "version": settings.expected.version},
        "profile": {"name": profile.name, "title": profile.title, "source": profile.source},
        "expected_failures": str(settings.expected.file or ""),
        "mock": _providers(ground),
        "options": {
            "deadline": settings.limits.deadline,
            "patience": settings.limits.patience,
            "strict_should": settings.strict,
            "black_box": settings.black_box,
        },
        "platform": {
            "python": platform.python_version(),
            "system": platform.system(),
            "machine": platform.machine(),
        },
    })  # fmt: skip


def _providers(ground: Ground) -> Json:
    if not ground.upstream_url:
        return None
    second = ground.second_upstream_url
    return {
        "upstream_url": ground.upstream_url,
        **({"second_upstream_url": second} if second else {}),
    }


def rule(rule: Rule) -> Json:
    return {
        "kind": "rule",
        "id": rule.id,
        "family": rule.family,
        "level": rule.level,
        "basis": rule.basis,
        "needs": sorted(rule.needs),
        "policy": rule.policy,
        "text": rule.text,
        "cites": list(rule.cites),
        "bugs": list(rule.bugs),
    }


def case(judged: Judged, settings: Settings) -> Json:
    case, verdict = judged.case, judged.verdict
    exchanges = dict(judged.trial.exchanges) if judged.trial else {}
    redactor = Redactor(settings.secrets)
    return redactor.value({
        "kind": "case",
        "id": case.id,
        "rule": case.rule.id,
        "level": case.rule.level,
        "basis": case.rule.basis,
        "family": case.rule.family,
        "probe": case.probe.id,
        "surface": case.surface,
        "verdict": verdict.kind,
        "reason": verdict.reason,
        "findings": [_finding(found, exchanges, redactor) for found in verdict.findings[:MOST]],
        "more_findings": max(0, len(verdict.findings) - MOST),
        "exchanges": [_exchange(name, exchange) for name, exchange in exchanges.items()],
        "repeat": repeats(case.id, settings) if verdict.kind in EVIDENT else {},
        "seconds": round(judged.seconds, 6),
    })  # fmt: skip


def _finding(finding: Finding, exchanges: Mapping[str, Exchange], redactor: Redactor) -> Json:
    body = exchanges[finding.exchange].body if finding.exchange in exchanges else b""
    return {
        "message": finding.message,
        "exchange": finding.exchange,
        "where": finding.where,
        "span": list(finding.span) if finding.span else None,
        "excerpt": excerpt(redactor.data(body), finding.span) if finding.span else "",
    }


def _exchange(name: str, exchange: Exchange) -> Json:
    return {"name": name, "nonce": exchange.nonce, "status": exchange.status, "end": exchange.end}


def evidence(judged: Judged, settings: Settings) -> list[Json]:
    """Return what was said on both sides of the router, for a verdict that needs explaining."""
    if judged.verdict.kind not in EVIDENT or judged.trial is None:
        return []
    redactor = Redactor(settings.secrets)
    return [
        _evidence(name, exchange, redactor) for name, exchange in judged.trial.exchanges.items()
    ]


def _evidence(name: str, exchange: Exchange, redactor: Redactor) -> Json:
    request = exchange.request
    return {
        "kind": "evidence",
        "nonce": exchange.nonce,
        "exchange": name,
        "request": request and {
            "method": request.method,
            "url": bare(request.url),
            "headers": redactor.headers(request.headers),
            "body": redactor.value(request.body),
        },
        "curl": redactor.text(curl(exchange)),
        "status": exchange.status,
        "headers": redactor.headers(exchange.headers),
        "body": b64encode(redactor.data(exchange.body)[:BODY]).decode(),
        "bytes": len(exchange.body),
        "reads": [[read.at, len(read.data)] for read in exchange.reads[:EVENTS]],
        "end": exchange.end,
        "error": redactor.text(exchange.error),
        "holds": [{"name": seen.name, "lag": seen.lag} for seen in exchange.holds],
        "journal": [_entry(entry, redactor) for entry in exchange.journal],
    }  # fmt: skip


def _entry(entry: Json, redactor: Redactor) -> Json:
    request = entry.get("request", {})
    shortened = {key: value[:BODY] for key, value in request.items() if key.startswith("body")}
    writes = entry.get("writes", [])[:EVENTS]
    return redactor.value({**entry, "request": {**request, **shortened}, "writes": writes})


def client(use: Use) -> Json:
    return {
        "kind": "client",
        "title": use.program.title,
        "surface": use.program.kind.partition(".")[0],
        "given": use.given,
        "read": use.read,
        "trouble": list(use.trouble),
        "missing": use.missing,
    }


def footer(run: Run, settings: Settings, selected: int, stopped: Exit | None = None) -> Json:
    """Close a run; `stopped` is why it ended before its time."""
    counts = Counter(line["verdict"] for line in run.cases)
    idle = excused_nothing(run, settings)
    verdicts = [(Level(line["level"]), Kind(line["verdict"])) for line in run.cases]
    code = exit_code(
        # A stale pattern weighs as much as a case that should have failed.
        verdicts + [(Level.MUST, Kind.UNEXPECTED_PASS)] * len(idle),
        selected=selected,
        black_box=settings.black_box,
        complete=not run.header["note"],
        strict=settings.strict,
    )
    return {
        "kind": "footer",
        "finished": now(),
        "counts": dict(sorted(counts.items())),
        "stale": [{"pattern": told.pattern, "why": told.why} for told in idle],
        "selected": selected,
        "exit": int(code if stopped is None else stopped),
    }


def installed() -> str:
    try:
        return version("streamproof")
    except PackageNotFoundError:
        return "not installed"


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
