"""One chat request from admission to the last byte."""

import json

import httpx
from starlette.types import Send

from conformance.selfcheck.router.failures import refused
from conformance.selfcheck.router.relay import Items, Relay
from conformance.selfcheck.router.stream import json_text, written
from conformance.selfcheck.router.upstream import Body
from conformance.selfcheck.router.values import (
    Answer,
    Chunk,
    Cut,
    Failed,
    Headers,
    Reset,
    envelope,
)

SSE_BEGINS = (b"data:", b"event:", b":")


async def exchanged(relay: Relay, content: bytes, send: Send) -> None:
    try:
        relay.parts.admit(relay)
        relay.asked = _understood(content)
        await _forwarded(relay, send)
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


def _understood(content: bytes) -> Chunk:
    try:
        asked = json.loads(content)
    except ValueError as error:
        message = f"the body is not JSON: {error}"
        raise Failed(400, envelope(message, "invalid_request_error")) from error
    if not isinstance(asked, dict):
        raise Failed(400, envelope("the body is not a JSON object", "invalid_request_error"))
    return asked


async def _forwarded(relay: Relay, send: Send) -> None:
    try:
        async with relay.clients.one() as http:
            response = await _asked(relay, http)
            body = Body(response)
            try:
                await _answered(relay, response, body, send)
                await body.drain(relay.settings.drain)
            finally:
                await body.close()
                await response.aclose()
    except httpx.TimeoutException as error:
        message = "the upstream has gone silent"
        raise Failed(504, envelope(message, code="upstream_stalled")) from error
    except httpx.RequestError as error:
        message = "the connection to the upstream broke"
        raise Failed(502, envelope(message, code="upstream_cut")) from error


async def _asked(relay: Relay, http: httpx.AsyncClient) -> httpx.Response:
    """Ask the upstream; only the head of its answer has been read."""
    request = http.build_request(
        "POST",
        f"{relay.settings.upstream}/chat/completions",
        headers=relay.parts.request_headers(relay),
        content=json_text(relay.parts.request_body(relay)).encode(),
    )
    response = await http.send(request, stream=True)
    relay.upstream = response.headers
    relay.row.upstream_request_id = response.headers.get("x-request-id")
    relay.row.model = relay.model
    return response


async def _answered(relay: Relay, response: httpx.Response, body: Body, send: Send) -> None:
    relay.body = body
    if response.status_code != httpx.codes.OK:
        raise refused(response, await body.rest(), relay)
    kinds = relay.parts.mode(relay), await _kind(response, body)
    convert = relay.parts.conversions.get(kinds)
    if convert is None:
        raise Failed(502, envelope(f"the upstream answered with {_media_type(response)!r}"))
    made = await convert(relay, body)
    if isinstance(made, Answer):
        await _send_answer(relay, made, send)
    else:
        await _send_stream(relay, made, send)


async def _kind(response: httpx.Response, body: Body) -> str:
    """Say what came: the media type if it says so, otherwise how the body begins."""
    if _media_type(response) == "text/event-stream":
        return "stream"
    start = (await body.peek()).lstrip()
    if start.startswith(SSE_BEGINS):
        return "stream"
    return "plain" if start.startswith(b"{") else "other"


def _media_type(response: httpx.Response) -> str:
    stated: str = response.headers.get("content-type", "")
    return stated.partition(";")[0].strip().lower()


async def _send_stream(relay: Relay, items: Items, send: Send) -> None:
    pieces = written(relay.parts.events(items, relay), relay)
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
        await _send_head(200, headers, send)


async def _send_answer(relay: Relay, answer: Answer, send: Send) -> None:
    status, headers, body = relay.parts.answer(answer, relay)
    await _send_head(status, (*headers, ("content-length", str(len(body)))), send)
    relay.over = True
    await send({"type": "http.response.body", "body": body})


async def _send_head(status: int, headers: Headers, send: Send) -> None:
    told = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    await send({"type": "http.response.start", "status": status, "headers": told})
