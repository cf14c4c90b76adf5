"""Reads an exchange as its surface has it. A new surface is added to SURFACES and nowhere else."""

from collections.abc import Mapping
from dataclasses import replace

from conformance.exchange import End, Exchange, Json, once
from conformance.protocols import (
    chat_outcome,
    gemini_outcome,
    messages_outcome,
    responses_outcome,
)
from conformance.protocols import outcome as outcomes
from conformance.protocols.grammar import Token, Violation
from conformance.protocols.outcome import Choice, Failure, Outcome
from conformance.protocols.surface import Event, Flaw, Surface

ARRAY = "-array"

SURFACES: Mapping[str, Surface] = {
    "chat": chat_outcome.SURFACE,
    "responses": responses_outcome.SURFACE,
    "messages": messages_outcome.SURFACE,
    "gemini": gemini_outcome.SURFACE,
}


def surface(exchange: Exchange) -> Surface:
    return SURFACES[exchange.surface]


def events(exchange: Exchange) -> list[Event]:
    return surface(exchange).events(exchange)


def tokens(exchange: Exchange) -> list[Token]:
    return surface(exchange).tokens(exchange)


def outcome(exchange: Exchange) -> Outcome:
    """Return what a client ends up with, of a stream or of a plain answer."""
    return surface(exchange).outcome(exchange)


@once
def scripted(exchange: Exchange) -> Outcome:
    """Return what a client of this surface should end up with, as the scenario has it.

    Where the provider was asked in another API, its choices say no more than could be said there;
    where it refused what it was asked, it has said nothing.
    """
    if why := objection(exchange):
        return Outcome(failure=Failure(why))
    whole = outcomes.scripted(exchange.scenario, asked(exchange))
    others = provided(exchange) & SURFACES.keys() - {exchange.surface}
    for name in sorted(others):
        whole = replace(whole, choices=SURFACES[name].said(exchange.scenario, whole).choices)
    own = surface(exchange).said(exchange.scenario, whole)
    if not others:
        return own
    return replace(own, choices=tuple(map(_ended, whole.choices, own.choices)))


def _ended(there: Choice, here: Choice) -> Choice:
    """A refusal that ends as a turn there and as a refusal here is told rightly by either."""
    return replace(here, finish=None) if there.refusal and there.finish != here.finish else here


def objection(exchange: Exchange) -> str:
    """Return why a strict provider refused what the router made of the request, if it did."""
    last = exchange.journal[-1] if exchange.journal else {}
    played = last.get("scenario", "") is not None
    return "" if played or not last["objections"] else str(last["objections"][0]["message"])


def provided(exchange: Exchange) -> set[str]:
    """Return the APIs in which the provider was asked."""
    return {api(exchange, entry) for entry in exchange.journal}


def translated(exchange: Exchange) -> bool:
    """Whether the provider was asked in another API than the router."""
    return bool(provided(exchange) - {exchange.surface})


def api(exchange: Exchange, entry: Json) -> str:
    """Return in which API a journal entry was asked; the mock has two names for Gemini's."""
    return str(entry.get("surface", exchange.surface)).removesuffix(ARRAY)


def stated(exchange: Exchange) -> dict[int, str | None]:
    """Return why each choice ended, in the words of the wire."""
    return surface(exchange).stated(exchange)


def failure(exchange: Exchange) -> Failure | None:
    """Return the error the client was told of, by event or by status."""
    if exchange.form == "error":
        return surface(exchange).failure(exchange)
    return outcome(exchange).failure


def misshapen(exchange: Exchange) -> list[Flaw]:
    return surface(exchange).misshapen(exchange)


def words(exchange: Exchange) -> Mapping[str, str]:
    return surface(exchange).words


def terminator(exchange: Exchange) -> str:
    return surface(exchange).terminator


def read_failure(exchange: Exchange, told: Json) -> Failure:
    """Return what an error object of this surface says."""
    return surface(exchange).read_failure(told)


def wants_usage(exchange: Exchange) -> bool:
    return surface(exchange).wants_usage(exchange)


def asked(exchange: Exchange) -> int:
    """Return how many choices were asked for."""
    return surface(exchange).asked(exchange)


def disorder(exchange: Exchange) -> list[Violation]:
    """Return what breaks the order within a choice, where that is one of tokens."""
    return surface(exchange).disorder(exchange)


def misnumbered(exchange: Exchange) -> set[int]:
    """Return the choice indexes that are there and should not be, or the other way round."""
    return surface(exchange).misnumbered(exchange)


@once
def failed(exchange: Exchange) -> bool:
    """Say whether the client was told that the answer did not succeed."""
    told = any(token.kind == "error" for token in tokens(exchange))
    return told or exchange.end in (End.CUT, End.RESET)


def served(exchange: Exchange) -> bool:
    """Say whether the client got an answer in the form it asked for."""
    return exchange.form == exchange.mode and not failed(exchange)


@once
def closed(exchange: Exchange) -> bool:
    """Say whether the terminator came."""
    return any(token.kind == "done" for token in tokens(exchange))
