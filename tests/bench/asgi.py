"""The bare ASGI application the mock is compared with: one send per event, nothing else."""

import os
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

Message = Mapping[str, Any]
EVENTS = Path(os.environ["BENCH_BODY"]).read_bytes().split(b"\n\n")[:-1]
SENDS = [
    {"type": "http.response.body", "body": event + b"\n\n", "more_body": True} for event in EVENTS
]
HEAD = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"content-type", b"text/event-stream; charset=utf-8")],
}
END = {"type": "http.response.body", "body": b"", "more_body": False}


async def app(
    scope: Message,
    receive: Callable[[], Awaitable[Message]],
    send: Callable[[Message], Awaitable[None]],
) -> None:
    while (await receive()).get("more_body"):
        pass
    await send(HEAD)
    for message in SENDS:
        await send(message)
    await send(END)
