"""Undisturbed answers of text: what every router meets every day."""

from conformance.exchange import Json
from conformance.probes.probe import Probe, Send

USAGE: Json = {"stream_options": {"include_usage": True}}
PLAIN = Send("plain")
BOTH = {"stream": Send(), "plain": PLAIN}

# Each word once: what is lost, doubled or out of order shows.
MANY: Json = {"step": [*({"say": f" word{number}"} for number in range(80)), {"finish": "stop"}]}

PROBES = (
    Probe(
        "text",
        "healthy",
        "text",
        {"stream": Send(ask=USAGE)},
        question="Reply with the two words: hello world",
        surfaces="chat messages gemini",
    ),
    Probe(
        "text-plain",
        "healthy",
        "text",
        {"plain": PLAIN},
        question="Reply with the two words: hello world",
        surfaces="chat messages gemini",
    ),
    Probe(
        "text-code",
        "healthy",
        "whitespace",
        BOTH,
        question="Write a Python function of three lines that adds two numbers. Only the code.",
        surfaces="chat messages gemini",
    ),
    Probe(
        "text-unicode",
        "healthy",
        "unicode",
        BOTH,
        question="Reply with exactly this: Größe 木蘭 🌿",
        surfaces="chat messages gemini",
    ),
    Probe(
        "text-lookalike",
        "healthy",
        "lookalike",
        BOTH,
        surfaces="chat messages gemini",
    ),
    Probe(
        "text-one-token",
        "healthy",
        "one-token",
        BOTH,
        surfaces="chat messages gemini",
    ),
    Probe(
        "text-many-tokens",
        "healthy",
        "text",
        {"stream": Send(change=MANY)},
        surfaces="chat messages gemini",
    ),
    Probe(
        "length",
        "healthy",
        "length",
        BOTH,
        surfaces="chat messages gemini",
    ),
    Probe(
        "content-filter",
        "healthy",
        "content-filter",
        BOTH,
        surfaces="chat messages gemini",
    ),
    Probe(
        "refusal",
        "healthy",
        "refusal",
        BOTH,
        surfaces="chat messages gemini",
    ),
)
