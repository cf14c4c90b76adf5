"""What a strict provider objects to in a request: refusals in its words, and mere oddities."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mockprovider.inbox import Headers, Request
from mockprovider.shapes import Json, Mismatch, Path, type_name
from mockprovider.steps import Error
from mockprovider.surfaces.surface import Objection

INVALID = "invalid_request_error"
NOT_JSON = (
    "We could not parse the JSON body of your request. (HINT: This likely means you aren't using "
    "your HTTP library correctly. The OpenAI API expects a JSON payload, but what was sent was not "
    "valid JSON.)"
)
HOP_BY_HOP = ("keep-alive", "proxy-connection", "proxy-authorization", "te", "trailer", "upgrade")
SINGLE = ("authorization", "content-type", "content-length", "host", "user-agent")
TYPE_WORDS = {
    "integer": "an integer", "number": "a decimal", "string": "a string", "boolean": "a boolean",
    "array": "an array", "object": "an object", "null": "null",
}  # fmt: skip
SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
HALF = re.compile("[\ud800-\udfff]")
# keyword -> code, what is wrong, what was expected, what came instead
BEYOND = {
    "minimum": ("below_min_value", "{kind} below minimum value", "a value >= {wanted}", "{found}"),
    "maximum": ("above_max_value", "{kind} above maximum value", "a value <= {wanted}", "{found}"),
    "minItems": (
        "empty_array", "empty array", "an array with minimum length {wanted}", "an empty array",
    ),
    "maxItems": (
        "array_above_max_length", "array too long", "an array with maximum length {wanted}",
        "an array with length {size}",
    ),
    "minLength": (
        "string_below_min_length", "string too short", "a string with minimum length {wanted}",
        "an empty string",
    ),
    "maxLength": (
        "string_above_max_length", "string too long", "a string with maximum length {wanted}",
        "a string with length {size}",
    ),
    "maxProperties": (
        "object_above_max_properties", "too many properties",
        "an object with at most {wanted} properties", "an object with {size} properties",
    ),
    "pattern": (
        "invalid_value", "string does not match pattern",
        "a string that matches the pattern '{wanted}'", "'{found}'",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Parsed:
    """The body of a request as JSON, or why it is none, and what is odd about it."""

    body: Json = None
    refusal: Error | None = None
    objections: tuple[Objection, ...] = ()


def parsed(data: bytes) -> Parsed:
    """Read a body."""
    odd = list[Objection]()
    try:
        body = json.loads(data, object_pairs_hook=lambda pairs: _object(pairs, odd))
    except (ValueError, RecursionError):
        odd.append(Objection("body", "not valid JSON"))
        return Parsed(None, Error(NOT_JSON, INVALID, status=400), tuple(odd))
    if SURROGATE.search(data) and (text := json.dumps(body, ensure_ascii=False)) != repaired(text):
        odd.append(Objection("body", "half a surrogate pair, which no UTF-8 can say"))
        body = json.loads(repaired(text))
    return Parsed(body, None, tuple(odd))


def repaired(text: str) -> str:
    """Put U+FFFD in place of every half of a surrogate pair that is alone."""
    return HALF.sub("\N{REPLACEMENT CHARACTER}", text)


def media(request: Request) -> Error | None:
    """Refuse a body that is not announced as JSON."""
    told = request.header("content-type") or ""
    if told.partition(";")[0].strip().lower() == "application/json":
        return None
    message = (
        f"Unsupported content type: '{told}'. This API method only accepts 'application/json' "
        f"requests, but you specified the header 'Content-Type: {told}'."
    )
    return Error(message, INVALID, "unsupported_content_type", None, 415)


def odd_headers(headers: Headers) -> tuple[Objection, ...]:
    """Return what is odd about headers that a router sent."""
    return tuple(_odd_headers(headers))


def _odd_headers(headers: Headers) -> Iterator[Objection]:
    names = [name.lower() for name, _ in headers]
    for name in HOP_BY_HOP:
        if name in names:
            yield Objection(f"header.{name}", "hop-by-hop header; it ends at the next hop")
    for name in SINGLE:
        if names.count(name) > 1:
            yield Objection(f"header.{name}", f"sent {names.count(name)} times")
    for name, value in headers:
        if value != value.strip() or not value.isascii():
            yield Objection(f"header.{name.lower()}", f"odd value {value!r}")


def _object(pairs: list[tuple[str, Json]], odd: list[Objection]) -> dict[str, Json]:
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        odd.append(Objection(f"body.{twice}", "member appears twice in one object"))
    return made


def dotted(path: Path) -> str:
    """Write a path as OpenAI does: `messages[0].role`."""
    names = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return "".join(names).removeprefix(".")


def refusal(wrong: Mismatch) -> Error:
    """Say one mismatch in OpenAI's words."""
    param = dotted(wrong.path)
    match wrong.keyword:
        case "required":
            code, message = "missing_required_parameter", f"Missing required parameter: '{param}'."
        case "additionalProperties":
            code, message = "unknown_parameter", f"Unknown parameter: '{param}'."
        case "enum":
            words = [f"'{word}'" for word in wrong.wanted if word is not None]
            supported = _listed(words, "and")
            code = "invalid_value"
            message = f"Invalid value: {_shown(wrong.found)}. Supported values are: {supported}."
        case "type" | "oneOf":
            code = "invalid_type"
            told = f"expected {_expected(wrong)}, but got {_got(wrong.found)} instead"
            message = f"Invalid type for '{param}': {told}."
        case _:
            code, message = _beyond(wrong, param)
    return Error(message, INVALID, code, param or None, 400)


def _beyond(wrong: Mismatch, param: str) -> tuple[str, str]:
    code, problem, expected, got = BEYOND[wrong.keyword]
    kind = "integer" if "integer" in _names(wrong.shape.get("type", ())) else "decimal"
    size = len(wrong.found) if hasattr(wrong.found, "__len__") else 0
    told = f"{problem}. Expected {expected}, but got {got} instead."
    said = told.format(kind=kind, wanted=wrong.wanted, found=wrong.found, size=size)
    return (f"{kind}_{code}" if "{kind}" in problem else code), f"Invalid '{param}': {said}"


def _expected(wrong: Mismatch) -> str:
    shapes = wrong.wanted if wrong.keyword == "oneOf" else [wrong.shape]
    names = [name for shape in shapes for name in _names(shape.get("type", "object"))]
    words = [TYPE_WORDS[name] for name in dict.fromkeys(names) if name != "null"]
    return words[0] if len(words) == 1 else f"one of {_listed(words, 'or')}"


def _got(value: Json) -> str:
    return TYPE_WORDS[type_name(value)]


def _names(types: str | Iterable[str]) -> list[str]:
    return [types] if isinstance(types, str) else list(types)


def _shown(value: Json) -> str:
    return f"'{value}'" if isinstance(value, str) else json.dumps(value)


def _listed(words: list[str], last: str) -> str:
    if len(words) < 3:  # noqa: PLR2004
        return f" {last} ".join(words)
    return f"{', '.join(words[:-1])}, {last} {words[-1]}"
