"""Routers that break on Responses what other surfaces have too, in ways that only it has."""

import json
import re
from collections.abc import Callable, Iterator

from conformance.selfcheck.mutants.resp import SURFACE, item_type, said, with_item
from conformance.selfcheck.router.dialects.chat.chunks import without
from conformance.selfcheck.router.dialects.responses import dialect, progress
from conformance.selfcheck.router.events import Item
from conformance.selfcheck.router.relay import Relay
from conformance.selfcheck.router.stream import as_event
from conformance.selfcheck.router.values import Chunk
from conformance.selfcheck.variant import mutant

TEXT = "output_text.delta"
ANNOTATIONS = re.compile(r'"annotations": \[[^]]*\]')
ARGUMENTS = "function_call_arguments.delta"


def ended(chunk: Chunk, change: Callable[[Chunk], Chunk]) -> Chunk:
    """Return the event; if it is terminal, with its response changed."""
    if chunk["type"] not in progress.ENDS:
        return chunk
    return {**chunk, "response": change(chunk["response"])}


@mutant("chunk", breaks="content.complete", surface=SURFACE)
def loses_a_delta_now_and_then(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Loses every fiftieth delta of text."""
    seen = relay.memory["seen"] = relay.memory.get("seen", 0) + said(chunk, TEXT)
    if not said(chunk, TEXT) or seen % 50:
        yield chunk


@mutant("chunk", breaks="content.whitespace-exact", surface=SURFACE)
def trims_deltas_of_text(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Trims the text of each delta."""
    yield chunk | {"delta": chunk["delta"].strip()} if said(chunk, TEXT) else chunk


@mutant("chunk", breaks="content.extras-kept", surface=SURFACE)
def knows_no_annotations(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Leaves out where a text says it comes from."""
    if not said(chunk, "annotation.added"):
        text = json.dumps(chunk)
        yield json.loads(ANNOTATIONS.sub('"annotations": []', text)) if "url" in text else chunk


@mutant("chunk", breaks="choice.logprobs-kept", surface=SURFACE)
def empties_logprobs(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Has no log probabilities in its deltas, whatever was asked for."""
    yield chunk | {"logprobs": []} if said(chunk, TEXT) else chunk


@mutant("chunk", breaks="finish.present", surface=SURFACE)
def calls_a_limit_complete(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Completes a response that the token limit has cut short."""
    yield _completed(chunk, "max_output_tokens")


@mutant("chunk", breaks="finish.content-filter-kept", surface=SURFACE)
def calls_a_filter_complete(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Completes a response that a filter has cut short."""
    yield _completed(chunk, "content_filter")


def _completed(chunk: Chunk, reason: str) -> Chunk:
    details = (chunk.get("response") or {}).get("incomplete_details") or {}
    if details.get("reason") != reason:
        return chunk
    response = chunk["response"] | {"status": "completed", "incomplete_details": None}
    return chunk | {"type": "response.completed", "response": response}


@mutant("chunk", breaks="tool.args-reassemble", surface=SURFACE)
def drops_lone_quotes(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Takes a delta of arguments that is one quotation mark for noise."""
    if not said(chunk, ARGUMENTS) or chunk["delta"] != '"':
        yield chunk


@mutant("chunk", breaks="tool.args-on-done-only", surface=SURFACE)
def takes_arguments_from_deltas_alone(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Tells the arguments that it has heard in deltas when a call is done."""
    heard = relay.memory.setdefault("heard", {})
    at = chunk.get("output_index")
    if said(chunk, ARGUMENTS):
        heard[at] = heard.get(at, "") + chunk["delta"]
    if said(chunk, "function_call_arguments.done"):
        chunk = chunk | {"arguments": heard.get(at, "")}
    if said(chunk, "output_item.done") and item_type(chunk) == "function_call":
        chunk = with_item(chunk, chunk["item"] | {"arguments": heard.get(at, "")})
    yield chunk


@mutant("chunk", breaks="tool.interleaved-fragments", surface=SURFACE)
def appends_to_the_latest_item(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Gives every delta of arguments to the call that was added last."""
    if said(chunk, "output_item.added"):
        relay.memory["latest"] = {"output_index": chunk["output_index"],
                                  "item_id": chunk["item"]["id"]}  # fmt: skip
    yield chunk | relay.memory["latest"] if said(chunk, ARGUMENTS) else chunk


@mutant("chunk", breaks="reason.passthrough", surface=SURFACE)
def empties_reasoning(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Sends reasoning items without what they say."""
    if said(chunk, "reasoning_summary_text.delta", "reasoning_text.delta"):
        chunk = chunk | {"delta": ""}
    if said(chunk, "output_item.done") and item_type(chunk) == "reasoning":
        chunk = with_item(chunk, chunk["item"] | {"summary": []})
    yield chunk


@mutant("chunk", breaks="anth.redacted-thinking-kept", surface=SURFACE)
def keeps_encrypted_reasoning_to_itself(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Leaves the encrypted content out of reasoning items, as nobody can read it."""
    if item_type(chunk) == "reasoning":
        chunk = with_item(chunk, without(chunk["item"], "encrypted_content"))
    yield chunk


@mutant("chunk", breaks="reason.not-duplicated", surface=SURFACE)
def says_reasoning_twice(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Says each piece of reasoning twice in its delta."""
    thought = said(chunk, "reasoning_summary_text.delta", "reasoning_text.delta")
    yield chunk | {"delta": chunk["delta"] * 2} if thought else chunk


@mutant("completion", breaks="parity.content", surface=SURFACE)
def keeps_one_call_of_a_plain_response(completion: Chunk, relay: Relay) -> Chunk:
    """Keeps the first call of plain answers and drops the others."""
    output = completion["output"]
    first = next((item for item in output if item["type"] == "function_call"), None)
    kept = [item for item in output if item["type"] != "function_call" or item is first]
    return completion | {"output": kept}


@mutant("completion", breaks="chunk.identity-policy", surface=SURFACE)
def names_the_alias_in_plain_responses(completion: Chunk, relay: Relay) -> Chunk:
    """Says the requested model name in plain answers and the provider's in streams."""
    return completion | {"model": relay.model}


@mutant("failing", breaks="err.surface-native-shape", surface=SURFACE)
def sends_the_errors_of_chat(error: Chunk, relay: Relay) -> Iterator[Item]:
    """Tells of an error as the chat surface does, without a type."""
    yield as_event({"error": error})


@mutant("failing", breaks="err.truncated-tool-args", surface=SURFACE)
def closes_cut_arguments(error: Chunk, relay: Relay) -> Iterator[Item]:
    """Closes the JSON of a call whose arguments broke off, then reports the error."""
    if (latest := relay.latest or {}).get("type", "").endswith(ARGUMENTS):
        place = {name: latest[name] for name in ("item_id", "output_index")}
        yield progress.numbered(f"response.{ARGUMENTS}", relay, **place, delta='"}')
    yield from dialect.RESPONSES.failing(error, relay)


@mutant("chunk", breaks="finish.enum-value", surface=SURFACE)
def says_another_apis_reason(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Says MAX_TOKENS where the token limit was hit."""
    details = (chunk.get("response") or {}).get("incomplete_details")
    if details and details["reason"] == "max_output_tokens":
        told = chunk["response"] | {"incomplete_details": {"reason": "MAX_TOKENS"}}
        chunk = chunk | {"response": told}
    yield chunk
