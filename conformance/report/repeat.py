"""The commands that judge one case again."""

import shlex

from conformance.redact import bare
from conformance.settings import Settings


def repeats(case_id: str, settings: Settings) -> dict[str, str]:
    """Return the command for pytest and for the command line; the key comes from ROUTER_KEY."""
    if settings.command:
        return {"conformance": f"{settings.command} --only {shlex.quote(case_id)}"}
    options = " ".join(_option(flag, value) for flag, value in settings.given)
    case = shlex.quote(case_id)
    return {
        "conformance": f"conformance run {options} --only {case}",
        "pytest": f"pytest --pyargs conformance {options} -k {case}",
    }


def _option(flag: str, value: object) -> str:
    match value:
        case True:
            return flag
        case float():
            return f"{flag} {value:g}"
        case str():
            return f"{flag} {shlex.quote(bare(value))}"
    return f"{flag} {value}"
