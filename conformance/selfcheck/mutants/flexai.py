"""FlexAIs that keep one promise less."""

from conformance.selfcheck import reference
from conformance.selfcheck.emulations import flexai
from conformance.selfcheck.router import pages
from conformance.selfcheck.router.dialects.chat.chunks import without
from conformance.selfcheck.router.relay import Relay
from conformance.selfcheck.router.values import Answer, Chunk, Failed, Headers, Json, fewer
from conformance.selfcheck.variant import mutant

OF = "flexai"
DENIED, TOO_MANY = 401, 429


def saying(headers: Headers, name: str, value: str) -> Headers:
    return (*fewer(headers, name), (name, value))


@mutant("stream_headers", of=OF, breaks="hdr.declared hdr.ratelimit-forwarded")
def keeps_its_limit_from_streams(relay: Relay) -> Headers:
    """Says on plain answers only how many requests are left."""
    return fewer(flexai.stream_headers(relay), *dict(flexai.limits(relay)))


@mutant("answer_headers", of=OF, breaks="hdr.ratelimit-arithmetic")
def has_more_left_than_there_is(relay: Relay) -> Headers:
    """Says that more requests are left than the limit has."""
    left = str(flexai.LIMIT + 1)
    return saying(flexai.answer_headers(relay), "x-ratelimit-remaining-requests", left)


@mutant("stream_headers", of=OF, breaks="hdr.ratelimit-arithmetic")
def says_the_seconds_left(relay: Relay) -> Headers:
    """Says in how many seconds the limit is reset, where it was to say the moment."""
    left = str(flexai.WINDOW)
    return saying(flexai.stream_headers(relay), "x-ratelimit-reset-requests", left)


@mutant("stream_headers", of=OF, breaks="hdr.ratelimit-arithmetic")
def counts_in_milliseconds(relay: Relay) -> Headers:
    """Says in milliseconds when the limit is reset."""
    moment = str(1000 * (relay.at + flexai.WINDOW))
    return saying(flexai.stream_headers(relay), "x-ratelimit-reset-requests", moment)


@mutant("failure", of=OF, breaks="hdr.retry-after-syntax")
def does_not_say_how_long_to_wait(failed: Failed, relay: Relay) -> Answer:
    """Answers 429 without Retry-After where the provider has none."""
    made = flexai.failure(failed, relay)
    wait = ("retry-after", str(flexai.WINDOW))
    return made._replace(headers=tuple(pair for pair in made.headers if pair != wait))


@mutant("failure", of=OF, breaks="err.declared-words")
def calls_a_wrong_key_a_bad_request(failed: Failed, relay: Relay) -> Answer:
    """Says of a wrong key that the request is invalid."""
    made = reference.failure(failed, relay)
    return made if failed.status == DENIED else flexai.failure(failed, relay)


@mutant("failure", of=OF, breaks="err.unknown-model")
def calls_an_unknown_model_not_served_now(failed: Failed, relay: Relay) -> Answer:
    """Says of a model that there is not that it cannot be had just now."""
    made = flexai.failure(failed, relay)
    unknown = failed.error["code"] == "model_not_found"
    return made._replace(status=503) if unknown else made


@mutant("request_body", of=OF, breaks="pre.unknown-members")
def leaves_out_what_it_does_not_know(relay: Relay) -> dict[str, Json]:
    """Hands up only the members that OpenAI has."""
    return without(flexai.request_body(relay), "x_flavour")


@mutant("request_body", of=OF, breaks="pre.off-spec-refused")
def makes_sense_of_everything(relay: Relay) -> dict[str, Json]:
    """Leaves out a temperature that is none, and answers all the same."""
    if isinstance(relay.asked.get("temperature"), str):
        relay.asked = without(relay.asked, "temperature")
    return flexai.request_body(relay)


@mutant("identity", of=OF, breaks="chunk.id-declared")
def calls_ids_otherwise(chunk: Chunk, relay: Relay) -> Chunk:
    """Has ids that do not begin with chatcmpl-."""
    return {**flexai.identity(chunk, relay), "id": f"gen-{relay.id}"}


@mutant("identity", of=OF, breaks="chunk.id-declared")
def gives_all_answers_one_id(chunk: Chunk, relay: Relay) -> Chunk:
    """Gives every answer to a model the same id."""
    return {**flexai.identity(chunk, relay), "id": f"chatcmpl-{relay.asked['model']}"}


@mutant("pages", instead_of="GET /v1/models", of=OF, breaks="http.declared-endpoint")
async def lists_models_without_category(relay: Relay) -> Answer:
    """Does not say what its models are for."""
    listed = [{"id": flexai.MODEL, "object": "model", "owned_by": OF}]
    return pages.told(relay, {"object": "list", "data": listed})


@mutant("pages", instead_of="GET /api/models", of=OF, breaks="http.declared-endpoint")
async def shows_its_models_to_customers_only(relay: Relay) -> Answer:
    """Wants a key for the list that was said to be for everybody."""
    relay.parts.admit(relay)
    return await flexai.catalogue(relay)


@mutant("pages", instead_of="POST /v1/embeddings", of=OF, breaks="http.declared-endpoint")
async def embeds_nothing(relay: Relay) -> Answer:
    """Has no embeddings."""
    raise pages.failed(relay, 404, "nothing is here")


@mutant("pages", instead_of="POST /v1/batches", of=OF, breaks="http.declared-endpoint")
async def breaks_down_over_batches(relay: Relay) -> Answer:
    """Says that it has failed where it was asked for what it does not support."""
    raise pages.failed(relay, 500, "KeyError: 'batches'")
