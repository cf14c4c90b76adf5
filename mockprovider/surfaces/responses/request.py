"""What OpenAI objects to in a Responses request: shapes as data."""

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

CALL_ID = {"type": "string", "maxLength": 64}
ANY_OBJECT = {"type": "object"}


def members(*required: str, **known: dict[str, Json]) -> dict[str, Json]:
    """Return the shape of an object that must have some members."""
    return {"type": "object", "required": list(required), "properties": known}


def only(**known: dict[str, Json]) -> dict[str, Json]:
    """Return the shape of an object that may have these members only, or null."""
    return {"type": ["object", "null"], "properties": known, "additionalProperties": False}


PARTS = {
    "input_text": members("text", text=TEXT),
    "input_image": members(image_url=TEXT_OR_NULL, file_id=TEXT_OR_NULL),
    "input_file": ANY_OBJECT,
    "input_audio": ANY_OBJECT,
    "output_text": members("text", text=TEXT),
    "refusal": members("refusal", refusal=TEXT),
}
SPOKEN_TO = ("input_text", "input_image", "input_file", "input_audio")
# role -> the parts its content may have
ROLES = {
    "user": SPOKEN_TO,
    "system": SPOKEN_TO,
    "developer": SPOKEN_TO,
    "assistant": ("output_text", "refusal"),
}
MESSAGE = members("role", "content", role=TEXT, content={"anyOf": [
    TEXT, {"type": "array", "items": ANY_OBJECT}
]})  # fmt: skip
OUTPUT = members("call_id", "output", call_id=CALL_ID, output={"type": ["string", "array"]})

# The items that hosted tools leave behind go back to the provider as they came.
HOSTED = (
    "web_search_call", "file_search_call", "computer_call", "computer_call_output",
    "code_interpreter_call", "image_generation_call", "local_shell_call", "local_shell_call_output",
    "shell_call", "shell_call_output", "apply_patch_call", "apply_patch_call_output", "mcp_call",
    "mcp_list_tools", "mcp_approval_request", "mcp_approval_response", "tool_search_call",
    "tool_search_output", "program", "program_output", "compaction", "additional_tools",
)  # fmt: skip
ITEMS = {
    "message": MESSAGE,
    "function_call": members(
        "call_id", "name", "arguments", call_id=CALL_ID, name=NAME, arguments=TEXT
    ),
    "function_call_output": OUTPUT,
    "custom_tool_call": members("call_id", "name", "input", call_id=CALL_ID, name=TEXT, input=TEXT),
    "custom_tool_call_output": OUTPUT,
    "reasoning": members("summary", summary={"type": "array"}, encrypted_content=TEXT_OR_NULL),
    "item_reference": members("id", id=TEXT),
    **dict.fromkeys(HOSTED, ANY_OBJECT),
}
# What the id of an item begins with, if it has one.
ID_PREFIXES = {"message": "msg", "function_call": "fc", "reasoning": "rs"}

TOOLS = {
    "function": members(
        "name", name=NAME, description=TEXT_OR_NULL, parameters=OBJECT, strict=FLAG
    ),
    "custom": members("name", name=TEXT),
    "mcp": members("server_label", server_label=TEXT),
    **dict.fromkeys(
        (
            "file_search", "web_search", "web_search_2025_08_26", "web_search_preview",
            "web_search_preview_2025_03_11", "computer", "computer_use_preview", "code_interpreter",
            "image_generation", "local_shell", "shell", "apply_patch", "namespace", "tool_search",
        ),
        ANY_OBJECT,
    ),
}  # fmt: skip
FORMATS = {
    "text": ANY_OBJECT,
    "json_object": ANY_OBJECT,
    "json_schema": members("name", "schema", name=NAME, schema=ANY_OBJECT, strict=FLAG),
}
INCLUDABLE = (
    "file_search_call.results", "web_search_call.results", "web_search_call.action.sources",
    "message.input_image.image_url", "computer_call_output.output.image_url",
    "code_interpreter_call.outputs", "reasoning.encrypted_content", "message.output_text.logprobs",
)  # fmt: skip

REQUEST: dict[str, Json] = {
    "type": "object",
    "required": ["model"],
    "properties": {
        "model": TEXT,
        "input": {"anyOf": [TEXT, {"type": "array", "items": ANY_OBJECT}, {"type": "null"}]},
        "instructions": TEXT_OR_NULL,
        "stream": FLAG,
        "stream_options": only(include_obfuscation=FLAG),
        "max_output_tokens": {"type": ["integer", "null"], "minimum": 16},
        "max_tool_calls": {"type": ["integer", "null"], "minimum": 1},
        "temperature": number(0, 2),
        "top_p": number(0, 1),
        "top_logprobs": number(0, 20, "integer"),
        "include": {"type": ["array", "null"], "items": {"type": "string", "enum": INCLUDABLE}},
        "tools": {"type": ["array", "null"], "maxItems": 128, "items": ANY_OBJECT},
        "tool_choice": {"anyOf": [
            {"type": "string", "enum": ["none", "auto", "required"]},
            members("type", type=TEXT),
            {"type": "null"},
        ]},
        "parallel_tool_calls": FLAG,
        "previous_response_id": TEXT_OR_NULL,
        "conversation": {"type": ["string", "object", "null"]},
        "prompt": OBJECT,
        "reasoning": only(
            effort=choice_of("none", "minimal", "low", "medium", "high", "xhigh", "max"),
            summary=choice_of("auto", "concise", "detailed"),
            generate_summary=choice_of("auto", "concise", "detailed"),
            context=TEXT_OR_NULL,
            mode=TEXT_OR_NULL,
        ),
        "text": only(format=OBJECT, verbosity=choice_of("low", "medium", "high")),
        "truncation": choice_of("auto", "disabled"),
        "service_tier": choice_of("auto", "default", "flex", "scale", "priority", "fast"),
        "metadata": METADATA,
        "background": FLAG,
        "store": FLAG,
        "user": TEXT_OR_NULL,
        "safety_identifier": TEXT_OR_NULL,
        "prompt_cache_key": TEXT_OR_NULL,
        "prompt_cache_retention": TEXT_OR_NULL,
        "prompt_cache_options": OBJECT,
        "context_management": {"type": ["array", "null"]},
        "moderation": OBJECT,
    },
    "additionalProperties": False,
}  # fmt: skip

# Members of the older API, and where they are here.
MOVED = {
    "messages": "input",
    "max_tokens": "max_output_tokens",
    "max_completion_tokens": "max_output_tokens",
    "response_format": "text.format",
    "reasoning_effort": "reasoning.effort",
    "verbosity": "text.verbosity",
}
