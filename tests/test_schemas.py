"""The published shapes of the wire protocols: sound in themselves, and type by type."""

import json
from collections.abc import Callable, Iterator

import pytest
from jsonschema import Draft202012Validator

from conformance.exchange import Json
from conformance.resources import FIXTURES

Faults = Callable[[str, Json], dict[str, str]]

SCHEMAS: dict[str, Json] = {
    path.name.removesuffix(".schema.json"): json.loads(path.read_text("utf-8"))
    for path in sorted((FIXTURES / "schemas").glob("*.schema.json"))
}
WIRE = [name for name in SCHEMAS if name.startswith(("openai-", "anthropic-", "gemini-"))]

ITEM = {"type": "response.output_item.done", "sequence_number": 0, "output_index": 0}
PART = {"type": "response.content_part.done", "sequence_number": 0, "output_index": 0,
        "content_index": 0, "item_id": "i"}  # fmt: skip
NOTE = PART | {"type": "response.output_text.annotation.added", "annotation_index": 0}

# What holds the typed thing: the schema, the member, the document around it.
HOLDER: dict[str, tuple[str, str, Json]] = {
    "event": ("openai-responses-event", "", {"sequence_number": 0}),
    "item": ("openai-responses-event", "item", ITEM),
    "part": ("openai-responses-event", "part", PART),
    "annotation": ("openai-responses-event", "annotation", NOTE),
    "messages event": ("anthropic-messages-event", "", {}),
    "block": ("anthropic-messages-event", "content_block",
              {"type": "content_block_start", "index": 0}),
    "delta": ("anthropic-messages-event", "delta", {"type": "content_block_delta", "index": 0}),
    "citation": ("anthropic-messages-event", "delta.citation",
                 {"type": "content_block_delta", "index": 0, "delta": {"type": "citations_delta"}}),
}  # fmt: skip

CALL = "response.{}_call.in_progress response.{}_call.completed"
DOCUMENT = "cited_text document_index document_title"

