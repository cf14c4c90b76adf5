"""Body and path of a Gemini request in, what it asks or why it is refused out."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple
from urllib.parse import parse_qs, unquote

from mockprovider.inbox import Request
from mockprovider.requests import dotted
from mockprovider.shapes import Json, Shape, mismatches
from mockprovider.steps import Error
from mockprovider.surfaces.gemini import checks, proto
from mockprovider.surfaces.gemini.proto import Odd, Wrong
from mockprovider.surfaces.gemini.request import COUNT, REQUEST
from mockprovider.surfaces.openai import bearer, typed
from mockprovider.surfaces.surface import Ask, Objection, Reading

Body = Mapping[str, Json]
# Vertex has its models under a publisher, in a project or without one.
MODELS = (
    r"/(?P<version>v1|v1beta|v1alpha|v1beta1)"
    r"(?:/(?:projects/[^/]+/locations/[^/]+/)?publishers/google)?/(?:models|tunedModels)"
)
METHOD = re.compile(MODELS + r"/(?P<model>[^:]+?)(?::|%3[Aa])(?P<method>\w+)")
MODEL_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
UNKNOWN_MODEL = "mock-unknown"
INVALID = "INVALID_ARGUMENT"


class Asked(NamedTuple):
    """What the path of a request says."""

    version: str
    model: str
    method: str


def key(request: Request) -> str | None:
    """Return the API key, or the bearer's token."""
    return own_key(request) or bearer(request)


def own_key(request: Request) -> str:
    """Return the key where only Google takes one."""
    told = request.header("x-goog-api-key") or ""
    return told.strip() or parse_qs(request.query).get("key", [""])[0].strip()


def context(request: Request) -> str:
    """Return the path: the model is in it, and how the answer is to come."""
    return request.path


def asked(path: str) -> Asked:
    """Take a path apart."""
    found = METHOD.fullmatch(path)
    if found is None:
        raise ValueError(
            f"{path!r} is no path of this API; it ends in :generateContent or the like"
        )
    return Asked(found["version"], unquote(found["model"]), found["method"])


def read(body: Json, context: str) -> Reading:
    """Understand a request as strictly as the Gemini API does."""
    return _reading(body, asked(context), REQUEST)


def read_count(body: Json, context: str) -> Reading:
    """Understand a question for the length of a prompt."""
    return _reading(body, asked(context), COUNT)


def ask(body: Body, *, streamed: bool) -> Ask:
    """Read what shapes the answer; a member of a wrong type counts as not given."""
    config = typed(body, "generationConfig", dict) or {}
    thinking = typed(config, "thinkingConfig", dict) or {}
    logprobs = typed(config, "logprobs", int) or 0
    return Ask(
        stream=streamed,
        n=typed(config, "candidateCount", int) or 1,
        limit=typed(config, "maxOutputTokens", int),
        stop=tuple(map(str, typed(config, "stopSequences", list) or ())),
        logprobs=logprobs if config.get("responseLogprobs") is True else None,
        usage=True,
        given=json.dumps({"thoughts": thinking.get("includeThoughts") is True}),
    )


def unknown_model(asked: Asked) -> Error:
    """Refuse a model that does not exist."""
    return Error(
        f"models/{asked.model} is not found for API version {asked.version}, or is not supported "
        f"for {asked.method}. Call ListModels to see the list of available models and their "
        "supported methods.",
        status=404,
    )


def _reading(body: Json, asked: Asked, shape: Shape) -> Reading:
    if (key := proto.too_deep(body)) is not None:
        told = f"Message too deep. Max recursion depth reached for key '{key}'"
        return Reading(refusal=_invalid(told), objections=[Objection("body", told)])
    odd = list[Odd]()
    known = proto.normal(shape, body, shape, odd)
    wrong = list(_errors(known, asked, shape))
    odd += (Odd(*each) for each in checks.odd(_asked_for(known))) if not wrong else ()
    objections = [Objection(f"body.{place}".rstrip("."), error.message) for place, error in wrong]
    objections += [Objection(f"body.{dotted(path)}", message) for path, message in odd]
    streamed = asked.method == "streamGenerateContent"
    own = known if isinstance(known, dict) else {}
    refusal = wrong[0][1] if wrong else None
    return Reading(asked.model, ask(own, streamed=streamed), refusal, objections, _prompt(own))


def _asked_for(known: Body) -> Body:
    """Return the request itself; a question for its length may wrap it."""
    inner = known.get("generateContentRequest", known)
    return inner if isinstance(inner, dict) else {}


def _errors(known: Json, asked: Asked, shape: Shape) -> Iterator[tuple[str, Error]]:
    """Yield everything that is refused, in the order it would be, each with its place."""
    unread = [proto.unreadable(each, known) for each in mismatches(shape, known, root=shape)]
    if unread:
        yield from ((each.place, _unread(each)) for each in unread)
        return
    if asked.model == UNKNOWN_MODEL:
        yield "", unknown_model(asked)
        return
    if not MODEL_NAME.fullmatch(asked.model):
        yield "", _invalid("* GenerateContentRequest.model: unexpected model name format\n")
        return
    request = _asked_for(known)
    fields = [f"{each}\n" for each in checks.fields(request)]
    if fields:
        yield "", _invalid("".join(fields))
        return
    for each in (*checks.turns(request), *checks.together(request)):
        yield "", _invalid(each)


def _unread(wrong: Wrong) -> Error:
    return Error(wrong.message, INVALID, param=wrong.place, status=400)


def _invalid(message: str) -> Error:
    return Error(message, INVALID, status=400)


def _prompt(body: Body) -> str:
    """Return the text of the last content."""
    contents = typed(_asked_for(body), "contents", list) or [{}]
    last = contents[-1] if isinstance(contents[-1], dict) else {}
    parts = typed(last, "parts", list) or ()
    return " ".join(str(part.get("text", "")) for part in parts if isinstance(part, dict))
