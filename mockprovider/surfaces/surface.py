"""What a surface is: how one API routes, reads, renders and refuses. One value per API."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from mockprovider.inbox import Request
from mockprovider.shapes import Json
from mockprovider.steps import Error, Steps
from mockprovider.timeline import Head, Timeline

Habits = Mapping[str, Json]
ANY = re.compile("")


class Objection(NamedTuple):
    """Something a strict provider would mind in a request: where, and why."""

    where: str
    message: str


@dataclass(frozen=True, slots=True)
class Ask:
    """What a request asks of the answer, in the words all surfaces share.

    `given` are members of the request that the answer repeats or is made of, as JSON.
    """

    stream: bool = False
    n: int = 1
    limit: int | None = None
    stop: tuple[str, ...] = ()
    logprobs: int | None = None
    parallel: bool = True
    usage: bool = False
    obfuscation: bool = False
    given: str = "{}"


@dataclass(frozen=True, slots=True)
class Reading:
    """A request as understood: what it asks, or why it is refused, and what is odd about it."""

    model: str = ""
    ask: Ask = Ask()
    refusal: Error | None = None
    objections: Sequence[Objection] = ()
    prompt: str = ""


class Answerer(Protocol):
    """Answers a request that needs no scenario, such as the list of models."""

    def __call__(self, params: Mapping[str, str], /) -> tuple[int, Mapping[str, Json]]: ...


@dataclass(frozen=True, slots=True)
class Route:
    """A method, a path, and what the query must have in it.

    A keyless one is for whoever asks before it has a client, and so a key.
    """

    method: str
    path: re.Pattern[str]
    query: re.Pattern[str] = ANY
    answer: Answerer | None = field(default=None, compare=False)
    keyless: bool = False


def body_only(request: Request) -> str:
    """Say that nothing but its body tells how a request is to be read."""
    return ""


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """One API, as functions over neutral values.

    `context` is what else of a request `read` depends on, such as a version header; `refusals`
    are the vendor's own words for what the mock refuses on every surface. The name of a further
    form of an API is the API's own, a dash, and the form's.
    """

    name: str
    routes: tuple[Route, ...]
    credential: Callable[[Request], str | None]
    read: Callable[[Json, str], Reading]
    head: Callable[[bool], Head]
    stream: Callable[[Steps, Ask, Habits], Timeline]
    plain: Callable[[Steps, Ask, Habits], bytes]
    envelope: Callable[[Error], tuple[int, Json]]
    context: Callable[[Request], str] = body_only
    refusals: Mapping[str, Error] = field(default_factory=dict)

    @property
    def api(self) -> str:
        """Name the API this is a form of; a scenario's table of habits is named after it."""
        return self.name.partition("-")[0]
