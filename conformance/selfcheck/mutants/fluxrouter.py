"""FluxRouters that keep one promise less."""

from conformance.selfcheck.emulations import fluxrouter
from conformance.selfcheck.router.relay import Relay
from conformance.selfcheck.router.values import Answer, Headers
from conformance.selfcheck.variant import mutant

OF = "fluxrouter"


def without(headers: Headers, *names: str) -> Headers:
    return tuple(pair for pair in headers if pair[0] not in names)


def changed(headers: Headers, **values: str) -> Headers:
    """Return headers with other values; an underscore stands for each hyphen of a name."""
    return tuple((name, values.get(name.replace("-", "_"), value)) for name, value in headers)


@mutant("stream_headers", of=OF, breaks="hdr.declared")
def hides_the_model_of_streams(relay: Relay) -> Headers:
    """Says on plain answers only which model answered."""
    return without(fluxrouter.stream_headers(relay), "x-flux-model")


@mutant("stream_headers", of=OF, breaks="hdr.declared")
def says_the_cost_ahead(relay: Relay) -> Headers:
    """Says what a stream costs before anybody can know."""
    return (*fluxrouter.stream_headers(relay), (fluxrouter.COST, "0.000412"))


@mutant("answer", of=OF, breaks="hdr.declared")
def keeps_the_cost_to_itself(answer: Answer, relay: Relay) -> Answer:
    """Says of no answer what it cost."""
    made = fluxrouter.answer(answer, relay)
    return made._replace(headers=without(made.headers, fluxrouter.COST))


@mutant("answer", of=OF, breaks="hdr.declared")
def says_the_cost_in_words(answer: Answer, relay: Relay) -> Answer:
    """Says the cost with the sign of the currency."""
    made = fluxrouter.answer(answer, relay)
    return made._replace(headers=changed(made.headers, x_flux_cost_usd="$0.01"))


@mutant("stream_headers", of=OF, breaks="hdr.declared")
def forgets_what_was_asked_for(relay: Relay) -> Headers:
    """Says the model that answers for the one that was asked for."""
    told = fluxrouter.stream_headers(relay)
    return changed(told, x_flux_original_model=fluxrouter.served(relay))


@mutant("stream_headers", of=OF, breaks="hdr.declared")
def says_routed_in_words(relay: Relay) -> Headers:
    """Says yes where true was promised."""
    return changed(fluxrouter.stream_headers(relay), x_flux_routed="yes")
