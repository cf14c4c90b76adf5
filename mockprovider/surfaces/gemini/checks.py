"""What the Gemini API can read and refuses all the same: limits, names, and turns out of order."""

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise

from mockprovider.shapes import Json, Path
from mockprovider.surfaces.gemini.proto import snake
from mockprovider.surfaces.gemini.request import DATA

Body = Mapping[str, Json]
ROLES = ("user", "model", "function")
# member of generationConfig -> its lowest and its highest value
RANGES: dict[str, tuple[float, float]] = {
    "temperature": (0.0, 2.0),
    "topP": (0.0, 1.0),
    "candidateCount": (1, 8),
    "logprobs": (0, 20),
    "presencePenalty": (-2.0, 2.0),
    "frequencyPenalty": (-2.0, 2.0),
}
MAX_STOPS = 5
MEDIA = ("text/plain", "application/json", "application/xml", "application/yaml", "text/x.enum")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]{0,63}")
BAD_NAME = (
    "Invalid function name. Must start with a letter or an underscore. Must be alphameric (a-z, "
    "A-Z, 0-9), underscores (_), dots (.), colons (:), or dashes (-), with a maximum length of 64."
)
NO_DATA = "required oneof field 'data' must have one initialized field"
FIRST_CALL = (
    "Please ensure that function call turn comes immediately after a user turn or after a function "
    "response turn."
)
LONE_RESPONSE = (
    "Please ensure that function response turn comes immediately after a function call turn."
)
UNEQUAL = (
    "Please ensure that the number of function response parts is equal to the number of function "
    "call parts of the function call turn."
)
UNANSWERED = "Please ensure that multiturn requests end with a user role or a function response."


def fields(body: Body) -> Iterator[str]:
    """Yield what is wrong with single fields, each after the field's name."""
    if not body.get("contents"):
        yield _field("contents", "contents is not specified")
    for at, content in enumerate(body.get("contents", ())):
        yield from _content(content, f"contents[{at}]")
    if "systemInstruction" in body:
        yield from _parts(body["systemInstruction"], "system_instruction")
    yield from _config(body.get("generationConfig", {}))
    for at, tool in enumerate(body.get("tools", ())):
        yield from _tool(tool, f"tools[{at}]")


def turns(body: Body) -> Iterator[str]:
    """Yield what is wrong with the conversation."""
    contents = body["contents"]
    if any(content.get("role", "user") not in ROLES for content in contents):
        yield "Please use a valid role: user, model."
        return
    yield from _called_first(contents)
    for before, content in pairwise(({}, *contents)):
        calls, answers = _count(before, "functionCall"), _count(content, "functionResponse")
        if answers and not calls:
            yield LONE_RESPONSE
        elif calls != answers:
            yield UNEQUAL
        if _count(content, "functionCall") and before and before.get("role") == "model":
            yield FIRST_CALL
    if contents[-1].get("role") == "model":
        yield UNANSWERED


def together(body: Body) -> Iterator[str]:
    """Yield what is wrong with members that depend on one another."""
    config = body.get("toolConfig", {}).get("functionCallingConfig", {})
    declared = [each for tool in body.get("tools", ()) for each in _declared(tool)]
    if config.get("mode") in ("ANY", "VALIDATED") and not declared:
        yield "Function calling config is set without function_declarations."
    names = [each.get("name") for each in declared]
    for name in config.get("allowedFunctionNames", ()):
        if name not in names:
            yield f"Function {name} in allowed_function_names is not declared in tools."
    if "logprobs" in (own := body.get("generationConfig", {})) and not own.get("responseLogprobs"):
        yield "Logprobs is set, but response_logprobs is not enabled."


def _called_first(contents: list[Body]) -> Iterator[str]:
    if _count(contents[0], "functionCall"):
        yield FIRST_CALL


def _count(content: Body, kind: str) -> int:
    return sum(kind in part for part in content.get("parts", ()))


def _content(content: Body, place: str) -> Iterator[str]:
    if not content.get("parts"):
        yield _field(f"{place}.parts", "contents.parts must not be empty.")
    yield from _parts(content, place)


