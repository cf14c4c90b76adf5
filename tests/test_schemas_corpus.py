"""Every document the vendors themselves sent has the shape we say they publish.

The recordings are not ours to ship, so without them these tests skip.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from conformance.exchange import Json
from conformance.wire.json import parse
from conformance.wire.sse import Event, decode

CORPUS = Path(__file__).parents[2] / "shared" / "corpus"

# protocol -> the vendor whose own protocol it is, the shape of one of its events
OWN = {
    "openai-chat": ("openai", "openai-chat-chunk"),
    "openai-responses": ("openai", "openai-responses-event"),
    "anthropic-messages": ("anthropic", "anthropic-messages-event"),
    "gemini-generate-content": ("gemini", "gemini-response"),
}

# A response that hit its token limit is as genuine as one that did not.
WHOLE = {"normal", "incomplete"}


def recordings() -> Iterator[Json]:
    index = CORPUS / "INDEX.jsonl"
    for line in index.read_text("utf-8").splitlines() if index.is_file() else []:
        told = json.loads(line)
        if (
            told["provider"] == OWN[told["protocol"]][0]
            and told["authenticity"] == "recorded"
            and told["outcome"] in WHOLE
        ):
            yield told


RECORDINGS = list(recordings())


def documents(body: bytes) -> Iterator[Json]:
    """Yield what one body carries: an array's elements, or the data of its events."""
    if body.startswith(b"["):
        yield from parse(body)
        return
    for item in decode(body):
        if isinstance(item, Event) and item.data != "[DONE]":
            yield parse(item.data)


@pytest.mark.skipif(not RECORDINGS, reason="no recorded streams at ../shared/corpus")
@pytest.mark.parametrize("told", RECORDINGS, ids=[told["file"] for told in RECORDINGS])
def test_a_vendor_sends_what_it_publishes(
    told: Json, faults: Callable[[str, Json], dict[str, str]]
) -> None:
    sent = list(documents((CORPUS / told["file"]).read_bytes()))

    shape = OWN[told["protocol"]][1]
    wrong = {at: found for at, document in enumerate(sent) if (found := faults(shape, document))}

    assert sent
    assert wrong == {}
