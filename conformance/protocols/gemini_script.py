"""What a script comes to on the Gemini surface, which has no word for some of what it says."""

from dataclasses import replace

from conformance.exchange import Json
from conformance.protocols.gemini_calls import written
from conformance.protocols.outcome import Call, Choice, Failure, Outcome, steps
from conformance.wire.json import BadJson, parse

# The words of google.rpc.Code by the HTTP status each is told with (google/rpc/code.proto).
STATUSES = {
    400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND",
    409: "ABORTED", 429: "RESOURCE_EXHAUSTED", 499: "CANCELLED", 500: "INTERNAL",
    501: "UNIMPLEMENTED", 503: "UNAVAILABLE", 504: "DEADLINE_EXCEEDED",
}  # fmt: skip
CODES = {*STATUSES.values(), "FAILED_PRECONDITION", "OUT_OF_RANGE", "ALREADY_EXISTS", "DATA_LOSS",
         "UNKNOWN"}  # fmt: skip
UNTOLD = 500  # the code of an error that does not say its own
MALFORMED = "MALFORMED_FUNCTION_CALL"


def said(scenario: Json, whole: Outcome) -> Outcome:
    """Return the outcome as this surface can say it."""
    choices = tuple(map(_choice, whole.choices))
    if scenario.get("gemini", {}).get("block"):
        choices = (Choice(finish="content_filter"),)
    return replace(whole, choices=choices, failure=_failure(scenario))


def _choice(choice: Choice) -> Choice:
    """A refusal is a text, arguments are a value, and a call of none is not made."""
    made = tuple(call for each in choice.calls if (call := _call(each)))
    finish = choice.finish
    if len(made) < len(choice.calls) and finish in ("stop", "tool_calls"):
        finish = MALFORMED
    return Choice(choice.text + choice.refusal, choice.reasoning, "", made, finish)


def _call(call: Call) -> Call | None:
    try:
        value = parse(call.arguments or "{}")
    except BadJson:
        return None
    return replace(call, arguments=written(value)) if isinstance(value, dict) else None


def _failure(scenario: Json) -> Failure | None:
    """Return the last error, with the code and the word it has here."""
    for step in reversed(list(steps(scenario))):
        if told := step.get("error"):
            status = told.get("status") or scenario.get("head", {}).get("status", UNTOLD)
            word = told.get("type") if told.get("type") in CODES else STATUSES.get(status)
            return Failure(told.get("message", ""), word, status)
    return None
