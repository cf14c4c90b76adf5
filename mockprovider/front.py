"""The one control plane of several workers: calls go to all of them, answers are put together."""

import asyncio
import os
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from functools import partial
from itertools import compress
from types import TracebackType
from typing import Self

import httpx
from starlette.requests import Request

from mockprovider import __version__
from mockprovider.merging import merged
from mockprovider.plane import Answer, Denied, Query, document, query
from mockprovider.scenario import Scenario
from mockprovider.shapes import Json

# What a worker may take beyond the time it was told to wait.
PATIENCE = 30.0
FIRST_ERROR = 400
JOURNAL = "/_mock/journal"
Told = tuple[int, dict[str, Json]]


@dataclass(frozen=True, slots=True)
class Worker:
    """One of the processes that share the data port; its own control plane knows only its part."""

    number: int
    pid: int
    control_url: str

    def document(self) -> Answer:
        return {"number": self.number, "pid": self.pid, "control_url": self.control_url}


@dataclass(frozen=True, slots=True)
class Call:
    """What a worker is asked; `longer` is what it was told to wait."""

    method: str
    path: str
    body: Json = None
    query: Mapping[str, str] = field(default_factory=dict)
    longer: float = 0


class Front:
    """The calls of the control plane, for all workers together."""

    def __init__(
        self, workers: Sequence[Worker], library: Mapping[str, Scenario],
        where: Mapping[str, Json], token: str | None,
    ) -> None:  # fmt: skip
        self._workers = workers
        self._library = library
        self._where = where
        headers = {"authorization": f"Bearer {token}"} if token else {}
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
        self._stopping = asyncio.Event()
        self._http = httpx.AsyncClient(headers=headers, limits=limits, trust_env=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        await self._http.aclose()

    def stop(self) -> None:
        """Let nobody wait any longer."""
        self._stopping.set()

    async def health(self, request: Request) -> Answer:
        return {
            "ok": True,
            "version": __version__,
            **self._where,
            "pid": os.getpid(),
            "workers": [worker.document() for worker in self._workers],
        }

    async def scenarios(self, request: Request) -> Answer:
        known = sorted(self._library.items())
        return {"scenarios": [{"name": name, "summary": each.summary} for name, each in known]}

    async def arm(self, request: Request) -> Answer:
        return (await self._each(request))[0]

    async def release(self, request: Request) -> Answer:
        """Release everywhere; only the worker that plays the stream knows its holds."""
        told = await self._told(request)
        released = [hold for _, each in told for hold in each.get("released", ())]
        if not released:
            refuse(told)
        return {"released": list(dict.fromkeys(released))}

    async def journal(self, request: Request) -> Answer:
        asked = query(request)
        deadline = asyncio.get_running_loop().time() + asked.limit_ms / 1000
        while True:
            parts = await self._parts(asked)
            entries = sorted((entry for part in parts for entry in part), key=arrival)
            left = deadline - asyncio.get_running_loop().time()
            over = self._stopping.is_set() or left <= 0
            if over or asked.wait is None or settled(asked, entries):
                return {"entries": entries}
            await self._news(asked, parts, left)

    async def abort(self, request: Request) -> Answer:
        return {"aborted": sum(each["aborted"] for each in await self._each(request))}

    async def forget(self, request: Request) -> Answer:
        told = await self._each(request)
        return {"forgotten": told[0]["forgotten"], "ended": sum(each["ended"] for each in told)}

    async def metrics(self, request: Request) -> Answer:
        told = await self._each(request)
        return {name: sum(each[name] for each in told) for name in told[0]}

    async def entry(self, request: Request) -> Answer:
        return await self._one(request)

    async def release_entry(self, request: Request) -> Answer:
        return await self._one(request)

    async def abort_entry(self, request: Request) -> Answer:
        return await self._one(request)

    def events(self, last: str) -> AsyncGenerator[str, None]:
        return merged([partial(self._feed, each) for each in self._workers], last, self._stopping)

    def _feed(self, worker: Worker, last: str) -> AbstractAsyncContextManager[httpx.Response]:
        return self._http.stream(
            "GET", f"{worker.control_url}/_mock/events", headers={"last-event-id": last},
            timeout=httpx.Timeout(PATIENCE, read=None),
        )  # fmt: skip

    async def _one(self, request: Request) -> Answer:
        """Pass a call on to the worker that its entry is named after."""
        named = request.path_params["entry"]
        for worker in self._workers:
            if named.startswith(f"{worker.number}."):
                call = Call(request.method, path_of(request), await document(request))
                told = await self._ask(worker, call)
                refuse([told])
                return told[1]
        raise Denied(404, f"no entry {named!r} in the journal; before its id is that of its worker")

    async def _parts(self, asked: Query) -> list[list[Json]]:
        """Return the entries of each worker."""
        told = await self._all(Call("GET", JOURNAL, query=keys(asked)))
        return [answer["entries"] for _, answer in told]

    async def _news(self, asked: Query, parts: list[list[Json]], left: float) -> None:
        """Return once a worker has something new, or the time is over.

        A worker that has none of the entries cannot say that all have ended: that some have begun
        is news enough.
        """
        wait = f"hold:{asked.hold}" if asked.hold else str(asked.wait)
        asleep = list(self._workers)
        if wait == "ended":
            playing = [any(entry["end"] is None for entry in part) for part in parts]
            asleep = list(compress(self._workers, playing)) or asleep
            wait = "ended" if any(playing) else "started"
        query = {**keys(asked), "wait": wait, "timeout_ms": str(left * 1000)}
        call = Call("GET", JOURNAL, query=query, longer=left)
        tasks: list[asyncio.Task[object]]
        tasks = [asyncio.create_task(self._ask(worker, call)) for worker in asleep]
        tasks.append(asyncio.create_task(self._stopping.wait()))
        await asyncio.wait(tasks, timeout=left, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _each(self, request: Request) -> list[dict[str, Json]]:
        """Pass a call on to every worker; raise what one of them refuses."""
        told = await self._told(request)
        refuse(told)
        return [answer for _, answer in told]

    async def _told(self, request: Request) -> list[Told]:
        call = Call(request.method, path_of(request), await document(request))
        return await self._all(call)

    async def _all(self, call: Call) -> list[Told]:
        return await asyncio.gather(*(self._ask(worker, call) for worker in self._workers))

    async def _ask(self, worker: Worker, call: Call) -> Told:
        try:
            answer = await self._http.request(
                call.method, worker.control_url + call.path, json=call.body, params=call.query,
                timeout=PATIENCE + call.longer,
            )  # fmt: skip
        except httpx.HTTPError as error:
            why = str(error) or type(error).__name__
            told = f"worker {worker.number} (pid {worker.pid}) does not answer: {why}"
            raise Denied(502, told) from error
        return answer.status_code, answer.json()


def path_of(request: Request) -> str:
    """Return the path of a call, as it was written."""
    path: bytes = request.scope["raw_path"]
    return path.decode("ascii")


def refuse(told: Sequence[Told]) -> None:
    """Raise what a worker refused, if one did."""
    for status, answer in told:
        if status >= FIRST_ERROR:
            raise Denied(status, answer["error"])


def keys(asked: Query) -> dict[str, str]:
    """Return what names the entries asked for."""
    return dict([asked.key]) if asked.key else {}


def arrival(entry: Json) -> tuple[int, int]:
    """Order entries by when they came."""
    return entry["request"]["at"], entry["worker"]


def settled(asked: Query, entries: Sequence[Json]) -> bool:
    """Tell whether what was to be waited for has happened."""
    match asked.wait:
        case "started":
            return bool(entries)
        case "ended":
            return bool(entries) and all(entry["end"] for entry in entries)
        case "blocked":
            return any(entry["blocked"] and entry["blocked"]["since"] for entry in entries)
    return any(held["name"] == asked.hold for entry in entries for held in entry["holds"])
