"""ARouters that keep one promise less."""

import re
from collections.abc import Iterator

from conformance.selfcheck import reference
from conformance.selfcheck.emulations import arouter, limits
from conformance.selfcheck.router import pages, stream
from conformance.selfcheck.router.dialects.chat import chunks, dialect, errors
from conformance.selfcheck.router.dialects.shared import bearer_key
from conformance.selfcheck.router.events import Item
from conformance.selfcheck.router.relay import Items, Pieces, Relay
from conformance.selfcheck.router.values import Answer, Chunk, Failed, Headers, Json, fewer
from conformance.selfcheck.variant import mutant

OF, OF_2026 = "arouter", "arouter-2026"
SAID = re.compile(rb"^: a comment.*\n\n", re.MULTILINE)


@mutant("written", of=OF, breaks="content.transparency")
async def leaves_out_what_is_said_beside(items: Items, relay: Relay) -> Pieces:
    """Forwards the events of a stream, and of its comments only those that are keep-alives."""
    async for piece in arouter.unmodified(items, relay):
        yield SAID.sub(b"", piece)


@mutant("written", of=OF, surface="messages", breaks="content.transparency")
async def writes_line_feeds_only(items: Items, relay: Relay) -> Pieces:
    """Writes every line end its own way."""
    async for piece in arouter.unmodified(items, relay):
        yield piece.replace(b"\r\n", b"\n")


@mutant("written", of=OF, surface="gemini", breaks="content.transparency")
def writes_events_anew(items: Items, relay: Relay) -> Pieces:
    """Reads the events of a stream and writes them down again."""
    if relay.dialect.mode(relay) == "array":
        return arouter.unmodified(items, relay)
    return stream.written(items, relay)


@mutant("key", of=OF, breaks="hdr.auth-declared")
def knows_the_bearer_alone(relay: Relay) -> str:
    """Takes a key in one of the three ways only."""
    return bearer_key(relay)


@mutant("request_body", of=OF, breaks="pre.model-prefix")
def sends_the_prefix_up(relay: Relay) -> dict[str, Json]:
    """Asks the provider for a model by a name that it does not know."""
    return relay.asked


@mutant("failure", of=OF, breaks="err.declared-words", surface="chat")
def leaves_errors_their_words(failed: Failed, relay: Relay) -> Answer:
    """Has no words of its own for a status."""
    return reference.failure(failed, relay)


@mutant("failure", of=OF, breaks="hdr.declared")
def says_no_limits_with_errors(failed: Failed, relay: Relay) -> Answer:
    """Does not say with an error how many requests are left."""
    made = arouter.failure(failed, relay)
    return made._replace(headers=fewer(made.headers, *dict(limits.limits(relay))))


@mutant("stream_headers", of=OF, breaks="hdr.ratelimit-arithmetic")
def says_how_many_seconds_are_left(relay: Relay) -> Headers:
    """Says in how many seconds the limit is reset, where it was to say the moment."""
    told = dict(limits.stream_headers(relay))
    return tuple({**told, "x-ratelimit-reset": str(limits.WINDOW)}.items())


@mutant("pages", instead_of="GET /healthz", of=OF, breaks="http.declared-endpoint")
async def wants_a_key_for_its_health(relay: Relay) -> Answer:
    """Answers nothing without a key."""
    relay.parts.admit(relay)
    return await arouter.health(relay)


@mutant("pages", instead_of="GET /v1/models", of=OF, breaks="http.declared-endpoint")
async def lists_models_for_everybody(relay: Relay) -> Answer:
    """Shows its models to whoever asks."""
    return await pages.models(relay)


@mutant("pages", instead_of="GET /api/v1/keys", of=OF, breaks="http.declared-endpoint")
async def lets_any_key_manage(relay: Relay) -> Answer:
    """Lists all keys for a key that is there to ask for answers."""
    relay.parts.admit(relay)
    return pages.told(relay, {"data": []})


@mutant("pages", instead_of="GET /v1/key", of=OF, breaks="http.declared-endpoint")
async def does_not_say_what_is_left(relay: Relay) -> Answer:
    """Says what a key has used and not how much more it may."""
    relay.parts.admit(relay)
    return pages.told(relay, {"data": {"usage": 0.5}})


@mutant("pages", instead_of="POST /openai/v1/{path}", of=OF, breaks="http.declared-endpoint")
async def has_no_paths_of_providers(relay: Relay) -> Answer:
    """Serves the one API and none of its providers'."""
    raise pages.failed(relay, 404, f"nothing is at {relay.path}")


@mutant("request_body", of=OF_2026, breaks="pre.model-prefix")
def sends_the_whole_name_up(relay: Relay) -> dict[str, Json]:
    """Asks the provider for the model by the name that clients have for it."""
    return dialect.request_body(relay)


@mutant("failing", of=OF_2026, breaks="err.finish-policy")
def fails_without_finishing(error: Chunk, relay: Relay) -> Iterator[Item]:
    """Ends a stream that fails with an error and no finish reason."""
    yield from errors.failing(error, relay)


@mutant("identity", of=OF_2026, breaks="chunk.identity-policy")
def says_the_providers_name_of_it(chunk: Chunk, relay: Relay) -> Chunk:
    """Says another model than was asked for, that of the provider."""
    return chunks.identity(chunk, relay)