def _parts(content: Body, place: str) -> Iterator[str]:
    for at, part in enumerate(content.get("parts", ())):
        # What was signed comes back, even if there is nothing in it but the signature.
        if not any(name in part for name in (*DATA, "thoughtSignature")):
            yield _field(f"{place}.parts[{at}].data", NO_DATA)
        yield from _named(part, f"{place}.parts[{at}]")


def _named(part: Body, place: str) -> Iterator[str]:
    for kind in ("functionCall", "functionResponse"):
        if kind in part and not part[kind].get("name"):
            yield _field(f"{place}.{snake(kind)}.name", "Name cannot be empty.")


def _config(config: Body) -> Iterator[str]:
    for name, (low, high) in RANGES.items():
        if name in config and not low <= config[name] <= high:
            told = f"{snake(name)} must be in the range [{low}, {high}]."
            yield _field(f"generation_config.{snake(name)}", told)
    if config.get("maxOutputTokens", 1) <= 0:
        told = "max_output_tokens must be positive."
        yield _field("generation_config.max_output_tokens", told)
    if len(config.get("stopSequences", ())) > MAX_STOPS:
        told = f"at most {MAX_STOPS} stop sequences are allowed."
        yield _field("generation_config.stop_sequences", told)
    if config.get("responseMimeType", MEDIA[0]) not in MEDIA:
        listed = ", ".join(f"`{media}`" for media in MEDIA[:-1])
        told = f"allowed mimetypes are {listed} and `{MEDIA[-1]}`."
        yield _field("generation_config.response_mime_type", told)
    if "responseSchema" in config:
        yield from _schema(config["responseSchema"], "generation_config.response_schema")


def _tool(tool: Body, place: str) -> Iterator[str]:
    if not any(tool.values()) and not any(value == {} for value in tool.values()):
        told = "required one_of 'tool_type' must have one initialized field"
        yield _field(f"{place}.tool_type", told)
    for at, function in enumerate(_declared(tool)):
        own = f"{place}.function_declarations[{at}]"
        if not NAME.fullmatch(function.get("name", "")):
            yield _field(f"{own}.name", BAD_NAME)
        if "parameters" in function:
            yield from _schema(function["parameters"], f"{own}.parameters")


def _declared(tool: Body) -> list[Body]:
    declared: list[Body] = tool.get("functionDeclarations", [])
    return declared


def _schema(schema: Body, place: str) -> Iterator[str]:
    """Yield what is wrong with a schema, and with those inside it."""
    properties = schema.get("properties", {})
    if schema.get("type") == "OBJECT" and "properties" in schema and not properties:
        yield _field(f"{place}.properties", "should be non-empty for OBJECT type")
    if schema.get("type") == "ARRAY" and "items" not in schema:
        yield _field(f"{place}.items", "missing field.")
    for at, name in enumerate(schema.get("required", ())):
        if name not in properties:
            yield _field(f"{place}.required[{at}]", "property is not defined")
    for name, inner in properties.items():
        yield from _schema(inner, f"{place}.properties[{name}]")
    if "items" in schema:
        yield from _schema(schema["items"], f"{place}.items")


def _field(place: str, message: str) -> str:
    return f"* GenerateContentRequest.{place}: {message}"


def odd(body: Body) -> Iterator[tuple[Path, str]]:
    """Yield what is accepted and yet odd."""
    for at, content in enumerate(body.get("contents", ())):
        path: Path = ("contents", at)
        if "role" not in content:
            yield (*path, "role"), "missing; Vertex refuses that"
        elif content["role"] == "function":
            yield (*path, "role"), "'function' is a former role; it is 'user' now"
        for number, part in enumerate(content.get("parts", ())):
            if part.get("text") == "" and "thoughtSignature" not in part:
                yield (*path, "parts", number), "an empty text"
            if sum(name in part for name in DATA) > 1:
                yield (*path, "parts", number), "several kinds of data in one part"
