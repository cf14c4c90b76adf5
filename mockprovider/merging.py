"""The feeds of several workers as one, for as long as somebody reads it."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager

import httpx

# So many messages are read ahead; the workers keep the rest, merged.
AHEAD = 8
ID, END = "id: ", "\n\n"
Feed = Callable[[str], AbstractAsyncContextManager[httpx.Response]]
Messages = asyncio.Queue[tuple[int, str]]


async def merged(
    feeds: Sequence[Feed], last: str, stopping: asyncio.Event
) -> AsyncGenerator[str, None]:
    """Yield the messages of all feeds until one of them ends, or all are to.

    An id is the last of each feed, so that a reader can go on where it was in every one.
    """
    ids = last.split(",") if last.count(",") == len(feeds) - 1 else [""] * len(feeds)
    messages = Messages(AHEAD)
    tasks = [
        asyncio.create_task(_read(feed, number, ids[number], messages))
        for number, feed in enumerate(feeds)
    ]
    tasks.append(asyncio.create_task(_end(stopping, messages)))
    try:
        while (told := await messages.get())[1]:
            yield _numbered(*told, ids)
    finally:
        for task in tasks:
            task.cancel()
        # A second cancellation would keep them from closing what they read from, so no gather.
        await asyncio.wait(tasks)


async def _read(feed: Feed, number: int, last: str, messages: Messages) -> None:
    """Take each message as it comes; an empty one is the end."""
    rest = ""
    try:
        async with feed(last) as response:
            async for text in response.aiter_text():
                *whole, rest = (rest + text).split(END)
                for message in whole:
                    await messages.put((number, message + END))
    except httpx.HTTPError:
        # Whoever watches over the workers says what has become of this one.
        pass
    await messages.put((number, ""))


async def _end(stopping: asyncio.Event, messages: Messages) -> None:
    await stopping.wait()
    await messages.put((0, ""))


def _numbered(number: int, message: str, ids: list[str]) -> str:
    """Put the ids of all feeds in place of that of one."""
    if not message.startswith(ID):
        return message
    line, end, rest = message.partition("\n")
    ids[number] = line.removeprefix(ID)
    return f"{ID}{','.join(ids)}{end}{rest}"
