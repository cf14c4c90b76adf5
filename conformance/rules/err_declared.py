"""Errors as the profile of a router declares them: their members, and the words of a status."""

from collections.abc import Iterator

from conformance.exchange import Exchange, Json
from conformance.findings import Basis, Finding, Level
from conformance.profiles.rows import Error
from conformance.protocols import read
from conformance.protocols.surface import answer
from conformance.rules.rule import rule

ERRORS = "refusal cut unfinished inband-error own-error"
ANSWERS = "stream array plain error"
OURS = "the rows under [[error]] of the profile, each with its source"
#: What tells a client that its key is at fault, and what that its request is.
DENIED, AT_FAULT = frozenset({401, 403}), range(400, 500)
#: Google's own API calls a key that there is not an invalid argument.
DENIED_BY_GOOGLE = {"gemini": frozenset({400})}


@rule(
    "err.declared-envelope",
    Level.MUST,
    on=ANSWERS,
    probes=ERRORS,
    needs="head error",
    basis=Basis.POLICY,
    cites=OURS,
)
def an_error_has_the_declared_members(exchange: Exchange) -> Iterator[Finding]:
    """An error has the members that the profile declares of its surface and its status."""
    told = _told(exchange)
    if told is None or exchange.form != "error" or read.misshapen(exchange):
        return
    wanted = [name for row in declared(exchange) for name in row.has]
    if lacks := [name for name in dict.fromkeys(wanted) if name not in told]:
        yield Finding(f"the error of a {exchange.status} lacks {', '.join(lacks)}: "
                      f"{str(told)[:120]}", where="body")  # fmt: skip


@rule(
    "err.declared-words",
    Level.MUST,
    on=ANSWERS,
    probes=ERRORS,
    needs="head error",
    basis=Basis.POLICY,
    cites=OURS,
)
def an_error_is_called_as_declared(exchange: Exchange) -> Iterator[Finding]:
    """An error has the type and the code that the profile declares for its status.

    Where it declares several for one status, any of them will do.
    """
    told, rows = read.failure(exchange), worded(exchange)
    if told is None or exchange.form != "error" or not rows or read.misshapen(exchange):
        return
    if not any(row.type in ("", told.type) and row.code in ("", told.code) for row in rows):
        right = " or ".join(_words(row.type, row.code) for row in rows)
        yield Finding(
            f"a {exchange.status} with {_words(told.type, told.code)}; declared is {right}",
            where="body",
        )


def declared(exchange: Exchange) -> list[Error]:
    """Return the rows that are about such an error."""
    rows: tuple[Error, ...] = exchange.policy.get("error", ())
    return [row for row in rows
            if exchange.surface in (row.on or (exchange.surface,))
            and row.status in (0, exchange.status)]  # fmt: skip


def worded(exchange: Exchange) -> list[Error]:
    """Return the rows that say what it is called; those of its status outweigh those of all."""
    rows = [row for row in declared(exchange) if row.type or row.code]
    return [row for row in rows if row.status] or rows


def _words(type: Json, code: Json) -> str:
    told = (("type", type), ("code", code))
    return " and ".join(f"{name} {word!r}" for name, word in told if word) or "neither"


def _told(exchange: Exchange) -> Json:
    error = (answer(exchange) or {}).get("error")
    return error if isinstance(error, dict) else None


@rule(
    "err.finish-policy",
    Level.SHOULD,
    on="chat.stream chat.error",
    probes="cut inband-error",
    needs="upstream",
    policy="error-finish",
    basis=Basis.POLICY,
    cites="OpenRouter and ARouter documentation, errors within a stream: finish_reason error",
)
def a_failed_stream_finishes_as_declared(exchange: Exchange) -> Iterator[Finding]:
    """A stream that ends in an error states the finish reason error, or none, as declared."""
    wanted = {"error": True, "none": False}.get(exchange.policy.get("error-finish", ""))
    if wanted is None or not exchange.streamed or read.failure(exchange) is None:
        return
    if ("error" in read.stated(exchange).values()) != wanted:
        how = "without the" if wanted else "with the"
        yield Finding(f"the stream ended in an error, {how} finish reason error")


@rule(
    "err.unknown-model",
    Level.MUST,
    on=ANSWERS,
    probes="err.unknown-model",
    needs="head unknown-model",
    basis=Basis.POLICY,
    cites="RFC 9110 15.5: 4xx says that the request is at fault; OpenAI error codes: 404 "
    "model_not_found",
)
def a_model_that_is_not_there_is_refused(exchange: Exchange) -> Iterator[Finding]:
    """A request for a model that there is not gets a 4xx: no answer of another, no 5xx."""
    if exchange.status not in AT_FAULT:
        model = exchange.policy["unknown-model"]
        yield Finding(f"{model!r} was asked for, which there is not, and got {exchange.status}")


@rule(
    "err.key-refused",
    Level.MUST,
    on=ANSWERS,
    probes="err.key-refused",
    needs="head auth",
    basis=Basis.POLICY,
    cites="RFC 9110 15.5.2 and 15.5.4: 401 without valid credentials, 403 where those do not do",
)
def who_has_no_key_is_refused(exchange: Exchange) -> Iterator[Finding]:
    """A request without a key, or with a key that there is not, is refused with 401 or 403."""
    if exchange.status not in DENIED | DENIED_BY_GOOGLE.get(exchange.surface, frozenset()):
        yield Finding(f"the status is {exchange.status}; right is 401 or 403")
