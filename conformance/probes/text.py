"""Undisturbed answers of text: what every router meets every day."""

from conformance.exchange import Json
from conformance.probes.probe import EVERYWHERE, QUESTION, Probe, Send

USAGE: Json = {"stream_options": {"include_usage": True}}
PLAIN = Send("plain")
BOTH = {"stream": Send(), "plain": PLAIN}

# Each word once: what is lost, doubled or out of order shows.
MANY: Json = {"step": [*({"say": f" word{number}"} for number in range(80)), {"finish": "stop"}]}

# It outlasts a second, so that who looks at the clock for each chunk is found out every time.
SECONDS: Json = {
    "step": [{"say": "Fennel"}, {"wait_ms": 1100}, {"say": " dill"}, {"finish": "stop"}]
}

PROBES = (
    Probe(
        "text",
        "healthy declared content.extra-members",
        "text",
        {"stream": Send(ask=USAGE)},
        question=QUESTION,
        surfaces=EVERYWHERE,
    ),
    Probe(
        "text-plain",
        "healthy declared content.extra-members",
        "text",
        {"plain": PLAIN},
        question=QUESTION,
        surfaces=EVERYWHERE,
    ),
    Probe(
        "text-code",
        "healthy",
        "whitespace",
        BOTH,
        question="Write a Python function of three lines that adds two numbers. Only the code.",
        surfaces=EVERYWHERE,
    ),
    Probe(
        "text-unicode",
        "healthy",
        "unicode",
        BOTH,
        question="Reply with exactly this: Größe 木蘭 🌿",
        surfaces=EVERYWHERE,
    ),
    Probe(
        "text-lookalike",
        "healthy",
        "lookalike",
        BOTH,
        surfaces=EVERYWHERE,
    ),
    Probe(
        "text-one-token",
        "healthy",
        "one-token",
        BOTH,
        surfaces=EVERYWHERE,
    ),
    Probe(
        "text-many-tokens",
        "healthy",
        "text",
        {"stream": Send(change=MANY)},
        surfaces=EVERYWHERE,
    ),
    Probe(
        "text-for-seconds",
        "chunk.id-stable chunk.created-model-stable",
        "text",
        {"stream": Send(change=SECONDS)},
    ),
    Probe(
        "length",
        "healthy",
        "length",
        BOTH,
        surfaces=EVERYWHERE,
    ),
    Probe(
        "content-filter",
        "healthy",
        "content-filter",
        BOTH,
        surfaces=EVERYWHERE,
    ),
    Probe(
        "refusal",
        "healthy",
        "refusal",
        BOTH,
        surfaces=EVERYWHERE,
    ),
)
