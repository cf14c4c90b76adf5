"""What OpenAI objects to in a chat request: shapes as data, and what shapes cannot say."""

from mockprovider.shapes import Json
from mockprovider.surfaces.openai import (
    FLAG,
    METADATA,
    NAME,
    OBJECT,
    TEXT,
    TEXT_OR_NULL,
    choice_of,
    number,
)

PENALTY = number(-2, 2)
COUNT = {"type": ["integer", "null"], "minimum": 1}
ARGUMENTS = {
    "type": "object",
    "required": ["name", "arguments"],
    "properties": {"name": TEXT, "arguments": TEXT},
}


def part(kind: str, member: str, shape: dict[str, Json]) -> dict[str, Json]:
    """Return the shape of one kind of content part."""
    return {
        "type": "object",
        "required": ["type", member],
        "properties": {"type": {"const": kind}, member: shape},
    }


def content(*parts: dict[str, Json]) -> dict[str, Json]:
    """Return the shape of a message's content: a text, or parts of these kinds."""
    return {"anyOf": [TEXT, {"type": "array", "minItems": 1, "items": {"oneOf": list(parts)}}]}


TEXT_PART = part("text", "text", TEXT)
REFUSAL_PART = part("refusal", "refusal", TEXT)
IMAGE_PART = part(
    "image_url", "image_url", {"type": "object", "required": ["url"], "properties": {"url": TEXT}}
)
AUDIO_PART = part("input_audio", "input_audio", {"type": "object", "required": ["data", "format"]})
FILE_PART = part("file", "file", {"type": "object"})


def called(kind: str, inner: dict[str, Json]) -> dict[str, Json]:
    """Return the shape of a call that an assistant made."""
    shape = part(kind, kind, inner)
    members = {"id": TEXT, **shape["properties"]}
    return shape | {"required": ["id", "type", kind], "properties": members}


TOOL_CALL = {"oneOf": [called("function", ARGUMENTS), called("custom", {"type": "object"})]}


def message(*content_parts: dict[str, Json], **members: dict[str, Json]) -> dict[str, Json]:
    """Return the shape of a message that must have content."""
    inner = {"content": content(*content_parts), "name": TEXT_OR_NULL, **members}
    return {"type": "object", "required": ["content"], "properties": inner}


SPOKEN_TO = message(TEXT_PART)
ASSISTANT = {
    "type": "object",
    "properties": {
        "content": {"anyOf": [{"type": "null"}, content(TEXT_PART, REFUSAL_PART)]},
        "tool_calls": {"type": ["array", "null"], "minItems": 1, "items": TOOL_CALL},
        "refusal": TEXT_OR_NULL,
        "name": TEXT_OR_NULL,
    },
}
TOOL = message(TEXT_PART, tool_call_id=TEXT) | {"required": ["content", "tool_call_id"]}
ROLES = {
    "system": SPOKEN_TO,
    "developer": SPOKEN_TO,
    "user": message(TEXT_PART, IMAGE_PART, AUDIO_PART, FILE_PART),
    "assistant": ASSISTANT,
    "tool": TOOL,
    "function": {"type": "object", "required": ["name", "content"]},
}

FUNCTION = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": NAME,
        "description": TEXT_OR_NULL,
        "parameters": OBJECT,
        "strict": FLAG,
    },
    "additionalProperties": False,
}
TOOL_DEFINITION = {
    "oneOf": [
        part("function", "function", FUNCTION),
        part("custom", "custom", {"type": "object", "required": ["name"]}),
    ]
}
TOOL_CHOICE = {
    "anyOf": [
        {"type": "string", "enum": ["none", "auto", "required"]},
        {
            "type": "object",
            "required": ["type"],
            "properties": {
                "type": choice_of("function", "custom", "allowed_tools"),
                "function": OBJECT,
                "custom": OBJECT,
            },
        },
        {"type": "null"},
    ]
}

REQUEST: dict[str, Json] = {
    "type": "object",
    "required": ["model", "messages"],
    "properties": {
        "model": TEXT,
        "messages": {
            "type": "array",
            "minItems": 1,
            "items": {"type": "object", "required": ["role"], "properties": {"role": TEXT}},
        },
        "stream": FLAG,
        "stream_options": {
            "type": ["object", "null"],
            "properties": {"include_usage": FLAG, "include_obfuscation": FLAG},
            "additionalProperties": False,
        },
        "n": number(1, 128, "integer"),
        "max_tokens": COUNT,
        "max_completion_tokens": COUNT,
        "temperature": number(0, 2),
        "top_p": number(0, 1),
        "frequency_penalty": PENALTY,
        "presence_penalty": PENALTY,
        "stop": {
            "anyOf": [TEXT, {"type": "array", "items": TEXT, "maxItems": 4}, {"type": "null"}]
        },
        "logprobs": FLAG,
        "top_logprobs": number(0, 20, "integer"),
        "logit_bias": OBJECT,
        "tools": {
            "type": ["array", "null"],
            "minItems": 1,
            "maxItems": 128,
            "items": TOOL_DEFINITION,
        },
        "tool_choice": TOOL_CHOICE,
        "parallel_tool_calls": FLAG,
        "functions": {"type": ["array", "null"], "items": FUNCTION},
        "function_call": {},
        "response_format": {
            "type": ["object", "null"],
            "required": ["type"],
            "properties": {"type": choice_of("text", "json_object", "json_schema")},
        },
        "reasoning_effort": choice_of("none", "minimal", "low", "medium", "high", "xhigh", "max"),
        "verbosity": choice_of("low", "medium", "high"),
        "service_tier": choice_of("auto", "default", "flex", "scale", "priority", "fast"),
        "modalities": {"type": ["array", "null"], "items": choice_of("text", "audio")},
        "metadata": METADATA,
        "seed": {"type": ["integer", "null"]},
        "store": FLAG,
        "user": TEXT_OR_NULL,
        "safety_identifier": TEXT_OR_NULL,
        "prompt_cache_key": TEXT_OR_NULL,
        "prompt_cache_retention": TEXT_OR_NULL,
        "prompt_cache_options": OBJECT,
        "audio": OBJECT,
        "prediction": OBJECT,
        "moderation": OBJECT,
        "web_search_options": OBJECT,
    },
    "additionalProperties": False,
}