# What is typed, its types, the members each of them needs beside `type`.
NEEDS = [
    ("event", """response.created response.queued response.in_progress response.completed
              response.incomplete response.failed""", "response"),
    ("event", "error", "code message param"),
    ("event", "response.output_item.added response.output_item.done", "output_index item"),
    ("event", "response.content_part.added response.content_part.done",
              "item_id output_index content_index part"),
    ("event", "response.output_text.delta response.refusal.delta response.reasoning_text.delta",
              "item_id output_index content_index delta"),
    ("event", "response.output_text.done response.reasoning_text.done",
              "item_id output_index content_index text"),
    ("event", "response.output_text.annotation.added",
              "item_id output_index content_index annotation_index annotation"),
    ("event", "response.refusal.done", "item_id output_index content_index refusal"),
    ("event", """response.function_call_arguments.delta response.mcp_call_arguments.delta
              response.custom_tool_call_input.delta response.code_interpreter_call_code.delta
              response.apply_patch_call_operation_diff.delta""", "item_id output_index delta"),
    ("event", "response.function_call_arguments.done response.mcp_call_arguments.done",
              "item_id output_index arguments"),
    ("event", "response.custom_tool_call_input.done", "item_id output_index input"),
    ("event", "response.code_interpreter_call_code.done", "item_id output_index code"),
    ("event", "response.apply_patch_call_operation_diff.done", "item_id output_index diff"),
    ("event", "response.reasoning_summary_part.added response.reasoning_summary_part.done",
              "item_id output_index summary_index part"),
    ("event", "response.reasoning_summary_text.delta", "item_id output_index summary_index delta"),
    ("event", "response.reasoning_summary_text.done", "item_id output_index summary_index text"),
    *(("event", CALL.format(tool, tool), "item_id output_index") for tool in
      ("web_search", "file_search", "code_interpreter", "image_generation", "mcp")),
    ("event", """response.web_search_call.searching response.file_search_call.searching
              response.code_interpreter_call.interpreting response.mcp_call.failed
              response.image_generation_call.generating response.mcp_list_tools.in_progress
              response.mcp_list_tools.completed response.mcp_list_tools.failed
              response.compaction.compacting""", "item_id output_index"),
    ("event", "response.image_generation_call.partial_image",
              "item_id output_index partial_image_b64 partial_image_index"),
    ("event", "response.shell_call_command.added response.shell_call_command.done",
              "output_index command_index command"),
    ("event", "response.shell_call_command.delta", "output_index command_index delta"),
    ("event", "response.shell_call_output_content.delta",
              "item_id output_index command_index delta"),
    ("event", "response.shell_call_output_content.done",
              "item_id output_index command_index output"),
    ("event", "response.audio.delta response.audio.transcript.delta", "delta"),
    ("event", "response.audio.done response.audio.transcript.done keepalive of.tomorrow", ""),
    ("item", "message", "id role status content"),
    ("item", "reasoning", "id summary"),
    ("item", "function_call", "call_id name arguments"),
    ("item", "custom_tool_call", "call_id name input"),
    ("item", "web_search_call image_generation_call", "id status"),
    ("item", "file_search_call", "id queries status"),
    ("item", "code_interpreter_call", "id container_id status"),
    ("item", "mcp_call mcp_approval_request", "id arguments name server_label"),
    ("item", "mcp_approval_response", "id approval_request_id approve"),
    ("item", "mcp_list_tools", "id server_label tools"),
    ("item", "computer_call", "id call_id pending_safety_checks status"),
    ("item", "local_shell_call shell_call", "id call_id action status"),
    ("item", "apply_patch_call", "id call_id operation status"),
    ("item", "tool_search_call", "id arguments execution status"),
    ("item", "tool_search_output", "id execution status tools"),
    ("item", "additional_tools", "id role tools"),
    ("item", "program", "id call_id code fingerprint"),
    ("item", "program_output", "id call_id result status"),
    ("item", "compaction", "id encrypted_content"),
    ("item", "function_call_output", "id output status"),
    ("item", "custom_tool_call_output computer_call_output shell_call_output",
             "id call_id output status"),
    ("item", "local_shell_call_output", "id output"),
    ("item", "apply_patch_call_output", "id call_id status"),
    ("item", "of_tomorrow", ""),
    ("part", "output_text", "text annotations"),
    ("part", "refusal", "refusal"),
    ("part", "reasoning_text summary_text", "text"),
    ("part", "of_tomorrow", ""),
    ("annotation", "file_citation", "file_id filename index"),
    ("annotation", "url_citation", "start_index end_index title url"),
    ("annotation", "container_file_citation",
                   "container_id file_id filename start_index end_index"),
    ("annotation", "file_path", "file_id index"),
    ("annotation", "of_tomorrow", ""),
    ("messages event", "message_start", "message"),
    ("messages event", "content_block_start", "index content_block"),
    ("messages event", "content_block_delta", "index delta"),
    ("messages event", "content_block_stop", "index"),
    ("messages event", "message_delta", "delta usage"),
    ("messages event", "error", "error"),
    ("messages event", "message_stop ping of_tomorrow", ""),
    ("block", "text", "text"),
    ("block", "thinking", "thinking signature"),
    ("block", "redacted_thinking", "data"),
    ("block", "tool_use server_tool_use", "id name input"),
    ("block", "mcp_tool_use", "id name input server_name"),
    ("block", """web_search_tool_result web_fetch_tool_result code_execution_tool_result
              bash_code_execution_tool_result text_editor_code_execution_tool_result
              tool_search_tool_result advisor_tool_result""", "tool_use_id content"),
    ("block", "mcp_tool_result", "tool_use_id content is_error"),
    ("block", "mcp_tool_listing", "mcp_server_name tools"),
    ("block", "container_upload", "file_id"),
    ("block", "fallback", "from to"),
    ("block", "compaction", "content"),
    ("block", "of_tomorrow", ""),
    ("delta", "text_delta", "text"),
    ("delta", "input_json_delta", "partial_json"),
    ("delta", "thinking_delta", "thinking"),
    ("delta", "signature_delta", "signature"),
    ("delta", "citations_delta", "citation"),
    ("delta", "compaction_delta", "content"),
    ("delta", "of_tomorrow", ""),
    ("citation", "char_location", f"{DOCUMENT} start_char_index end_char_index"),
    ("citation", "page_location", f"{DOCUMENT} start_page_number end_page_number"),
    ("citation", "content_block_location", f"{DOCUMENT} start_block_index end_block_index"),
    ("citation", "web_search_result_location", "cited_text encrypted_index title url"),
    ("citation", "search_result_location",
                 "cited_text search_result_index source start_block_index end_block_index title"),
    ("citation", "of_tomorrow", ""),
]  # fmt: skip
TYPES = [(held, type_, needed) for held, types, needed in NEEDS for type_ in types.split()]


def references(part: Json) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        part = list(part.values())
    if isinstance(part, list):
        for inner in part:
            yield from references(inner)


def target(name: str, reference: str) -> Json:
    """Follow a reference by hand; a wrong one is a KeyError that names it."""
    urn, _, pointer = reference.partition("#")
    found = SCHEMAS[urn.removeprefix("urn:streamproof:") or name]
    for step in pointer.split("/")[1:]:
        found = found[step]
    return found


def alone(held: str, type_: str) -> Json:
    """Return the smallest document in which something of this type stands, with its type only."""
    _, path, around = HOLDER[held]
    if not path:
        return around | {"type": type_}
    head, _, rest = path.partition(".")
    inner = around.get(head, {}) | {rest: {"type": type_}} if rest else {"type": type_}
    return around | {head: inner}


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_one(name: str) -> None:
    Draft202012Validator.check_schema(SCHEMAS[name])


@pytest.mark.parametrize("name", WIRE)
def test_a_shape_says_what_it_is_and_where_it_comes_from(name: str) -> None:
    schema = SCHEMAS[name]

    assert schema["$id"] == f"urn:streamproof:{name}"
    assert schema["title"]
    assert "Source: " in schema["description"]


@pytest.mark.parametrize("name", WIRE)
def test_every_reference_of_a_shape_leads_somewhere(name: str) -> None:
    followed = [target(name, reference) for reference in references(SCHEMAS[name])]

    assert all(isinstance(found, dict) for found in followed)


@pytest.mark.parametrize(("held", "type_", "needed"), TYPES)
def test_a_type_needs_its_members_and_no_others(
    held: str, type_: str, needed: str, faults: Faults
) -> None:
    name, path, _ = HOLDER[held]

    missing = faults(name, alone(held, type_)).keys()

    assert missing == {f"{path}.{member}".lstrip(".") for member in needed.split()}
