"""Cassettes of HTTP recorders: vcrpy, go-vcr, Ruby's VCR and betamax, in YAML or JSON."""

import json
import re
from base64 import b64decode
from collections.abc import Iterator, Mapping
from datetime import datetime

from mockprovider.recordings import kinds
from mockprovider.recordings.making import Exchange, target
from mockprovider.recordings.recording import BadRecording, Headers
from mockprovider.recordings.saved import by_events, complaint, decoded
from mockprovider.shapes import Json

LISTS = ("interactions", "http_interactions")
IS_ONE = re.compile(rb"(?m)^(?:http_)?interactions\s*:")


def parsed(data: bytes) -> Json:
    """Read a YAML document."""
    try:
        import yaml  # noqa: PLC0415  (an extra: only cassettes are YAML)
    except ImportError:
        raise BadRecording(
            "is YAML, and pyyaml is not installed; pip install 'streamproof[import]'"
        ) from None
    try:
        if yaml.__with_libyaml__:
            # The same, and ten times as fast.
            return yaml.load(data, Loader=yaml.CSafeLoader)
        return yaml.safe_load(data)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise BadRecording(f"is not YAML: {' '.join(str(error).split())}") from None


def is_one(document: Json) -> bool:
    """Tell whether a document is a cassette."""
    return isinstance(document, dict) and any(name in document for name in LISTS)


def exchanges(document: Mapping[str, Json]) -> Iterator[Exchange]:
    """Yield the exchanges of a cassette that are of a known surface."""
    recorded = next(document[name] for name in LISTS if name in document)
    if not isinstance(recorded, list):
        raise BadRecording("is no cassette: its interactions are no list")
    for number, interaction in enumerate(recorded, 1):
        try:
            found = _exchange(interaction)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            told = complaint(error, "a cassette")
            raise BadRecording(f"interaction {number}: {told}") from None
        if found is not None:
            yield found


def _exchange(interaction: Mapping[str, Json]) -> Exchange | None:
    request, response = interaction["request"], interaction["response"]
    url = str(request["url"] if "url" in request else request["uri"])
    if kinds.of_target(target(url)) is None or request["method"].upper() != "POST":
        return None
    headers = _pairs(response.get("headers") or {})
    told = {name.lower(): value for name, value in headers}
    body = _body(response, told.get("content-encoding", ""))
    return Exchange(
        url=url, asked_headers=_pairs(request.get("headers") or {}),
        asked=_body(request), status=_status(response), headers=headers, wire=body,
        reads=by_events(body), timing="events", source="cassette",
        framing="length" if "content-length" in told else "chunked",
        recorded_at=_time(interaction.get("recorded_at")),
    )  # fmt: skip


def _status(response: Mapping[str, Json]) -> int:
    """Return the status: a number, a text that begins with one, or inside a table."""
    told = response.get("code", response.get("status"))
    if isinstance(told, dict):
        told = told["code"]
    return int(str(told).split()[0])


def _body(message: Mapping[str, Json], coding: str = "") -> bytes:
    """Return the body of a request or of an answer; some serializers keep JSON parsed."""
    if "parsed_body" in message:
        return json.dumps(message["parsed_body"]).encode()
    return _bytes(message.get("body"), coding)


def _bytes(body: Json, coding: str) -> bytes:
    """Return a body: bytes, a text, or a table with either, perhaps in base64.

    A body that could be kept as a text has no coding any more.
    """
    match body:
        case None:
            return b""
        case bytes():
            return decoded(body, coding)
        case str():
            return body.encode("utf-8", "replace")
        case {"base64_string": str() as text}:
            return decoded(b64decode("".join(text.split()), validate=True), coding)
        case {"string": inner}:
            return _bytes(inner, coding)
    raise BadRecording(f"a body is {type(body).__name__}, neither text nor bytes")


def _pairs(headers: Mapping[str, Json]) -> Headers:
    listed = ((name, each) for name, value in headers.items() for each in _listed(value))
    return tuple((str(name), str(value)) for name, value in listed)


def _listed(value: Json) -> list[Json]:
    return value if isinstance(value, list) else [value]


def _time(told: Json) -> str | None:
    """Return a time as a recording writes it; Ruby's VCR writes that of HTTP."""
    if not isinstance(told, str):
        return None
    try:
        told_at = datetime.fromisoformat(told)
    except ValueError:
        return None
    return told_at.strftime("%Y-%m-%dT%H:%M:%SZ") if told_at.tzinfo is None else told_at.isoformat()
