"""Headers of its own that a router declares, in rows of its profile."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from conformance.exchange import Exchange, Json, Trial
from conformance.findings import Basis, Finding, Level
from conformance.profiles.rows import FORMS, Header, Names
from conformance.protocols import read
from conformance.protocols.surface import Data, answer
from conformance.rules.rule import comparison, rule

ANSWERS = "stream array plain error"
DECLARED = "the profile's rows of headers"
#: Where an answer may have its id and model: at the top, or in what an event of a stream holds.
HOLDERS = ("response", "message")
MODEL_IN_PATH = re.compile(r"/models/([^/:]+):")


@rule(
    "hdr.declared",
    Level.MUST,
    on=ANSWERS,
    probes="healthy refusal declared",
    needs="head header",
    basis=Basis.POLICY,
    cites=DECLARED,
)
def headers_are_as_declared(exchange: Exchange) -> Iterator[Finding]:
    """A header that a profile declares is where it is required, and not where it is forbidden.

    Its value matches the whole pattern and is what it is said to equal: the model asked for, or
    the model or id that the answer itself states.
    """
    behind = {name.lower() for name, _ in exchange.trailers}
    for row in rows(exchange):
        value = exchange.header(row.name)
        if row.presence == "forbidden" and row.name.lower() in behind:
            yield Finding(f"{row.name} comes behind the body", where=f"header {row.name}")
        for what in _wrong(row, value, exchange):
            yield Finding(what, where=f"header {row.name}")


def rows(exchange: Exchange) -> list[Header]:
    """Return the rows that speak of an answer like this one."""
    return [
        row
        for row in exchange.policy.get("header", ())
        if applies(row.on, exchange) and _asked(row.model, exchange)
    ]


def _asked(model: str, exchange: Exchange) -> bool:
    """Tell whether a model was asked for, by its name or by that of the feature that names it."""
    return not model or exchange.policy.get(model, model) == asked_model(exchange)


def applies(on: Names, exchange: Exchange) -> bool:
    """Tell whether a list of forms and surfaces has this one in it; none named stands for all."""
    form = "stream" if exchange.form == "array" else exchange.form
    forms = set(on) & set(FORMS)
    surfaces = set(on) - forms
    return form in (forms or {form}) and exchange.surface in (surfaces or {exchange.surface})


def asked_model(exchange: Exchange) -> str:
    """Return the model that was asked for, in the body or in the path."""
    if not exchange.request:
        return ""
    found = MODEL_IN_PATH.search(urlsplit(exchange.request.url).path)
    return found[1] if found else str(exchange.asked("model") or "")


def _wrong(row: Header, value: str | None, exchange: Exchange) -> Iterator[str]:
    if value is None:
        if row.presence == "required":
            yield f"no {row.name}, which every such answer has"
        return
    if row.presence == "forbidden":
        yield f"{row.name} is {value!r}, and no such answer has it"
    elif row.match and not re.fullmatch(row.match, value):
        yield f"{row.name} is {value!r}, which does not match {row.match!r}"
    elif row.equals and (right := related(row.equals, exchange)) and value != right:
        yield f"{row.name} is {value!r}, the {row.equals.replace('.', ' has as ')} {right!r}"


def related(relation: str, exchange: Exchange) -> str:
    """Return what a header has to be the same as, nothing where that is not said."""
    if relation == "request.model":
        return asked_model(exchange)
    return stated(exchange, relation.removeprefix("answer."))


def stated(exchange: Exchange, member: str) -> str:
    """Return the id or model that an answer states first."""
    for value in _objects(exchange):
        for holder in (value, *(value.get(name) for name in HOLDERS)):
            said = holder.get(member) if isinstance(holder, dict) else None
            if isinstance(said, str) and said:
                return said
    return ""


def _objects(exchange: Exchange) -> list[dict[str, Json]]:
    if exchange.form == "plain":
        return [answer(exchange) or {}]
    return [event.value for event in read.events(exchange) if isinstance(event, Data)]


@comparison(
    "hdr.unique",
    Level.MUST,
    on=ANSWERS,
    probes="healthy refusal own-error declared",
    needs="head header",
    basis=Basis.POLICY,
    cites=DECLARED,
)
def no_two_answers_have_the_same(trial: Trial) -> Iterator[Finding]:
    """A header that is declared unique has another value in every answer."""
    first: dict[tuple[str, str], str] = {}
    for name, exchange in trial.exchanges.items():
        for header in {row.name for row in rows(exchange) if row.unique}:
            value = exchange.header(header)
            known = first.setdefault((header, value), name) if value else name
            if known != name:
                what = f"{header} is {value!r}, as in the {known} answer"
                yield Finding(what, where=f"header {header}", exchange=name)


@comparison(
    "hdr.stable",
    Level.SHOULD,
    on=ANSWERS,
    probes="hdr.stable",
    needs="head header",
    basis=Basis.POLICY,
    cites=DECLARED,
)
def the_same_question_gets_the_same(trial: Trial) -> Iterator[Finding]:
    """A header that is declared stable has the same value when the same question is asked again."""
    first: dict[str, str] = {}
    for name, exchange in trial.exchanges.items():
        for header in {row.name for row in rows(exchange) if row.stable}:
            value = exchange.header(header)
            if value and value != first.setdefault(header, value):
                what = f"{header} is {value!r}, in the first answer it was {first[header]!r}"
                yield Finding(what, where=f"header {header}", exchange=name)
