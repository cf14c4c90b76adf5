"""What Anthropic objects to in a Messages request: shapes as data."""

from mockprovider.shapes import Json

TEXT = {"type": "string"}
TEXT_OR_NULL = {"type": ["string", "null"]}
FLAG_OR_NULL = {"type": ["boolean", "null"]}
OBJECT = {"type": "object"}
OBJECT_OR_NULL = {"type": ["object", "null"]}
LIST = {"type": "array"}
LIST_OR_NULL = {"type": ["array", "null"]}
ID = {"type": "string", "pattern": "^[a-zA-Z0-9_-]+$"}

VERSIONS = ("2023-01-01", "2023-06-01", "2026-10-21")
# Removed by the newest version; refused there whatever their value.
SAMPLING = ("temperature", "top_p", "top_k")


def closed(*required: str, **members: Json) -> dict[str, Json]:
    """Return the shape of an object that has these members and no other."""
    return {
        "type": "object",
        "required": list(required),
        "properties": members,
        "additionalProperties": False,
    }


def words(*allowed: str) -> dict[str, Json]:
    """Return the shape of one of some words, or null."""
    return {"type": ["string", "null"], "enum": [*allowed, None]}


def number(low: float, high: float | None = None, kind: str = "number") -> dict[str, Json]:
    """Return the shape of a number within limits, or null."""
    above = {} if high is None else {"maximum": high}
    return {"type": [kind, "null"], "minimum": low, **above}


def block(*required: str, **members: Json) -> dict[str, Json]:
    """Return the shape of a content block."""
    own = {"type": TEXT, "cache_control": CACHE_CONTROL, **members}
    return closed("type", *required, **own)


CACHE_CONTROL = OBJECT_OR_NULL | {"required": ["type"]}
CONTENT = {"type": ["string", "array"]}
MESSAGE = closed("role", "content", role=TEXT, content=CONTENT)

TEXT_BLOCK = block("text", text=TEXT, citations=LIST_OR_NULL)
SERVER_RESULTS = (
    "web_search_tool_result", "web_fetch_tool_result", "code_execution_tool_result",
    "bash_code_execution_tool_result", "text_editor_code_execution_tool_result",
    "tool_search_tool_result", "mcp_tool_result", "advisor_tool_result",
)  # fmt: skip
# type -> the shape of a block, and the roles that may use it
BLOCKS: dict[str, tuple[dict[str, Json], tuple[str, ...]]] = {
    "text": (TEXT_BLOCK, ("user", "assistant", "system")),
    "image": (block("source", source=OBJECT), ("user",)),
    "document": (
        block("source", source=OBJECT, title=TEXT_OR_NULL, context=TEXT_OR_NULL,
              citations=OBJECT_OR_NULL),
        ("user", "assistant"),
    ),
    "search_result": (
        block("source", "title", "content", source=TEXT, title=TEXT, content=LIST,
              citations=OBJECT_OR_NULL),
        ("user",),
    ),
    "container_upload": (block("file_id", file_id=TEXT), ("user",)),
    "tool_result": (
        block("tool_use_id", tool_use_id=ID, content=CONTENT, is_error=FLAG_OR_NULL,
              toolset_name=TEXT_OR_NULL),
        ("user",),
    ),
    "tool_use": (
        block("id", "name", "input", id=ID, name=TEXT, input=OBJECT, caller=OBJECT_OR_NULL,
              toolset_name=TEXT_OR_NULL),
        ("assistant",),
    ),
    "thinking": (
        block("thinking", "signature", thinking=TEXT, signature=TEXT), ("assistant",)
    ),
    "redacted_thinking": (block("data", data=TEXT), ("assistant",)),
    "server_tool_use": (OBJECT, ("assistant",)),
    "mcp_tool_use": (OBJECT, ("assistant",)),
    "compaction": (OBJECT, ("assistant",)),
    "fallback": (OBJECT, ("assistant",)),
    "tool_reference": (OBJECT, ("user",)),
    "browser_state": (OBJECT, ("user",)),
    **dict.fromkeys(SERVER_RESULTS, (OBJECT, ("assistant", "user"))),
}  # fmt: skip

