"""Streams that real providers sent: no rule may call one of them wrong.

What a provider does differently on purpose is a value of its profile, with its source. The
recordings are not ours to ship, so without them these tests skip.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.exchange import Exchange, Json, Request, Trial
from conformance.profiles.profile import load
from conformance.rules import RULES
from conformance.rules.rule import Rule
from conformance.verdicts import Kind, judge

CORPUS = Path(__file__).parents[2] / "shared" / "corpus"

# What the corpus calls a protocol, and we a surface.
SURFACES = {
    "openai-chat": "chat",
    "anthropic-messages": "messages",
    "openai-responses": "responses",
    "gemini-generate-content": "gemini",
}

# A gateway is what we judge, no authority on the grammar.
ORIGINS = {"hosted-provider", "self-hosted-server"}

# Where a recorder wrote the JSON or the framing anew, these would judge the recorder.
REWRITTEN = {"chunk.id-stable", "chunk.created-model-stable", "done.present"}


def recordings() -> Iterator[Json]:
    index = CORPUS / "INDEX.jsonl"
    for line in index.read_text("utf-8").splitlines() if index.is_file() else []:
        told = json.loads(line)
        if (
            told["protocol"] in SURFACES
            and told["class"] in ORIGINS
            and told["authenticity"] == "recorded"
            and not resumed(told)
        ):
            yield told


def sidecar(told: Json) -> Json:
    """Return what is known of a recording besides its bytes."""
    return json.loads((CORPUS / told["file"]).with_suffix(".json").read_text("utf-8"))


def resumed(told: Json) -> bool:
    """Say whether it is the rest of an answer, fetched later: that begins in the middle."""
    return "starting_after" in (sidecar(told).get("endpoint") or "")


RECORDINGS = list(recordings())


def exchange(told: Json) -> Exchange:
    body, around = (CORPUS / told["file"]).read_bytes(), sidecar(told)
    asked, url = around.get("request"), around.get("endpoint") or ""
    request = asked and Request("POST", url, (), asked)
    # Which of Gemini's two forms was asked for is in the query, which some recorders leave out.
    mode = "array" if body.startswith(b"[") else "stream"
    return Exchange(SURFACES[told["protocol"]], mode, request, status=200, body=body)


def client_side(told: Json) -> Iterator[Rule]:
    """Yield the rules that need nothing but the bytes and what was asked."""
    for rule in RULES.values():
        framing = rule.family == "sse" or rule.id in REWRITTEN
        if rule.needs <= {"request"} and not (framing and told["fidelity"] != "raw"):
            yield rule


@pytest.mark.skipif(not RECORDINGS, reason="no recorded streams at ../shared/corpus")
@pytest.mark.parametrize("told", RECORDINGS, ids=[told["file"] for told in RECORDINGS])
def test_a_genuine_stream_breaks_no_rule(told: Json) -> None:
    trial = Trial("recording", {"stream": exchange(told)})
    profile = load(told["provider"])

    have = frozenset({"request"} if trial["stream"].request else ())
    verdicts = {rule.id: judge(rule, trial, profile, have) for rule in client_side(told)}

    assert {name: v.findings for name, v in verdicts.items() if v.kind is Kind.FAIL} == {}
