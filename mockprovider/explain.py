"""A request in, sentences out: which surface and scenario answer it, why, and what is amiss."""

import difflib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from mockprovider import marker
from mockprovider.entry import Entry
from mockprovider.inbox import Request
from mockprovider.journal import Journal
from mockprovider.marker import Marker
from mockprovider.performance import Performance
from mockprovider.provider import Provider
from mockprovider.requestfile import Subject
from mockprovider.requests import dotted
from mockprovider.routing import routed
from mockprovider.scenario import Scenario
from mockprovider.shapes import Json
from mockprovider.timeline import Frame, Head, Hold, Send, Timeline, Verbatim, spelt_out

# One path of every kind that is answered, for the nearest miss.
PATHS = (
    "/v1/chat/completions", "/v1/completions", "/v1/embeddings", "/v1/models", "/v1/models/MODEL",
    "/v1/responses", "/v1/messages", "/v1/messages/count_tokens", "/v1beta/models",
    "/v1beta/models/MODEL", *(f"/v1beta/models/MODEL:{method}" for method in (
        "generateContent", "streamGenerateContent", "countTokens",
    )),
    "/health", "/server_info", "/model_info",
)  # fmt: skip
ALMOST = re.compile(r"\[*\s*(?:mock|mok|mcok|moc)\s*:[^\s\"]{0,60}", re.IGNORECASE)
FIRST_ERROR = 400
SHOWN = 400
INDENT = 12


def explained(
    told: Subject, library: Mapping[str, Scenario], keys: frozenset[str] = frozenset()
) -> Iterator[str]:
    """Yield, line by line, what a mock with these scenarios does with a request and why."""
    request, mark = told.request, marker.of(told.request)
    provider = Provider(Journal(), library, keys)
    if mark and mark.what == "armed" and mark.nonce:
        # A running mock knows it; anything that plays shows what else there is to say.
        provider.arm(mark.nonce, library["text"])
    performance, entry = provider.perform(request, (1, 1))
    # A marker that is refused keeps the mock from reading on; the rest of the request counts too.
    unmarked = replace(request, body=request.body.replace(marker.OPENING, b"[[----:"))
    _, strictly = provider.perform(unmarked, (1, 2))
    objections = dict.fromkeys((*entry.objections, *strictly.objections))
    yield from _lines("request", _request(told))
    yield from _lines("surface", [_surface(request)])
    yield from _lines("marker", [_marker(mark, request.body)])
    yield from _lines("scenario", [_scenario(performance, entry, mark, library)])
    yield from _lines("answer", _answer(performance, entry, mark))
    yield from _lines("objections", [f"{where}: {why}" for where, why in objections] or ["none"])


def _lines(subject: str, texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        yield f"{subject:<{INDENT}}{text}"
        subject = ""


def _request(told: Subject) -> Iterator[str]:
    request = told.request
    yield f"{request.method} {request.target}, {len(request.body)} bytes"
    if told.assumed:
        yield told.assumed


def _surface(request: Request) -> str:
    found = routed(request)
    if found.route is not None:
        return f"{found.surface.name}, for {request.method} {request.path}"
    if any(routed(replace(request, method=each)).route for each in ("GET", "POST")):
        return f"{found.surface.name} has this path, but not for {request.method}"
    near = difflib.get_close_matches(request.path, PATHS, n=1)
    hint = f"; did you mean {near[0]}?" if near else f"; the paths are {', '.join(PATHS)}"
    return f"none has the path {request.path}{hint}"


def _marker(mark: Marker | None, body: bytes) -> str:
    if mark is None:
        like = ALMOST.search(body.decode("utf-8", "replace"))
        hint = f"; {like[0]!r} is none: it reads [[mock:NAME#NONCE]]" if like else ""
        return f"none{hint}"
    if mark.damage:
        return mark.damage
    count = body.count(marker.OPENING)
    more = f"; it is the first of {count}, and the first counts" if count > 1 else ""
    what = "a script that travels along" if mark.script else mark.what
    return f"{what}, nonce {mark.nonce}, in {_place(body)}{more}"


def _place(body: bytes) -> str:
    """Name the member of a request that has the marker in it."""
    opening = marker.OPENING.decode()
    try:
        texts = _texts(json.loads(body), ())
        return dotted(next((path for path, text in texts if opening in text), ())) or "the body"
    except ValueError:
        return "a body that is not JSON"
    except RecursionError:
        return "a body that is nested too deep to look into"


def _texts(value: Json, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(value, str):
        yield path, value
    if isinstance(value, dict | list):
        for key, each in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _texts(each, (*path, key))


def _scenario(
    performance: Performance, entry: Entry, mark: Marker | None, library: Mapping[str, Scenario]
) -> str:
    if mark and mark.what == "armed":
        return f"the one armed for {mark.nonce!r} in a running mock; this command cannot know it"
    if entry.scenario is None:
        played = mark is None and _status(performance.timeline) < FIRST_ERROR
        return "none; without a marker the prompt is repeated" if played else "none is played"
    if entry.scenario in library:
        return f"{entry.scenario}: {library[entry.scenario].summary}"
    return "the script in the marker"


def _answer(performance: Performance, entry: Entry, mark: Marker | None) -> Iterator[str]:
    timeline = performance.timeline
    status = _status(timeline)
    if status >= FIRST_ERROR:
        yield f"{status}: {_body(timeline)}"
        return
    if mark and mark.what == "armed":
        yield "as armed"
        return
    sends = [step for step in spelt_out(timeline) if isinstance(step, Send | Frame)]
    events = sum(step.events for step in sends)
    tokens = sum(step.tokens for step in sends)
    how = getattr(timeline[-1], "how", type(timeline[-1]).__name__.lower())
    end = "complete" if how == "clean" else how
    counted = [_counted(events, "event")] if entry.mode == "stream" else []
    counted.append(_counted(tokens, "token"))
    yield f"{status}, {entry.mode}: {', '.join(counted)}, then {end}"
    if holds := [step.name for step in timeline if isinstance(step, Hold)]:
        yield f"held until released: {', '.join(holds)}"


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _status(timeline: Timeline) -> int:
    """Return the status of an answer; 0 if it has none because its peer never gets a head."""
    return next((step.status for step in timeline if isinstance(step, Head | Verbatim)), 0)


def _body(timeline: Timeline) -> str:
    data = b"".join(step.data for step in timeline if isinstance(step, Send | Frame))
    return data.decode("utf-8", "replace")[:SHOWN]