TOOL = closed(
    "name", "input_schema",
    type=TEXT_OR_NULL,
    name={"type": "string", "pattern": "^[a-zA-Z0-9_-]{1,128}$"},
    description=TEXT_OR_NULL,
    input_schema={
        "type": "object",
        "required": ["type"],
        "properties": {"type": {"type": "string", "enum": ["object"]}},
    },
    cache_control=CACHE_CONTROL, strict=FLAG_OR_NULL, defer_loading=FLAG_OR_NULL,
    eager_input_streaming=FLAG_OR_NULL, allowed_callers=LIST_OR_NULL, input_examples=LIST_OR_NULL,
)  # fmt: skip
# Tools the service brings along, most with a date behind it.
SERVER_TOOL = (
    "^(advisor|bash|browser|code_execution|computer|mcp|memory|text_editor|tool_search_tool|"
    "web_fetch|web_search)_"
)

PARALLEL = {"type": TEXT, "disable_parallel_tool_use": FLAG_OR_NULL}
TOOL_CHOICES: dict[str, Json] = {
    "auto": closed("type", **PARALLEL),
    "any": closed("type", **PARALLEL),
    "tool": closed("type", "name", name=TEXT, **PARALLEL),
    "none": closed("type", type=TEXT),
}
DISPLAY = words("summarized", "omitted")
BUDGET = {"type": "integer", "minimum": 1024}
THINKING: dict[str, Json] = {
    "enabled": closed("type", "budget_tokens", type=TEXT, budget_tokens=BUDGET, display=DISPLAY),
    "adaptive": closed("type", type=TEXT, display=DISPLAY),
    "disabled": closed("type", type=TEXT),
    "between_tools": closed("type", type=TEXT),
}

PROMPT: dict[str, Json] = {
    "model": {"type": "string", "minLength": 1},
    "messages": {"type": "array", "items": MESSAGE},
    "system": {"type": ["string", "array", "null"], "items": TEXT_BLOCK},
    "tools": LIST_OR_NULL | {"items": OBJECT},
    "tool_choice": OBJECT_OR_NULL | {"required": ["type"], "properties": {"type": TEXT}},
    "thinking": OBJECT_OR_NULL | {"required": ["type"], "properties": {"type": TEXT}},
    "output_config": OBJECT_OR_NULL
    | {"properties": {"effort": words("low", "medium", "high", "xhigh", "max")}},
    "cache_control": CACHE_CONTROL,
    "speed": words("standard", "fast"),
    "user_profile_id": TEXT_OR_NULL,
}
ANSWER: dict[str, Json] = {
    "max_tokens": {"type": "integer", "minimum": 0},
    "stream": FLAG_OR_NULL,
    "stop_sequences": LIST_OR_NULL | {"items": TEXT},
    "metadata": closed(user_id=TEXT_OR_NULL) | {"type": ["object", "null"]},
    "service_tier": words("auto", "standard_only"),
    "container": {"type": ["string", "object", "null"]},
    "diagnostics": OBJECT_OR_NULL,
    "inference_geo": TEXT_OR_NULL,
    "workspace_id": TEXT_OR_NULL,
    "temperature": number(0, 1),
    "top_p": number(0, 1),
    "top_k": number(0, kind="integer"),
}
# What only a request with an `anthropic-beta` header may have.
BETA: dict[str, Json] = {
    "mcp_servers": LIST_OR_NULL,
    "context_management": OBJECT_OR_NULL,
    "compaction": OBJECT_OR_NULL,
    "fallbacks": {},
    "fallback_credit_token": {},
    "billing_policy": OBJECT_OR_NULL,
    "thread": OBJECT_OR_NULL,
    "output_format": OBJECT_OR_NULL,
}
