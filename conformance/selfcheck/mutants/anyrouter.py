"""AnyRouters that keep one promise less."""

from collections.abc import Sequence

from conformance.selfcheck import fallback, reference
from conformance.selfcheck.emulations import anyrouter, limits
from conformance.selfcheck.router import pages
from conformance.selfcheck.router.dialects.chat import chunks
from conformance.selfcheck.router.relay import Relay
from conformance.selfcheck.router.upstream import Upstream
from conformance.selfcheck.router.values import Answer, Chunk, Failed, Headers, fewer
from conformance.selfcheck.variant import mutant

OF = "anyrouter"
TOO_MANY, INTERNAL = 429, 500


@mutant("stream_headers", of=OF, breaks="hdr.declared hdr.ratelimit-forwarded")
def counts_no_requests_on_streams(relay: Relay) -> Headers:
    """Says on plain answers only how many requests are left."""
    return reference.stream_headers(relay)


@mutant("failure", of=OF, breaks="hdr.declared")
def counts_no_requests_on_errors(failed: Failed, relay: Relay) -> Answer:
    """Does not say with an error how many requests are left."""
    made = anyrouter.failure(failed, relay)
    return made._replace(headers=fewer(made.headers, *dict(limits.limits(relay))))


@mutant("answer_headers", of=OF, breaks="hdr.ratelimit-arithmetic")
def has_one_more_left_than_there_is(relay: Relay) -> Headers:
    """Says that more requests are left than the limit has."""
    told = dict(limits.answer_headers(relay))
    return tuple({**told, "x-ratelimit-remaining": str(limits.LIMIT + 1)}.items())


@mutant("failure", of=OF, breaks="hdr.retry-after-syntax")
def says_how_long_to_wait_in_words(failed: Failed, relay: Relay) -> Answer:
    """Says a little while where the provider does not say how long to wait."""
    made = anyrouter.failure(failed, relay)
    if failed.status != TOO_MANY or any(name == "retry-after" for name, _ in made.headers):
        return made
    return made._replace(headers=(*made.headers, ("retry-after", "a little while")))


@mutant("admit", of=OF, surface="messages", breaks="hdr.messages-version")
def asks_for_no_version(relay: Relay) -> None:
    """Answers on Messages whether or not the client says which version it speaks."""
    reference.admit(relay)


@mutant("failure", of=OF, breaks="err.declared-words")
def calls_every_error_as_the_provider_does(failed: Failed, relay: Relay) -> Answer:
    """Has no words of its own for a status."""
    return reference.failure(failed, relay)


@mutant("falls_back", of=OF, breaks="retry.fallback-before-commit")
def shows_what_the_provider_failed_with(failed: Failed, relay: Relay) -> bool:
    """Hands a 500 on, though there is another candidate."""
    return failed.status != INTERNAL and fallback.falls_back(failed, relay)


@mutant("falls_back", of=OF, breaks="retry.fallback-before-commit")
def keeps_to_who_has_no_budget_left(failed: Failed, relay: Relay) -> bool:
    """Does not try the next candidate where the rate budget of one is exhausted."""
    return failed.status != TOO_MANY and fallback.falls_back(failed, relay)


@mutant("providers", of=OF, breaks="retry.pinned-provider")
def asks_whoever_is_next(relay: Relay) -> Sequence[Upstream]:
    """Falls back for whoever has named the one provider to ask."""
    return fallback.providers(relay)


@mutant("providers", of=OF, breaks="health.midstream-counted")
def gives_nobody_a_rest(relay: Relay) -> Sequence[Upstream]:
    """Goes on asking first who fails time and again."""
    return [each for each in relay.upstreams if each in anyrouter.providers(relay)]


@mutant("identity", of=OF, breaks="chunk.identity-policy")
def says_which_model_it_was(chunk: Chunk, relay: Relay) -> Chunk:
    """Says the provider's name of the model where the client had its own."""
    told = chunks.identity(chunk, relay)
    return {**told, "id": anyrouter.PREFIXES["chat"] + relay.id}


@mutant("pages", instead_of="GET /api/v1/credits", of=OF, breaks="http.declared-endpoint")
async def has_no_credits(relay: Relay) -> Answer:
    """Does not say what is left of the credits."""
    raise pages.failed(relay, 404, f"nothing is at {relay.path}")


@mutant("pages", instead_of="GET /api/v1/generation/{id}", of=OF, breaks="http.declared-endpoint")
async def finds_any_generation(relay: Relay) -> Answer:
    """Has an answer for whatever id is asked for."""
    if relay.params["id"] == "no-such-id":
        return pages.told(relay, {"data": {}})
    return await anyrouter.generation(relay)


@mutant(
    "pages", instead_of="GET /api/v1/generation/{id}", of=OF,
    breaks="bill.stream-recorded bill.cancel-recorded",
)  # fmt: skip
async def forgets_what_chat_cost(relay: Relay) -> Answer:
    """Knows no generation but those of Messages."""
    if relay.params["id"].startswith(anyrouter.PREFIXES["chat"]):
        raise pages.failed(relay, 404, "no such generation")
    return await anyrouter.generation(relay)
