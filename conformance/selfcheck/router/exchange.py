"""One request from admission to the last byte."""

import json
from contextlib import AbstractAsyncContextManager

from starlette.types import Send

from conformance.selfcheck.router.failures import refused, upstream_id
from conformance.selfcheck.router.line import Line
from conformance.selfcheck.router.relay import Items, Relay
from conformance.selfcheck.router.stream import json_text
from conformance.selfcheck.router.upstream import Body
from conformance.selfcheck.router.values import (
    Answer,
    Chunk,
    Cut,
    Failed,
    Headers,
    Reset,
)

OK = 200
SSE_BEGINS = (b"data:", b"event:", b":")


async def exchanged(relay: Relay, content: bytes, send: Send) -> None:
    try:
        relay.parts.admit(relay)
        relay.asked = understood(content, relay)
        recalled = relay.parts.recall(relay)
        if recalled is None:
            await _asked_around(relay, send)
        else:
            await _replayed(relay, recalled, send)
    except Failed as failed:
        relay.parts.settle(relay, "failed")
        if relay.committed:
            relay.wire.cut()
        else:
            await _send_answer(relay, relay.parts.failure(failed, relay), send)
    except Cut:
        relay.wire.cut()
    except Reset:
        relay.wire.reset()


def understood(content: bytes, relay: Relay) -> Chunk:
    try:
        asked = json.loads(content)
    except ValueError as error:
        message = f"the body is not JSON: {error}"
        raise Failed(400, relay.dialect.error(400, message, None)) from error
    if not isinstance(asked, dict):
        raise Failed(400, relay.dialect.error(400, "the body is not a JSON object", None))
    return asked


async def _asked_around(relay: Relay, send: Send) -> None:
    """Ask one provider after the other, for as long as there is a point in it."""
    relay.others = list(relay.parts.providers(relay))
    while True:
        relay.provider = relay.others.pop(0)
        relay.row.providers += 1
        try:
            return await _forwarded(relay, send)
        except Failed as failed:
            if not relay.parts.falls_back(failed, relay):
                raise
        relay.begin_again()


async def _replayed(relay: Relay, kept: Answer, send: Send) -> None:
    """Answer with what is kept; a stream has a head of its own again."""
    relay.parts.settle(relay, "complete")
    if relay.dialect.mode(relay) == "plain":
        await _send_head(kept.status, (*kept.headers, _length(kept)), send)
    else:
        relay.more_headers = kept.headers
        await _commit(relay, send)
    relay.over = True
    await send({"type": "http.response.body", "body": kept.body})


async def _forwarded(relay: Relay, send: Send) -> None:
    try:
        async with asking(relay) as (status, line):
            body = Body(line)
            relay.upstream, relay.body = line.headers, body
            relay.row.upstream_request_id = upstream_id(relay)
            relay.row.model = relay.model
            await _answered(relay, status, body, send)
            await body.drain(relay.settings.drain)
    except TimeoutError as error:
        message = "the upstream has gone silent"
        raise Failed(504, relay.dialect.error(504, message, "upstream_stalled")) from error
    except OSError as error:
        message = "the connection to the upstream broke"
        raise Failed(502, relay.dialect.error(502, message, "upstream_cut")) from error


def asking(relay: Relay) -> AbstractAsyncContextManager[tuple[int, Line]]:
    return relay.provider.ask(
        "POST",
        relay.dialect.request_path(relay),
        relay.parts.request_headers(relay),
        json_text(relay.dialect.request_body(relay)).encode(),
    )


async def _answered(relay: Relay, status: int, body: Body, send: Send) -> None:
    if status != OK:
        raise refused(status, await body.rest(relay.settings.idle), relay)
    kinds = relay.dialect.mode(relay), await _kind(relay, body)
    convert = relay.dialect.conversions.get(kinds)
    if convert is None:
        message = f"the upstream answered with {_media_type(relay)!r}"
        raise Failed(502, relay.dialect.error(502, message, None))
    made = await convert(relay, body)
    if isinstance(made, Answer):
        await _send_answer(relay, made, send)
    else:
        await _send_stream(relay, made, send)


async def _kind(relay: Relay, body: Body) -> str:
    """Say what came: the media type if it says so, otherwise how the body begins."""
    if _media_type(relay) == "text/event-stream":
        return "stream"
    start = (await body.peek(relay.settings.idle)).lstrip()
    if start.startswith(SSE_BEGINS):
        return "stream"
    return {b"{": "plain", b"[": "array"}.get(start[:1], "other")


def _media_type(relay: Relay) -> str:
    return relay.upstream.get("content-type", "").partition(";")[0].strip().lower()


async def _send_stream(relay: Relay, items: Items, send: Send) -> None:
    pieces = relay.dialect.written(relay.parts.events(items, relay), relay)
    async for piece in relay.parts.bytes_out(pieces, relay):
        await _commit(relay, send)
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await _commit(relay, send)
    relay.over = True
    await send({"type": "http.response.body", "body": b""})


async def _commit(relay: Relay, send: Send) -> None:
    if not relay.committed:
        relay.committed = True
        headers = (*relay.parts.stream_headers(relay), *relay.more_headers)
        await _send_head(OK, headers, send)


async def _send_answer(relay: Relay, answer: Answer, send: Send) -> None:
    told = relay.parts.answer(answer, relay)
    await _send_head(told.status, (*told.headers, _length(told)), send)
    relay.over = True
    await send({"type": "http.response.body", "body": told.body})


def _length(answer: Answer) -> tuple[str, str]:
    return "content-length", str(len(answer.body))


async def _send_head(status: int, headers: Headers, send: Send) -> None:
    told = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    await send({"type": "http.response.start", "status": status, "headers": told})
