"""FluxRouters that keep one promise less."""

from collections.abc import Iterator

from conformance.selfcheck.emulations import fluxrouter
from conformance.selfcheck.router import pages
from conformance.selfcheck.router.relay import Pieces, Relay
from conformance.selfcheck.router.values import Answer, Chunk, Cut, Failed, Headers, Json, fewer
from conformance.selfcheck.variant import mutant

OF = "fluxrouter"
DENIED, TOO_MANY = 401, 429


def changed(headers: Headers, **values: str) -> Headers:
    """Return headers with other values; an underscore stands for each hyphen of a name."""
    return tuple((name, values.get(name.replace("-", "_"), value)) for name, value in headers)


@mutant("stream_headers", of=OF, breaks="hdr.declared")
def hides_the_model_of_streams(relay: Relay) -> Headers:
    """Says on plain answers only which model answered."""
    return fewer(fluxrouter.stream_headers(relay), "x-flux-model")


@mutant("answer", of=OF, breaks="hdr.declared")
def routes_plain_answers_in_silence(answer: Answer, relay: Relay) -> Answer:
    """Says on streams only whether another model answered."""
    made = fluxrouter.answer(answer, relay)
    return made._replace(headers=fewer(made.headers, "x-flux-routed"))


@mutant("stream_headers", of=OF, breaks="hdr.declared")
def says_the_cost_ahead(relay: Relay) -> Headers:
    """Says what a stream costs before anybody can know."""
    return (*fluxrouter.stream_headers(relay), (fluxrouter.COST, "0.000412"))


@mutant("bytes_out", of=OF, breaks="hdr.declared")
async def says_the_cost_behind(pieces: Pieces, relay: Relay) -> Pieces:
    """Says what a stream costs behind its body, where it was said to be nowhere."""
    async for piece in pieces:
        yield piece
    relay.wire.write(f"0\r\n{fluxrouter.COST}: 0.000412\r\n\r\n".encode())
    raise Cut


@mutant("answer", of=OF, breaks="hdr.declared")
def keeps_the_cost_to_itself(answer: Answer, relay: Relay) -> Answer:
    """Says of no answer what it cost."""
    made = fluxrouter.answer(answer, relay)
    return made._replace(headers=fewer(made.headers, fluxrouter.COST))


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


@mutant("stream_headers", of=OF, breaks="hdr.declared")
def calls_a_pinned_model_routed(relay: Relay) -> Headers:
    """Says that another model answered where it was the pinned one."""
    return changed(fluxrouter.stream_headers(relay), x_flux_routed="true")


@mutant("stream_headers", of=OF, breaks="hdr.declared")
def owns_up_to_no_routing(relay: Relay) -> Headers:
    """Says that the model asked for has answered where it has chosen one."""
    return changed(fluxrouter.stream_headers(relay), x_flux_routed="false")


@mutant("failure", of=OF, breaks="hdr.declared")
def gives_errors_no_id(failed: Failed, relay: Relay) -> Answer:
    """Says its request id on good answers only."""
    made = fluxrouter.FLUXROUTER.failure(failed, relay)
    return made._replace(headers=fewer(made.headers, fluxrouter.REQUEST_ID))


@mutant("stream_headers", of=OF, breaks="hdr.unique")
def gives_all_streams_one_id(relay: Relay) -> Headers:
    """Says the same request id on every stream."""
    return changed(fluxrouter.stream_headers(relay), x_flux_request_id="req-stream")


@mutant("stream_headers", of=OF, breaks="hdr.stable")
def routes_streams_elsewhere(relay: Relay) -> Headers:
    """Has streams answered by another model than the same question gets without streaming."""
    return changed(fluxrouter.stream_headers(relay), x_flux_model="mock-model-mini")


@mutant("chunk", of=OF, breaks="content.extra-members")
def says_its_routing_in_chunks(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Says in every chunk which model it has chosen."""
    yield {**chunk, "flux_model": fluxrouter.served(relay)}


@mutant("completion", of=OF, surface="messages", breaks="content.extra-members")
def says_its_routing_in_messages(completion: Chunk, relay: Relay) -> Chunk:
    """Says in a plain message which model it has chosen."""
    return {**completion, "flux_model": fluxrouter.served(relay)}


@mutant("request_body", of=OF, surface="messages", breaks="hdr.messages-version")
def wants_the_version(relay: Relay) -> dict[str, Json]:
    """Refuses who does not say the version of Anthropic's API."""
    if "anthropic-version" not in relay.headers:
        raise Failed(400, relay.dialect.error(400, "anthropic-version is missing", None))
    return fluxrouter.asking("messages")(relay)


@mutant("key", of=OF, surface="messages", breaks="hdr.auth-declared")
def takes_no_bearer_for_messages(relay: Relay) -> str:
    """Looks for the key where Anthropic has it and nowhere else."""
    return relay.headers.get("x-api-key", "")


@mutant("failure", of=OF, breaks="hdr.retry-after-syntax")
def asks_to_wait_a_little(failed: Failed, relay: Relay) -> Answer:
    """Says in words how long to wait where the provider does not say."""
    made = fluxrouter.FLUXROUTER.failure(failed, relay)
    if failed.status != TOO_MANY or "retry-after" in dict(made.headers):
        return made
    return made._replace(headers=(*made.headers, ("retry-after", "a little")))


@mutant("failure", of=OF, surface="chat", breaks="err.declared-words")
def calls_a_wrong_key_unknown(failed: Failed, relay: Relay) -> Answer:
    """Has a code of its own for a wrong key."""
    code = {"code": "unknown_key"} if failed.status == DENIED else {}
    error = Failed(failed.status, failed.error | code, failed.headers)
    return fluxrouter.FLUXROUTER.failure(error, relay)


@mutant("pages", instead_of="POST /chat", of=OF, surface="chat", breaks="http.declared-endpoint")
async def answers_at_the_bare_path(relay: Relay) -> Answer:
    """Answers a chat outside of /v1, as an endpoint that nobody documented."""
    return pages.told(relay, {"object": "chat.completion", "choices": []})


@mutant("pages", instead_of="GET /v1/models", of=OF, breaks="http.declared-endpoint")
async def lists_one_model(relay: Relay) -> Answer:
    """Lists none of the tiers but one."""
    listed = [{"id": "flux-auto", "object": "model", "owned_by": "fluxrouter"}]
    return pages.told(relay, {"object": "list", "data": listed})


@mutant("pages", instead_of="GET /anthropic/{rest}", of=OF, breaks="http.declared-endpoint")
async def opens_anthropics_other_routes(relay: Relay) -> Answer:
    """Answers at the routes of Anthropic's that were said to be closed."""
    return pages.told(relay, {"data": []})


@mutant("pages", instead_of="POST /mcp", of=OF, breaks="http.declared-endpoint")
async def has_no_tools(relay: Relay) -> Answer:
    """Has nothing where its tools were said to be."""
    raise pages.failed(relay, 404, "nothing is here")


@mutant(
    "pages",
    instead_of="POST /anthropic/v1/messages/count_tokens",
    of=OF,
    breaks="http.declared-endpoint",
)
async def streams_a_count_of_tokens(relay: Relay) -> Answer:
    """Answers with an event stream where a count of tokens was asked for with `stream`."""
    made = await fluxrouter.count_tokens(relay)
    headers = changed(made.headers, content_type="text/event-stream")
    return Answer(made.status, headers, b"data: " + made.body + b"\n\n")
